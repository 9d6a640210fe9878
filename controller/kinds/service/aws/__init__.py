"""Reads and writes of ECS that the other packages share."""
