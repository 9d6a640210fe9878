"""Live services as entries of the document."""
