"""Values of the document: resources, platform, fields, references."""
