"""Carry out requested operations and one-off steps in ECS."""
