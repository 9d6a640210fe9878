"""The example of the guide runs as written."""

import re
from importlib import import_module
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "specs/guide/dns.md"


def test_the_example_for_other_programs_runs(tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {}

    exec(example, names)  # noqa: S102 - our own text
    try:
        assert names["resolver"].addresses("127.0.0.1:80") == ("127.0.0.1",)
    finally:
        names["keeper"].close()
        names["client"].close()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("httpx_transport", "ResolverTransport"),
        ("httpx_transport", "AsyncResolverTransport"),
        ("aio", "AddressResolver"),
        ("requests_adapter", "ResolverAdapter"),
    ],
)
def test_the_guide_names_each_adapter(module, name):
    text = GUIDE.read_text()

    assert f"{name}(resolver)" in text
    assert f"controller.resolver.{module}" in text
    assert hasattr(import_module(f"controller.resolver.{module}"), name)
