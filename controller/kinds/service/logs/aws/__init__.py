"""Reads and writes of CloudWatch Logs."""
