"""What single values of a scenario file may be, and how text becomes numbers.

Amounts, durations and shares are those of `job.toml` and are parsed by the same functions.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, Strict, StringConstraints, WithJsonSchema

from scatter.jobs.quantities import parse_amount, parse_duration, parse_share
from scatter.protocol.ids import SCT
from scatter.protocol.states import Role
from scatter.protocol.terms import MAX_AMOUNT, MAX_DURATION

TABLE = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
"""How every table of a scenario file is read: no unknown keys."""

DAY = 86_400
MAX_SPAN = 3_650 * DAY
MAX_NUMBER = 10**30
MIN_WEIGHT, MAX_WEIGHT = 0.01, 100

_AMOUNT_TEXT = {"type": "string", "pattern": r"^[0-9]{1,30}(\.[0-9]{1,18})? SCT$"}
_DURATION_TEXT = {"type": "string", "pattern": "^[1-9][0-9]{0,8}(s|m|h|d)$"}
_REFERENCE_TEXT = {"type": "string", "pattern": r"^\$[a-z][a-z0-9_-]{0,30}$"}
_REFERENCE = re.compile(r"\$([a-z][a-z0-9_-]{0,30})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Between:
    """An amount that is drawn from the scenario's seed: uniformly among `least`, `least + step`, … up to `most`. Base units."""

    least: int
    most: int
    step: int = SCT


@dataclass(frozen=True, slots=True)
class Reference:
    """`$id`: the result of the step of that id, the latest when it ran more than once."""

    id: str


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not text")
    return value


def _amount(value: object) -> int:
    amount = parse_amount(_text(value))
    if amount > MAX_AMOUNT:
        raise ValueError("more than the contracts hold")
    return amount


def _amount_or_draw(value: object) -> int | Between:
    if not isinstance(value, dict):
        return _amount(value)
    bounds = value.get("between")
    if not set(value) <= {"between", "step"} or not isinstance(bounds, list) or len(bounds) != 2:
        raise ValueError("not a draw")
    least, most = map(_amount, bounds)
    step = _amount(value.get("step", "1 SCT"))
    if least > most or step == 0:
        raise ValueError("nothing lies between")
    return Between(least, most, step)


def _duration(most: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        seconds = parse_duration(_text(value))
        if seconds > most:
            raise ValueError("too long")
        return seconds

    return parse


def _share(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a number")
    return parse_share(value)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a number")
    number = Decimal(value)
    if not number.is_finite() or abs(number) > MAX_NUMBER:
        raise ValueError("not finite")
    return number


def _positive(value: object) -> float:
    number = float(_number(value))
    if not (number > 0 and math.isfinite(number)):
        raise ValueError("not positive")
    return number


def _between(least: float, most: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        number = float(_number(value))
        if not least <= number <= most:
            raise ValueError("out of bounds")
        return number

    return parse


def _numbers(value: object) -> Decimal | tuple[Decimal, ...]:
    return tuple(map(_number, value)) if isinstance(value, list) else _number(value)


def _option(value: object) -> Any:
    if isinstance(value, list):
        return tuple(map(_option, value))
    if isinstance(value, Decimal):
        return float(_number(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return int(_number(value))
    if not isinstance(value, str | bool):
        raise ValueError("neither text, number, boolean nor a list of them")
    return value


def _role(value: object) -> Role:
    roles = {role.name.lower(): role for role in Role if role is not Role.NONE}
    if _text(value) not in roles:
        raise ValueError("not a role")
    return roles[_text(value)]


def _reference(value: object) -> Reference:
    found = _REFERENCE.fullmatch(_text(value))
    if found is None:
        raise ValueError("not a reference")
    return Reference(found[1])


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("not printable, or with spaces around it")
    return text


_NUMBER = {"type": "number"}
_OPTION = {"type": ["string", "number", "boolean", "array"]}

Amount = Annotated[int, PlainValidator(_amount), WithJsonSchema(_AMOUNT_TEXT)]
AmountOrDraw = Annotated[
    int | Between,
    PlainValidator(_amount_or_draw),
    WithJsonSchema(
        {
            "oneOf": [
                _AMOUNT_TEXT,
                {
                    "type": "object",
                    "properties": {
                        "between": {"type": "array", "items": _AMOUNT_TEXT, "minItems": 2, "maxItems": 2},
                        "step": _AMOUNT_TEXT,
                    },
                    "required": ["between"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Duration = Annotated[int, PlainValidator(_duration(MAX_DURATION)), WithJsonSchema(_DURATION_TEXT)]
Span = Annotated[int, PlainValidator(_duration(MAX_SPAN)), WithJsonSchema(_DURATION_TEXT)]
Share = Annotated[int, PlainValidator(_share), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
Number = Annotated[Decimal, PlainValidator(_number), WithJsonSchema(_NUMBER)]
Positive = Annotated[float, PlainValidator(_positive), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
Weight = Annotated[
    float,
    PlainValidator(_between(MIN_WEIGHT, MAX_WEIGHT)),
    WithJsonSchema({"type": "number", "minimum": MIN_WEIGHT, "maximum": MAX_WEIGHT}),
]
Chance = Annotated[
    float, PlainValidator(_between(0, 1)), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})
]
Numbers = Annotated[
    Decimal | tuple[Decimal, ...],
    PlainValidator(_numbers),
    WithJsonSchema({"oneOf": [_NUMBER, {"type": "array", "items": _NUMBER}]}),
]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200), AfterValidator(_printable)]
Identifier = Annotated[str, StringConstraints(strict=True, pattern="^[a-z][a-z0-9_-]{0,30}$")]
Option = Annotated[Any, PlainValidator(_option), WithJsonSchema(_OPTION)]
Options = Annotated[dict[Identifier, Option], Field(max_length=20)]
RoleName = Annotated[
    Role,
    PlainValidator(_role),
    WithJsonSchema({"enum": [role.name.lower() for role in Role if role is not Role.NONE]}),
]
JobReference = Annotated[Reference, PlainValidator(_reference), WithJsonSchema(_REFERENCE_TEXT)]
