"""Tries of words, of which some may be used at a time, in Numba: nodes below which the same may come are one state.

What leaves such a trie is a word of another automaton, which has read the same bytes: a node *falls through* to its
state there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from .hashing import mix, rehash, reserve, table_size

NOWHERE = -1  # where a word leads that may not come
_QUOTE = ord('"')  # behind every word
_REQUEST, _FIRST, _COUNT, _DEPTH, _INNER, _STATE = range(6)  # the fields of a node

Int32 = NDArray[np.int32]


class Words(NamedTuple):
    """Families of words, each in lexicographic order: word w is the bytes ``text[start[w]:start[w + 1]]``."""

    text: NDArray[np.uint8]
    start: Int32


class Requests(NamedTuple):
    """Tries to be made, int32 [R] each: from `state`, the words from `first` on lead to
    ``ends[end_start[r]:end_start[r + 1]]``; with them runs another automaton, from its state `inner` (-1: none), behind
    whose words it goes on as `others` says (a number)."""

    state: Int32
    first: Int32
    end_start: Int32
    ends: Int32
    others: Int32
    inner: Int32


class Tries(NamedTuple):
    """Attributes:
        edges: int32 [M, 4]: source, byte, byte, target; `NOWHERE` as a target forbids what the node falls through to.
        calls: int32 [C, 3]: a node's state, the state that it falls through to, and the number of what is behind.
        states: how many there are, with those before.
    """

    edges: Int32
    calls: Int32
    states: int


@nb.njit(cache=True, nogil=True)
def _after(edges: Int32, state: int, byte: int) -> int:
    """Where an automaton of range edges, sorted by source, goes on, or -1."""
    low, high = 0, edges.shape[0]
    while low < high:
        middle = (low + high) // 2
        if edges[middle, 0] < state:
            low = middle + 1
        else:
            high = middle
    while low < edges.shape[0] and edges[low, 0] == state:
        if edges[low, 1] <= byte <= edges[low, 2]:
            return int(edges[low, 3])
        low += 1
    return -1


@nb.njit(cache=True, nogil=True)
def _hash(requests: Requests, node: Int32) -> Any:
    request, first, inner = node[_REQUEST], node[_FIRST], node[_INNER]
    h = mix(mix(mix(np.uint64(0), requests.first[request] + first), node[_COUNT]), node[_DEPTH])
    h = mix(mix(h, inner + 1), requests.others[request] if inner >= 0 else 0)
    begin = requests.end_start[request] + first
    for x in range(begin, begin + node[_COUNT]):
        h = mix(h, requests.ends[x] + 1)
    return h


@nb.njit(cache=True, nogil=True)
def _alike(requests: Requests, a: Int32, b: Int32) -> bool:
    """Are two nodes the same?"""
    one, other = a[_REQUEST], b[_REQUEST]
    if a[_COUNT] != b[_COUNT] or a[_DEPTH] != b[_DEPTH] or a[_INNER] != b[_INNER]:
        return False
    if requests.first[one] + a[_FIRST] != requests.first[other] + b[_FIRST]:
        return False
    if a[_INNER] >= 0 and requests.others[one] != requests.others[other]:
        return False
    begin, offset = requests.end_start[one] + a[_FIRST], requests.end_start[other] + b[_FIRST]
    for x in range(a[_COUNT]):  # noqa: SIM110 (Numba loop)
        if requests.ends[begin + x] != requests.ends[offset + x]:
            return False
    return True


@nb.njit(cache=True, nogil=True)
def _may_come(requests: Requests, node: Int32) -> bool:
    """Can any word come below a node?"""
    if node[_INNER] >= 0:
        return True
    begin = requests.end_start[node[_REQUEST]] + node[_FIRST]
    for x in range(begin, begin + node[_COUNT]):  # noqa: SIM110 (Numba loop)
        if requests.ends[x] != NOWHERE:
            return True
    return False


@nb.njit(cache=True, nogil=True)
def _spell(words: Words, requests: Requests, automata: Int32, node: Int32, edges: Int32, calls: Int32,
           states: int) -> tuple[int, int, int]:
    """What is left of the only word below a node, which no other node shares in part. Returns how many edges and calls
    it takes, and how many states there are then."""
    word, n_edges, n_calls = requests.first[node[_REQUEST]] + node[_FIRST], 0, 0
    leads = requests.ends[requests.end_start[node[_REQUEST]] + node[_FIRST]]
    begin, past, state, inner = words.start[word] + node[_DEPTH], words.start[word + 1], node[_STATE], node[_INNER]
    for place in range(begin, past + 1):
        if inner < 0 and leads == NOWHERE:
            break
        if inner >= 0:
            calls[n_calls, 0], calls[n_calls, 1], calls[n_calls, 2] = state, inner, requests.others[node[_REQUEST]]
            n_calls += 1
        last = place == past
        byte = _QUOTE if last else words.text[place]
        edges[n_edges, 0], edges[n_edges, 1], edges[n_edges, 2] = state, byte, byte
        edges[n_edges, 3] = leads if last else states
        n_edges += 1
        if not last:
            inner = _after(automata, inner, byte) if inner >= 0 else inner
            state, states = states, states + 1
    return n_edges, n_calls, states


@nb.njit(cache=True, nogil=True)
def _same(requests: Requests, nodes: Int32, hashes: Any, table: Int32, node: Int32, count: int) -> int:
    """The number of an equal node, or `count` after `node` became that."""
    h = _hash(requests, node)
    mask = np.uint64(table.shape[0] - 1)
    slot = h & mask
    while table[slot] >= 0 and not (hashes[table[slot]] == h and _alike(requests, nodes[table[slot]], node)):
        slot = (slot + np.uint64(1)) & mask
    if table[slot] < 0:
        table[slot], hashes[count] = count, h
        nodes[count] = node
    return int(table[slot])


@nb.njit(cache=True, nogil=True)
def _branch(words: Words, requests: Requests, automata: Int32, nodes: Int32, hashes: Any, table: Int32, current: int,
            count: int, edges: Int32, states: int) -> tuple[int, int, int]:
    """The edges of a node with several words below it: (how many, nodes then, states then)."""
    request, first, depth, inner = nodes[current, 0], nodes[current, 1], nodes[current, 3], nodes[current, 4]
    past, word, state = first + nodes[current, 2], requests.first[request], nodes[current, 5]
    node = nodes[current].copy()
    n_edges, leads = 0, NOWHERE
    if first < past and words.start[word + first + 1] - words.start[word + first] == depth:
        leads = requests.ends[requests.end_start[request] + first]
        if inner >= 0 or leads != NOWHERE:
            edges[0, 0], edges[0, 1], edges[0, 2], edges[0, 3] = state, _QUOTE, _QUOTE, leads
            n_edges += 1
        first += 1
    while first < past:
        byte, begin = words.text[words.start[word + first] + depth], first
        while first < past and words.text[words.start[word + first] + depth] == byte:
            first += 1
        node[_FIRST], node[_COUNT], node[_DEPTH], node[_STATE] = begin, first - begin, depth + 1, states
        node[_INNER] = _after(automata, inner, byte) if inner >= 0 else inner
        if not _may_come(requests, node):
            continue
        found = _same(requests, nodes, hashes, table, node, count)
        if found == count:
            count, states = count + 1, states + 1
        edges[n_edges, 0], edges[n_edges, 1], edges[n_edges, 2] = state, byte, byte
        edges[n_edges, 3] = nodes[found, _STATE]
        n_edges += 1
    return n_edges, count, states


@nb.njit(cache=True, nogil=True)
def grow(words: Words, requests: Requests, automata: Int32, states: int, most: int) -> Tries:
    """The tries that are asked for, with new states from number `states` on; stops early past `most` of them.

    `automata` are the range edges, sorted by source, of those with which words run.
    """
    roots = requests.state.shape[0]
    nodes, hashes = np.empty((2 * roots + 64, 6), np.int32), np.empty(2 * roots + 64, np.uint64)
    for r in range(roots):
        nodes[r] = np.array((r, 0, requests.end_start[r + 1] - requests.end_start[r], 0, requests.inner[r],
                             requests.state[r]), np.int32)
        hashes[r] = _hash(requests, nodes[r])
    table = rehash(hashes, roots, table_size(2 * len(hashes)))
    edges, calls = np.empty((256, 4), np.int32), np.empty((64, 3), np.int32)
    count, n_edges, n_calls, current = roots, 0, 0, 0
    while current < count and states <= most:
        request, below = nodes[current, _REQUEST], nodes[current, _COUNT]
        word = requests.first[request] + nodes[current, _FIRST]
        room = 2 + (below if below != 1 else words.start[word + 1] - words.start[word])
        edges, calls = reserve(edges, n_edges + room), reserve(calls, n_calls + room)
        if below == 1:
            more, more_calls, states = _spell(words, requests, automata, nodes[current], edges[n_edges:],
                                              calls[n_calls:], states)
            n_calls += more_calls
        else:
            nodes, hashes = reserve(nodes, count + below), reserve(hashes, count + below)
            if table.shape[0] < 2 * (count + below):
                table = rehash(hashes, count, table_size(2 * (count + below)))
            more, count, states = _branch(words, requests, automata, nodes, hashes, table, current, count,
                                          edges[n_edges:], states)
            if nodes[current, _INNER] >= 0:
                calls[n_calls, 0], calls[n_calls, 1] = nodes[current, _STATE], nodes[current, _INNER]
                calls[n_calls, 2] = requests.others[request]
                n_calls += 1
        n_edges, current = n_edges + more, current + 1
    return Tries(edges[:n_edges].copy(), calls[:n_calls].copy(), states)
