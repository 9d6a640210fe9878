"""Laws hold however long a machine takes to try them."""

from hypothesis import HealthCheck, settings

# Both judge the machine, not the program: neither a slow example nor slow drawing of
# examples says that a law is broken.
settings.register_profile(
    "laws", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("laws")
