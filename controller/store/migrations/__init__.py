"""Alembic scripts; ``controller.store.schema`` runs them."""
