"""Matching of listener rules: patterns, precedence, priorities, overlap."""
