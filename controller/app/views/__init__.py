"""Views of one resource, local and remote."""
