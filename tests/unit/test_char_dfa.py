"""CharDFA against Python sets of strings over a small alphabet."""

import itertools
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structfill.automaton.char_dfa import CharDFA, product
from structfill.errors import TooLarge
from structfill.limits import Limits

ALPHABET = ["a", "b", "\ud800", "😀"]
TEXTS = ["".join(t) for n in range(4) for t in itertools.product(ALPHABET, repeat=n)]
WORDS = st.lists(st.text(st.sampled_from(ALPHABET), max_size=3), max_size=6)


def language(dfa):
    return {text for text in TEXTS if dfa.accepts(text)}


def check_canonical(dfa):
    """The promises of the class: alphabet covers everything, states are live and reachable."""
    assert dfa.bounds[0] == 0 and (np.diff(dfa.bounds) > 0).all()
    assert dfa.bounds.dtype == dfa.classes.dtype == dfa.delta.dtype == dfa.labels.dtype == np.int32
    assert set(dfa.classes.tolist()) == set(range(dfa.delta.shape[1]))
    assert (dfa.classes[1:] != dfa.classes[:-1]).all()
    assert len({column.tobytes() for column in dfa.delta.T.copy()}) == dfa.delta.shape[1]
    rebuilt = CharDFA.build(dfa.bounds, dfa.classes, dfa.delta, dfa.labels)
    assert rebuilt.key == dfa.key


@settings(deadline=None)
@given(WORDS)
def test_words(words):
    dfa = CharDFA.words(words)
    check_canonical(dfa)
    assert language(dfa) == set(words)
    assert dfa.is_empty() == (not words)
    assert dfa.key == CharDFA.words(reversed(words)).key
    shortest = dfa.shortest()
    assert shortest is None if not words else dfa.accepts(shortest) and len(shortest) == min(map(len, words))


@settings(deadline=None)
@given(st.dictionaries(st.text(st.sampled_from(ALPHABET), max_size=3), st.integers(-1, 3), max_size=6),
       st.one_of(st.none(), st.integers(0, 3)))
def test_trie(words, other):
    dfa = CharDFA.trie(words, other)
    check_canonical(dfa)
    for text in [*TEXTS, "abab", "x"]:
        assert dfa.label(text) == words.get(text, -1 if other is None else other)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_operations(left, right):
    a, b = CharDFA.words(left), CharDFA.words(right)
    x, y, every = set(left), set(right), set(TEXTS)
    cases = ((a & b, x & y), (a | b, x | y), (a - b, x - y), (~a, every - x), (~a & ~b, every - x - y))
    for dfa, expected in cases:
        check_canonical(dfa)
        assert language(dfa) == expected
    assert (a.key == b.key) == (x == y)
    assert (~~a).key == a.key
    assert (a | ~a).is_everything()
    assert (a - a).is_empty()


@settings(deadline=None)
@given(st.lists(WORDS, min_size=0, max_size=4), st.integers(0, 2**16 - 1))
def test_product_labels_by_truth_vector(sets, outcomes):
    """Any labelling of truth vectors, by bits of a random number; each vector is asked for once."""
    asked = []

    def label(holds):
        asked.append(holds)
        return (outcomes >> sum(2**i for i, held in enumerate(holds) if held)) % 4 - 1

    dfa = product([CharDFA.words(words) for words in sets], label)
    assert len(asked) == len(set(asked))
    check_canonical(dfa)
    for text in [*TEXTS, "abab"]:
        assert dfa.label(text) == label(tuple(text in words for words in sets))


@settings(deadline=None)
@given(st.integers(0, 4), st.one_of(st.none(), st.integers(0, 4)))
def test_length(minimum, maximum):
    dfa = CharDFA.length(minimum, maximum)
    check_canonical(dfa)
    for text in [*TEXTS, "aaaaaaaa"]:
        assert dfa.accepts(text) == (minimum <= len(text) and (maximum is None or len(text) <= maximum))


def test_step_follows_the_text():
    dfa = CharDFA.words(["ab"])
    state = dfa.step(dfa.step(0, ord("a")), ord("b"))
    assert dfa.labels[state] == 0
    assert dfa.step(0, ord("b")) == -1
    assert dfa.step(-1, ord("a")) == -1
    assert dfa.step(0, 0x10FFFF) == -1


def test_everything_and_empty():
    assert CharDFA.everything().is_everything()
    assert not CharDFA.everything().is_empty()
    assert CharDFA.empty().is_empty()
    assert not CharDFA.empty().is_everything()
    assert (~CharDFA.empty()).key == CharDFA.everything().key
    assert not CharDFA.words(["a"]).is_everything()


def test_labelled_everything_counts_as_everything():
    assert CharDFA.trie({"a": 1}, 0).is_everything()
    assert not CharDFA.trie({"a": -1}, 0).is_everything()


def test_class_sets_partition_the_characters():
    dfa = CharDFA.words(["a", "bb"])
    sets = dfa.class_sets()
    assert sum(map(len, sets)) == 0x110000
    assert all((code in chars) == (cls == dfa.classes[np.searchsorted(dfa.bounds, code, "right") - 1])
               for cls, chars in enumerate(sets) for code in (0, 97, 98, 99, 0x10FFFF))


def test_state_limit_is_exact():
    parts = [CharDFA.length(0, 9), ~CharDFA.words(["aaaa"])]

    def build(states):
        return product(parts, lambda holds: 0 if all(holds) else -1, Limits(states=states))

    needed = next(n for n in range(1, 200) if not refuses(build, n))
    assert needed > 10
    with pytest.raises(TooLarge) as caught:
        build(needed - 1)
    assert (caught.value.limit, caught.value.needed, caught.value.allowed) == ("states", needed, needed - 1)


def refuses(build, states):
    try:
        build(states)
    except TooLarge:
        return True
    return False


def test_work_limit():
    with pytest.raises(TooLarge) as caught:
        product([CharDFA.length(0, 100)], lambda holds: 0, Limits(work=50))
    assert caught.value.limit == "work"


def test_large_vocabularies_of_words_are_fast():
    """5,000 words in well under a second (measured 0.02 s), and their product with a long string (0.1 s)."""
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz_0123456789", k=rng.randint(3, 15)))
             for _ in range(5000)]
    labels = {word: i % 7 for i, word in enumerate(words)}
    CharDFA.trie({"warm": 1}, 0)
    before = time.process_time()
    dfa = CharDFA.trie(labels, 9)
    assert time.process_time() - before < 0.5
    assert all(dfa.label(word) == label for word, label in labels.items())
    assert dfa.label("nowhere!") == 9
    before = time.process_time()
    both = CharDFA.length(0, 10_000) - CharDFA.words(words)
    assert time.process_time() - before < 2
    assert not both.accepts(words[0])
    assert both.accepts("a" * 10_000)
    assert not both.accepts("a" * 10_001)
