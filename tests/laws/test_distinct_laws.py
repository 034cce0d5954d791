"""Unique items over endless languages: every canvas is valid, in the budget, and can be fixed again."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Annotated

import numpy as np
import pytest
import torch
from pydantic import AfterValidator, BaseModel, Field

import structfill as sf
from structfill.blocks import Blocks, trellis_of
from structfill.compilation import compile_or_explore
from structfill.distinct import DistinctGraph, DistinctTrellis
from structfill.errors import BudgetTooSmall, EmptyLanguage, NotFound, RefusedValue, UnsupportedFeature
from structfill.trellis import OPEN
from tests.fake_models import RandomModel
from tests.threads import in_threads

STRINGS = {"type": "array", "items": {"type": "string", "maxLength": 3}, "uniqueItems": True, "minItems": 3}
SCHEMAS = {
    "strings": STRINGS,
    "numbers": {"type": "array", "items": {"type": "number"}, "uniqueItems": True, "minItems": 2},
    "more than a few values": {"type": "array", "items": {"enum": list(range(12))}, "uniqueItems": True, "minItems": 5},
    "anything": {"type": "array", "uniqueItems": True, "minItems": 2},
    "objects": {"type": "array", "uniqueItems": True, "minItems": 2, "items": {
        "type": "object", "properties": {"id": {"type": "integer", "minimum": 0}}, "required": ["id"],
        "additionalProperties": False}},
    "inside": {"type": "object", "properties": {"tags": {**STRINGS, "maxItems": 5}, "n": {"type": "boolean"}},
               "required": ["tags", "n"], "additionalProperties": False},
    "in each other": {"type": "array", "uniqueItems": True, "minItems": 2, "maxItems": 3, "items": {
        "type": "array", "uniqueItems": True, "minItems": 1, "maxItems": 3, "items": {"type": "integer"}}},
    "in one of two": {"anyOf": [STRINGS, {"type": "integer"}]},
}
WORDS = [b'","', b'", "', b'["', b'"]', b"1,", b"aa", b'{"id":']
VOCABS = {"bytes": sf.Vocab.bytes(), "words": sf.Vocab.of_tokens([*map(bytes, zip(range(128))), *WORDS, None],
                                                                 eos_ids=(128 + len(WORDS),))}
LENGTH = 48


def _logits(seed: int, columns: int, scale: float) -> torch.Tensor:
    x = torch.randn(LENGTH, columns, generator=torch.Generator().manual_seed(seed)) * scale
    x[:, ord("a")] += scale  # so that items come again
    x[:, ord("1")] += scale
    return x


@pytest.mark.parametrize("vocab", VOCABS)
@pytest.mark.parametrize("name", SCHEMAS)
def test_every_canvas_is_valid_and_can_be_fixed_again(name: str, vocab: str) -> None:
    constraint, tokens = sf.json_schema(SCHEMAS[name], whitespace="compact"), VOCABS[vocab]
    graph = compile_or_explore(constraint, tokens)
    assert isinstance(graph, DistinctGraph) and not graph.exact
    rng = np.random.default_rng(len(name))
    for seed in range(6):
        trellis = trellis_of(graph, LENGTH)
        assert isinstance(trellis, DistinctTrellis)
        x = _logits(seed, len(tokens), [0.0, 2.0, 20.0][seed % 3])
        for _ in range(4):
            found = trellis.posterior(x, draw=True, generator=torch.Generator().manual_seed(seed))
            logits = trellis.constrain(x)
            for canvas in (found.best, found.sample, logits.path, trellis.best(x), trellis.sample(x, temperature=0.7)):
                assert canvas is not None and constraint.accepts(trellis.text(canvas))
                given = torch.from_numpy(trellis.fixed[0])
                assert torch.equal(canvas[given != OPEN], given[given != OPEN])
            assert torch.equal(logits.logits.argmax(1), logits.path)
            kept = torch.from_numpy(rng.random(LENGTH) < 0.2)
            trellis = trellis.fix(torch.where(kept, found.sample, torch.tensor(OPEN)))
        assert constraint.accepts(trellis.text(trellis.reopen(range(LENGTH)).best(x)))


def test_a_canvas_without_repeated_items_is_the_best_one() -> None:
    constraint = sf.json_schema(STRINGS, whitespace="compact")
    graph = compile_or_explore(constraint, sf.Vocab.bytes())
    repeating = sf.Trellis(graph.repeating, LENGTH)
    alike = 0
    for seed in range(8):
        x = torch.randn(LENGTH, len(graph.vocab), generator=torch.Generator().manual_seed(seed)) * 3
        best = repeating.best(x)
        if constraint.accepts(repeating.text(best)):
            alike += 1
            assert torch.equal(trellis_of(graph, LENGTH).best(x), best)
    assert alike


def test_a_repeated_item_alone_is_written_anew() -> None:
    constraint = sf.json_schema(STRINGS, whitespace="compact")
    graph = compile_or_explore(constraint, sf.Vocab.bytes())
    wanted = b'["ab","cd","ab","ef"]'
    x = torch.zeros(LENGTH, len(graph.vocab))
    x[torch.arange(len(wanted)), torch.tensor(list(wanted))] = 20.0
    x[len(wanted):, 256] = 20.0
    x[12, ord("x")] = 15.0
    x[5, ord("y")] = 16.0
    found = trellis_of(graph, LENGTH).best(x)
    assert json.loads(trellis_of(graph, LENGTH).text(found)) == ["ab", "cd", "xb", "ef"]


MANY_SPELLINGS = [
    ("numbers", "[7,1,1.0,222,333]", "[7,1,", ",222,333]"), ("numbers", "[7,1,1,222,333]", "[7,1,", ",222,333]"),
    ("any", '[{"a":1,"b":2},{"b":2,"a":1}]', '[{"a":1,"b":2},{', ":2,"),
    ("in objects", '{"a":[1,2],"a":[3,3]}', '{"a":[1,2],"a":[3,', "]}"),
]


@pytest.mark.parametrize(("name", "text", "before", "after"), MANY_SPELLINGS)
def test_a_value_has_many_spellings(name: str, text: str, before: str, after: str) -> None:
    unique = {"type": "array", "uniqueItems": True}
    schema = {"numbers": {**unique, "items": {"type": "number"}}, "any": {**unique, "items": {"type": "object"}},
              "in objects": {"type": "object", "additionalProperties": {**unique, "items": {"type": "integer"}}}}[name]
    constraint = sf.json_schema(schema, whitespace="compact")
    trellis = trellis_of(compile_or_explore(constraint, sf.Vocab.bytes()), LENGTH)
    x = torch.zeros(LENGTH, 259)
    x[torch.arange(len(text)), torch.tensor(list(text.encode()))] = 20.0
    x[len(text):, 256] = 20.0
    found = trellis.text(trellis.best(x))
    assert found != text and constraint.accepts(found) and found.startswith(before) and after in found


@pytest.mark.parametrize("schema", [
    {"items": {"type": "object"}, "minItems": 2},
    {"items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 3},
    {"items": {"enum": [1, 22, 333, 4444, 5, 66, 777, 8888, 9]}, "minItems": 9},
    {"items": {"type": "array", "uniqueItems": True, "minItems": 2, "items": {"type": "integer"}}, "minItems": 2},
    {"items": {"type": "string"}, "minItems": 20}])
def test_there_is_a_text_where_values_have_many_spellings(schema: dict[str, object]) -> None:
    constraint = sf.json_schema({"type": "array", "uniqueItems": True, **schema})
    trellis = trellis_of(compile_or_explore(constraint, sf.Vocab.bytes()), 96)
    for seed in range(3):
        x = torch.randn(96, 259, generator=torch.Generator().manual_seed(seed)) * 4
        assert constraint.accepts(trellis.text(trellis.best(x)))


@pytest.mark.parametrize("vocab", VOCABS)
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_text_of_several_canvases_is_valid_and_in_the_budget(name: str, vocab: str) -> None:
    """Whatever is fixed on the way, every canvas has one behind it, until the text ends."""
    constraint, tokens, rng = sf.json_schema(SCHEMAS[name]), VOCABS[vocab], np.random.default_rng(len(name))
    graph, several = compile_or_explore(constraint, tokens), 0
    for seed in range(12):
        length, budget = int(rng.choice([4, 8, 16])), int(rng.integers(32, 64))
        blocks, written, scale = Blocks(graph, budget), list[int](), [0.0, 2.0, 20.0][seed % 3]
        while not blocks.ended and (blocks.left or not written):
            trellis = blocks.trellis(length)
            x = _logits(seed + len(written), len(tokens), scale)[:length]
            x[:, list(tokens.eos_ids)] -= scale
            for _ in range(2):
                found = trellis.posterior(x, draw=True, generator=torch.Generator().manual_seed(seed))
                kept = torch.from_numpy(rng.random(length) < 0.4)
                trellis = trellis.fix(torch.where(kept, found.sample, torch.tensor(OPEN)))
            blocks.advance(canvas := trellis.constrain(x).path)
            written += canvas.tolist()
        assert constraint.accepts(tokens.text(np.array(written))), tokens.text(np.array(written))
        assert len(tokens.before_end(np.array(written))) <= budget
        several += len(written) > length
    assert several > 6


def test_an_end_of_values_counts_over_all_canvases() -> None:
    """Of twelve values each may stand once, in every spelling, over canvases that hold one item each."""
    schema = {"type": "array", "items": {"enum": list(range(12))}, "uniqueItems": True, "minItems": 12}
    constraint = sf.json_schema(schema, whitespace="compact")
    blocks, written = Blocks(compile_or_explore(constraint, sf.Vocab.bytes()), 40), b""
    x = torch.randn(3, 259, generator=torch.Generator().manual_seed(3))
    while not blocks.ended:
        blocks.advance(canvas := blocks.trellis(3).best(x))
        written += bytes(token for token in canvas.tolist() if token < 256)
    assert sorted(json.loads(written)) == list(range(12))


FEW_WORDS = {"type": "array", "items": {"enum": ["a", "ab", "abc", "b", "ba", "c", "ca", "cab", "d"]}, "minItems": 8,
             "uniqueItems": True}


@pytest.mark.parametrize("vocab", VOCABS)
@pytest.mark.parametrize("name", [*SCHEMAS, "few words"])
def test_from_the_left_to_the_right(name: str, vocab: str) -> None:
    """Whatever is drawn of what may come next, the text ends in the budget, and no item repeats."""
    constraint, tokens = sf.json_schema({**SCHEMAS, "few words": FEW_WORDS}[name]), VOCABS[vocab]
    graph, texts, rng = compile_or_explore(constraint, tokens), set(), torch.Generator()
    for seed in range(10):
        budget, scale, place, written = 48 + seed, [0.0, 2.0, 20.0][seed % 3], graph.start, list[int]()
        rng.manual_seed(seed)
        while not graph.ended(place) and len(written) < budget:
            may = graph.next_columns(place, budget - len(written), len(tokens), torch.device("cpu"))
            assert may.any(), tokens.decode(written)
            x = torch.randn(len(tokens), generator=rng) * scale
            x[[ord("a"), ord("1"), ord(",")]] += scale
            x[list(tokens.eos_ids)] -= 2 * scale
            odds = torch.softmax(x.masked_fill(~may, -torch.inf), 0)
            written.append(int(torch.multinomial(odds, 1, generator=rng)))
            place = graph.run(written[-1:], place)
        text = tokens.text(np.array(written))
        assert constraint.accepts(text), text
        texts.add(text)
    assert len(texts) > 4


def test_from_the_left_an_item_may_be_all_but_those_before() -> None:
    """Against every next byte: those that some text without repeated items has there."""
    graph = compile_or_explore(sf.json_schema(FEW_WORDS, whitespace="compact"), sf.Vocab.bytes())
    cases = {'["a",': '"', '["a","': "abcd", '["a","a': "b", '["ab","abc","a': '"', '["d","abc","ab': '"', '["a"': ",",
             '["a","ab","abc","b","ba","c","ca","cab"': ",]", '["a","ab","abc","b","ba","c","ca","cab","d"': "]"}
    for written, wanted in cases.items():
        place = graph.run(list(written.encode()))
        may = graph.next_columns(place, None, 259, torch.device("cpu"))
        assert bytes(may.nonzero().flatten().tolist()).decode() == "".join(sorted(wanted)), written


@pytest.mark.parametrize(("prefix", "suffix"), [
    ('["a","b","a', "]"), ('["a","b","a', '"]'), ('["a","b","', 'a"]'), ('["a","b",', ',"c"]'), ('["a","b"', ',"ab"]')])
def test_a_hole_that_begins_or_ends_in_an_item(prefix: str, suffix: str) -> None:
    """What is given of an item stays, and the rest makes it another one."""
    constraint = sf.json_schema({"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 3},
                                whitespace="compact")
    filled = sf.infill(prefix, suffix, whole=constraint, model=RandomModel(), max_tokens=40)
    assert constraint.accepts(prefix + filled + suffix), filled


def test_finish_repeats_nothing() -> None:
    constraint = sf.json_schema({"type": "array", "uniqueItems": True, "items": {"type": "integer"}})
    trellis = trellis_of(compile_or_explore(constraint, sf.Vocab.bytes()), 16)
    canvas = torch.tensor([[*b"[1,1", *[256] * 12]])
    assert constraint.accepts(trellis.text(trellis.finish(canvas, [4]))[0])


def test_forbidden_uniqueness_is_not_written() -> None:
    schema = {"type": "array", "not": {"uniqueItems": True}, "items": {"type": "integer"}}
    with pytest.raises(UnsupportedFeature, match="leave uniqueItems out"):
        compile_or_explore(sf.json_schema(schema), sf.Vocab.bytes())


def test_holes_and_refused_fields() -> None:
    schema = sf.json_schema({"type": "array", "uniqueItems": True, "items": {"type": "integer"}, "minItems": 3},
                            whitespace="compact")
    for seed in range(3):
        options = sf.SamplerOptions(passes=2, temperature=1.0, seed=seed)
        middle = sf.infill("[1,", ",2]", whole=schema, model=RandomModel(), options=options)
        assert schema.accepts(f"[1,{middle},2]")
    with pytest.raises(EmptyLanguage):
        sf.infill("[1,1", ",2]", whole=sf.json_schema({**STRINGS}), model=RandomModel())
    with pytest.raises(NotFound):
        sf.infill("[1,1,", ",2]", whole=sf.json_schema({"uniqueItems": True, "type": "array"}, whitespace="compact"),
                  model=RandomModel())

    def even(value: set[int]) -> set[int]:
        if len(value) % 2:
            raise ValueError("must be even")
        return value

    class Pairs(BaseModel):
        pairs: Annotated[set[int], Field(min_length=2), AfterValidator(even)]

    generator = sf.Generator(Pairs, model=RandomModel(), cache=None, options=sf.SamplerOptions(passes=2, refills=20))
    assert isinstance(generator.graph, DistinctGraph)
    for prompt in ("one", "two"):
        with suppress(RefusedValue):  # as often as it was tried
            assert len(generator(prompt).value.pairs) % 2 == 0


def test_what_is_fixed_may_hold_the_repeated_items() -> None:
    constraint = sf.json_schema(STRINGS, whitespace="compact")
    graph = compile_or_explore(constraint, sf.Vocab.bytes())
    fixed = [*b'["ab","ab",'] + [OPEN] * (LENGTH - 11)
    with pytest.raises(NotFound, match="without repeated items"):
        trellis_of(graph, LENGTH, fixed)
    fixed[7] = OPEN
    trellis = trellis_of(graph, LENGTH, fixed)
    assert constraint.accepts(trellis.text(trellis.best(_logits(0, 259, 2.0))))


def test_the_budget_is_known_before_the_first_pass() -> None:
    graph = compile_or_explore(sf.json_schema(STRINGS, whitespace="compact"), sf.Vocab.bytes())
    needed = graph.needed(graph.start)
    assert needed is not None and needed >= len('["","a","b"]')
    with pytest.raises(BudgetTooSmall, match=f"max_tokens={needed}"):
        trellis_of(graph, needed - 1)
    assert trellis_of(graph, needed).best(torch.zeros(needed, 259)).shape == (needed,)


def test_texts_of_every_schema_by_a_generator() -> None:
    for name, schema in SCHEMAS.items():
        options = sf.SamplerOptions(passes=3, temperature=1.0)
        generator = sf.Generator(schema, model=RandomModel(), options=options, cache=None)
        for result in generator.batch(["one", "two"]):
            assert generator.constraint.accepts(result.text) and not result.exact, name


def test_what_is_not_written_is_refused_by_name() -> None:
    graph = compile_or_explore(sf.json_schema(STRINGS), sf.Vocab.bytes())
    with pytest.raises(UnsupportedFeature, match="fixed behind the first canvas"):
        Blocks(graph, 96, {90: 10}).trellis(LENGTH)
    with pytest.raises(UnsupportedFeature, match="compile_or_explore"):
        sf.compile(sf.json_schema(STRINGS), sf.Vocab.bytes())


def _written(graph: DistinctGraph, seed: int) -> list[object]:
    """What a graph writes by two canvases, and from the left to the right, by some random logits."""
    x, generator, columns = _logits(seed, len(graph.vocab), 3.0), torch.Generator().manual_seed(seed), len(graph.vocab)
    blocks, out, place = Blocks(graph, LENGTH), list[object](), graph.start
    while not blocks.ended and blocks.left:
        trellis = blocks.trellis(LENGTH // 2)
        found = trellis.posterior(x[: LENGTH // 2], draw=True, generator=generator)
        kept = torch.where(torch.rand(LENGTH // 2, generator=generator) < 0.4, found.sample, torch.tensor(OPEN))
        blocks.advance(trellis.fix(kept).constrain(x[LENGTH // 2 :]).path)
        out += [found.best.tolist(), found.sample.tolist(), blocks.state.written]
    while not graph.ended(place) and len(place.written) < LENGTH:
        at = len(place.written)
        may = graph.next_columns(place, LENGTH - at, columns, torch.device("cpu"))
        out.append(may.tolist())
        place = graph.run([int(x[at].masked_fill(~may, -torch.inf).argmax())], place)
    return [*out, place.written]


@pytest.mark.parametrize("name", ["strings", "more than a few values", "in each other"])
def test_what_was_written_before_changes_nothing(name: str) -> None:
    used = compile_or_explore(sf.json_schema(SCHEMAS[name]), VOCABS["words"])
    for seed in (0, 1, 0, 1):
        alone = compile_or_explore(sf.json_schema(SCHEMAS[name]), VOCABS["words"])
        assert isinstance(used, DistinctGraph) and isinstance(alone, DistinctGraph)
        assert _written(used, seed) == _written(alone, seed)


def test_threads_take_turns() -> None:
    """On one graph: the same as alone."""
    graph = compile_or_explore(sf.json_schema(STRINGS), VOCABS["words"])
    assert isinstance(graph, DistinctGraph)
    together = in_threads(lambda seed: _written(graph, seed), range(8))
    assert together == [_written(graph, seed) for seed in range(8)]
