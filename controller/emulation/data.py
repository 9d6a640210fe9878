"""Data files of this package; the pure simulator does not read them itself."""

from functools import cache
from importlib.resources import files

import yaml

from controller.emulation.ecs.fills import Fills, fills_from


@cache
def aws_fills() -> Fills:
    """Return AWS's default values and reorderings from the data file."""
    text = files("controller.emulation.ecs").joinpath("fills.yaml").read_text()
    return fills_from(yaml.load(text, Loader=yaml.CSafeLoader))
