"""The unit tests of the store, run on PostgreSQL."""

from tests.unit.store import test_lease, test_outbox, test_records, test_retention

for _facts in (test_lease, test_outbox, test_records, test_retention):
    globals().update(
        (name, fact)
        for name, fact in vars(_facts).items()
        if name.startswith("test_")
        or name in {"ledger", "outbox", "deliveries", "leases", "history"}
    )
