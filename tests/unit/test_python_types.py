"""Types that Pydantic describes: the shortest text of each is a value of it."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import ipaddress
import json
import random
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pydantic as pd
import pytest
from pydantic import BaseModel, Field, PositiveInt, StringConstraints, TypeAdapter, conlist

import structfill as sf
from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.errors import RefusedValue, SpecError, UnsupportedFeature


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=5, pattern="^[A-Z]")]


class Owner(BaseModel):
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = Field(min_length=2)


class Tree(BaseModel):
    value: PositiveInt
    left: Tree | None = None
    kids: list[Tree] = []


class Moment(BaseModel):
    amount: decimal.Decimal = Field(max_digits=6, decimal_places=2)
    at: dt.datetime
    day: dt.date
    clock: dt.time
    span: dt.timedelta
    key: uuid.UUID


class Bag(BaseModel):
    counts: dict[str, int]
    by_key: dict[Literal["a", "b"], float]
    pair: tuple[int, str]
    tags: set[Literal["x", "y"]]
    names: frozenset[str]
    threes: list[Annotated[int, Field(multiple_of=3)]] = Field(min_length=1)
    few: conlist(bool, min_length=1, max_length=2)  # type: ignore[valid-type]
    maybe: int | None


TYPES = [Cat, Dog, Owner, Tree, Moment, Bag, set[str], tuple[int, ...], dict[uuid.UUID, int], int | None, int | str,
         bool, None, Any, list[dt.date], Annotated[str, Field(pattern=r"^[A-Z]{3}$")], dict[str, list[Tree]]]


@pytest.mark.parametrize("spec", TYPES, ids=str)
def test_the_shortest_text_is_a_value(spec: Any) -> None:
    constraint, vocab = sf.json_schema(spec), sf.Vocab.bytes()
    graph = sf.compile(constraint, vocab)
    text = vocab.decode(graph.shortest_from(0))
    assert constraint.accepts(text) and constraint.value(text) == TypeAdapter(spec).validate_json(text)


def test_bounds_of_types_are_kept() -> None:
    assert sf.json_schema(Dog).accepts('{"kind": "dog", "name": "Rex"}')
    refused = {
        Dog: ['{"kind": "dog", "name": "rex"}', '{"kind": "dog", "name": "Rexxxx"}', '{"kind": "cat", "name": "R"}'],
        Owner: ['{"pets": []}', '{"pets": [{"kind": "cat", "lives": 1}, {"kind": "dog", "lives": 1}]}'],
        Tree: ['{"value": 0}', '{"value": 1, "left": {"value": -1}}']}
    for spec, texts in refused.items():
        assert not any(sf.json_schema(spec).accepts(text) for text in texts), spec


def test_what_is_no_type_is_named() -> None:
    with pytest.raises(SpecError, match="neither a JSON Schema nor a type"):
        sf.json_schema(3.5)


def _decimal(**bounds: Any) -> Any:
    return Annotated[decimal.Decimal, Field(**bounds)]


BY_PATTERNS = {  # types, and texts that are values of them
    pd.UUID1: [], pd.UUID3: [], pd.UUID4: ['"6a2f41a3-c54c-4ce8-92d2-0324e1c32e22"'], pd.UUID5: [], pd.UUID6: [],
    pd.UUID7: [], pd.UUID8: [], ipaddress.IPv4Network: ['"10.0.0.0/8"', '"192.168.4.0/22"', '"1.2.3.4"', '"0.0.0.0/0"'],
    ipaddress.IPv6Network: ['"2001:db8::/32"', '"2001:d80::/25"', '"::/0"', '"::1"', '"1:2:3:4:5:6:7:8/128"'],
    ipaddress.IPv4Interface: ['"10.1.2.3/8"'], ipaddress.IPv6Interface: ['"::1/64"'],
    pd.IPvAnyAddress: ['"::1"', '"1.2.3.4"'], pd.IPvAnyInterface: ['"::1/64"', '"10.1.2.3/8"'],
    pd.IPvAnyNetwork: ['"2001:db8::/32"', '"10.0.0.0/8"'], pd.Json: ['"1"', '"{\\"a\\": 1}"', '"[]"'],
    pd.Json[list[int]]: ['"[1, 2]"', '"[]"'], pd.Json[dict[str, list[bool]]]: ['"{\\"a\\": [true]}"'],
    decimal.Decimal: ["1.5"], _decimal(max_digits=6, decimal_places=2): ["9999.99", "-1.50"],
    _decimal(max_digits=3): ["999", "9.99", "0.12"], _decimal(decimal_places=1): ["12345.6"],
    fractions.Fraction: ["0.5"],
    dict[int, str]: ['{"-7":"a","0":"b"}'], dict[PositiveInt, int]: ['{"10":1}'], dict[float, int]: ['{"1.5":1}'],
    dict[Annotated[int, Field(ge=1, lt=13)], int]: ['{"12":1}'], dict[bool, int]: ['{"true":1}'], Mapping[int, int]: [],
    dict[Literal[1, "a"], int]: ['{"a":1}'], dict[pd.UUID4, int]: [], dict[decimal.Decimal, int]: ['{"1.5":2}'],
    pd.NaiveDatetime: ['"2024-02-29T10:00:00"'], pd.AwareDatetime: ['"2024-02-29T10:00:00Z"'],
    pd.FutureDate: ['"2999-01-01"'], pd.PastDate: ['"1999-12-31"'], pd.FutureDatetime: ['"2999-01-01T00:00:00Z"'],
    pd.PastDatetime: ['"1999-12-31T23:59:59.5Z"'], complex: ['"1+2j"', '"-1.5"'],
    pd.HttpUrl: ['"https://example.org/a?b=c#d"', '"http://u:p@1.2.3.4:80"'], pd.AnyUrl: ['"mailto:a@b.c"', '"x://y"'],
    pd.FileUrl: ['"file:///etc/hosts"'], pd.PostgresDsn: ['"postgresql+psycopg://u:p@h:5432/db"'],
    pd.RedisDsn: ['"redis://localhost:6379/0"'], pd.MongoDsn: ['"mongodb://h/db"'], pd.WebsocketUrl: ['"wss://a.b/c"'],
}


def _texts(automaton: ByteAutomaton, rng: random.Random, count: int) -> list[str]:
    """Texts along random ways, that hurry to an end after a while."""
    rows, away = automaton.delta, np.where(automaton.accepting, 0, 10**6)
    for _ in range(300):
        away = np.minimum(away, np.where(rows >= 0, away[rows], 10**6).min(1) + 1)
    spelled, found = [np.flatnonzero(automaton.byte_class == k).tolist() for k in range(rows.shape[1])], []
    while len(found) < count:
        text, state = bytearray(), 0
        while ways := np.flatnonzero(rows[state] >= 0).tolist():
            if automaton.accepting[state] and (rng.random() < 0.4 or len(text) > 60):
                break
            k = rng.choice(ways) if len(text) < 60 else ways[int(away[rows[state, ways]].argmin())]
            text.append(rng.choice(spelled[k]))
            state = rows[state, k]
        found.append(text.decode())
    return found


@pytest.mark.parametrize("spec", BY_PATTERNS, ids=str)
def test_whatever_is_written_is_a_value(spec: Any) -> None:
    """Pydantic's schema says less of these types than its validators demand."""
    constraint = sf.json_schema(spec, whitespace="compact")
    assert all(constraint.accepts(text) and constraint.value(text) is not None for text in BY_PATTERNS[spec])
    for text in _texts(constraint.automaton(sf.Limits()), random.Random(0), 60):
        assert constraint.accepts(text), text
        constraint.value(text)


@pytest.mark.parametrize("spec, text", [
    (pd.UUID4, '"6a2f41a3-c54c-1ce8-92d2-0324e1c32e22"'), (ipaddress.IPv4Network, '"10.0.0.1/8"'),
    (ipaddress.IPv6Network, '"2001:db8::1/32"'), (pd.Json[list[int]], '"[1.5]"'), (dict[int, str], '{"a":"b"}'),
    (_decimal(max_digits=3), "1234"), (_decimal(max_digits=3), "1.234"), (pd.NaiveDatetime, '"2024-02-29T10:00:00Z"'),
    (pd.FutureDate, json.dumps(dt.date.today().isoformat())), (pd.PastDate, '"2999-01-01"'), (pd.HttpUrl, '"ftp://a.b"'),
    (pd.RedisDsn, '"http://a.b"'), (complex, '"j1"'), (dict[Literal[1, "a"], int], '{"1":1}'),
])
def test_what_pydantic_refuses_is_no_text(spec: Any, text: str) -> None:
    assert not sf.json_schema(spec).accepts(text)
    with pytest.raises(pd.ValidationError):
        TypeAdapter(spec).validate_json(text)


def test_json_inside_a_string_is_refused_where_it_is_not_plain() -> None:
    with pytest.raises(UnsupportedFeature, match="declare the type itself"):
        sf.json_schema(pd.Json[Cat])


def test_a_value_says_whether_the_text_or_the_type_is_wrong() -> None:
    class Even(BaseModel):
        a: Annotated[int, pd.AfterValidator(lambda number: number if number % 2 == 0 else _odd())]

    with pytest.raises(RefusedValue, match="satisfies the schema, but") as refused:
        sf.json_schema(Even).value('{"a":1}')
    assert refused.value.place == ("a",)
    for text, where in (("nope", "at character 0, expected a value"), ('{"a":"x"}', "at character 5"), ("{", "at")):
        with pytest.raises(SpecError, match=f"does not satisfy the schema: .*{where}") as caught:
            sf.json_schema(Even).value(text)
        assert not isinstance(caught.value, RefusedValue)


def _odd() -> int:
    raise ValueError("odd")
