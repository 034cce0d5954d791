"""Validators that JSON Schema cannot express: the refused field is filled again, and nothing else."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel

import structfill as sf
from structfill.errors import RefusedValue, Span
from structfill.front.json_schema.constraint import json_schema
from structfill.refill import Tried, reopened
from tests.fake_models import RandomModel
from tests.refusing import Unequal


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("must be odd")
    return value


class Part(BaseModel):
    kind: Literal["a", "b"]
    size: Annotated[Literal[2, 4, 5], AfterValidator(_odd)]


class Order(BaseModel):
    parts: tuple[Part, Part]
    note: Literal["x", "y"]


def _generator(spec: object, **options: object) -> sf.Generator:
    return sf.Generator(spec, model=RandomModel(), cache=None, options=sf.SamplerOptions(passes=2, **options))


@pytest.mark.parametrize("prompt", ["one", "two", "three", "four"])
def test_the_refused_field_is_filled_again(prompt: str) -> None:
    generator = _generator(Order, refills=4)
    result, first = generator(prompt), json.loads(list(generator.stream(prompt))[-1].text)
    assert isinstance(result.value, Order) and [part.size for part in result.value.parts] == [5, 5]
    found = json.loads(result.text)
    for part in (found, first):
        for inner in part["parts"]:
            inner.pop("size")
    assert found == first, "all other fields are as they were"
    assert generator.constraint.accepts(result.text) and len(result.tokens) <= generator.max_tokens


def test_refills_are_bounded_and_may_be_off() -> None:
    class Never(BaseModel):
        n: Annotated[Literal[2, 4, 6, 8, 10, 12], AfterValidator(_odd)]

    for refills in (0, 2):
        generator = _generator(Never, refills=refills)
        calls = generator.model.calls
        with pytest.raises(RefusedValue, match="must be odd"):
            generator("x")
        assert generator.model.calls - calls <= 2 * (refills + 1)


def test_nothing_else_fits() -> None:
    class One(BaseModel):
        n: Annotated[Literal[2], AfterValidator(_odd)]

    with pytest.raises(RefusedValue, match="must be odd"):
        _generator(One)("x")


def test_a_validator_of_the_whole_opens_the_whole() -> None:
    assert {_generator(Unequal, refills=3)(prompt).value.a for prompt in "abcdefgh"} <= {1, 2}


def test_the_hole_is_what_fits_between() -> None:
    properties = {"a": {"type": "integer", "minimum": 0, "maximum": 99}, "b": {"enum": ["x"]}}
    constraint = json_schema({"type": "object", "properties": properties, "required": ["a", "b"],
                              "additionalProperties": False})
    tried: Tried = {}
    for text in ('{"a": 7, "b": "x"}', '{"a": 77, "b": "x"}'):
        refused = RefusedValue("no", ("a",))
        refused.span = Span(text, 6, text.index(","))
        hole = reopened(constraint, text, refused, tried)
    automaton = hole.automaton(sf.Limits())
    for middle, fits in (("7", False), ("77", False), ("8", True), ("70", True), ("777", False), ('"x"', False),
                         ("", False)):
        whole = f'{{"a": {middle}, "b": "x"}}'
        assert automaton.accepts(whole.encode()) == hole.accepts(whole) == fits, middle
    assert not automaton.accepts(b'{"a":8,"b":"x"}') and not hole.accepts('{"a":8,"b":"x"}')
    assert hole.accepts_prefix('{"a": 8') and hole.accepts_prefix('{"a') and not hole.accepts_prefix('{ "a"')
