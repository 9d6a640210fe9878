"""Entries of the audit log: author, reason and masked changes."""

import json

from controller.core.audit.entry import AuditDraft, AuditSource, change_details
from controller.core.document.resource import ResourceId
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Action, Change, Reason, Verb

API = ResourceId("service", "api")
PASS = AuditSource("host:1:ab", "pass", "v1:d", "c0ffee")
UPDATE = Action(API, Verb.UPDATE, Reason.CHANGED, (Change("task.cpu", 256, 512),))
REQUEST = OperationRequest("ada@laptop", "it leaks", "api:7")
ROLLBACK = Action(API, Verb.ROLL_BACK, Reason.USER_REQUESTED, request=REQUEST)


def entry(action, source=PASS):
    draft = AuditDraft.of(action, source)
    target = (action.target.kind, action.target.name)
    return draft.entry(7, action.verb.value, target, ("Applied", "done"))


def test_an_action_of_a_pass_has_its_controller_and_the_reason_of_the_plan():
    found = entry(UPDATE)

    assert (found.actor, found.via, found.reason) == ("host:1:ab", "pass", "Changed")
    assert (found.document_digest, found.source_commit) == ("v1:d", "c0ffee")
    assert json.loads(found.details) == {
        "changes": [{"path": "task.cpu", "before": 256, "after": 512}],
        "intent": 7,
        "message": "done",
    }


def test_a_request_has_its_user_and_the_reason_of_the_user():
    found = entry(ROLLBACK)

    assert (found.actor, found.via) == ("ada@laptop", "command")
    assert (found.action, found.reason) == ("roll back", "it leaks")
    assert json.loads(found.details)["wanted"] == "api:7"


def test_a_recorded_draft_gives_the_same_entry():
    record = json.loads(json.dumps(AuditDraft.of(UPDATE, PASS).record()))

    again = AuditDraft.of_record(record).entry(
        7, "update", ("service", "api"), ("Applied", "done")
    )

    assert again == entry(UPDATE)


def test_apparent_secrets_are_masked():
    changes = (
        Change("environment.DB_PASSWORD", "hunter2", "hunter3"),
        Change("environment", {"API_KEY": "k"}, {"URL": "redis://u:secret@host"}),
    )

    text = json.dumps(change_details(changes))

    assert not [word for word in ("hunter", '"k"', "u:secret") if word in text]


def test_a_message_shows_no_credentials_of_a_url():
    draft = AuditDraft.of(UPDATE, PASS)

    found = draft.entry(
        1, "update", ("service", "api"), ("Failed", "no answer: redis://u:secret@host")
    )

    assert "secret" not in found.details


def test_values_that_json_cannot_express_become_text():
    (found,) = change_details(
        (Change("x", float("nan"), {"a": (1, {2}), "b": ResourceId("a", "b")}),)
    )

    assert found["before"] == "nan"
    assert found["after"] == {"a": [1, [2]], "b": "a/b"}
