"""The HTTP API. ``app`` brings FastAPI along; ``probes`` does without it."""
