"""A declaration as RegisterTaskDefinition and CreateService want it."""
