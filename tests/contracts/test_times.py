"""Tables and messages have one format of times: that of ``utc_text``."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Payloads and requests have formats of their own, set by AWS and by receivers.
ELSEWHERE = ("controller/emulation", "controller/core/values/utc_text.py")
MODULES = [
    path.relative_to(ROOT).as_posix()
    for path in sorted((ROOT / "controller").rglob("*.py"))
]
_TIME_OF_DAY = re.compile(r"%H|strftime")


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith(ELSEWHERE)])
def test_a_module_formats_no_time_of_its_own(module):
    assert not _TIME_OF_DAY.search((ROOT / module).read_text())


@pytest.mark.parametrize(
    "page", sorted((ROOT / "specs/guide").glob("*.md")), ids=lambda p: p.name
)
def test_the_guide_shows_the_same_format(page):
    assert not re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", page.read_text())
