"""The JSON Schema front-end: golden texts, refusals, and generation that agrees with reading."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

import structfill as sf
from structfill.errors import EmptyLanguage, SpecError, TooLarge, UnsupportedFeature

GOLDEN = Path(__file__).parents[1] / "golden"


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLDEN / name).read_text().splitlines()]


@pytest.mark.parametrize("case", _lines("json_schema.jsonl"), ids=lambda case: case["name"])
def test_golden(case: dict[str, Any]) -> None:
    constraint = sf.json_schema(case["schema"])
    for text in case["accept"]:
        assert constraint.read(text).accepted, (text, constraint.read(text))
        assert all(constraint.accepts_prefix(text[:k]) for k in range(len(text) + 1)), text
    for text in case["reject"]:
        assert not constraint.accepts(text) and not constraint.read(text).accepted, text
    for text in case.get("unordered", []):  # accepted, but not continued: the keys have another order than declared
        assert constraint.accepts(text) and constraint.read(text).accepted, text
        assert not all(constraint.accepts_prefix(text[:k]) for k in range(len(text) + 1)), text
        free = sf.json_schema(case["schema"], key_order="any", whitespace="any")
        assert all(free.accepts_prefix(text[:k]) for k in range(len(text) + 1)), text
        assert free.automaton(sf.Limits()).accepts(text.encode()), text


@pytest.mark.parametrize("case", _lines("json_schema.jsonl"), ids=lambda case: case["name"])
@pytest.mark.parametrize("whitespace", ["compact", "flexible", "any"])
def test_the_automaton_writes_what_is_accepted(case: dict[str, Any], whitespace: str) -> None:
    """Compact and indented spellings of accepted values are generated, rejected texts never."""
    constraint = sf.json_schema(case["schema"], whitespace=whitespace)
    automaton = constraint.automaton(sf.Limits())
    for text in case["reject"]:
        assert not automaton.accepts(text.encode())
    for text in case["accept"]:
        value = json.loads(text)
        if "\\ud8" in text.lower() and "\\ude" not in text.lower() or "\\udc00" in text:
            continue  # lone surrogates are read, never written
        if any(mark in text for mark in ("e1", "e2", "e-", "e3", "-0,", "1.0", "0.0")) or text == "-0":
            continue  # exponents, 1.0 for an integer and a constant in another spelling are read, not written
        styles: list[dict[str, Any]] = [{"separators": (",", ":")}]
        if whitespace != "compact":
            styles += [{}, {"indent": 2}, {"indent": 4}, {"indent": "\t"}]
        for style in styles:
            spelled = json.dumps(value, ensure_ascii=False, **style)
            if len(value) < 6 if isinstance(value, list) else True:
                assert automaton.accepts(spelled.encode()), spelled


@pytest.mark.parametrize("case", _lines("refused.jsonl"), ids=lambda case: case["feature"] + case["pointer"])
def test_refused_by_name_and_pointer(case: dict[str, Any]) -> None:
    """What cannot be judged is refused at once; what can be judged, but not written, when it is to be written."""
    with pytest.raises(UnsupportedFeature) as caught:
        constraint = sf.json_schema(case["schema"])
        assert case["when"] == "write"
        constraint.automaton(sf.Limits())
    assert (caught.value.feature, caught.value.pointer) == (case["feature"], case["pointer"])
    assert caught.value.feature in str(caught.value)


@pytest.mark.parametrize("schema, pointer", [
    ({"type": "strin"}, "/type"), ({"type": 3}, "/type"), ({"properties": []}, "/properties"),
    ({"required": "a"}, "/required"), ({"properties": {"a": {"minLength": -1}}}, "/properties/a/minLength"),
    ({"anyOf": []}, "/anyOf"), ({"anyOf": [3]}, "/anyOf/0"), ({"items": 7}, "/items"), ({"enum": 1}, "/enum"),
    ({"maximum": "9"}, "/maximum"), ({"maximum": float("nan")}, "/maximum"), ({"$ref": "#/$defs/x"}, "/$ref"),
    ({"type": "string", "pattern": "("}, "/pattern"), ({"const": {1: 2}}, "/const"), ({"maxItems": 1.5}, "/maxItems"),
    ({"uniqueItems": 1}, "/uniqueItems"), ({"format": 3}, "/format"), ({"if": 3}, "/if"), ({"not": []}, "/not"),
    ({"multipleOf": 0}, "/multipleOf"), ({"contains": 1}, "/contains"), ({"propertyNames": 1}, "/propertyNames"),
    ({"patternProperties": {"(": {}}}, "/patternProperties/("), ({"dependencies": {"a": "b"}}, "/dependencies/a"),
    ({"dependentRequired": {"a": [1]}}, "/dependentRequired/a"), ({"minProperties": "1"}, "/minProperties"),
    ({"unevaluatedItems": 1}, "/unevaluatedItems"), ({"$ref": 3}, "/$ref"), ({"$dynamicRef": "#x"}, "/$dynamicRef"),
    ({"properties": {1: {}}}, "/properties"), ({"enum": [{1, 2}]}, "/enum/0"),
    ({"minLength": 2.0, "maxLength": 3.5}, "/maxLength"), ({"minLength": -1, "maxLength": 3}, "/minLength"),
    ({"contains": True, "minContains": -1}, "/minContains"), ({"contains": True, "maxContains": -1}, "/maxContains"),
])
def test_malformed_schemas_name_the_place(schema: Any, pointer: str) -> None:
    with pytest.raises(SpecError) as caught:
        sf.json_schema(schema)
    assert caught.value.pointer == pointer


@pytest.mark.parametrize("schema", [
    False, {"enum": []}, {"type": "string", "minLength": 2, "maxLength": 1}, {"type": "integer", "minimum": 2,
                                                                             "maximum": 1},
    {"type": "object", "properties": {"a": False}, "required": ["a"]},
    {"allOf": [{"type": "string"}, {"type": "null"}]},
    {"type": "object", "properties": {"n": {"$ref": "#"}}, "required": ["n"]},
    {"type": "array", "minItems": 1, "items": {"$ref": "#"}}, {"oneOf": [{"type": "string"}, {"type": "string"}]},
])
def test_contradictions_are_empty_languages(schema: Any) -> None:
    constraint = sf.json_schema(schema)
    assert not constraint.accepts("null") and not constraint.accepts_prefix("")
    with pytest.raises(EmptyLanguage):
        constraint.automaton(sf.Limits())


_MUST_NEST = {"type": "object", "properties": {"n": {"$ref": "#"}}, "required": ["n"]}
_MUTUALLY = {"$ref": "#/$defs/A", "$defs": {name: {"properties": {"n": {"$ref": f"#/$defs/{other}"}}, "required": ["n"],
                                                   "type": "object"} for name, other in ("AB", "BA")}}


@pytest.mark.parametrize("schema, pointer, hint", [
    ({"type": "object", "properties": {"a": False}, "required": ["a"]}, "/properties/a", "it contradicts /required"),
    ({"type": "object", "patternProperties": {"^a": False}, "required": ["ab"]}, "/patternProperties/^a", "/required"),
    ({"allOf": [{"type": "string"}, {"type": "null"}]}, "/allOf/0/type", "it contradicts /allOf/1/type"),
    ({"type": "object", "minProperties": 2, "maxProperties": 1}, "/minProperties", "it contradicts /maxProperties"),
    (_MUST_NEST, "/properties/n/$ref", "hold itself"), (_MUTUALLY, "/$defs/A/properties/n/$ref", "hold itself"),
    ({"type": "object", "properties": {"n": {"$ref": "#", "type": "string"}}, "required": ["n"]}, "/properties/n/$ref",
     "it contradicts /required"),
])
def test_contradictions_name_their_places(schema: Any, pointer: str, hint: str) -> None:
    with pytest.raises(EmptyLanguage) as caught:
        sf.json_schema(schema).automaton(sf.Limits())
    assert caught.value.pointer == pointer and hint in caught.value.hint


@pytest.mark.parametrize("schema, written, unwritten", [
    ({"const": 1}, ["1"], ["1.0", "1.00"]), ({"enum": [1, 2, 3]}, ["1", "3"], ["1.0", "3.0"]),
    ({"const": 1.0}, ["1.0"], ["1", "1.00"]), ({"const": 0.5}, ["0.5"], ["0.50"]), ({"const": -0.0}, ["0.0"], ["0.00"]),
    ({"const": 1e16}, ["10000000000000000"], ["10000000000000000.0"]),
    ({"type": "integer", "const": 1.0}, ["1"], ["1.0"]),
    ({"allOf": [{"const": 1}, {"const": 1.0}]}, ["1", "1.0"], ["1.00"]),
    ({"const": {"a": [1]}}, ['{"a":[1]}'], ['{"a":[1.0]}']), ({"not": {"not": {"const": 1}}}, ["1"], ["1.0"]),
    ({"type": "number", "not": {"const": 1}}, ["2", "2.0"], ["1", "1.0", "1.00"]),
    ({"anyOf": [{"const": 1}, {"type": "number"}]}, ["1", "1.0", "2.0"], []),
    ({"oneOf": [{"const": 1}, {"type": "number"}]}, ["2.0"], ["1", "1.0"]),
    ({"enum": [1, 2, 4.5], "minimum": 2, "multipleOf": 0.5}, ["2", "4.5"], ["1", "2.0", "4.50"]),
    ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}, ["[1,2]"], ["[1,1]", "[1,1.0]", "[1.0]"]),
    ({"$schema": "http://json-schema.org/draft-04/schema#", "enum": [1.0], "not": {"type": "integer"}}, ["1.0"], ["1"]),
])
def test_constants_are_written_as_they_stand_and_read_in_any_spelling(
        schema: Any, written: list[str], unwritten: list[str]) -> None:
    constraint = sf.json_schema(schema, whitespace="compact")
    automaton = constraint.automaton(sf.Limits())
    assert all(automaton.accepts(text.encode()) and constraint.accepts(text) for text in written)
    assert not any(automaton.accepts(text.encode()) for text in unwritten)


def test_another_item_is_no_constant_in_another_spelling() -> None:
    """Where an item repeats, all spellings of the others are taken out."""
    schema = {"type": "array", "items": {"type": "number"}, "uniqueItems": True}
    constraint = sf.json_schema(schema, whitespace="compact")
    repeating = constraint.repeating()
    assert repeating is not None
    [repeat, *_] = repeating.repeats("[1,1]")
    found = repeating.another(repeating.automaton(sf.Limits()), repeat, ["2"], sf.Limits())
    assert found.accepts(b"3.0") and not any(found.accepts(text) for text in (b"1", b"1.0", b"2", b"2.00"))


def test_what_is_not_generated_says_why() -> None:
    schema = {"type": "object", "propertyNames": {"pattern": "^[a-c]$"}, "minProperties": 4}
    with pytest.raises(UnsupportedFeature, match="there are too few here") as caught:
        sf.json_schema(schema).automaton(sf.Limits())
    assert "ask for fewer" in caught.value.hint
    unasked = {"type": "object", "propertyNames": {"pattern": "^a$"}, "allOf": [
        {"not": {"additionalProperties": {"type": "integer"}}}, {"not": {"additionalProperties": {"type": "string"}}},
        {"not": {"additionalProperties": {"type": ["null", "array", "object", "boolean", "number"]}}}]}
    with pytest.raises(UnsupportedFeature, match="this schema can be checked") as caught:
        sf.json_schema(unasked).automaton(sf.Limits())
    assert caught.value.pointer is None


@pytest.mark.parametrize("schema, place", [
    ({"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}, "under /parameters?"),
    ({"openapi": "3.1.0", "info": {"title": "t"}, "paths": {}, "components": {"schemas": {"Pet": {"type": "object"}}}},
     "under /components/schemas/Pet?"), ({"properites": {"a": {}}}, "any value is valid$"),
])
def test_a_schema_without_a_keyword_warns(schema: Any, place: str) -> None:
    with pytest.warns(UserWarning, match="is a keyword of JSON Schema.*" + place.replace("?", r"\?")):
        assert sf.json_schema(schema).accepts("null")


@pytest.mark.parametrize("schema", [{}, True, {"title": "t", "$comment": "c"}, {"$defs": {"a": {}}}, {"x-order": 1},
                                    {"format": "mine"}, {"name": 1, "type": "object"}])
def test_other_schemas_do_not(schema: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sf.json_schema(schema)


def test_recursion_that_must_nest_is_unrolled_far_enough() -> None:
    deep: dict[str, Any] = {"$defs": {"n": {"type": "array", "items": {"$ref": "#/$defs/n"}, "maxItems": 1}},
                            "$ref": "#/$defs/n"}
    automaton = sf.json_schema(deep, whitespace="compact").automaton(sf.Limits(depth=5))
    assert automaton.accepts(b"[" * 6 + b"]" * 6) and not automaton.accepts(b"[" * 7 + b"]" * 7)
    assert sf.json_schema(deep).accepts("[" * 5000 + "]" * 5000)  # given text nests without a bound


def test_whitespace_modes() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}
    spelled = {"compact": b'{"a":[1,2]}', "flexible": b'{\n  "a": [\n    1,\n    2\n  ]\n}',
               "any": b' {"a" \t\n: [1 ,  2] }\r\n'}
    rank = list(spelled)
    for mode in rank:
        automaton = sf.json_schema(schema, whitespace=mode).automaton(sf.Limits())
        for other in rank:
            assert automaton.accepts(spelled[other]) == (rank.index(other) <= rank.index(mode)), (mode, other)
    flexible = sf.json_schema(schema).automaton(sf.Limits())
    assert not flexible.accepts(b'{"a":[' + b" " * 40 + b"]}") and not flexible.accepts(b'{"a":\n\n[]}')
    assert flexible.accepts(b'{\n\t "a":[\n' + b" " * 40 + b"]}") and not flexible.accepts(b'{\n\n"a":[]}')


def test_approximate_writes_a_part_of_what_unique_items_allow() -> None:
    schema = {"type": "array", "items": {"type": ["string", "integer"]}, "uniqueItems": True, "minItems": 2}
    automaton = sf.json_schema(schema, whitespace="compact", approximate="sound").automaton(sf.Limits())
    for text in ('["","a"]', '["",12]', "[1,12,123]"):
        assert automaton.accepts(text.encode()), text
    for text in ('["ab","c"]', "[1]", '["",""]', "[1,1]", "[7,8]"):
        assert not automaton.accepts(text.encode()), text
    with pytest.raises(UnsupportedFeature, match="uniqueItems"):
        sf.json_schema({"type": "array", "not": {"uniqueItems": True}}, approximate="sound").automaton(sf.Limits())


def test_what_is_too_large_names_its_largest_part() -> None:
    schema = {"properties": {"a": {"type": "string", "maxLength": 60}, "b": {"type": "array", "minItems": 900}}}
    with pytest.raises(TooLarge, match="largest part is at /properties/b/minItems") as caught:
        sf.compile(sf.json_schema(schema), sf.Vocab.bytes(), limits=sf.Limits(states=500))
    assert caught.value.limit == "states"


def test_limits_refuse_by_name_and_the_limit_itself_passes() -> None:
    constraint = sf.json_schema({"type": "string", "maxLength": 40})
    needed = 1
    try:
        constraint.automaton(sf.Limits(states=1))
    except TooLarge as error:
        assert error.limit == "states" and "states" in str(error)
    for needed in range(1, 5000):
        try:
            constraint.automaton(sf.Limits(states=needed))
            break
        except TooLarge:
            continue
    assert needed > 40
    with pytest.raises(TooLarge):
        constraint.automaton(sf.Limits(states=needed - 1))


@pytest.mark.parametrize("text, position", [
    ('{"a": "x"}', 6), ('{"b', 2), ('{"a": 1, "a', 7), ('{"a": 1 "b"', 8), ('[', 0), ('{"a": 12345', 6),
    ('{"a": 1} x', 9), ('{"a": 1}\ufeff', 8), ("\ufeff{}", 0),
])
def test_reading_says_where_the_text_leaves_the_language(text: str, position: int) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer", "maximum": 999, "minimum": 0}},
              "additionalProperties": False}
    reading = sf.json_schema(schema).read(text)
    assert not reading.accepted and not reading.continuable and reading.position == position


def test_python_types() -> None:
    import dataclasses
    import enum
    from typing import Literal, TypedDict

    from pydantic import BaseModel, Field

    class Colour(enum.Enum):
        RED = "red"
        BLUE = "blue"

    @dataclasses.dataclass
    class Point:
        x: int
        y: float = 0.0

    class Movie(TypedDict):
        name: str
        year: int

    class Tree(BaseModel):
        colour: Colour
        points: list[Point] = Field(max_length=2)
        kids: list[Tree] = []

    Tree.model_rebuild(_types_namespace={"Tree": Tree})
    tree = sf.json_schema(Tree).value('{"colour": "red", "points": [{"x": 1}], "kids": []}')
    assert tree == Tree(colour=Colour.RED, points=[Point(1)], kids=[])
    assert not sf.json_schema(Tree).accepts('{"colour": "red", "points": [], "kids": [], "more": 1}')
    assert sf.json_schema(Colour).value('"blue"') is Colour.BLUE
    assert sf.json_schema(Movie).accepts('{"name": "Up", "year": 2009}')
    assert not sf.json_schema(Movie).accepts('{"name": "Up"}')
    assert sf.json_schema(Literal["a", 3]).accepts("3") and not sf.json_schema(Literal["a", 3]).accepts("4")
    assert sf.json_schema(list[int] | None).value("[1, 2]") == [1, 2]
    with pytest.raises(SpecError, match="neither a JSON Schema nor a type"):
        sf.json_schema(object())
    with pytest.raises(SpecError):
        sf.json_schema("not a type")


@pytest.mark.parametrize("arguments", [{"whitespace": "some"}, {"formats": 3}, {"key_order": "some"},
                                       {"approximate": "roughly"}])
def test_options_are_checked(arguments: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        sf.json_schema(True, **arguments)


def _closed(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_E, _W, _GA, _H = ({"$ref": f"#/$defs/{name}"} for name in ("E", "W", "GA", "H"))
_INTEGER = {"type": "integer"}
MUTUAL = {
    "objects": (
        {**_E, "$defs": {"E": {"anyOf": [_closed(**{"not": _W}), _closed(x=_INTEGER, y=_INTEGER)]},
                         "W": _closed(arg=_E)}},
        ['{"not":{"arg":{"x":1,"y":2}}}', '{"not":{"arg":{"not":{"arg":{"x":1,"y":2}}}}}', '{"x":1,"y":2}'],
        ['{"not":{"arg":{"x":1,"y":2}},"y":3}', '{"not":{"arg":{"x":1}}}'],
    ),
    "tuples": (
        {**_GA, "$defs": {"GA": {"anyOf": [{"type": "array", "prefixItems": [_H], "items": False, "minItems": 1},
                                           _closed(x=_INTEGER)]},
                          "H": {"type": "array", "prefixItems": [_GA], "items": False, "minItems": 1}}},
        ['[[{"x":1}]]', '[[[[{"x":1}]]]]', '{"x":1}'],
        ['[[{"x":1}]}', '[{"x":1}]'],
    ),
}


@pytest.mark.parametrize("name", MUTUAL)
@pytest.mark.parametrize("read_first", [False, True])
def test_mutual_recursion_through_closed_wrappers(name, read_first):
    """Outcomes that are found late reach every call, whether the schema was read before it was compiled or not."""
    schema, valid, invalid = MUTUAL[name]
    constraint = sf.json_schema(schema, whitespace="compact")
    if read_first:
        assert constraint.accepts(valid[0])
    automaton = constraint.automaton(sf.Limits())
    for text in valid:
        assert automaton.accepts(text.encode()) and constraint.accepts(text), text
    for text in invalid:
        assert not automaton.accepts(text.encode()) and not constraint.accepts(text), text


@pytest.mark.parametrize("items", [{"type": "integer", "minimum": 0, "multipleOf": 3}, {"enum": [3, 6, 9]}, {},
                                   {"type": ["string", "number"]}, {"type": "object", "additionalProperties": True}])
def test_reading_is_not_counted_as_work(items):
    """What is read, however long and often, costs none of the work that a schema may take."""
    item = '{"a":3,"b":6}' if items.get("type") == "object" else "3"
    constraint = sf.json_schema({"type": "array", "minItems": 1, "items": items}, limits=sf.Limits(work=100_000))
    for _ in range(2):
        assert constraint.accepts_prefix("[" + ",".join([item] * 1000))
        assert not constraint.accepts_prefix("[" + ",".join([item] * 1000) + ",]")


@pytest.mark.parametrize(("names", "good", "bad"), [
    ({"format": "idn-hostname"}, "\u4f8b\u3048.jp", "-x-"), ({"format": "regex"}, "^a+$", "("),
    ({"maxLength": 300}, "a" * 300, "a" * 301)])
def test_declared_names_are_judged_exactly(names, good, bad):
    """Also by what tells only of whole names whether they are right."""
    constraint = sf.json_schema({"type": "object", "propertyNames": names, "properties": {good: {}, bad: {}},
                                 "additionalProperties": False, "minProperties": 1})
    automaton = constraint.automaton(sf.Limits())
    for name, right in ((good, True), (bad, False)):
        text = json.dumps({name: 1}, ensure_ascii=False)
        assert automaton.accepts(text.encode()) is constraint.accepts(text) is right


def test_long_bounds_of_names_are_lowered_where_names_are_written():
    constraint = sf.json_schema({"type": "object", "propertyNames": {"maxLength": 2083, "format": "uri"}})
    automaton = constraint.automaton(sf.Limits())
    for length, written, accepted in ((256, True, True), (257, False, True), (2083, False, True), (2084, False, False)):
        text = json.dumps({"a:".ljust(length, "b"): 1})
        assert (automaton.accepts(text.encode()), constraint.accepts(text)) == (written, accepted)
    assert "at most 256 characters are written" in constraint.explained["/propertyNames"]
    long = sf.json_schema({"propertyNames": {"minLength": 257, "maxLength": 400}})
    assert long.automaton(sf.Limits()).accepts(json.dumps({"a" * 300: 1}).encode())


def test_a_number_beyond_floats_is_no_value():
    constraint = sf.json_schema({"type": "number"})
    assert constraint.accepts("1e400") and constraint.value("1e300") == 1e300
    with pytest.raises(SpecError, match="1e400 is more than a float can hold"):
        constraint.value("1e400")


@pytest.mark.parametrize(("schema", "written", "unwritten"), [
    ({"patternProperties": {"^.*$": {"type": "integer"}}}, ['{"a":1}', '{"\u00e9":1}'], ['{"a\\r":"x"}', '{"a\\n":1}']),
    ({"patternProperties": {"^\n$": True}, "additionalProperties": False, "minProperties": 1},
     ['{"\\n":1}'], ['{"a":1}']),
    ({"patternProperties": {"^a$": True}, "required": ["b\r"]}, ['{"b\\r":null}'], ['{"c\\r":1,"b\\r":1}'])])
def test_names_that_engines_of_patterns_judge_differently(schema, written, unwritten):
    """They are not written beside patterns, unless there are no others."""
    constraint = sf.json_schema({"type": "object", **schema}, whitespace="compact")
    automaton = constraint.automaton(sf.Limits())
    assert [automaton.accepts(text.encode()) for text in written] == [True] * len(written)
    assert not any(automaton.accepts(text.encode()) for text in unwritten)
    assert all(map(constraint.accepts, written))
