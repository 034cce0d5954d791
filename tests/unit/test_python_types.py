"""Types that Pydantic describes: the shortest text of each is a value of it."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, PositiveInt, StringConstraints, TypeAdapter, conlist

import structfill as sf
from structfill.errors import SpecError


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
