"""The audit log: entries and the hash chain."""
