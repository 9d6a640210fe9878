"""The HTTP API: what there is, and how it does."""

from controller.api.app import create_app

__all__ = ["create_app"]
