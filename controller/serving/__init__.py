"""Models in memory: loads from MLflow, batches, and versions that are replaced."""
