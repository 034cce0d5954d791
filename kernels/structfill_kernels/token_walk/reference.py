"""The specification of the walk, token by token and state by state."""

from __future__ import annotations

from itertools import chain

import numpy as np

from ..counters import STATE_BITS
from ..counters.reference import advance, running
from . import bytesets
from ._types import PREFIX, LimitReached, Links, Trie, Walk


def build_trie(data, ptr):
    """Every prefix once."""
    spellings = [bytes(data[a:b]) for a, b in zip(ptr[:-1], ptr[1:], strict=True)]
    prefixes = sorted({w[:k] for w in spellings for k in range(1, len(w) + 1)})
    node = {b"": 0} | {prefix: i + 1 for i, prefix in enumerate(prefixes)}
    after = [sum(q < p or q.startswith(p) for q in prefixes) for p in prefixes]
    first = [sum(w < p for w in spellings) for p in prefixes]
    last = [k + sum(w.startswith(p) for w in spellings) for k, p in zip(first, prefixes, strict=True)]
    below = [_below(p, spellings) for p in prefixes]
    depth, byte, spelled = [len(p) - 1 for p in prefixes], [p[-1] for p in prefixes], [p in spellings for p in prefixes]
    rows = np.array([*zip(below, after, first, last, depth, byte, spelled, strict=True)], PREFIX)
    characters = [sum(byte & 0xC0 != 0x80 for byte in w) for w in spellings]
    parent, end = [node[p[:-1]] for p in prefixes], [node[w] for w in spellings]
    parent, characters, end = (np.array(column, np.int32) for column in (parent, characters, end))
    return Trie(rows, parent, characters, end, np.arange(len(end), dtype=np.int32),
                max(map(len, spellings), default=0))


def _below(prefix, spellings):
    """The groups of the bytes behind a prefix; the characters behind it are whole if every spelling can be read."""
    rests = [w[len(prefix):] for w in spellings if w.startswith(prefix) and w != prefix]
    groups = {bytesets.group_of.py_func(byte) for rest in rests for byte in rest if byte < 0x80}
    if any(byte >= 0x80 for rest in rests for byte in rest):
        groups.add(bytesets.CHARACTERS)
        if not all(_is_text(text) for text in (prefix, *rests)):
            groups.add(bytesets.RAGGED)
    return sum(1 << group for group in groups)


def _is_text(data):
    try:
        return data.decode() is not None
    except UnicodeDecodeError:
        return False


def spellings_of(trie):
    """The spellings that a trie holds, by number; empty for those at node 0."""
    prefixes = [b""]
    for parent, byte in zip(trie.parent.tolist(), trie.prefixes["byte"].tolist(), strict=True):
        prefixes.append(prefixes[parent] + bytes([byte]))
    return [prefixes[node] for node in trie.end.tolist()]


def _run(delta, byte_class, word, counts, start):
    """The state after a word, or the move; -1 where it is dead."""
    place, begun = start, 0 if counts is None else running(counts, start)
    for byte in word:
        state = delta[place & ((1 << STATE_BITS) - 1), byte_class[byte]]
        place = -1 if state < 0 else int(state) if counts is None else advance(counts, begun, place, state)
        if place < 0:
            return -1
    return place


def pairs_of(walked, states):
    """[{state: target}] of the classes, targets being moves where there are counters."""
    members = [frozenset([q]) for q in range(states)]
    for first, last in zip(walked.kid_ptr[:-1], walked.kid_ptr[1:], strict=True):
        members.append(frozenset().union(*(members[kid] for kid in walked.kid[first:last])))
    found = []
    for a, b in zip(walked.ptr[:-1], walked.ptr[1:], strict=True):
        pairs = chain.from_iterable(_copies(walked, states, walked.group[k], walked.target[k]) for k in range(a, b))
        found.append({q: int(r if walked.moves is None else walked.moves[r]) for g, r in pairs for q in members[g]})
    return found


def _copies(walked, states, group, target):
    """The pairs of states that a pair stands for."""
    v = target - states
    if walked.copies is None or not 0 <= v < len(walked.copies.many):
        return [(group, target)]
    _, many, copied, copy = walked.copies
    return [(copy[copied[group] + i], copy[copied[target] + i]) for i in range(many[v])]


def walk(delta, byte_class, trie, max_work=0, counts=None):
    """Every spelling run from every state. Counts no work, and has a group for each state of each class."""
    functions, classes, moves = {}, {}, {}
    words = spellings_of(trie)
    for word in sorted(set(words) - {b""}):
        pairs = []
        for start in range(len(delta)):
            place = _run(delta, byte_class, word, counts, start)
            if place >= 0:
                pairs.append((start, place if counts is None else moves.setdefault(place, len(moves))))
        classes[word] = functions.setdefault(tuple(pairs), len(functions)) if pairs else -1
    flat = [pair for function in functions for pair in function]
    ptr = np.cumsum([0] + [len(function) for function in functions], dtype=np.int64)
    group, target = (np.array([p[k] for p in flat], np.int32) for k in (0, 1))
    found = np.array([classes.get(word, -1) for word in words], np.int32)
    return Walk(found, ptr, group, target, np.zeros(1, np.int64), np.zeros(0, np.int32), 0,
                None if counts is None else np.array(list(moves), np.int64))


def link(states, walked, max_edges):
    """Classes that share source and target make one edge; equal sets of classes share one number."""
    between, sets = {}, {}
    number = {move: i for i, move in reversed([*enumerate(() if walked.moves is None else walked.moves.tolist())])}
    for c, pairs in enumerate(pairs_of(walked, states)):
        for q, r in pairs.items():
            between.setdefault((q, number.get(r, r)), []).append(c)
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
