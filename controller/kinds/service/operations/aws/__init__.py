"""Requested operations and one-off steps, carried out in ECS."""
