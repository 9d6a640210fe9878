"""One step each, numbered; a step is never edited once it was released."""
