"""Where counts cost too many states, upper bounds are lowered, and there is no dead end behind that."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.errors import EmptyLanguage
from structfill.vocab import Vocab

VOCAB = Vocab.bytes()
DEEP = {"type": "array", "items": {"type": "string", "maxLength": 1_000}, "maxItems": 1_000}


def wide(count, **of):
    names = [f"k{i}" for i in range(count)]
    return {"type": "object", "additionalProperties": False, "required": names,
            "properties": {name: {"type": "string", **of} for name in names}}


@pytest.mark.parametrize("schema", [wide(6, maxLength=20_000), wide(3, minLength=40, maxLength=25_000),
                                    wide(150, maxLength=2_000) | {"required": ["k7"]}])
def test_bounds_are_lowered_where_they_cost_too_much(schema) -> None:
    vocab = Vocab([*VOCAB.tokens, b"a" * 500, b"b" * 90], eos_ids=VOCAB.eos_ids, pad_id=VOCAB.pad_id,
                  mask_id=VOCAB.mask_id)
    constraint = sf.json_schema(schema, whitespace="compact")
    blocks, used = sf.Blocks(sf.compile(constraint, vocab), 200), list[int]()
    logits = torch.zeros(80, len(vocab))
    logits[:, -2:] = 9.0  # the model would write long strings
    with pytest.warns(sf.Narrowed, match="upper bounds of strings and arrays are lowered") as told:
        while blocks.left and not blocks.ended:
            ids = blocks.trellis(80).sample(logits, torch.Generator().manual_seed(len(used)))
            blocks.advance(ids)
            used += ids.tolist()
    longest = max(one.message.longest for one in told)
    text = vocab.text(np.array(used[:200]))
    value = json.loads(text)
    assert constraint.accepts(text) and 40 <= max(map(len, value.values())) <= longest < 10_000


def test_what_is_given_may_be_longer_than_a_lowered_bound() -> None:
    constraint = sf.json_schema(wide(4, maxLength=20_000), whitespace="compact")
    graph = sf.compile(constraint, VOCAB)
    given = b'{"k0":"' + b"a" * 1_500
    state = graph.run(list(given))
    with pytest.warns(sf.Narrowed) as told:
        trellis = sf.Trellis(graph, 400, start=state, more=20_000)
    assert 1_500 < told[0].message.longest < 10_000
    text = given.decode() + trellis.text(trellis.sample(torch.zeros(400, len(VOCAB))))
    assert constraint.accepts_prefix(text)


def letters(count: int, *liked: int) -> torch.Tensor:
    """Logits of a model that would write nothing but an `a`, or others."""
    logits = torch.zeros(count, len(VOCAB))
    logits[:, list(liked or b"a")] = 20.0
    return logits


@pytest.mark.filterwarnings("ignore::structfill.errors.Narrowed")
@pytest.mark.parametrize("liked", [b"a", b"a\",", b"\","])
def test_canvas_after_canvas_ends_within_the_budget(liked) -> None:
    """What is counted in one canvas leaves the next one room."""
    strings = {"type": "array", "items": {"type": "string", "maxLength": 600}, "maxItems": 600}
    schema = {"type": "object", "properties": {"a": strings, "b": {"type": "string", "maxLength": 900}},
              "required": ["a", "b"], "additionalProperties": False}
    constraint = sf.json_schema(schema, whitespace="compact")
    blocks, used = sf.Blocks(sf.compile(constraint, VOCAB), 1_000), list[int]()
    while blocks.left and not blocks.ended:
        ids = blocks.trellis(250).sample(letters(250, *liked), torch.Generator().manual_seed(1))
        blocks.advance(ids)
        used += ids.tolist()
    assert constraint.accepts(VOCAB.text(np.array(used)))


@pytest.mark.filterwarnings("ignore::structfill.errors.Narrowed")
def test_left_to_right_there_is_always_a_way_on() -> None:
    constraint = sf.json_schema(DEEP, whitespace="compact")
    graph, state, written = sf.compile(constraint, VOCAB), 0, list[int]()
    for left in range(600, 0, -1):
        columns = graph.next_columns(state, left, len(VOCAB), torch.device("cpu"))
        liked = [token for token in b"a\"," if columns[token]]
        written.append(liked[0] if liked else int(columns.nonzero()[0]))
        state = graph.run(written[-1:], state)
        if graph.ended(state):
            break
    assert constraint.accepts(VOCAB.text(np.array(written)))


@pytest.mark.parametrize("fresh", [True, False])
def test_a_graph_does_not_depend_on_those_before(fresh) -> None:
    graph = sf.compile(sf.json_schema(DEEP, whitespace="compact"), VOCAB)
    state = graph.run(list(b"[" + b'"aaa",' * 91))
    with pytest.warns(sf.Narrowed):
        if not fresh:
            sf.Trellis(graph, 700, more=700)
        trellis = sf.Trellis(graph, 64, start=state, more=2_000)
    assert trellis.text(trellis.best(letters(64))).startswith('"aaa')


def test_the_shortest_end_where_a_string_is_full() -> None:
    """A token that would end it counts one character too many."""
    vocab = Vocab([*VOCAB.tokens, b' "]'], eos_ids=VOCAB.eos_ids, pad_id=VOCAB.pad_id, mask_id=VOCAB.mask_id)
    schema = {"type": "array", "items": {"type": "string", "maxLength": 100}, "maxItems": 1_000}
    graph = sf.compile(sf.json_schema(schema), vocab)
    for characters, needed in ((100, 2), (99, 1)):
        state = graph.run(list(b'["' + b"a" * characters))
        assert graph.needed(state) == needed == len(graph.shortest_from(state))


def test_tokens_fixed_at_the_beginning_are_counted_in_full() -> None:
    graph = sf.compile(sf.json_schema(DEEP), VOCAB)
    given = dict(enumerate(b'["' + b"a" * 300))
    with pytest.warns(sf.Narrowed):
        trellis = sf.Trellis(graph, 1_400, given)
    assert trellis.text(trellis.best(letters(1_400))).startswith('["' + 300 * "a")
    with pytest.warns(sf.Narrowed), pytest.raises(EmptyLanguage, match="bounds of repetitions are lowered to"):
        sf.Trellis(sf.compile(sf.json_schema(DEEP), VOCAB), 1_400).fix(given)


def test_where_much_has_to_be_counted() -> None:
    schema = {"type": "array", "minItems": 100, "maxItems": 1_000,
              "items": {"type": "string", "minLength": 2, "maxLength": 1_000}}
    with pytest.warns(sf.Narrowed):
        assert sf.Trellis(sf.compile(sf.json_schema(schema), VOCAB), 256, more=2_750).graph.lowered > 2


@pytest.mark.parametrize(("characters", "most"), [(19_990, 60), (5_000, 60), (5_000, 20_000)])
@pytest.mark.filterwarnings("ignore::structfill.errors.Narrowed")
def test_lengths_of_a_hole_behind_a_long_text(characters, most) -> None:
    graph = sf.compile(sf.json_schema({"type": "string", "maxLength": 20_000, "pattern": "^[ab]*$"}), VOCAB)
    found = sf.feasible_lengths(graph, list(b'"' + b"a" * characters), list(b'"'), most).lengths
    possible = range(min(most, 20_000 - characters) + 1)
    assert found == tuple(possible[: len(found)]) and (len(found) == len(possible) or len(found) > 1_000)


@pytest.mark.filterwarnings("ignore::structfill.errors.Narrowed")
def test_a_character_cut_in_two_at_a_lowered_bound() -> None:
    graph = sf.compile(sf.json_schema({"type": "string", "maxLength": 20_000}), VOCAB)
    with pytest.warns(sf.Narrowed) as told:
        sf.Trellis(graph, 256, more=40_000)
    at = told[0].message.longest
    for end in ("é".encode()[:1], b"\\", b""):
        for characters in (at - 1, at, at + 1):
            state = graph.run(list(b'"' + b"a" * characters + end))
            assert sf.Trellis(graph, 256, start=state, more=40_000).rows == 1


def test_holes_and_templates_are_lowered_too() -> None:
    with pytest.warns(sf.Narrowed):
        filled = sf.Generator({"type": "string", "maxLength": 20_000}, max_tokens=6_000, cache=None).infill('"ab', '"')
    assert "\n" not in filled
    line = sf.template("{{a}}{{b}}", a=sf.regex(r"\[?"), b=sf.json_schema(DEEP))  # whose is the first bracket?
    with pytest.warns(sf.Narrowed) as told:
        graph = sf.compile(line, VOCAB)
    assert graph.run(list(b'["c"]')) >= 0
    assert told[0].filename == __file__


def test_what_is_fixed_behind_the_canvas_is_named() -> None:
    with pytest.raises(EmptyLanguage, match="fixed behind"):
        sf.Trellis(sf.compile(sf.regex("[a-z]{1,3}"), VOCAB), 2, more=[65, 65])
