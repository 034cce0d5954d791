"""Hypothesis strategies: small automata, awkward vocabularies, logits that are hard on floats."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.vocab import Vocab

ALPHABET = b"ab\xc3\x00"
HARD = [0.0, 1.0, -1000.0, 1e4, -1e9, 1e9, 1e30, -1e30, np.inf, -np.inf, np.nan, 3e38, -3e38]


def law(examples):
    """Settings of a property: no clock, the same examples in every run."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def trimmed(delta, accepting):
    """Reachable and live states only, renumbered from the start; None for the empty language."""
    reached, stack = {0}, [0]
    while stack:
        for r in delta[stack.pop()]:
            if r >= 0 and r not in reached:
                reached.add(int(r))
                stack.append(int(r))
    live = {q for q in reached if accepting[q]}
    while more := {q for q in reached - live if any(r in live for r in delta[q])}:
        live |= more
    if 0 not in live:
        return None
    keep = sorted(live)
    number = {q: i for i, q in enumerate(keep)}
    rows = [[number.get(int(r), -1) for r in delta[q]] for q in keep]
    return np.array(rows, np.int32), np.array([bool(accepting[q]) for q in keep])


@st.composite
def automata(draw, states=5):
    """Byte automata over a, b, 0xC3 and NUL with at most `states` states; never empty."""
    count = draw(st.integers(1, states))
    cell = st.integers(-1, count - 1) | st.integers(0, count - 1)
    delta = draw(st.lists(st.lists(cell, min_size=4, max_size=4), min_size=count, max_size=count))
    accepting = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    kept = trimmed(np.array(delta), accepting)
    if kept is None:
        kept = np.full((1, 4), -1, np.int32), np.array([True])
    delta, accepting = kept
    byte_class, wide = np.zeros(256, np.uint8), np.full((len(delta), 5), -1, np.int32)
    for column, k in enumerate(draw(st.permutations(range(1, 5)))):  # class 0, all other bytes, is dead
        byte_class[ALPHABET[column]] = k
        wide[:, k] = delta[:, column]
    return ByteAutomaton(wide, byte_class, accepting)


@st.composite
def vocabularies(draw, most=5):
    """Up to `most` spellings of 1 to 3 bytes (equal ones and useless ones too) and any specials, shuffled."""
    spelling = st.lists(st.sampled_from(ALPHABET), min_size=1, max_size=3).map(bytes)
    single = st.sampled_from(ALPHABET).map(lambda b: bytes([b]))
    texts = draw(st.lists(single | spelling | st.just(b"z"), min_size=1, max_size=most))
    kinds = draw(st.sampled_from([[], ["eos"], ["eos"], ["eos", "eos"]]))
    kinds = kinds + draw(st.sampled_from([[], ["pad"], ["mask"], ["pad", "mask"]]))
    tokens = draw(st.permutations([(t, "text") for t in texts] + [(None, kind) for kind in kinds]))
    at = {kind: [i for i, (_, k) in enumerate(tokens) if k == kind] for kind in ("eos", "pad", "mask")}
    return Vocab.of_tokens(
        [t for t, _ in tokens],
        eos_ids=at["eos"],
        pad_id=next(iter(at["pad"]), None),
        mask_id=next(iter(at["mask"]), None),
    )


@st.composite
def logits(draw, length, columns, kind=None):
    """float32 [N, columns]: "smooth", "tied" (small integers) or "hard" (infinities, NaN, huge numbers)."""
    kind = kind or draw(st.sampled_from(["smooth", "tied", "hard"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind == "smooth":
        return (rng.standard_normal((length, columns)) * rng.choice([0.1, 3.0, 30.0])).astype(np.float32)
    if kind == "tied":
        return rng.integers(-1, 2, (length, columns)).astype(np.float32)
    return rng.choice(np.array(HARD, np.float32), (length, columns))
