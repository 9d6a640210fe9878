"""Task sizes of Fargate, in the spellings that ECS accepts."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from controller.core.document.fields import reject

# CPU units, with the available memory: minimum, maximum and step, in MiB.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
OFFERED: dict[int, tuple[int, int, int]] = {
    256: (512, 2048, 512),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16_384, 1024),
    4096: (8192, 30_720, 1024),
    8192: (16_384, 61_440, 4096),
    16_384: (32_768, 122_880, 8192),
}
_AMOUNT = r"([0-9]{0,3}\.?[0-9]{1,4})\s*"


def check_size(cpu: int, memory: int) -> None:
    """Raise unless Fargate offers ``memory`` with ``cpu``."""
    least, most, step = OFFERED[cpu]
    if not (least <= memory <= most and (memory - least) % step == 0):
        what = f"is not available with cpu {cpu}"
        reject(what, f"write {least} to {most} in steps of {step}", "memory")


def _units(value: Any, unit: str, example: str) -> Any:
    """Return 1024 for ``1 vCPU`` or ``1 GB``; return a number unchanged."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(_AMOUNT + unit, value, re.IGNORECASE)
    if not found or not (units := float(found[1]) * 1024).is_integer():
        reject(f"must be a whole number, or text like {example}")
    return int(units)


def _cpu(value: Any) -> Any:
    units = _units(value, "vCPU", "1 vCPU")
    if isinstance(units, int) and units not in OFFERED:
        offers = ", ".join(map(str, OFFERED))
        reject(f"must be one of {offers}", "1024 units are 1 vCPU")
    return units


def _memory(value: Any) -> Any:
    return _units(value, "GB", "2 GB")


def _either(unit: str, **number: Any) -> WithJsonSchema:
    text = {"type": "string", "pattern": f"^{_AMOUNT}{unit}$"}
    return WithJsonSchema({"anyOf": [{"type": "integer", **number}, text]})


Cpu = Annotated[
    int,
    Field(strict=True),
    BeforeValidator(_cpu),
    _either("[vV][cC][pP][uU]", enum=list(OFFERED)),
]
Memory = Annotated[
    int,
    Field(strict=True),
    BeforeValidator(_memory),
    _either("[gG][bB]", minimum=512, maximum=122_880),
]
