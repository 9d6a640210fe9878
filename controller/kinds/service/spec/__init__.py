"""The declaration of a service, and every check that needs nothing but the document."""
