"""``deliveries``, on the database and through the API of a server."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from controller.app.session import read
from controller.app.user import person
from controller.cli import main, terminal
from controller.cli.schemas import status_schema
from controller.clients.clock import SystemClock
from controller.core.webhooks.answers import Answered, Unanswered
from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import Dead, DeadCause, RetryAt
from controller.core.webhooks.delivery_requests import DeliverySelection
from controller.store.announcements import AnnouncementLedger
from controller.store.breakers import ensure_row, save_breaker
from controller.store.database import Database
from controller.store.outbox import Outbox
from controller.store.redrive import DeliveryRequests
from tests.builders.api_server import KEY, serving
from tests.builders.command_line import HEADER
from tests.builders.outbox import LEASE, accepted, event, failed

DELIVERED, REFUSED, PARKED, PENDING, CANCELLED = range(1, 6)
TARGET = """
webhooks:
  site: {url: "https://hokus.ai/hook", secrets: [{env: SITE_SECRET}]}
"""
REASON = ("--reason", "its database is back", "--yes")


@pytest.fixture
def delivered(recorded, here):
    """One delivery in each state; their ids are the constants."""
    with (here / "hokusai.yaml").open("a") as file:
        file.write(TARGET)
    now = recorded.clock.now()
    database, outbox = recorded.database, Outbox(recorded.database)
    events = [event(number) for number in range(1, 6)]
    AnnouncementLedger(database).announce("site", "webhook", events, now)
    first, second, third, fourth, _ = outbox.claim("w", "site", 5, LEASE)
    accepted(outbox, first)
    refused = Dead("it refuses the event", DeadCause.REFUSED)
    failed(outbox, second, Answered(422), refused)
    parked = Dead("6 attempts failed", DeadCause.PARKED)
    failed(outbox, third, Unanswered("no answer within 5 s", is_sent=True), parked)
    failed(outbox, fourth, Answered(500), RetryAt(now))
    chosen = DeliverySelection(ids=[CANCELLED])
    DeliveryRequests(database).cancel(chosen, "a test model")
    return here


@pytest.fixture(params=["database", "server"])
def where(request, delivered, monkeypatch):
    """The options that select the database, or a server on it."""
    if request.param == "database":
        yield ()
        return
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    with serving(delivered) as url:
        yield ("--server", url)


def checked(text):
    """Return the output as data, which follows its schema."""
    data = json.loads(text)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    return data


def listed(capsys, *words):
    capsys.readouterr()
    assert main(["deliveries", "list", *words, "-o", "json"]) == 0
    return [row["id"] for row in checked(capsys.readouterr().out)["deliveries"]]


def shown(capsys, id_, *words):
    capsys.readouterr()
    assert main(["deliveries", "show", str(id_), *words, "-o", "json"]) == 0
    return checked(capsys.readouterr().out)


def states(capsys, *words):
    capsys.readouterr()
    assert main(["deliveries", "list", *words, "-o", "json"]) == 0
    rows = checked(capsys.readouterr().out)["deliveries"]
    return {row["id"]: row["state"] for row in rows}


def audited(capsys):
    capsys.readouterr()
    assert main(["audit", "list", "webhook/site", "-o", "json"]) == 0
    return json.loads(capsys.readouterr().out)["rows"]


def test_deliveries_are_listed_newest_first_by_every_filter(where, capsys):
    assert listed(capsys, *where) == [5, 4, 3, 2, 1]
    assert listed(capsys, "-n", "2", *where) == [5, 4]
    assert listed(capsys, "--target", "site", "--model", "lead", *where) != []
    assert listed(capsys, "--target", "webhook/site", *where) != []
    assert listed(capsys, "--since", "1h", *where) != []
    assert listed(capsys, "--since", "0s", *where) == []
    assert listed(capsys, "--since", "999999d", *where) != []
    for state, id_ in (
        ("delivered", DELIVERED),
        ("refused", REFUSED),
        ("parked", PARKED),
        ("pending", PENDING),
        ("cancelled", CANCELLED),
    ):
        assert listed(capsys, "--only", state, *where) == [id_]
    assert listed(capsys, "--only", "dead", *where) == [PARKED, REFUSED]
    assert listed(capsys, "--only", "exhausted", *where) == []


def test_a_delivery_is_shown_with_its_attempts_and_its_next_step(where, capsys):
    found = shown(capsys, PARKED, *where)

    assert found["payload"] == '{"n":3}'
    assert found["delivery"]["cause"] == "parked"
    assert found["delivery"]["event"] == "id-3"
    (attempt,) = found["attempts"]
    assert (attempt["outcome"], attempt["status"]) == ("unknown", None)
    assert attempt["error"] == "no answer within 5 s"
    assert f"hokusai deliveries redrive {PARKED}" in found["nextStep"]
    assert shown(capsys, DELIVERED, *where)["attempts"][0]["status"] == 200


def test_failed_deliveries_are_sent_again_and_audited(where, capsys):
    words = ["deliveries", "redrive", "--target", "site", *where]
    assert main([*words, "--dry-run"]) == 0
    preview = capsys.readouterr()
    assert preview.out == "2 deliveries will be sent again: site 2 dead.\n"
    assert states(capsys)[PARKED] == "dead"
    assert audited(capsys) == []

    assert main([*words, *REASON]) == 0

    assert capsys.readouterr().out == ("2 deliveries to be sent again: site 2 dead.\n")
    assert states(capsys) == {
        DELIVERED: "delivered",
        REFUSED: "pending",
        PARKED: "pending",
        PENDING: "pending",
        CANCELLED: "cancelled",
    }
    (row,) = audited(capsys)
    assert (row["action"], row["actor"], row["reason"]) == (
        "redrive deliveries",
        person(),
        "its database is back",
    )
    assert row["details"] == {"deliveries": {"dead": 2}}
    assert main(["audit", "verify"]) == 0


def test_a_request_is_safe_to_repeat(delivered, capsys):
    words = ["deliveries", "redrive", "--only", "parked", *REASON]
    assert main(words) == 0
    capsys.readouterr()

    assert main(words) == 0

    assert capsys.readouterr().out == "No delivery matches; nothing is changed.\n"
    assert len(audited(capsys)) == 1


def test_named_deliveries_are_sent_now(delivered, capsys):
    ids = [str(id_) for id_ in (REFUSED, PENDING, CANCELLED)]

    assert main(["deliveries", "retry", *ids, *REASON, "-o", "json"]) == 0

    found = checked(capsys.readouterr().out)
    assert (found["operation"], found["done"]) == ("retry", True)
    assert {one["state"] for one in found["deliveries"]} == {
        "dead",
        "pending",
        "cancelled",
    }
    assert [*states(capsys, "--only", "pending")] == [5, 4, 2]


def test_deliveries_are_cancelled_and_stay_so(delivered, capsys):
    words = ["deliveries", "cancel", "--only", "pending", *REASON]

    assert main(words) == 0

    assert shown(capsys, PENDING)["delivery"]["reason"] == "its database is back"
    assert states(capsys)[PENDING] == "cancelled"
    assert states(capsys)[PARKED] == "dead"


def test_an_accepted_delivery_is_sent_again_only_by_force(delivered, capsys):
    words = ["deliveries", "redrive", str(DELIVERED), *REASON]
    assert main(words) == 2
    assert "add --force" in capsys.readouterr().err
    assert states(capsys)[DELIVERED] == "delivered"

    assert main([*words, "--force"]) == 0

    assert states(capsys)[DELIVERED] == "pending"
    assert audited(capsys)[0]["details"]["forced"] is True


def test_an_unknown_id_changes_nothing(delivered, capsys):
    assert main(["deliveries", "retry", "2", "99", *REASON]) == 2
    assert "there is no delivery 99" in capsys.readouterr().err
    assert states(capsys)[REFUSED] == "dead"
    assert main(["deliveries", "show", "99"]) == 2


def test_a_delivery_that_the_request_does_not_apply_to_is_named(delivered, capsys):
    assert main(["deliveries", "cancel", "1", "4", *REASON]) == 0

    assert "Left out: delivery 1 is delivered." in capsys.readouterr().err
    assert states(capsys)[DELIVERED] == "delivered"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("redrive",), "add --all to select all deliveries"),
        (("cancel", "--yes"), "add --all to select all deliveries"),
        (("retry",), "needs ids"),
        (("retry", "--target", "site"), "needs ids"),
        (("redrive", "2"), "needs --reason"),
        (("redrive", "2", "--reason", " "), "needs --reason"),
        (("redrive", "--only", "delivered"), "add --force"),
        (("redrive", "2", "--reason", "x"), "cannot prompt"),
        (("list", "2"), "use `deliveries show ID`"),
        (("show",), "the id of one delivery"),
        (("show", "1", "2"), "the id of one delivery"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(delivered, capsys, words, message):
    assert main(["deliveries", *words]) == 2

    assert message in capsys.readouterr().err
    assert states(capsys)[REFUSED] == "dead"


@pytest.mark.parametrize("id_", ["0", "-1", "x", "1.5", "9" * 30])
def test_a_word_that_is_no_id_is_refused(delivered, capsys, id_):
    with pytest.raises(SystemExit):
        main(["deliveries", "show", id_])


@pytest.mark.parametrize(("answer", "state"), [(True, "pending"), (False, "dead")])
def test_a_change_is_confirmed(delivered, capsys, monkeypatch, answer, state):
    monkeypatch.setattr(terminal, "interactive", lambda: True)
    monkeypatch.setattr(terminal, "confirmed", lambda _question: answer)

    status = main(["deliveries", "redrive", "2", "--reason", "fixed"])

    assert status == (0 if answer else 2)
    assert "1 delivery will be sent again: site 1 dead." in capsys.readouterr().err
    assert states(capsys)[REFUSED] == state


def test_all_deliveries_are_selected_only_by_request(delivered, capsys):
    assert main(["deliveries", "redrive", "--all", *REASON]) == 0

    assert states(capsys)[PARKED] == "pending"
    assert states(capsys)[CANCELLED] == "cancelled"


@pytest.mark.parametrize("columns", ["60", "120"])
@pytest.mark.parametrize("words", [("list",), ("show", "3")])
def test_the_tables_fit_the_terminal(delivered, capsys, monkeypatch, columns, words):
    monkeypatch.setenv("COLUMNS", columns)

    assert main(["deliveries", *words]) == 0

    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= int(columns)
    assert "dead (parked)" in printed


@pytest.mark.parametrize("output", ["yaml", "markdown"])
@pytest.mark.parametrize("words", [("list",), ("show", "3"), ("redrive", "3")])
def test_every_format_is_printed(delivered, capsys, output, words):
    extra = ("--dry-run",) if words[0] == "redrive" else ()

    assert main(["deliveries", *words, *extra, "-o", output]) == 0

    assert "dead" in capsys.readouterr().out


def test_a_missing_database_is_reported_and_not_created(here, capsys):
    assert main(["deliveries", "redrive", "2", *REASON]) == 2

    assert "there is no store at sqlite:" in capsys.readouterr().err
    assert not (here / "store.db").exists()


def test_a_wrong_key_changes_nothing(delivered, capsys, monkeypatch):
    monkeypatch.setenv("HOKUSAI_API_KEY", "guessed")
    with serving(delivered) as url:
        assert main(["deliveries", "redrive", "2", "--server", url, *REASON]) == 2

    assert "Set HOKUSAI_API_KEY" in capsys.readouterr().err
    assert states(capsys)[REFUSED] == "dead"


@pytest.mark.parametrize("words", [["retry", str(REFUSED)], ["redrive", "--all"]])
def test_nothing_is_sent_again_to_a_target_that_left_the_document(
    delivered, capsys, words
):
    file = delivered / "hokusai.yaml"
    file.write_text(file.read_text().replace(TARGET, ""))

    assert main(["deliveries", *words, *REASON]) == 2

    assert "webhook/site is not declared" in capsys.readouterr().err


def test_a_delivery_that_is_sent_again_has_no_reason_of_before(delivered, capsys):
    main(["deliveries", "retry", str(CANCELLED), *REASON])
    capsys.readouterr()

    main(["deliveries", "show", str(CANCELLED), "-o", "json"])

    assert "a test model" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ("--target", "sit"),
            "--target sit: there is no such target; did you mean site?",
        ),
        (("--target", "x"), "--target x: there is no such target; known: site"),
        (
            ("--model", "leed"),
            "--model leed: there is no such model; did you mean lead?",
        ),
    ],
)
def test_a_misspelled_filter_is_an_error_with_the_nearest_name(
    where, capsys, words, problem
):
    for command in (("list",), ("cancel", *REASON)):
        assert main(["deliveries", *command, *words, *where]) == 2
        assert problem in capsys.readouterr().err


def test_the_deliveries_of_a_target_that_left_the_document_are_listed(
    where, here, capsys
):
    text = (here / "hokusai.yaml").read_text()
    (here / "hokusai.yaml").write_text(text.replace("  site: {url", "  other: {url"))

    assert listed(capsys, "--target", "site", *where) == [5, 4, 3, 2, 1]
    assert listed(capsys, "--target", "other", *where) == []


def test_the_next_attempt_of_a_paused_target_is_after_its_pause(
    recorded, where, capsys
):
    until = recorded.clock.now() + timedelta(days=999)
    with recorded.database.writing() as connection:
        ensure_row(connection, "site")
        save_breaker(connection, "site", Breaker(paused_until=until))
    main(["deliveries", "list", "--only", "pending", *where, "-o", "json"])
    (row,) = checked(capsys.readouterr().out)["deliveries"]
    assert datetime.fromisoformat(row["nextAttempt"]) == until

    with recorded.database.writing() as connection:
        save_breaker(connection, "site", Breaker(disabled="the receiver answered 410"))
    main(["deliveries", "list", "--only", "pending", *where, "-o", "json"])
    (row,) = checked(capsys.readouterr().out)["deliveries"]
    assert row["nextAttempt"] is None
    main(["deliveries", "list", "--only", "pending", *where])
    assert "paused" in capsys.readouterr().out


def test_messages_for_redis_are_told_apart(recorded, where, capsys):
    messages = [replace(event(9), profile="hokusai-redis-v1")]
    AnnouncementLedger(recorded.database).announce(
        "site", "webhook", [event(9)], recorded.clock.now(), messages=messages
    )

    main(["deliveries", "list", "-n", "2", *where])
    table = capsys.readouterr().out
    assert "site (redis)" in table
    main(["deliveries", "list", "-n", "2", *where, "-o", "json"])
    rows = checked(capsys.readouterr().out)["deliveries"]
    assert {row["sink"] for row in rows} == {"webhook", "redis"}
    words = ("--only", "pending", "--target", "site", "--dry-run")
    main(["deliveries", "cancel", *words, *where])
    assert capsys.readouterr().out.startswith(
        "2 deliveries and 1 message for Redis will be cancelled: "
        "site 2 pending, site (redis) 1 pending."
    )


def test_the_command_of_the_next_step_selects_the_document(where, here, capsys):
    (here / "hokusai.yaml").rename(here / "other.yaml")

    main(["deliveries", "show", str(CANCELLED), "-f", "other.yaml", *where])

    shown_text = " ".join(capsys.readouterr().out.split())
    assert 'deliveries redrive 5 --reason "…" -f other.yaml' in shown_text


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_a_plan_without_a_target_says_what_is_cancelled(world, capsys, command):
    text = f"{HEADER}experiments: {{}}\n{TARGET}"
    world.file.write_text(text)
    assert main(["apply", "--yes"]) in {0, 1, 2}
    context = read(world.file, None)
    database = Database(context.settings.store_url.reveal(), SystemClock())
    events = [event(number) for number in range(1, 4)]
    AnnouncementLedger(database).announce(
        "gone", "webhook", events, SystemClock().now()
    )
    database.close()
    capsys.readouterr()

    main([command] if command == "diff" else [command, "--yes"])

    notice = (
        "webhook/gone is not declared any more: the next pass of `hokusai run` cancels "
        "its 3 pending deliveries."
    )
    assert notice in capsys.readouterr().err
