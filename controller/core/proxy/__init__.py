"""Decisions of the MLflow proxy: routes and their scopes, paths, headers and bodies."""
