"""Health of the API service and its dependencies."""
