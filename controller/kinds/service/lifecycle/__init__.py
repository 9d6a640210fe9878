"""Creation, update and deletion of services."""
