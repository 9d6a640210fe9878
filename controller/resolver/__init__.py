"""Name resolution with a cache that outlives DNS failures."""

from controller.resolver.resolution import Resolution, Source
from controller.resolver.resolver import NameHealth, Resolver

__all__ = ["NameHealth", "Resolution", "Resolver", "Source"]
