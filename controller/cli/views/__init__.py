"""Results as text: table, JSON, YAML and Markdown."""
