"""Approvals of versions in the store."""

from dataclasses import replace

from controller.core.models.approvals import VersionApproval, approvals_by_number
from controller.core.models.registration import ModelVersion
from controller.store.approvals import StoredApprovals
from tests.fakes.stopped_clock import NOON

APPROVAL = VersionApproval("leads", 7, 1_000, "ada", "It is good.", NOON)


def test_an_approval_reads_back_as_stored(database):
    approvals = StoredApprovals(database)

    assert approvals.approve("hokusai/local", APPROVAL) == APPROVAL
    assert approvals.of("hokusai/local") == (APPROVAL,)


def test_the_first_approval_of_a_version_stays(database):
    approvals = StoredApprovals(database)
    approvals.approve("hokusai/local", APPROVAL)

    again = replace(APPROVAL, by="bob", reason="Me too.")

    assert approvals.approve("hokusai/local", again) == APPROVAL
    assert approvals.of("hokusai/local") == (APPROVAL,)


def test_an_approval_counts_in_one_registry(database):
    approvals = StoredApprovals(database)
    approvals.approve("hokusai/local", APPROVAL)

    assert approvals.of("hokusai/production") == ()


def test_an_approval_counts_for_one_version_and_not_for_its_successor(database):
    approvals = StoredApprovals(database)
    approvals.approve("hokusai/local", APPROVAL)
    version = ModelVersion("leads", 7, "s3://m", created_ms=1_000)
    stored = approvals.of("hokusai/local")

    assert approvals_by_number(stored, [version]) == {7: APPROVAL}
    assert approvals_by_number(stored, [replace(version, created_ms=2_000)]) == {}
    assert approvals_by_number(stored, [replace(version, model="other")]) == {}
