"""Predictions: bodies of requests, strict inputs, safe loading, and batches."""
