"""Functions that are imported when they are first called."""

import sys
from importlib import import_module

import pytest

from controller.core.resources.lazy_import import deferred
from controller.kinds import discover

FIELDS = [
    (kind.name, field, function)
    for kind in discover().values()
    for field in kind.__slots__
    if getattr(function := getattr(kind, field), "__qualname__", "").startswith(
        "deferred("
    )
]


def test_the_module_is_imported_at_the_first_call(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    function = deferred("colorsys", "rgb_to_yiq")
    before = "colorsys" in sys.modules

    found = function(0, 0, 0)

    assert (before, found) == (False, (0, 0, 0))


@pytest.mark.parametrize(
    ("kind", "field", "function"), FIELDS, ids=[f"{k} {f}" for k, f, _ in FIELDS]
)
def test_every_deferred_function_of_a_kind_exists(kind, field, function):
    module, _, name = function.__qualname__[len("deferred(") : -1].rpartition(".")

    assert callable(getattr(import_module(module), name))
