"""The machine, the plans and the beam against the plain reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from structfill_kernels import lalr
from structfill_kernels.lalr import reference
from structfill_kernels.lalr.fates import fates, survives

import structfill
from structfill.front.lark.machine import Machine
from structfill.lazy import LazyGraph, LazyTrellis
from structfill.vocab import Vocab
from tests.laws.test_lark_laws import vocabulary
from tests.small_grammars import GRAMMARS, LOSSY, texts


def _start(constraint):
    first = 0
    return (first,), int(constraint.tables.begin[first])


@pytest.mark.parametrize("name", GRAMMARS)
def test_moves(name):
    """Random texts, half of them likely: the same configuration, death and end as in plain Python, in any order."""
    grammar, alphabet, _ = GRAMMARS[name]
    constraint = structfill.lark(grammar)
    t, rng = constraint.tables, np.random.default_rng(1)
    machine = Machine(t, Vocab.bytes(), 1 << 30)
    for _ in range(300):
        text = "".join(rng.choice(list(alphabet), rng.integers(0, 12))).encode()
        expected = reference.run(t, _start(constraint), text)
        first = machine.number(((0,), -1))
        number = int(machine.call(lalr.run, first, np.frombuffer(text, np.uint8).copy()))
        assert (number < 0) == (expected is None)
        if expected is not None:
            assert machine.configuration(number) == expected
            assert machine.call(lalr.may_end, number) == reference.may_end(t, expected)


@pytest.mark.parametrize("name", GRAMMARS)
def test_ways_to_the_end_are_executed(name):
    """From whatever is alive and has a known way, its tokens lead to where the text may end, in as many as promised."""
    grammar, alphabet, _ = GRAMMARS[name]
    constraint, vocab = structfill.lark(grammar, engine="lazy"), vocabulary(GRAMMARS[name][1])
    t, rng, known = constraint.tables, np.random.default_rng(2), 0
    graph = LazyGraph(constraint, vocab)
    for _ in range(200):
        tokens = rng.integers(0, len(vocab) - 2, rng.integers(0, 6))
        state = graph.run(tokens)
        text = vocab.decode_bytes(tokens)
        expected = reference.run(t, _start(constraint), text)
        if expected is None or graph.needed(state) is None:
            continue
        known += 1
        rest = graph.shortest_from(state)
        after = reference.run(t, expected, vocab.decode_bytes(rest)) if rest else expected
        assert len(rest) == graph.needed(state) and reference.may_end(t, after)
    assert known


@pytest.mark.parametrize("name", GRAMMARS)
def test_what_may_come_next(name):
    """Of every token: the same as to spell it and to ask for the way to the end from there."""
    grammar, alphabet, _ = GRAMMARS[name]
    vocab = Vocab.of_tokens([*(c.encode() for c in alphabet), *((a + b).encode() for a in alphabet for b in alphabet),
                             alphabet[0].encode(), b"", b""])
    constraint, rng = structfill.lark(grammar, engine="lazy"), np.random.default_rng(4)
    t, machine = constraint.tables, Machine(constraint.tables, vocab, 1 << 30)
    for _ in range(60):
        text = "".join(rng.choice(list(alphabet), rng.integers(0, 7))).encode()
        expected = reference.run(t, _start(constraint), text)
        if expected is None:
            continue
        number, trie = machine.number(expected), vocab.trie
        found = machine.call(lalr.following, number, trie.prefixes, trie.longest, words=True)
        for token, spelled in enumerate(vocab.tokens):
            after = reference.run(t, expected, spelled) if spelled else None
            behind = lalr.NEVER if after is None else machine.call(lalr.rest, machine.number(after), words=True)
            assert (found[trie.end[token] - 1] if spelled else lalr.NEVER) == behind


@pytest.mark.parametrize("name", GRAMMARS)
def test_a_wide_beam_holds_all_canvases(name):
    grammar, alphabet, _ = GRAMMARS[name]
    constraint, vocab = structfill.lark(grammar, engine="lazy"), vocabulary(alphabet)
    n = len(vocab)
    found = reference.canvases(constraint.tables, _start(constraint), vocab.tokens, [n - 2, n - 1], {n - 2}, 4)
    trellis = LazyTrellis(LazyGraph(constraint, vocab), 4, width=4096)
    x = np.random.default_rng(3).standard_normal((4, n)).astype(np.float32)
    log_p = torch.tensor(x, dtype=torch.float64).log_softmax(1).numpy()
    scores = [sum(log_p[i, token] for i, token in enumerate(c)) for c in found]
    assert tuple(trellis.best(x).tolist()) == found[int(np.argmax(scores))]
    np.testing.assert_allclose(float(trellis.log_mass(x)), np.logaddexp.reduce(scores), atol=1e-6)


def test_a_full_store_says_so():
    constraint = structfill.lark('start: "(" start ")" | "a"')
    store = lalr.store(4, 4)
    first = int(lalr.root(constraint.tables, store, np.array([0]), -1))
    lalr.run(constraint.tables, store, first, np.frombuffer(b"(((((((((((((a", np.uint8).copy())
    assert store.count[3] == 1


@pytest.mark.parametrize("name", GRAMMARS)
def test_what_fixed_text_asks_for(name):
    """Texts cut from valid ones, read with nothing known below: every path that survives does so on every stack that it
    can be put on, and where more than the state on top decides on a stack, there is one."""
    grammar, alphabet, _ = GRAMMARS[name]
    constraint, vocab = structfill.lark(grammar, engine="lazy"), Vocab.bytes()
    graph, rng, decided = LazyGraph(constraint, vocab), np.random.default_rng(4), 0
    machine, first = graph.machine, graph.machine.number(graph.start)
    for seed in range(60):
        logits = torch.randn(10, len(vocab), generator=torch.Generator().manual_seed(seed)) * 4
        written = LazyTrellis(graph, 10, width=64).best(logits).tolist()
        text = [token for token in written if token < 256][rng.integers(0, 5) :]
        if not text:
            continue
        tokens = np.array(text, np.int64)
        tops = machine.call(lalr.tops, *graph.near, *graph.into, np.array(text, np.uint8), False, 20_000, 500)
        prefix = [token for token in written if token < 256][: rng.integers(0, 6)]
        number = int(graph.follow(first, np.array(prefix, np.int64))[-1])
        if number < 0:
            continue
        (*below, top), _ = machine.configuration(number)
        for x in range(tops.ptr[top], tops.ptr[top + 1]):
            i = int(lalr.on_top(machine.store, tops, int(machine.store.conf[number, 0]), x))
            if i < 0:
                continue
            states, q = [*below, top], int(tops.lexer[i])
            while tops.edge[i] >= 0:
                states.append(int(machine.tables.edge[tops.edge[i], 0]))
                i = int(tops.rest[i])
            put = machine.number((tuple(states), q))
            assert put >= 0 and graph.follow(put, tokens)[-1] >= 0
            decided += 1
    assert decided or name in DECIDED_ON_TOP


@pytest.mark.parametrize("name", [name for name in GRAMMARS if name not in LOSSY])
def test_what_can_follow_nothing(name):
    """A text that is said to follow on no stack is part of no valid text, and where the text ends, the end of none."""
    grammar, alphabet, longest = GRAMMARS[name]
    constraint = structfill.lark(grammar, engine="lazy")
    graph, said, at_once = LazyGraph(constraint, Vocab.bytes()), 0, 0
    valid = [text for text in texts(alphabet, min(longest, 5)) if constraint.accepts(text)]
    for text in texts(alphabet, 3)[1:]:
        data = np.frombuffer(text.encode(), np.uint8)
        for closes in (False, True):
            tops = graph.machine.call(lalr.tops, *graph.near, *graph.into, data, closes, 20_000, 500)
            impossible = lalr.follows_nothing(graph.machine.tables, *graph.near, data, closes)
            said, at_once = said + tops.none, at_once + impossible
            if tops.none or impossible:
                assert not any(v.endswith(text) if closes else text in v for v in valid)
    assert (said or name in FOLLOWS) and (at_once or name in FOLLOWS)


# Whatever follows there never reaches below the state on top.
# All texts of three characters can follow something there.
FOLLOWS = {"preferred", "priority", "lookahead", "unicode"}
DECIDED_ON_TOP = {"empty", "right", "contextual", "ignored regex"}


@pytest.mark.parametrize("name", [name for name in GRAMMARS if name not in {*LOSSY, "empty"}])
def test_fates_are_those_of_the_walk(name):
    """Configurations of other texts, in any order and again: do they survive a path to its last fixed token?"""
    grammar, alphabet, most = GRAMMARS[name]
    constraint = structfill.lark(grammar)
    graph, rng = LazyGraph(constraint, Vocab.bytes()), np.random.default_rng(2)
    valid = [text for text in texts(alphabet, min(most, 5)) if text and constraint.accepts(text)]
    for _ in range(20):
        path = np.frombuffer(valid[rng.integers(len(valid))].encode(), np.uint8).astype(np.int64)
        last, left = len(path) - 1, len(path) + int(rng.integers(3))
        way = graph.machine.call(lalr.follow, graph.special, graph.number(graph.start), path, words=True)
        known, asked = fates(path), []
        for other in rng.choice(valid, min(20, len(valid)), replace=False):
            tokens = np.frombuffer(other.encode(), np.uint8).astype(np.int64)
            on_way = graph.machine.call(lalr.follow, graph.special, graph.number(graph.start), tokens, words=True)
            asked += [(at, int(c)) for at, c in enumerate(on_way[: len(path)]) if c >= 0]
        for at, c in [asked[i] for i in rng.integers(0, len(asked), 3 * len(asked))]:
            found = graph.machine.call(survives, graph.special, known, c, at, last, path, way, left, words=True)
            behind = graph.machine.call(lalr.follow, graph.special, c, path[at:], words=True)
            lives = (behind == way[at:]).any() or (behind[-1] >= 0 and graph.machine.call(
                lalr.rest, int(behind[-1]), words=True) <= left - len(path))
            assert found == lives
