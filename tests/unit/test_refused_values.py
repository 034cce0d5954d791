"""Which part of a text is refused, and what its hole is."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

import structfill as sf
from structfill.errors import RefusedValue
from structfill.refill import Tried, reopened
from tests.fake_models import RandomModel
from tests.refusing import Unequal


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("must be odd")
    return value


def _lower(value: str) -> str:
    if value != value.lower():
        raise PydanticCustomError("upper", "must be lower case")
    return value


def _never(value: Any) -> Any:
    raise ValueError("never")


Odd, Lower = Annotated[int, AfterValidator(_odd)], Annotated[str, AfterValidator(_lower)]


class Kid(BaseModel):
    kind: Literal["kid"]
    size: Literal[1]


class Adult(BaseModel):
    kind: Literal["adult"]
    age: Odd


class Old(BaseModel):
    kind: Literal["adult"]
    age: Odd
    cane: bool


class Name(BaseModel):
    kind: Literal["name"]
    name: str
    size: Odd

    @model_validator(mode="after")
    def short(self) -> Name:
        if len(self.name) > 2:
            raise ValueError("too long")
        return self


class Other(BaseModel):
    kind: Literal["other"]
    name: Lower


class Pair(BaseModel):
    first: Kid | Adult
    second: Odd | Lower | list[Odd]


Tagged = dict[str, Annotated[Name | Other, Field(discriminator="kind")]]


@pytest.mark.parametrize(("spec", "text", "place", "part"), [
    (Kid | Adult, '{"kind":"adult","age":4}', ("age",), "4"),
    (list[Kid | Adult], '[{"kind":"kid","size":1}, {"kind":"adult","age":4}]', (1, "age"), "4"),
    (Kid | Old | Adult, '{"kind":"adult","age":4}', ("age",), "4"),
    (Pair, '{"first":{"kind":"kid","size":1},"second":"Abc"}', ("second",), '"Abc"'),
    (Pair, '{"first":{"kind":"kid","size":1},"second":[1, 3, 40]}', ("second", 2), "40"),
    (Pair, '{"first":{"kind":"adult","age":3},"second":44}', ("second",), "44"),
    (list[list[Kid | Adult] | Kid | None], '[[{"kind":"adult","age":4}]]', (0, 0, "age"), "4"),
    (Tagged, '{"name":{"kind":"name","name":"y","size":2}}', ("name", "size"), "2"),
    (Tagged, '{"name":{"kind":"name","name":"yyy","size":3}}', ("name",), '{"kind":"name","name":"yyy","size":3}'),
    (Tagged, '{"other":{"kind":"other","name":"A"}}', ("other", "name"), '"A"'),
    (dict[Lower, Odd], '{"a":1, "A":3}', ("A", "[key]"), '"A"'),
    (dict[str, Lower], '{"[key]":"A"}', ("[key]",), '"A"'),
    (dict[Lower, dict[str, int]], '{"A":{"[key]":1}}', ("A", "[key]"), '"A"'),
])
def test_the_refused_part(spec: object, text: str, place: tuple[object, ...], part: str) -> None:
    refused = _refused(spec, text)
    assert refused.place == place
    assert refused.span is not None and refused.span.source == text
    assert text[refused.span.start:refused.span.end] == part


@pytest.mark.parametrize(("text", "start"), [('{"a":5,"a":4}', 11), ('{"a":4,"a":5}', 5), ('{"a":4,"a":2}', 5)])
def test_of_a_key_that_comes_twice_the_refused_value(text: str, start: int) -> None:
    span = _refused(dict[str, Odd], text).span
    assert span is not None and span.start == start


def test_where_no_alternative_is_like_the_value_all_of_it_is_refused() -> None:
    def kind(value: Any) -> Any:
        raise PydanticCustomError("missing", "a name of a rule of Pydantic's")

    class Box(BaseModel):
        inner: Annotated[int, AfterValidator(kind)] | Annotated[list[int], Field(min_length=1), AfterValidator(kind)]

    assert _refused(Box, '{"inner":[1]}').place == ("inner",)


def test_the_message_shows_the_part() -> None:
    assert str(_refused(list[Odd], "[1, 42]")).endswith("\n[1, 42]\n    ^^")


@pytest.mark.parametrize("most", [None, 3000])  # characters, which are counted
def test_the_hole_is_one_other_value(most: int | None) -> None:
    class Order(BaseModel):
        note: str = Field(max_length=most)
        size: Annotated[float, AfterValidator(_never)]
        tags: list[int] = []
        more: Literal["x"] = "x"

    hole = _hole(Order, '{"note":"n","size":1.0}', '{"note":"n","size":0}')
    for middle, fits in (("1.5", True), ("2", True), ("1", False), ("1.0", False), ("1.00", False), ("0.0", False),
                         ("", False), ("2,", False), ('2,"more":"x"', False), ('2,"tags":[1]', False)):
        _check(hole, f'{{"note":"n","size":{middle}}}', fits)
    _check(hole, '{"note":"m","size":2}', False)


def test_the_hole_of_an_item_is_one_item() -> None:
    hole = _hole(list[Odd], "[1,4]")
    for text, fits in (("[1,5]", True), ("[1,4]", False), ("[1,]", False), ("[1]", False), ("[1,5,5]", False),
                       ("[3,5]", False)):
        _check(hole, text, fits)
    _check(_hole(list[Odd], "[4]"), "[]", False)


def test_the_hole_of_a_key_is_one_key() -> None:
    hole = _hole(dict[Lower, int], '{"A":1,"b":2}', '{"B":1,"b":2}')
    for key, fits in (('"a"', True), ('"A"', False), ('"B"', False), ('"a":1,"c"', False), ('"a":"b"', False)):
        _check(hole, f'{{{key}:1,"b":2}}', fits)


def test_no_value_comes_again_in_another_spelling() -> None:
    class Span(BaseModel):
        begin: float
        marks: list[int]

    class Event(BaseModel):
        span: Annotated[Span, AfterValidator(_never)]

    for whitespace in ("compact", "flexible", "any"):
        hole = _hole(Event, '{"span":{"begin":1,"marks":[1,2]}}', whitespace=whitespace)
        _check(hole, '{"span":{"begin":1,"marks":[1,3]}}', True)
        for value in ('{"begin":1.0,"marks":[1,2]}', '{"begin": 1, "marks": [1, 2]}', '{"begin":1,\n "marks":[1,2]}'):
            _check(hole, f'{{"span":{value}}}', False)


def test_a_value_that_is_refused_as_a_whole_does_not_come_again_in_another_layout() -> None:
    class Whole(BaseModel):
        a: float

        @model_validator(mode="after")
        def never(self) -> Whole:
            raise ValueError("never")

    for whitespace in ("compact", "flexible", "any"):
        hole = _hole(Whole, '{"a": 1}', whitespace=whitespace)
        for text, fits in (('{"a":1}', False), ('{"a": 1.0}', False), ('{\n  "a": 1\n}', False), ('{"a":2}', True)):
            _check(hole, text, fits)


def test_many_fields_are_told_apart_from_what_was_tried() -> None:
    names = [f"k{n}" for n in range(24)]
    schema = {"type": "object", "properties": {name: {"type": "integer"} for name in names}, "required": names,
              "additionalProperties": False}
    value = dict.fromkeys(names, 1)

    class Wide(BaseModel):
        wide: Annotated[dict[str, int], Field(json_schema_extra=schema), AfterValidator(_never)]

    hole = _hole(Wide, json.dumps({"wide": value}))
    _check(hole, json.dumps({"wide": value}, separators=(",", ":")).replace('{"wide":{', '{"wide": {', 1), False)
    _check(hole, json.dumps({"wide": {**value, "k3": 2}}), True)


class Digit(BaseModel):
    n: Annotated[Literal[2, 4, 6, 5], AfterValidator(_odd)]


DIGIT = sf.json_schema(Digit)


def _generator(constraint: sf.Constraint, refills: int = 5) -> sf.Generator:
    return sf.Generator(constraint=constraint, model=RandomModel(), cache=None,
                        options=sf.SamplerOptions(passes=2, refills=refills))


@pytest.mark.parametrize("constraint", [
    sf.template("{{a}}", a=DIGIT), sf.template("one {{a}} and {{b:a}}.", a=sf.bounded(DIGIT, 0, 16)),
    sf.bounded(DIGIT, 0, 30)], ids=["template", "two holes", "bounded"])
def test_values_inside_of_other_constraints_are_filled_anew(constraint: sf.Constraint) -> None:
    generator = _generator(constraint)
    for prompt in "abcd":
        found = generator(prompt)
        assert constraint.accepts(found.text)
        values = list(found.holes.values()) or [found.value]
        assert values == [Digit.model_construct(n=5)] * len(values)


def test_the_error_names_the_hole() -> None:
    template = sf.template("<{{x}}> {{a}}", x=sf.regex("[a-z]{2}"), a=sf.json_schema(list[Odd]))
    with pytest.raises(RefusedValue, match="(?s)the hole a: .*must be odd") as caught:
        template.holes("<ab> [1,42]")
    assert caught.value.place == ("a", 1) and str(caught.value).endswith("\n<ab> [1,42]\n        ^^")
    with pytest.raises(RefusedValue, match="the hole a: "):
        for prompt in "abcdef":
            _generator(sf.template("{{a}}", a=DIGIT), refills=0)(prompt)


def test_infill_fills_refused_values_anew() -> None:
    options, pair = sf.SamplerOptions(passes=2, refills=5), sf.json_schema(tuple[Digit, Digit])
    for prompt in "abcdef":
        middle = sf.infill("n: ", ".", DIGIT, prompt=prompt, model=RandomModel(), options=options)
        assert DIGIT.value(middle) == Digit(n=5)
        middle = sf.infill('[{"n":5},', "]", whole=pair, prompt=prompt, model=RandomModel(), options=options)
        assert DIGIT.value(middle) == Digit(n=5)


def test_infill_leaves_what_is_given_of_the_refused_value() -> None:
    for prompt in "abcdef":
        assert sf.infill('{"a":1,"b":', "}", whole=sf.json_schema(Unequal, whitespace="compact"), prompt=prompt,
                         model=RandomModel(), options=sf.SamplerOptions(passes=2)) == "2"


def _refused(spec: object, text: str) -> RefusedValue:
    with pytest.raises(RefusedValue) as caught:
        sf.json_schema(spec).value(text)
    return caught.value


def _hole(spec: object, *texts: str, whitespace: str = "flexible") -> sf.Constraint:
    """The constraint after these texts, each refused in the same place."""
    constraint, tried, found = sf.json_schema(spec, whitespace=whitespace), Tried(), None
    for text in texts:
        with pytest.raises(RefusedValue) as caught:
            constraint.value(text)
        found = reopened(constraint, text, caught.value, tried)
    assert found is not None
    return found


def _check(hole: sf.Constraint, text: str, fits: bool) -> None:
    written = hole.counting(sf.Limits())
    accepted = written.accepts(text.encode()) if hasattr(written, "accepts") else _counted(hole, text)
    assert hole.accepts(text) == accepted == fits, text


def _counted(hole: sf.Constraint, text: str) -> bool:
    graph = sf.compile(hole, sf.Vocab.bytes())
    return graph.may_end(graph.run(list(text.encode())))
