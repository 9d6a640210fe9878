"""Reconcile AWS ECS and MLflow with what `hokusai.yaml` declares."""
