"""Read live services and their attachments for import."""
