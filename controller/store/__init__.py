"""What must outlive the process. Losing it loses history, never correctness.

SQLite for one host, PostgreSQL for several. Each table has one small class over
``Database``; what belongs together is written in one ``Database.writing`` block.
"""
