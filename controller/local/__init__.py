"""The local platform as a command."""
