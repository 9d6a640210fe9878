"""The unit tests of the store, run on PostgreSQL."""

from tests.unit.store import (
    conftest,
    test_approvals,
    test_audit_log,
    test_breakers,
    test_crash_windows,
    test_lease,
    test_model_metadata,
    test_outbox,
    test_records,
    test_redrive,
    test_retention,
    test_secret_rotations,
)

_FIXTURES = {
    "ledger",
    "outbox",
    "eager",
    "deliveries",
    "requests",
    "leases",
    "history",
    "log",
    "rotations",
    "stored",
}

for _facts in (
    conftest,
    test_approvals,
    test_audit_log,
    test_breakers,
    test_crash_windows,
    test_lease,
    test_model_metadata,
    test_outbox,
    test_records,
    test_redrive,
    test_retention,
    test_secret_rotations,
):
    globals().update(
        (name, fact)
        for name, fact in vars(_facts).items()
        if name.startswith("test_") or name in _FIXTURES
    )
