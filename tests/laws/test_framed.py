"""Automata with counters whose texts are given at both ends, or one after the other: the same language as without
counters."""

from __future__ import annotations

import random

import pytest
import torch

import structfill as sf
from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.automaton.counted import CountedAutomaton
from structfill.automaton.product import difference
from structfill.automaton.sequence import sequence
from structfill.automaton.series import literal, series
from structfill.errors import EmptyLanguage
from structfill.front.between import Between, around, between, without
from structfill.limits import Limits

LIMITS = Limits()
STRINGS = {"type": "array", "items": {"type": "string", "minLength": 2, "maxLength": 24}, "minItems": 2, "maxItems": 18}
OBJECTS = {"type": "object", "required": ["a"], "additionalProperties": False, "properties": {
    "a": {"type": "string", "pattern": "^(ab){3,20}c?$"}, "b": {"type": "array", "items": {"type": "integer"},
                                                               "maxItems": 20}}}
CONSTRAINTS = [sf.json_schema(STRINGS, whitespace="compact"), sf.json_schema(OBJECTS, whitespace="compact"),
               sf.regex("x{3,40}y?(ab|c){2,30}")]


def plain(found: ByteAutomaton | CountedAutomaton) -> ByteAutomaton:
    return found if isinstance(found, ByteAutomaton) else found.unrolled(LIMITS)


def equal(one: ByteAutomaton, other: ByteAutomaton) -> bool:
    for first, second in ((one, other), (other, one)):
        try:
            difference(first, second, LIMITS)
        except EmptyLanguage:
            continue
        return False
    return True


def counting(pattern: str) -> ByteAutomaton | CountedAutomaton:
    return sf.regex(pattern).counting(LIMITS)


@pytest.mark.parametrize("parts", [
    ["a{3,40}", "b", "c{2,50}d?"], ["x", "a{0,40}", "y", "b{0,50}z", "c{0,40}"], ["xy", "a{3,40}", "y?", "zb{35,60}"],
    ["(ab){0,40}c?", "d(e{2,33}|f)", ""], ["a{2,40}", "(xb{1,40})?", "c"], ["(a{40}|b)x", "(c{1,40}d)*"],
    ["a?", "x(b{2,40}|c)", "y", "d{0,35}", "e?"]])
def test_parts_one_after_the_other_are_counted(parts: list[str]) -> None:
    found = sequence([counting(part) for part in parts])
    assert found is not None
    assert equal(plain(found), series([plain(counting(part)) for part in parts], LIMITS))


@pytest.mark.parametrize("parts", [["a{3,40}", "ab"], ["xa{0,40}", "b{0,50}", "a"], ["(ab?){3,40}", "b"],
                                   ["a{3,40}", "b{3,40}"], ["a?", "b{3,40}"]])
def test_parts_whose_ends_are_not_clear_are_not(parts: list[str]) -> None:
    assert sequence([counting(part) for part in parts]) is None


def test_holes_of_templates_are_counted() -> None:
    long = sf.json_schema({"type": "string", "maxLength": 20_000})
    constraint = sf.template('{"a": {{a}}, "b": [{{b}}, {{c}}]}', a=long, b=long, c=long)
    graph = sf.compile(constraint, sf.Vocab.bytes())
    assert graph.states < 200
    trellis = sf.Trellis(graph, 120, more=3_000)
    assert constraint.accepts_prefix(trellis.text(trellis.sample(torch.zeros(120, graph.vocab.width)))[:100])
    text = '{"a": "x", "b": ["", "' + "y" * 20_000 + '"]}'
    assert constraint.accepts(text) and graph.ended(graph.run([*text.encode(), 256]))
    assert graph.run([*text.replace("y", "yy", 1).encode()]) < 0
    assert isinstance(literal(b""), ByteAutomaton) and sequence([literal(b""), literal(b"a")]) is not None


def some_text(automaton: ByteAutomaton, chosen: random.Random) -> str:
    """A random text that is likely to be long."""
    state, text = 0, bytearray()
    while not automaton.accepting[state] or chosen.random() < 0.97:
        moves = [b for b in b'abcxy0123456789,"[]{}:' if automaton.run(bytes([b]), state) >= 0]
        if not moves:
            break
        text.append(chosen.choice(moves))
        state = automaton.run(text[-1:], state)
    return text.decode()


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=["strings", "objects", "regex"])
def test_what_is_given_is_counted(constraint) -> None:
    counted = constraint.counting(LIMITS)
    assert isinstance(counted, CountedAutomaton)
    whole, chosen = counted.unrolled(LIMITS), random.Random(5)
    for _ in range(12):
        text = some_text(whole, chosen)
        a, b = sorted(chosen.randrange(len(text) + 1) for _ in range(2))
        prefix, suffix = text[:a], text[b:] * chosen.choice([1, 1, 1, 0])
        try:
            hole = between(whole, prefix, suffix)
        except EmptyLanguage:
            with pytest.raises(EmptyLanguage):
                plain(Between(constraint, prefix, suffix).counting(LIMITS))
            continue
        expected = around(hole, prefix.encode(), suffix.encode(), LIMITS)
        assert equal(plain(Between(constraint, prefix, suffix).counting(LIMITS)), expected), (prefix, suffix)
        tried = frozenset([text[a:b], text[a : (a + b) // 2], "x", ""])
        try:
            expected = around(without(hole, tried), prefix.encode(), suffix.encode(), LIMITS)
        except EmptyLanguage:
            with pytest.raises(EmptyLanguage):
                plain(Between(constraint, prefix, suffix, tried).counting(LIMITS))
            continue
        assert equal(plain(Between(constraint, prefix, suffix, tried).counting(LIMITS)), expected), (prefix, suffix)


def test_a_suffix_that_repeats_itself_may_begin_in_the_hole() -> None:
    constraint = sf.regex("(ab|a){3,40}")
    whole = constraint.counting(LIMITS)
    for prefix, suffix in (("", "aabaa"), ("aab", "aaba"), ("a" * 30, "a" * 9), ("", ""), ("a" * 40, "")):
        expected = around(between(plain(whole), prefix, suffix), prefix.encode(), suffix.encode(), LIMITS)
        assert equal(plain(Between(constraint, prefix, suffix).counting(LIMITS)), expected), (prefix, suffix)


@pytest.mark.parametrize(("prefix", "suffix", "told"), [
    ("a" * 41, "", "begins as given"), ("a" * 30, "a" * 11, "both sides"), ("b", "", "begins as given"),
    ("a", "bb", "both sides")])
def test_what_is_given_may_be_too_much(prefix: str, suffix: str, told: str) -> None:
    with pytest.raises(EmptyLanguage, match=told):
        Between(sf.regex("(ab|a){3,40}"), prefix, suffix).counting(LIMITS)


@pytest.mark.parametrize("given", [20, 1_900, 2_000])
def test_what_is_given_costs_no_states(given: int) -> None:
    schema = {"type": "array", "items": {"type": "string", "maxLength": 2_000}, "maxItems": 50}
    known = sf.Vocab.bytes()
    vocab = sf.Vocab([*known.tokens, b"x" * 500], eos_ids=known.eos_ids, pad_id=known.pad_id, mask_id=known.mask_id)
    constraint = Between(sf.json_schema(schema, whitespace="compact"), '["' + "x" * given, '"]')
    with pytest.warns(sf.Narrowed) as told:
        trellis = sf.Trellis(sf.compile(constraint, vocab), given + 150)
    assert all(one.message.longest >= 100 for one in told)
    assert constraint.accepts(trellis.text(trellis.sample(torch.zeros(given + 150, len(vocab)))))
