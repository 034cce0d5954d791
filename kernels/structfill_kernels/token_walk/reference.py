"""The specification of the walk, token by token and state by state."""

from __future__ import annotations

import numpy as np

from ._types import LimitReached, Links, Walk


def build_trie(data, ptr):
    """Preorder trie of sorted distinct spellings; see the package for the packing."""
    spellings = [bytes(data[a:b]) for a, b in zip(ptr[:-1], ptr[1:], strict=True)]
    prefixes = sorted({word[:k] for word in spellings for k in range(1, len(word) + 1)})
    nodes = []
    for prefix in prefixes:
        below = [p for p in prefixes if p.startswith(prefix)]
        rank = next(r for r, word in enumerate(spellings) if word.startswith(prefix))
        nodes.append(prefix[-1] | (len(prefix) - 1) << 8 | len(below) << 20 | rank << 42)
    return np.array(nodes, np.uint64)


def spellings_of(nodes, count):
    """The spellings that a packed trie holds, by rank."""
    words, path = [b""] * count, bytearray()
    for node in nodes.tolist():
        depth = node >> 8 & 4095
        del path[depth:]
        path.append(node & 255)
        if not words[node >> 42] or words[node >> 42] == bytes(path[:-1]):
            words[node >> 42] = bytes(path)
    return words


def walk(delta, byte_class, nodes, spellings, max_work=0):
    """Every spelling run from every state. Counts no work."""
    functions, classes = {}, []
    for word in spellings_of(nodes, spellings):
        pairs = []
        for start in range(len(delta)):
            state = start
            for byte in word:
                state = delta[state, byte_class[byte]] if state >= 0 else -1
            if state >= 0:
                pairs.append((start, int(state)))
        classes.append(functions.setdefault(tuple(pairs), len(functions)) if pairs else -1)
    flat = [pair for function in functions for pair in function]
    ptr = np.cumsum([0] + [len(function) for function in functions], dtype=np.int64)
    states, targets = (np.array([p[k] for p in flat], np.int32) for k in (0, 1))
    return Walk(np.array(classes, np.int32), ptr, states, targets, 0)


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
