"""Counters change no language and no canvas: everything is as without them."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.automaton import pushdown, repeats
from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.automaton.counted import CountedAutomaton
from structfill.automaton.minimise import minimise
from structfill.errors import BudgetTooSmall, EmptyLanguage, StructfillError, TooLarge
from structfill.front.json_schema import constraint as front
from structfill.front.json_schema import strings
from structfill.tokengraph import build
from structfill.vocab import Vocab
from tests.random_schemas import random_schema, rich_schema

LIMITS = sf.Limits(states=4000)
NEVER = 10**9


def count_from(monkeypatch, strings_from: int, items_from: int | None) -> None:
    """Let repetitions from such bounds on have counters."""
    monkeypatch.setattr(strings, "COUNTED", strings_from)
    monkeypatch.setattr(repeats, "SHORTEST", strings_from)
    monkeypatch.setattr(front, "COUNTED_ITEMS", items_from)


def either(constraint: sf.front.constraint.Constraint, monkeypatch: Any, low: int = 1) -> tuple[Any, Any]:
    """(automaton with counters wherever possible, automaton without any); errors in place of either.

    Free values do not nest: how deep they do depends on the size of the automaton.
    """
    found = []
    monkeypatch.setattr(pushdown, "FREE_STATES", 0)
    monkeypatch.setattr(pushdown, "SOFT_STATES", 0)
    for bounds in ((low, low), (NEVER, None)):
        count_from(monkeypatch, *bounds)
        try:
            found.append(constraint.counting(LIMITS))
        except StructfillError as error:
            found.append(type(error))
    return found[0], found[1]


def spelled_out(automaton: ByteAutomaton | CountedAutomaton) -> tuple[np.ndarray, np.ndarray]:
    """The minimal automaton over single bytes."""
    plain = automaton.unrolled(LIMITS) if isinstance(automaton, CountedAutomaton) else automaton
    return minimise(plain.delta[:, plain.byte_class].copy(), np.where(plain.accepting, 0, -1).astype(np.int32))


def bounded(rng: random.Random) -> Any:
    """A schema with bounds that meet."""
    pattern = rng.choice(["^[ab]{0,4}$", "^[ab]{2,5}c", "^(a{1,3}b{0,4}|é{3})$", "^[^é]{0,4}é?$", "^(a{0,3}-)*$",
                          "^aé{2}.{3}$"])
    string = {"type": "string", **rng.choice([{}, {"pattern": pattern}]),
              **rng.choice([{}, {"minLength": rng.randint(0, 3)}]),
              **rng.choice([{}, {"maxLength": rng.randint(0, 6)}])}
    if rng.random() < 0.3:
        string = {rng.choice(["anyOf", "oneOf", "allOf"]): [string, {"type": "string", "maxLength": rng.randint(0, 5)}]}
    items: Any = string if rng.random() < 0.5 else {"enum": [1, None, "a"]}
    array = {"type": "array", "items": items, "maxItems": rng.randint(1, 4), **rng.choice([{}, {"minItems": 2}]),
             **rng.choice([{}, {"contains": {"const": 1}}, {"prefixItems": [{"const": 1}]}])}
    if rng.random() < 0.3:
        array = {"type": "array", "items": array, "maxItems": rng.randint(1, 4)}
    return {"type": "object", "properties": {"s": string, "t": rng.choice([array, string])},
            "required": rng.choice([["s"], ["s", "t"], []]), "additionalProperties": False}


@pytest.mark.parametrize("make", [bounded, rich_schema, random_schema])
def test_no_language_is_changed(make, monkeypatch) -> None:
    counting = 0
    for seed in range(250):
        rng = random.Random(seed)
        schema, spaces = make(rng), rng.choice(["compact", "flexible", "any"])
        with_counters, without = either(sf.json_schema(schema, whitespace=spaces), monkeypatch)
        counting += isinstance(with_counters, CountedAutomaton)
        if without is TooLarge:
            continue
        assert not isinstance(without, CountedAutomaton)
        if isinstance(without, type) or isinstance(with_counters, type):
            assert with_counters is without, schema
            continue
        for a, b in zip(spelled_out(with_counters), spelled_out(without), strict=True):
            assert np.array_equal(a, b), (seed, schema)
    assert counting > 25


PATTERNS = ["[ab]{2,5}", "(a{1,3}b{0,4}|é{3})", "x[a-c]{3,5}d", "[0-9]{1,4}-[0-9]{2}", "(a{0,3}-)*", "[^é]{0,4}é?.*",
            "(a{2}é){3}", "a{3}|b{4}", "[0-9]{1,4}[a-z]{1,4}", "ca?|[a-e]{1,6}", "b{1,2}|a{1,9}", "[ab]|a{2,9}|bb",
            "a(?:b{0,2}|a{0,9})", "x[0-9]{1,2}|[a-z]{1,6}"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_is_changed(pattern, monkeypatch) -> None:
    monkeypatch.setattr(repeats, "SHORTEST", 1)
    constraint = sf.regex(pattern)
    for a, b in zip(spelled_out(constraint.counting(LIMITS)), spelled_out(constraint.automaton(LIMITS)), strict=True):
        assert np.array_equal(a, b)


def test_no_random_pattern_is_changed(monkeypatch) -> None:
    """Where repetitions share their ends with other branches, they may not all be counted."""
    monkeypatch.setattr(repeats, "SHORTEST", 2)
    rng, counting = random.Random(3), 0
    for _ in range(400):
        constraint = sf.regex("|".join("".join(repeated(rng) for _ in range(rng.randint(1, 3))) for _ in range(2)))
        found = constraint.counting(LIMITS)
        counting += isinstance(found, CountedAutomaton)
        for a, b in zip(spelled_out(found), spelled_out(constraint.automaton(LIMITS)), strict=True):
            assert np.array_equal(a, b), constraint.identity
    assert counting > 100


def repeated(rng: random.Random) -> str:
    """A piece of a pattern."""
    low = rng.randint(0, 2)
    return rng.choice("ab") + "?" * (rng.random() < 0.3) if rng.random() < 0.4 else \
        f"{rng.choice(['a', 'b', '[ab]'])}{{{low},{low + rng.randint(1, 6)}}}"


@pytest.mark.parametrize("pattern", ["[ab]{0,90}", "x[ab]{0,90}y?", "(?:[ab]{0,90}-){2}"])
def test_a_bound_out_of_reach_is_none(pattern) -> None:
    """Whatever is fixed: tokens of different lengths lead from a state to itself over edges of their own."""
    vocab = sf.Vocab.of_tokens([b"a", b"b", b"aaa", b"ababa", b"x", b"y", b"-", b"b-a", b"xa", None], eos_ids=(9,))
    counted = sf.Trellis(sf.compile(sf.regex(pattern), vocab), 9)
    endless = sf.Trellis(sf.compile(sf.regex(pattern.replace("{0,90}", "*")), vocab), 9)
    generator = torch.Generator().manual_seed(5)
    for _ in range(40):
        path = endless.sample(torch.zeros(9, len(vocab)), generator)
        kept = torch.where(torch.rand(9, generator=generator) < 0.6, path, -1)
        assert torch.equal(counted.fix(kept).masks(), endless.fix(kept).masks())


def test_lengths_behind_tokens_that_no_text_ends_with() -> None:
    vocab = sf.Vocab.of_tokens([b"ab", b"a" * 30, b"c", None], eos_ids=(3,))
    for pattern in ("a{0,40}(?:b[de])?", "a*(?:b[de])?"):
        assert sf.feasible_lengths(sf.compile(sf.regex(pattern), vocab), [0], [], 4).lengths == ()


WORDS = [b"ab", b"abab", b'":"', b'a",', b'","t":"', b'{"s":"', b'"}', b"[1", b",1", b",1,1", b'"],["', b'bb"', b"null",
         b'",']
VOCAB = Vocab.bytes()


def vocabulary() -> Vocab:
    """All bytes and tokens that run over the edges of strings and items."""
    return Vocab([*VOCAB.tokens, *WORDS], eos_ids=VOCAB.eos_ids, pad_id=VOCAB.pad_id, mask_id=VOCAB.mask_id)


def canvases(graph, length: int) -> Any:
    """What there is on a canvas, or why there is nothing."""
    try:
        return sf.Trellis(graph, length)
    except (BudgetTooSmall, EmptyLanguage) as error:
        return type(error)


@pytest.mark.parametrize("block", range(3))
def test_no_canvas_is_changed(block, monkeypatch) -> None:
    vocab, counted = vocabulary(), 0
    generator = torch.Generator().manual_seed(block)
    for seed in range(block, 120, 3):
        with_counters, without = either(sf.json_schema(bounded(random.Random(seed)), whitespace="compact"), monkeypatch)
        if isinstance(without, type) or not isinstance(with_counters, CountedAutomaton):
            continue
        counted += 1
        graph, plain = build(with_counters, vocab), build(without, vocab)
        assert graph.counting is not None and graph.shortest[0] == plain.shortest[0]
        assert len(graph.shortest_from(0)) == plain.shortest[0]
        for length in (4, 9, 14):
            here, there = canvases(graph, length), canvases(plain, length)
            if isinstance(there, type):
                assert here is there
                continue
            assert torch.equal(here.masks(), there.masks())
            logits = torch.randn(length, len(vocab), generator=generator) * 3
            a, b = here.posterior(logits), there.posterior(logits)
            assert torch.equal(a.best, b.best) and torch.allclose(a.log_mass, b.log_mass, atol=1e-9)
            assert torch.allclose(a.entropy, b.entropy, atol=1e-5)
    assert counted > 15


def test_states_hold_counts_over_canvases(monkeypatch) -> None:
    vocab = vocabulary()
    schema = {"type": "array", "items": {"type": "string", "maxLength": 4}, "maxItems": 3, "minItems": 1}
    with_counters, without = either(sf.json_schema(schema, whitespace="compact"), monkeypatch)
    graph, plain = build(with_counters, vocab), build(without, vocab)
    rng = random.Random(7)
    for _ in range(60):
        state, other = 0, 0
        for _ in range(rng.randint(1, 14)):
            allowed = sf.Trellis(plain, 1, start=other, more=30).class_lists()[0][0]
            token = int(rng.choice(np.flatnonzero(np.isin(plain.token_class, allowed))))
            state, other = graph.run([token], state), plain.run([token], other)
            assert state >= 0
            assert (state == graph.states - 1) == (other == plain.states - 1)
        assert len(graph.shortest_from(state)) == plain.shortest[other] == graph.tokens_to_end(state)
        assert graph.may_end(state) == bool(plain.final[other]) == plain.may_end(other)
        for token in range(len(vocab)):
            assert (graph.run([token], state) < 0) == (plain.run([token], other) < 0)
        masks = [sf.Trellis(g, 3, start=q, more=9).masks() for g, q in ((graph, state), (plain, other))]
        assert torch.equal(*masks)


@pytest.mark.parametrize(("schema", "left", "right"), [
    ({"type": "string", "minLength": 2, "maxLength": 5}, b'"', b'"'), ({"type": "string", "maxLength": 4}, b'"', b""),
    ({"type": "array", "items": {"type": "null"}, "maxItems": 3}, b"[", b"]")])
def test_lengths_of_holes_are_those_without_counters(schema, left, right, monkeypatch) -> None:
    both = either(sf.json_schema(schema, whitespace="compact"), monkeypatch)
    found = [sf.feasible_lengths(build(a, vocabulary()), list(left), list(right), 12) for a in both]
    assert found[0] == found[1] and found[0].lengths


def test_few_graphs_are_kept() -> None:
    """What counts more serves shorter canvases, too."""
    schema = {"type": "array", "items": {"type": "string", "maxLength": 99}, "maxItems": 33}
    graph = sf.compile(sf.json_schema(schema, whitespace="compact"), VOCAB)
    long = sf.Trellis(graph, 200).graph
    assert sf.Trellis(graph, 50).graph is long and sf.Trellis(graph, 20).graph.states == graph.states
    assert long.states - 1 == long.run([*b'[""]', VOCAB.eos_ids[0]])
    again = sf.compile(sf.json_schema(schema, whitespace="compact"), VOCAB)
    items = sf.Trellis(again, 50).graph
    assert items.states < sf.Trellis(again, 200).graph.states == long.states
    assert sf.Trellis(again, 50).graph is items


def test_counting_graphs_are_stored(monkeypatch) -> None:
    automaton = sf.json_schema({"type": "string", "minLength": 40, "maxLength": 99}).counting(LIMITS)
    graph = build(automaton, VOCAB)
    again = sf.tokengraph.TokenGraph.from_arrays(graph.to_arrays(), VOCAB)
    assert again.counting is not None and again.nbytes == graph.nbytes
    assert torch.equal(sf.Trellis(again, 60).masks(), sf.Trellis(graph, 60).masks())
    assert again.shortest[0] == 42


@pytest.mark.parametrize("bound", [1000, 10_000, 29_999])
def test_a_bound_costs_no_states(bound) -> None:
    free = sf.compile(sf.json_schema({"type": "string"}), VOCAB)
    graph = sf.compile(sf.json_schema({"type": "string", "maxLength": bound}), VOCAB)
    assert graph.states == free.states
    for characters, fits in ((bound, True), (bound + 1, False)):
        ids = list(b'"' + "ä".encode() * (characters - 1) + b'\\n"')
        assert (graph.run(ids) >= 0) is fits


@pytest.mark.parametrize("schema", [{}, {"anyOf": [{"type": "null"}]}])
def test_bounds_of_any_size_are_kept_where_all_strings_have_them(schema) -> None:
    schema = {"anyOf": [{"type": "string", "maxLength": 40_000}, *schema.get("anyOf", [])]}
    graph = sf.compile(sf.json_schema(schema), VOCAB)
    assert graph.max_tokens == 0 and sf.Trellis(graph, 300).graph.states == graph.states
    with pytest.warns(sf.Narrowed) as told:
        sf.Trellis(graph, 50_000)
    assert 1_000 < told[0].message.longest < 40_000


@pytest.mark.parametrize("schema", [
    {"propertyNames": {"anyOf": [{"maxLength": 40_000}, {"pattern": "^a"}]}}, {"type": "string", "maxLength": 1 << 40},
    {"anyOf": [{"type": "string", "maxLength": 40_000}, {"type": "string", "pattern": "^a"}]}])
def test_bounds_that_are_not_counted_are_kept_by_the_canvas(schema) -> None:
    graph = sf.compile(sf.json_schema(schema), VOCAB)
    assert graph.counting is None and graph.max_tokens >= 40_000


def test_an_automaton_spells_out_what_is_not_too_long() -> None:
    assert sf.json_schema({"type": "string", "maxLength": 40_000}).automaton(LIMITS).exact_up_to == 40_000
    assert sf.json_schema({"type": "string", "maxLength": 100}).automaton(LIMITS).exact_up_to is None


def test_too_much_to_count_is_said_by_the_canvas() -> None:
    schema = {"type": "array", "items": {"type": "string", "maxLength": 90}, "maxItems": 90}
    graph = sf.compile(sf.json_schema(schema), VOCAB, limits=sf.Limits(states=20_000))
    assert sf.Trellis(graph, 80).graph.states < 200
    with pytest.raises(TooLarge) as raised:
        sf.Trellis(graph, 400)
    assert (raised.value.limit, raised.value.allowed) == ("states", 20_000) and "shorter canvas" in str(raised.value)


def test_tokens_too_long_to_be_counted() -> None:
    vocab = Vocab([*VOCAB.tokens, b"a" * 600], eos_ids=VOCAB.eos_ids, pad_id=VOCAB.pad_id, mask_id=VOCAB.mask_id)
    constraint = sf.json_schema({"type": "string", "maxLength": 700})
    graph = sf.compile(constraint, vocab)
    assert graph.counting is None and graph.run([ord('"'), len(vocab) - 1, ord('"')]) >= 0
    assert graph.run([ord('"'), len(vocab) - 1, len(vocab) - 1]) < 0
    assert graph.states > 700
