"""What each command does. One module a command, with one function ``run``."""
