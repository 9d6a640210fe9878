"""Numbered migration steps. A released step is never edited."""
