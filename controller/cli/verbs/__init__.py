"""What each command takes; a file for commands that answer one question."""
