"""Names to addresses, with a memory for when DNS fails."""

from controller.resolver.resolution import Resolution, Source
from controller.resolver.resolver import NameHealth, Resolver

__all__ = ["NameHealth", "Resolution", "Resolver", "Source"]
