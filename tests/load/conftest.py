"""Benchmarks run when they are asked for, and tell what they found in one table."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.fakes.stage import ROOT, stage
from tests.load.figures import Figures
from tests.load.hokusai import Hokusai

FIGURES = Figures(lambda line: sys.stdout.write(f"{line}\n"))
# Checks as often as AWS allows: a rollout of paper containers need not take a minute.
OVERLAY = """\
services:
  mlflow: {health: {interval: 5s}}
  api: {health: {interval: 5s}}
"""


def pytest_collection_modifyitems(config, items):
    """Leave benchmarks out unless they are asked for by ``-m load``."""
    if "load" in config.option.markexpr:
        return
    here = Path(__file__).parent
    left_out = [item for item in items if item.path.is_relative_to(here)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter):
    """Print everything that was measured."""
    if FIGURES.all:
        terminalreporter.write_line("")
        for line in FIGURES.table():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def figures():
    return FIGURES


@pytest.fixture(scope="session")
def converged(tmp_path_factory):
    """Return the sample's document on a platform where all is in sync or absent."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copy(ROOT / "hokusai.yaml", folder)
    (folder / "specs" / "environments").mkdir(parents=True)
    (folder / "specs" / "environments" / "development.yaml").write_text(OVERLAY)
    file = folder / "hokusai.yaml"
    with stage(folder, file, "development") as variables:
        hokusai = Hokusai(file, variables)
        hokusai.apply()
        yield hokusai
