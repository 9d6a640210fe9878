"""Laws hold however long a machine takes to try them."""

from hypothesis import settings

settings.register_profile("laws")
settings.load_profile("laws")
