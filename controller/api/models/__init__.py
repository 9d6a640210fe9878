"""Discovery of registered models."""
