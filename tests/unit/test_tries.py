"""Tries of names, against the words one by one."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np

from structfill.automaton.tries import NOWHERE, Requests, Words, grow

QUOTE, NAMED, OTHER = ord('"'), 900, 950  # states behind declared names from 900 on, behind others 950
# The other names: letters a and b, at most two of them; states from 500 on, as range edges by source.
OTHERS = np.array([(500, 97, 98, 501), (501, QUOTE, QUOTE, 510), (501, 97, 98, 502), (502, QUOTE, QUOTE, 510)],
                  np.int32)


def starts(sizes):
    return np.cumsum([0, *sizes]).astype(np.int32)


def made(families, asked, states=0, most=10_000):
    """Tries for (family, where its words lead, with others?), entered in states 100, 101, ..."""
    flat = [word for family in families for word in family]
    first = starts(map(len, families))
    words = Words(np.frombuffer(b"".join(flat) + b" ", np.uint8).copy(), starts(map(len, flat)))
    requests = Requests(
        np.arange(100, 100 + len(asked), dtype=np.int32), first[[f for f, _, _ in asked]],
        starts(len(ends) for _, ends, _ in asked), np.array([e for _, ends, _ in asked for e in ends] or [0], np.int32),
        np.zeros(len(asked), np.int32), np.array([500 if others else -1 for _, _, others in asked], np.int32))
    return grow(words, requests, OTHERS, states, most)


def leads(tries, state, word):
    """Where a name and its quote lead: as a pushdown automaton reads them, falling through where a state has no edge.
    """
    table = {(a, low): b for a, low, _, b in tries.edges.tolist()}
    falls = {state: callee for state, callee, _ in tries.calls.tolist()}
    for byte in (*word, QUOTE):
        if (state, byte) in table:
            state = table[state, byte]
        elif state in falls or 500 <= state < 510:  # in the automaton of others from here on
            inner = falls.get(state, state)
            found = [b for a, low, high, b in OTHERS.tolist() if a == inner and low <= byte <= high]
            state = found[0] if found else NOWHERE
        else:
            state = NOWHERE
        if state == NOWHERE:
            return NOWHERE
    return OTHER if state == 510 else state


def test_every_word_leads_where_it_should():
    rng = random.Random(0)
    for _ in range(150):
        size, alphabet = rng.randrange(6), rng.choice([b"ab", b"abc"])
        families = [sorted({bytes(rng.choices(alphabet, k=rng.randrange(4))) for _ in range(size)}) for _ in range(2)]
        asked = []
        for _ in range(4):
            f = rng.randrange(2)
            asked.append((f, [rng.choice([NOWHERE, NAMED, NAMED + 1]) for _ in families[f]], rng.random() < 0.5))
        tries = made(families, asked, states=1_000)
        texts = {word for family in families for word in family} | {b"", b"a", b"b", b"ab", b"aab", b"c"}
        for n, (f, ends, others) in enumerate(asked):
            for text in texts:
                expected = OTHER if others and 1 <= len(text) <= 2 and set(text) <= set(b"ab") else NOWHERE
                if text in families[f]:
                    expected = ends[families[f].index(text)]
                assert leads(tries, 100 + n, text) == expected, (families, asked[n], text)


def test_what_is_below_is_shared():
    """n optional names in their order: states for the length of all of them, not n times as many."""
    names = [b"name%03d" % i for i in range(100)]
    asked = [(0, [NOWHERE] * i + [NAMED] * (100 - i), False) for i in range(100)]
    tries = made([names], asked)
    assert tries.states < 3_000
    sources = [(a, low) for a, low, _, _ in tries.edges.tolist()]
    assert len(sources) == len(set(sources))
    assert made([names], asked, most=50).states < 200  # stops early


def test_states_are_numbered_from_the_given_one():
    tries = made([[b"ab", b"ac"]], [(0, [NAMED, NAMED], False)], states=7)
    new = sorted({b for _, low, _, b in tries.edges.tolist() if low != QUOTE})
    assert new == list(range(7, tries.states)) and all(b - a == 1 for a, b in pairwise(new))
