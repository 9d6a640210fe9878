"""The composition root: which adapter serves which part. Nothing is decided here."""
