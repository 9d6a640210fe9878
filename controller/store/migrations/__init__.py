"""Alembic's scripts; ``controller.store.schema`` runs them."""
