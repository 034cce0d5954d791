"""Counters: both implementations agree, and counting by tokens is counting by bytes."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from structfill_kernels import counters, token_walk
from structfill_kernels.counters import cpu, reference
from structfill_kernels.token_walk import reference as slow_walk

from structfill.automaton.counted import CountedAutomaton, counted
from structfill.errors import EmptyLanguage
from structfill.limits import Limits
from tests.kernels.test_token_walk import flat
from tests.strategies import ALPHABET, automata, law

NO_LIMIT = 10**6
START = (0, 0, 0)
WORDS = [bytes([b]) for b in ALPHABET] + [b"ab", b"aab", b"abab", b"ba\xc3b", b"\x00a\xc3\x00bbab"]


@st.composite
def counted_automata(draw):
    """Automata whose states count at random, up to 4."""
    plain = draw(automata())
    states = len(plain)
    of = np.array([[draw(st.integers(0, 2)), 3 * draw(st.integers(0, 1))] for _ in range(states)], np.int32)
    ticks = np.array([[draw(st.booleans()), draw(st.booleans())] for _ in range(states)]) & (of > 0)
    of[0, draw(st.integers(0, 1))] = 1  # at least one counts
    lows = st.integers(0, 2)
    bounds = [(low := draw(lows), draw(st.none() | st.integers(low, 4))) for _ in range(2)]
    bounds.append((low := draw(lows), draw(st.none() | st.integers(low, 3))))
    try:
        return counted(plain.delta, plain.byte_class, plain.accepting, of, ticks & (of > 0), bounds)
    except EmptyLanguage:
        reject()


def equal(a, b):
    for x, y in zip(a, b, strict=True):
        assert np.array_equal(x, y) and x.dtype == y.dtype


def endless(counts):
    return counts.most >= counters.UNBOUNDED


@pytest.mark.parametrize("direct", [0, cpu.DIRECT], ids=["hashed", "direct"])
@law(200)
@given(counted_automata(), st.lists(st.booleans(), min_size=3, max_size=3))
def test_implementations_agree(direct, automaton, free):
    with mock.patch.object(cpu, "DIRECT", direct):
        check_implementations(automaton, free)


def check_implementations(automaton, free):
    counts = automaton.counts
    steps = cpu.steps(automaton.delta, counts)
    equal(steps, reference.steps(automaton.delta, counts))
    assert np.array_equal(cpu.headroom(steps, counts), reference.headroom(steps, counts))
    free = endless(counts) | np.array([False, *free])
    arguments = steps, counts, automaton.accepting, free
    found = cpu.unroll(*arguments, [START], NO_LIMIT, NO_LIMIT)
    equal(found, reference.unroll(*arguments, [START], NO_LIMIT, NO_LIMIT))
    some = [(q, *k) for q, k in zip(found.state[1::2].tolist(), found.count[1::2].tolist(), strict=True)]
    if some:
        some.append(some[0])
        equal(cpu.unroll(*arguments, some, NO_LIMIT, NO_LIMIT), reference.unroll(*arguments, some, NO_LIMIT, NO_LIMIT))
    trie = token_walk.build_trie(*flat(sorted(WORDS)))
    got = token_walk.walk(automaton.delta, automaton.byte_class, trie, NO_LIMIT, counts)
    want = slow_walk.walk(automaton.delta, automaton.byte_class, trie, NO_LIMIT, counts)
    assert np.array_equal(got.spelling_class, want.spelling_class)
    assert slow_walk.pairs_of(got, len(automaton)) == slow_walk.pairs_of(want, len(automaton))


def by_tokens(automaton):
    """{place: {token: place}} of all places that are reached and alive, and the steps of the tokens."""
    words = sorted(WORDS)
    walked = token_walk.walk(automaton.delta, automaton.byte_class, token_walk.build_trie(*flat(words)), NO_LIMIT,
                             automaton.counts)
    links = token_walk.link(len(automaton), walked, NO_LIMIT)
    moves = walked.moves[links.target]
    ptr, order = token_walk.csr(links.source, len(automaton))
    steps = counters.Steps(ptr, (moves & ((1 << counters.STATE_BITS) - 1)).astype(np.int32)[order],
                           (moves >> counters.STATE_BITS)[order], links.set[order])
    found = counters.unroll(steps, automaton.counts, automaton.accepting, endless(automaton.counts), [START], NO_LIMIT,
                            NO_LIMIT)
    places = list(zip(found.state.tolist(), map(tuple, found.count.tolist()), strict=True))
    table = {place: {} for place in places}
    for x, place in enumerate(places):
        for e in range(found.ptr[x], found.ptr[x + 1]):
            s = steps.label[found.origin[e]]
            for c in links.set_class[links.set_ptr[s] : links.set_ptr[s + 1]]:
                for token in np.flatnonzero(walked.spelling_class == c):
                    table[place][words[token]] = places[found.target[e]]
    return table, (steps, links, walked, words)


def by_bytes(automaton):
    """The same, byte after byte in plain Python."""
    counts, free = automaton.counts, endless(automaton.counts)

    def after(place, word):
        for byte in word:
            target = automaton.delta[place[0], automaton.byte_class[byte]]
            begun = reference.running(counts, place[0])
            move = reference.advance(counts, begun, place[0], int(target)) if target >= 0 else -1
            counted = None if move < 0 else reference.step(counts, free, place[0], int(target),
                                                           move >> counters.STATE_BITS, place[1])
            if counted is None:
                return None
            place = int(target), counted
        return place

    table, queue = {}, [(0, START[1:])]
    for place in queue:
        if place not in table:
            table[place] = {word: to for word in WORDS if (to := after(place, word)) is not None}
            queue += table[place].values()
    live = {(q, k) for q, k in table if automaton.accepting[q]
            and all(n >= counts.least[c] for n, c in zip(k, counts.of[q], strict=True))}
    while more := {place for place, out in table.items() if live & set(out.values())} - live:
        live |= more
    return {place: {w: to for w, to in out.items() if to in live} for place, out in table.items() if place in live}


@law(300)
@given(counted_automata())
def test_tokens_count_as_their_bytes_do(automaton):
    table, (steps, links, walked, words) = by_tokens(automaton)
    assert table == by_bytes(automaton)
    sets = links.set_ptr, links.set_class
    for place, out in list(table.items())[:4]:
        for word in words:
            classes = walked.spelling_class[[words.index(word)]]
            for impl in (cpu, reference):
                got = impl.follow(steps, sets, automaton.counts, classes, (place[0], *place[1]))
                if word in out:
                    assert (int(got[0]), tuple(got[1:].tolist())) == out[word]


@law(200)
@given(counted_automata(), st.lists(st.lists(st.sampled_from(ALPHABET), max_size=9).map(bytes), max_size=12))
def test_unrolled_automata_accept_the_same(automaton, texts):
    table = by_bytes(automaton)
    try:
        plain = automaton.unrolled(Limits())
    except EmptyLanguage:
        assert not table
        return
    for text in texts:
        place = (0, START[1:])
        for byte in text:
            place = table.get(place, {}).get(bytes([byte]))
        ends = place is not None and automaton.accepting[place[0]] and all(
            n >= automaton.counts.least[c] for n, c in zip(place[1], automaton.counts.of[place[0]], strict=True))
        assert plain.accepts(text) == ends


def chain(most):
    """(a)* with a counter, and one state behind it."""
    delta = np.array([[0, 1], [-1, -1]], np.int32)
    byte_class = np.ones(256, np.uint8)
    byte_class[ord("a")] = 0
    of, ticks = np.array([[1, 0], [0, 0]]), np.array([[True, False], [False, False]])
    return counted(delta, byte_class, np.array([False, True]), of, ticks, [(2, most)])


def test_limits_are_kept():
    automaton = chain(1000)
    assert isinstance(automaton, CountedAutomaton)
    steps = counters.steps(automaton.delta, automaton.counts)
    arguments = steps, automaton.counts, automaton.accepting, endless(automaton.counts), [START]
    with mock.patch.object(cpu, "DIRECT", 0):
        assert len(cpu.unroll(*arguments, 1002, NO_LIMIT).state) == 1002  # hash tables grow
    for impl in (cpu, reference):
        assert len(impl.unroll(*arguments, 1002, NO_LIMIT).state) == 1002
        with pytest.raises(counters.LimitReached) as reached:
            impl.unroll(*arguments, 1001, NO_LIMIT)
        assert (reached.value.which, reached.value.needed) == ("states", 1002)
        with pytest.raises(counters.LimitReached) as reached:
            impl.unroll(*arguments, NO_LIMIT, 500)
        assert reached.value.which == "edges" and reached.value.needed > 500


def test_without_an_upper_bound_counts_end_at_the_lower_one():
    automaton = chain(None)
    steps = counters.steps(automaton.delta, automaton.counts)
    found = counters.unroll(steps, automaton.counts, automaton.accepting, endless(automaton.counts), [START], 99, 99)
    places = sorted(zip(found.state.tolist(), found.count[:, 0].tolist(), strict=True))
    assert places == [(0, 0), (0, 1), (0, 2), (1, 0)]
