"""The specification of the walk, token by token and state by state."""

from __future__ import annotations

import numpy as np

from ..counters import STATE_BITS
from ..counters.reference import advance
from ._types import LimitReached, Links, Trie, Walk


def build_trie(data, ptr):
    """Every prefix once."""
    spellings = [bytes(data[a:b]) for a, b in zip(ptr[:-1], ptr[1:], strict=True)]
    prefixes = sorted({w[:k] for w in spellings for k in range(1, len(w) + 1)}, key=lambda p: (len(p), p))
    node = {b"": 0} | {prefix: i + 1 for i, prefix in enumerate(prefixes)}
    parent, byte = [node[p[:-1]] for p in prefixes], [p[-1] for p in prefixes]
    return Trie(np.array(parent, np.int32), np.array(byte, np.uint8), np.array([node[w] for w in spellings], np.int32))


def spellings_of(trie):
    """The spellings that a trie holds, by number; empty for those at node 0."""
    prefixes = [b""]
    for parent, byte in zip(trie.parent.tolist(), trie.byte.tolist(), strict=True):
        prefixes.append(prefixes[parent] + bytes([byte]))
    return [prefixes[node] for node in trie.end.tolist()]


def _run(delta, byte_class, word, counts, start):
    """The state after a word, or the move; -1 where it is dead."""
    place = start
    for byte in word:
        state = delta[place & ((1 << STATE_BITS) - 1), byte_class[byte]]
        place = -1 if state < 0 else int(state) if counts is None else advance(counts, start, place, state)
        if place < 0:
            return -1
    return place


def walk(delta, byte_class, trie, max_work=0, counts=None):
    """Every spelling run from every state. Counts no work."""
    functions, classes, moves = {}, [], {}
    for word in spellings_of(trie):
        pairs = []
        for start in range(len(delta) if word else 0):
            place = _run(delta, byte_class, word, counts, start)
            if place >= 0:
                pairs.append((start, place if counts is None else moves.setdefault(place, len(moves))))
        classes.append(functions.setdefault(tuple(pairs), len(functions)) if pairs else -1)
    flat = [pair for function in functions for pair in function]
    ptr = np.cumsum([0] + [len(function) for function in functions], dtype=np.int64)
    states, targets = (np.array([p[k] for p in flat], np.int32) for k in (0, 1))
    found = Walk(np.array(classes, np.int32), ptr, states, targets, 0)
    return found if counts is None else found._replace(moves=np.array(list(moves), np.int64))


def link(states, walked, max_edges):
    """Classes that share source and target make one edge; equal sets of classes share one number."""
    between, sets = {}, {}
    for c in range(len(walked.pair_ptr) - 1):
        for k in range(walked.pair_ptr[c], walked.pair_ptr[c + 1]):
            between.setdefault((int(walked.pair_state[k]), int(walked.pair_target[k])), []).append(c)
    if len(between) > max_edges:
        raise LimitReached(len(between))
    edges = [(q, r, sets.setdefault(tuple(cs), len(sets))) for (q, r), cs in sorted(between.items())]
    source, target, number = (np.array([e[k] for e in edges], np.int32) for k in range(3))
    ptr = np.cumsum([0] + [len(members) for members in sets], dtype=np.int64)
    return Links(source, target, number, ptr, np.array([c for s in sets for c in s], np.int32))


def csr(keys, buckets):
    """Stable counting sort."""
    kept = np.flatnonzero(np.asarray(keys) >= 0)
    order = kept[np.argsort(np.asarray(keys)[kept], kind="stable")].astype(np.int32)
    counts = np.bincount(np.asarray(keys)[kept], minlength=buckets)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), order
