"""Data files of this package, read at the edge."""

from functools import cache
from importlib.resources import files

import yaml

from controller.emulation.ecs.fills import Fills, fills_from


@cache
def aws_fills() -> Fills:
    """Return what AWS fills in and reorders, as the data file has it."""
    text = files("controller.emulation.ecs").joinpath("fills.yaml").read_text()
    return fills_from(yaml.load(text, Loader=yaml.CSafeLoader))
