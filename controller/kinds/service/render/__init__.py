"""Declarations rendered as parameters of RegisterTaskDefinition and CreateService."""
