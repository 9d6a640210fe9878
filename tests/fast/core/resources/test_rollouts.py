"""Which revision a rollback goes back to."""

import pytest

from controller.core.errors import RefusedError
from controller.core.resources.rollouts import Result, RolloutRecord, rollback_target


def rolled(number, result=Result.SUCCEEDED, **more):
    return RolloutRecord(f"d-{number}", f"api:{number}", result, **more)


PAST = (
    rolled(5, present=True),
    rolled(4, Result.ROLLED_BACK),
    rolled(3),
    rolled(5),
    rolled(2, set_aside="ada: it leaks"),
    rolled(3),
    rolled(1),
)


@pytest.mark.parametrize(
    ("wanted", "revision"),
    [
        pytest.param("1", "api:3", id="the last that worked, but for what is there"),
        pytest.param("2", "api:1", id="each revision counts once"),
        pytest.param(":4", "api:4", id="a number, whatever became of it"),
        pytest.param("web:9", "web:9", id="a family and a number"),
    ],
)
def test_a_wish_names_a_revision(wanted, revision):
    assert rollback_target(PAST, wanted) == revision


@pytest.mark.parametrize(
    ("past", "wanted", "told"),
    [
        pytest.param(
            PAST, "3", "earlier successful revisions: api:3, api:1", id="too far back"
        ),
        pytest.param(
            (), "1", "no earlier successful revision", id="nothing to go back to"
        ),
        pytest.param(PAST, "0", "0 is not a revision", id="nothing"),
        pytest.param(PAST, "latest", "latest is not a revision", id="a word"),
        pytest.param((), ":7", "write the complete revision", id="of no family"),
    ],
)
def test_what_names_no_revision_is_refused(past, wanted, told):
    with pytest.raises(RefusedError, match=told):
        rollback_target(past, wanted)


def test_how_long_a_rollout_took_is_known_once_it_has_ended():
    assert rolled(1).took is None
