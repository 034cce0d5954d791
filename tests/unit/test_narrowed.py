"""Schemas too large to be written in full: values nest as deep as fits, and a warning says so."""

from __future__ import annotations

import json
import warnings
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import structfill as sf
from structfill.automaton.small import small_values
from structfill.cache import Cache
from structfill.front.between import Between
from structfill.integrations.cli import app

VOCAB = sf.Vocab.bytes()


def tree(depth: int, width: int = 20, **more: Any) -> dict[str, Any]:
    """Objects of `width` properties that hold such objects, `depth` times, and then a number; a definition a level."""
    levels = {f"t{k}": {"type": "object", "properties": {f"p{w}": {"$ref": f"#/$defs/t{k - 1}"} for w in range(width)},
                        "additionalProperties": False} for k in range(1, depth)}
    return {"$defs": {"t0": {"type": "integer"}, **levels}, "type": "object", "additionalProperties": False,
            "properties": {f"p{w}": {"$ref": f"#/$defs/t{depth - 1}"} for w in range(width)}, **more}


def nested(value: Any) -> int:
    """How many values are around the innermost one."""
    return max((1 + nested(held) for held in value.values()), default=0) if isinstance(value, dict) else 0


def test_values_nest_as_deep_as_fits() -> None:
    schema = tree(4)
    constraint = sf.json_schema(schema)
    with pytest.warns(sf.Narrowed, match="values nest 2 deep at most") as told:
        graph = sf.compile(constraint, VOCAB)
    assert graph.nesting == 2 and told[0].message.nesting == 2  # type: ignore[union-attr]
    trellis, deepest = sf.Trellis(graph, length=48), 0
    for seed in range(100):
        generator = torch.Generator().manual_seed(seed)
        logits = torch.randn(48, len(VOCAB), generator=generator)
        value = json.loads(trellis.text(trellis.sample(logits, generator)))
        jsonschema.validate(value, schema)
        deepest = max(deepest, nested(value))
    assert deepest == 2
    deep = '{"p1": {"p2": {"p3": {"p4": 5}}}}'
    assert constraint.accepts(deep) and constraint.accepts_prefix(deep[:-6])  # given text is judged by the schema


def test_what_has_to_nest_deeper_does() -> None:
    schema = tree(4) | {"required": ["p0"]}
    schema["$defs"]["t3"]["required"] = ["p3"]
    with pytest.warns(sf.Narrowed):
        graph = sf.compile(sf.json_schema(schema), VOCAB)
    assert VOCAB.decode(graph.shortest_from(0)) == '{"p0":{"p3":{}}}' and graph.nesting == 2


def test_small_values_nest_deeper() -> None:
    schema = tree(4)
    schema["$defs"]["small"] = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "null"}}}
    schema["$defs"]["t3"]["properties"]["small"] = {"$ref": "#/$defs/small"}
    constraint = sf.json_schema(schema)
    automaton = constraint.automaton(sf.Limits())
    assert automaton.nesting == 2 and automaton.accepts(b'{"p1":{"p2":{},"small":{"a":[null,null]}}}')
    assert not automaton.accepts(b'{"p1":{"p2":{"p3":{}}}}') and constraint.accepts('{"p1":{"p2":{"p3":{}}}}')


@pytest.mark.parametrize(("most", "small"), [(1, []), (2, [0]), (7, [0]), (8, [0, 1]), (1000, [0, 1])])
def test_sizes_of_values(most: int, small: list[int]) -> None:
    """Value 0 is states 4 and 5, value 1, a list of such, states 0 to 3, and value 2, state 6, holds itself."""
    start = np.array([0, 1, 1, 2, 2, 3, 3, 3])  # edges 0 -> 1, 2 -> 3, 4 -> 5
    calls, target = np.array([-1, 0, -1, 0, -1, -1, 2], np.int32), np.array([1, 3, 5], np.int32)
    callee, offset, returns = (np.array(x, np.int32) for x in ([4, 0, 6], [0, 1, 2], [2, -1, -1]))
    found = small_values(start, target, calls, callee, offset, returns, most)
    assert np.flatnonzero(found).tolist() == small


def test_what_nests_in_itself_without_an_end_ends() -> None:
    """No text at depth 0, and too many states one deeper."""
    array = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/b"}}
    held = {"type": "object", "minProperties": 1, "additionalProperties": False,
            "properties": {f"q{k}": {"$ref": "#/$defs/a"} for k in range(8)}}
    with pytest.raises(sf.TooLarge):
        sf.compile(sf.json_schema({"$ref": "#/$defs/a", "$defs": {"a": array, "b": held}}), VOCAB)


def test_unlike_items_that_are_narrowed_is_refused() -> None:
    """What is left out is not to be narrowed, or too little would be."""
    names = [f"k{k}" for k in range(12)]
    held = {"type": "object", "properties": {name: {"enum": [0, 1]} for name in names}, "required": names}
    constraint = sf.json_schema({"type": "array", "uniqueItems": True, "items": {"anyOf": [held, {"enum": [5]}]}})
    whole = constraint.repeating().automaton(sf.Limits())
    with pytest.raises(sf.TooLarge):
        constraint.differing(whole, whole.run(b"["), [json.dumps({"a": dict.fromkeys(names, 1)})], sf.Limits())


def test_holes_in_what_is_narrowed_tell() -> None:
    constraint = sf.json_schema(tree(4))
    with pytest.warns(sf.Narrowed):
        assert sf.compile(Between(constraint, '{"p1":', "}"), VOCAB).nesting == 2
    with pytest.raises(sf.EmptyLanguage, match="nests 2 deep"):
        sf.compile(Between(constraint, '{"p1":{"p2":{"p3":{"p4":', "}}}}"), VOCAB)


def test_small_limits_are_limits() -> None:
    with pytest.raises(sf.TooLarge, match=r"states would reach .*Limits\(states="):
        sf.compile(sf.json_schema(tree(4)), VOCAB, limits=sf.Limits(states=50_000))


def test_where_no_depth_fits_it_is_too_large() -> None:
    schema = tree(4)
    for level in schema["$defs"].values():
        level["required"] = [f"p{k}" for k in range(20)]
    with pytest.raises(sf.TooLarge):
        sf.compile(sf.json_schema(schema | {"required": ["p0", "p1", "p2"]}), VOCAB)


def test_a_graph_from_the_cache_warns_as_well(tmp_path) -> None:
    cache, constraint = Cache(tmp_path), sf.json_schema(tree(4))
    for _ in range(2):
        with pytest.warns(sf.Narrowed):
            assert sf.compile(constraint, VOCAB, cache=cache).nesting == 2


def test_what_fits_is_not_narrowed() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sf.compile(sf.json_schema(tree(3)), VOCAB).nesting == 0


def test_the_command_line_tells(tmp_path) -> None:
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(tree(4)))
    with pytest.warns(sf.Narrowed):
        result = CliRunner().invoke(app, ["compile", str(file), "--json"])
    assert json.loads(result.stdout)["values nest, at most"] == 2
