"""Registration of model versions."""
