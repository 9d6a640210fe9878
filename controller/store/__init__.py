"""Durable state of the controller. Losing it loses history, never correctness.

SQLite serves one host, PostgreSQL several. Each table has one small class over
``Database``. Rows of several tables that must appear together are written in one
``Database.writing`` block.
"""
