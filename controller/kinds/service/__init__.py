"""The ``service`` kind."""
