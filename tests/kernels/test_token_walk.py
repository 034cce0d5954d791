"""The vocabulary walk: tries, classes, edges; both implementations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structfill_kernels import token_walk
from structfill_kernels.token_walk import build_trie, cpu, reference
from structfill_kernels.token_walk import links as links_cpu

from structfill.front.json_schema.constraint import json_schema
from structfill.limits import Limits
from tests.strategies import ALPHABET, automata, law

IMPLEMENTATIONS = pytest.mark.parametrize("impl", [reference, token_walk], ids=["reference", "cpu"])
NO_LIMIT = 10**9
WORDS = st.sets(st.lists(st.sampled_from(ALPHABET), min_size=1, max_size=4).map(bytes), max_size=12).map(sorted)


def flat(words):
    """The spellings as `build_trie` takes them."""
    ptr = np.cumsum([0] + [len(w) for w in words], dtype=np.int64)
    return np.frombuffer(b"".join(words), np.uint8), ptr


@law(100)
@given(WORDS)
def test_tries_hold_their_words(words):
    trie = build_trie(*flat(words))
    for a, b in zip(trie, reference.build_trie(*flat(words)), strict=True):
        assert np.array_equal(a, b) and np.asarray(a).dtype == np.asarray(b).dtype
    assert reference.spellings_of(trie) == words


@law(150)
@given(automata(), WORDS)
def test_classes_and_edges_agree(automaton, words):
    trie = reference.build_trie(*flat(words))
    more = [len(words), *trie.rank[:2]]  # no text, and two again
    trie = trie._replace(end=np.append(trie.end, [0, *trie.end[:2]]).astype(np.int32),
                         rank=np.append(trie.rank, more).astype(np.int32))
    arguments = automaton.delta, automaton.byte_class, trie, NO_LIMIT
    want, got = reference.walk(*arguments), cpu.walk(*arguments)
    assert np.array_equal(want.spelling_class, got.spelling_class)
    assert reference.pairs_of(got, len(automaton)) == reference.pairs_of(want, len(automaton))
    for a, b in zip(got.ptr[:-1], got.ptr[1:], strict=True):
        assert len(set(got.target[a:b])) == b - a, "what leads to one target is one group"
    links = [impl.link(len(automaton), got, NO_LIMIT) for impl in (reference, links_cpu)]
    assert edges_of(links[0]) == edges_of(links[1])
    assert list(links[1].source) == sorted(links[1].source)
    lists = [tuple(links[1].set_class[a:b]) for a, b in zip(links[1].set_ptr, links[1].set_ptr[1:], strict=False)]
    assert len(set(lists)) == len(lists), "sets are interned"


def edges_of(links):
    """{(source, target): classes}."""
    sets = [tuple(links.set_class[a:b].tolist()) for a, b in zip(links.set_ptr[:-1], links.set_ptr[1:], strict=True)]
    return {(int(q), int(r)): sets[s] for q, r, s in zip(links.source, links.target, links.set, strict=True)}


@IMPLEMENTATIONS
def test_every_token_leads_where_its_bytes_lead(impl):
    """On a cycle of 700 states, which makes the arenas and tables of the walk grow."""
    states = 700
    delta = np.stack([(np.arange(states) + 1) % states, (np.arange(states) * 3 + 1) % states], 1).astype(np.int32)
    delta[5, 1] = -1
    byte_class = np.zeros(256, np.uint8)
    byte_class[98] = 1
    words = sorted(bytes(97 + (k >> b & 1) for b in range(n)) for n in range(1, 10) for k in range(1 << n))
    walked = impl.walk(delta, byte_class, build_trie(*flat(words)), NO_LIMIT)
    pairs = reference.pairs_of(walked, states)
    for rank in range(0, len(words), 61):
        found = pairs[walked.spelling_class[rank]]
        for q in range(states):
            r = q
            for byte in words[rank]:
                r = delta[r, byte_class[byte]] if r >= 0 else -1
            assert found.get(q, -1) == r


@pytest.mark.parametrize("which", ["work", "edges"])
def test_limits_are_exact(which):
    """At the limit it passes, one below it refuses and says what it takes."""
    delta, byte_class = np.array([[1, 0], [0, -1]], np.int32), np.arange(256).astype(np.uint8) & 1
    words = [b"a", b"ab", b"b", b"ba"]
    trie = build_trie(*flat(words))
    walked = cpu.walk(delta, byte_class, trie, NO_LIMIT)
    run, need = {
        "work": (lambda n: cpu.walk(delta, byte_class, trie, n), walked.work),
        "edges": (lambda n: links_cpu.link(2, walked, n), len(links_cpu.link(2, walked, NO_LIMIT).source)),
    }[which]
    run(need)
    with pytest.raises(token_walk.LimitReached) as caught:
        run(need - 1)
    assert caught.value.needed > need - 1


@IMPLEMENTATIONS
def test_counting_sort(impl):
    keys = np.array([3, -1, 0, 3, 2, -1, 0], np.int32)
    ptr, order = impl.csr(keys, 5)
    assert ptr.tolist() == [0, 2, 2, 3, 5, 5] and order.tolist() == [2, 6, 4, 0, 3]
    ptr, order = impl.csr(np.zeros(0, np.int32), 2)
    assert ptr.tolist() == [0, 0, 0] and not len(order)


SYMBOLS = ["a", "b", "é", "中", "😀", '"', "\\", "1"]
SCHEMAS = [
    {"type": "string"},
    {"type": "string", "maxLength": 3},
    {"type": "array", "items": {"type": "string", "minLength": 2, "maxLength": 300}, "maxItems": 20},
    {"type": "string", "pattern": "^[a-z]*[^a]{1,40}$"},
    {"properties": {"ab": {"type": "string", "maxLength": 50}, "é": {"enum": ["aé", "中中"]}}},
    {"properties": {name: {"type": "string"} for name in "abcdefgh"}, "additionalProperties": {"maxLength": 90}},
    {"prefixItems": [{"type": "string"}] * 8, "items": {"type": "array", "items": {"type": "string"}}},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_subtrees_passed_at_once_are_what_their_words_are(schema):
    """Words of letters and whole characters, and of halves of characters, in strings that are counted and not."""
    words = {"".join(word).encode() for n in range(1, 5) for word in itertools.product(SYMBOLS, repeat=n)}
    words |= {chr(0x100 + i).encode() for i in range(40)} | {rb"\u00", rb"\"b", b'a","b', b'","'}
    words = sorted(words | {w[:-1] for w in words if len(w) < 7} - {b""} | {b"\xa9" + w for w in words if len(w) < 4})
    automaton = json_schema(schema).counting(Limits())
    arguments = automaton.delta, automaton.byte_class, build_trie(*flat(words)), NO_LIMIT
    counts = getattr(automaton, "counts", None)
    want, got = reference.walk(*arguments, counts), cpu.walk(*arguments, counts)
    assert np.array_equal(want.spelling_class, got.spelling_class)
    assert reference.pairs_of(got, len(automaton)) == reference.pairs_of(want, len(automaton))
    assert (got.spelling_class >= 0).sum() > 16
    links = [impl.link(len(automaton), got, NO_LIMIT) for impl in (reference, links_cpu)]
    assert edges_of(links[0]) == edges_of(links[1])


def test_a_function_opened_and_closed_again_is_the_same():
    """Eight strings, which an "x" leaves where they are: so do quotes, where they lead back to the string they end."""
    bodies = 8
    delta = np.full((2 * bodies, 3), -1, np.int32)
    for q in range(bodies):
        delta[q, 0], delta[q, 1], delta[bodies + q, 1] = q, bodies + q, q
    byte_class = np.full(256, 2, np.uint8)
    byte_class[[97, 34]] = 0, 1
    words = [b'""', b'"a', b"a", b'a""', b"aa"]
    walked = cpu.walk(delta, byte_class, build_trie(*flat(words)), NO_LIMIT)
    assert walked.copies.many.tolist() == [bodies]
    want = reference.walk(delta, byte_class, build_trie(*flat(words)))
    assert np.array_equal(want.spelling_class, walked.spelling_class)
    assert walked.spelling_class[words.index(b"a")] == walked.spelling_class[words.index(b'a""')]
    assert reference.pairs_of(walked, 2 * bodies) == reference.pairs_of(want, 2 * bodies)
