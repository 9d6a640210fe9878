"""Comparison of the Python environment that a model recorded with the one here.

MLflow writes ``requirements.txt`` and ``python_env.yaml`` into each model. A model in
another environment may fail, or predict something else; it is not loaded.
"""

from collections.abc import Callable, Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement


def environment_differences(
    requirements: Iterable[str],
    python: str,
    *,
    installed: Callable[[str], str | None],
    here: str,
) -> tuple[str, ...]:
    """Return the differences, each with what the model needs and what is here.

    Args:
        requirements: Lines of the model's ``requirements.txt``.
        python: Python that the model recorded, as in ``3.11.7``; empty if unknown. Only
            major and minor version count.
        installed: Returns the version of an installed package, or None.
        here: Version of this Python.
    """
    return tuple(_differences(requirements, python, installed, here))


def _differences(
    requirements: Iterable[str],
    python: str,
    installed: Callable[[str], str | None],
    here: str,
) -> Iterator[str]:
    if python and _minor(python) != _minor(here):
        yield f"the model needs Python {_minor(python)}; here is {_minor(here)}"
    for line in requirements:
        text = line.partition(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        try:
            one = Requirement(text)
        except InvalidRequirement:
            yield "the model has a requirement that is not a package with a version"
            continue
        if one.marker is not None and not one.marker.evaluate():
            continue
        found = installed(one.name)
        if found is None:
            yield f"the model needs {one.name}{one.specifier}; it is not installed"
        elif not one.specifier.contains(found, prereleases=True):
            yield f"the model needs {one.name}{one.specifier}; here is {found}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
