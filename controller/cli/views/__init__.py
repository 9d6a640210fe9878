"""How things are shown; decides nothing. Data to stdout, the story to stderr."""
