"""What Pydantic writes for a value of a type, and reads back, is accepted and read as that value."""

from __future__ import annotations

import datetime as dt
import ipaddress
import random
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

import pytest
from pydantic import AnyUrl, AwareDatetime, Field, HttpUrl, IPvAnyAddress, NaiveDatetime, TypeAdapter, ValidationError

from structfill import Limits, json_schema
from tests.unit.test_python_types import _texts

NOON = dt.datetime(2024, 1, 1, 12)
UTC = NOON.replace(tzinfo=dt.UTC)
VALUES: list[tuple[Any, list[Any]]] = [
    (Decimal, [Decimal(text) for text in ("1.50", "-3", "1E+3", "0E-10", "1E-8")]),
    (Annotated[Decimal, Field(max_digits=5, decimal_places=2)], [Decimal("1.50"), Decimal("999.99"), Decimal("1.000")]),
    (Annotated[Decimal, Field(gt=0)], [Decimal("0.01"), Decimal(1)]),
    (Annotated[Decimal, Field(ge=Decimal("-1.5"), lt=2)], [Decimal("-1.50"), Decimal("1.999")]),
    (Annotated[Decimal, Field(multiple_of=Decimal("0.01"))], [Decimal("1.50"), Decimal("-0.010"), Decimal(3)]),
    (dt.datetime, [NOON, UTC, NOON.replace(microsecond=5), NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=5)))]),
    (Annotated[dt.datetime, Field(ge=NOON)], [NOON, UTC]), (Annotated[dt.datetime, Field(ge=UTC)], [UTC]),
    (AwareDatetime, [UTC]), (NaiveDatetime, [NOON]),
    (dt.time, [dt.time(9, 30), dt.time(9, 30, 0, 5), dt.time(9, tzinfo=dt.UTC)]),
    (Annotated[dt.time, Field(lt=dt.time(10))], [dt.time(9, 30)]),
    (dt.timedelta, [dt.timedelta.max, dt.timedelta.min, dt.timedelta(400, 5), dt.timedelta.max - dt.timedelta(8)]),
    (Fraction, [Fraction(1, 3), Fraction(-4)]), (complex, [1j, -2j, 1 + 2j]),
    (ipaddress.IPv6Address, [ipaddress.IPv6Address("fe80::1%eth0"), ipaddress.IPv6Address("::1")]),
    (IPvAnyAddress, [ipaddress.IPv6Address("fe80::1%eth0"), ipaddress.IPv4Address("1.2.3.4")]),
    (HttpUrl, [HttpUrl("http://[::1]/"), HttpUrl("http://a_b.com/")]), (AnyUrl, [AnyUrl("x://[1::2]:80/a")]),
    (dict[float, int], [{1e16: 1, 1e-7: 2, 0.5: 3}]), (dict[Decimal, int], [{Decimal("1E+3"): 1}]),
]
WRONG = [
    (AwareDatetime, '"2024-01-01T12:00:00"'), (NaiveDatetime, '"2024-01-01T12:00:00Z"'), (dt.time, '"23:59:60Z"'),
    (Decimal, '"a"'), (Annotated[Decimal, Field(max_digits=5, decimal_places=2)], '"1.505"'),
    (Annotated[Decimal, Field(gt=0)], '"0.00"'), (Annotated[Decimal, Field(ge=Decimal("-1.5"))], '"-1.51"'),
    (Annotated[Decimal, Field(multiple_of=Decimal("0.01"))], '"1.505"'),
    (Annotated[Decimal, Field(multiple_of=Decimal("0.5"))], '"0.8"'),
    (dt.timedelta, '"P2739726Y9DT24H"'), (dt.timedelta, '"-P2739726Y10D"'),
    (Fraction, '"1/0"'), (HttpUrl, '"http://[::g]/"'),
]


@pytest.mark.parametrize(("kind", "values"), VALUES, ids=[str(kind)[:60] for kind, _ in VALUES])
def test_what_pydantic_writes_is_read(kind: Any, values: list[Any]) -> None:
    adapter, constraint = TypeAdapter(kind), json_schema(kind, whitespace="compact")
    for value in values:
        text = adapter.dump_json(value).decode()
        assert constraint.accepts(text) and constraint.value(text) == value, text
    for text in _texts(constraint.automaton(Limits()), random.Random(0), 60):
        adapter.validate_json(text)


@pytest.mark.parametrize(("kind", "text"), WRONG, ids=str)
def test_what_pydantic_refuses_is_not(kind: Any, text: str) -> None:
    assert not json_schema(kind).accepts(text)
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_json(text)


@pytest.mark.parametrize("seed", range(12))
def test_bounds_of_decimals_in_strings(seed: int) -> None:
    rng = random.Random(seed)
    low = Decimal(rng.choice(["0", "-5", "1", "0.5", "9.95", "-0.05", "100", "-9.95"]))
    bounds = {rng.choice(["gt", "ge"]): low, rng.choice(["lt", "le"]): low + Decimal(rng.choice(["0.3", "10", "99.9"]))}
    kind = Annotated[Decimal, Field(**bounds, **rng.choice([{}, {"decimal_places": 2}, {"max_digits": 5}]))]  # type: ignore[arg-type]
    constraint, adapter = json_schema(kind), TypeAdapter(kind)
    for _ in range(200):
        away = Decimal(rng.choice(["0", "0.01", "1", "0.3", "0.29", "10", "9.99", "0.001"]))
        value = low + rng.choice([1, -1]) * away
        text = f'"{value:f}{rng.choice(["", "0"]) if "." in f"{value:f}" else ""}"'
        try:
            adapter.validate_json(text)
        except ValidationError:
            assert not constraint.accepts(text), text
        else:
            assert constraint.accepts(text) or not value, text  # a negative zero is left out
