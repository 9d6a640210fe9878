"""The local platform for one document, behind the command ``local``."""
