"""Predictions over HTTP, in the platform's form, MLflow's and the open protocol's."""
