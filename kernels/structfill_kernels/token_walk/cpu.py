"""The walk in Numba: hash-consed partial functions, one table look-up per trie node."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..counters import STATE_BITS, advance
from ._types import LimitReached, Links, Trie, Walk

U64, U32 = np.uint64, np.uint32  # unsigned indices save Numba's test for negative ones
ONE = U64(1)
STATES = (1 << STATE_BITS) - 1
DEAD, IDENTITY = 0, 1  # numbers of the empty function and of the root's


@njit(cache=True, nogil=True, inline="always")
def _mix(hash_, value):
    hash_ = (hash_ ^ value) * U64(0x9E3779B97F4A7C15)
    return hash_ ^ (hash_ >> U64(29))


@njit(cache=True, nogil=True)
def _grow(array, needed):
    """A copy with room for `needed` entries, at least doubled."""
    bigger = np.empty(max(needed, 2 * array.shape[0]), array.dtype)
    bigger[: array.shape[0]] = array
    return bigger


@njit(cache=True, nogil=True)
def _free_slot(table, hash_):
    mask = U64(table.shape[0] - 1)
    slot = hash_ & mask
    while table[slot] >= 0:
        slot = (slot + ONE) & mask
    return slot


@njit(cache=True, nogil=True)
def _rehash(hashes, first, last, size):
    """A hash table of `size` (a power of two) slots that holds the numbers first..last-1."""
    table = np.full(size, -1, np.int32)
    for number in range(first, last):
        table[_free_slot(table, hashes[number])] = number
    return table


@njit(cache=True, nogil=True)
def _build_trie(data, ptr):
    """Level by level: a spelling opens a node unless its prefix is that of the spelling before it."""
    count = ptr.shape[0] - 1
    common, nodes = np.zeros(count, np.int32), np.int64(0)
    for r in range(count):
        if r:
            limit = min(ptr[r + 1] - ptr[r], ptr[r] - ptr[r - 1])
            while common[r] < limit and data[ptr[r - 1] + common[r]] == data[ptr[r] + common[r]]:
                common[r] += 1
        nodes += ptr[r + 1] - ptr[r] - common[r]
    parent, byte = np.empty(nodes, np.int32), np.empty(nodes, np.uint8)
    node, active = np.zeros(count, np.int32), np.arange(count).astype(np.int32)
    depth, left, last = 0, count, 0
    while left:
        kept = 0
        for x in range(left):
            r = active[x]
            if common[r] > depth:
                node[r] = last
            else:
                parent[last], byte[last] = node[r], data[ptr[r] + depth]
                last += 1
                node[r] = last
            if ptr[r] + depth + 1 < ptr[r + 1]:
                active[kept] = r
                kept += 1
        depth, left = depth + 1, kept
    return parent, byte, node


def build_trie(data, ptr):
    """See the package."""
    return Trie(*_build_trie(data, ptr))


@njit(cache=True, nogil=True)
def _descend(node, parent, byte, byte_class, table, rows):
    """The hot loop: from prefix `node` on, until a composition is unknown; returns that prefix.

    Everything holds table rows (function number x K). Level by level, neighbours do not wait for each other; dead
    prefixes lead to dead ones.
    """
    while node < parent.shape[0]:
        row = table[U32(rows[U32(parent[node])]) + U32(byte_class[byte[node]])]
        if row < 0:
            break
        rows[node + 1] = row
        node += 1
    return node


@njit(cache=True, nogil=True)
def _compose(delta, k, states, targets, first, last, out):
    """Write the function ``[first, last)`` followed by byte class k at `out`; returns its end and hash."""
    hash_ = U64(0)
    for x in range(first, last):
        target = delta[targets[x], k]
        if target >= 0:
            states[out] = states[x]
            targets[out] = target
            out += 1
            pair = ((U64(states[x]) << U64(32)) | U64(target)) * U64(0x9E3779B97F4A7C15)
            hash_ += (pair ^ (pair >> U64(32))) * U64(0xD6E8FEB86659FD93)  # a sum: pairs do not wait for each other
    return out, hash_ ^ (hash_ >> U64(29))


@njit(cache=True, nogil=True)
def _compose_moves(delta, counts, k, states, targets, first, last, out):
    """The same where targets are moves of counters."""
    hash_ = U64(0)
    for x in range(first, last):
        target = delta[targets[x] & STATES, k]
        if target >= 0:
            move = advance(counts, states[x], targets[x], target)
            if move >= 0:
                states[out], targets[out] = states[x], move
                out += 1
                pair = (U64(states[out - 1]) * U64(0xFF51AFD7ED558CCD) ^ U64(move)) * U64(0x9E3779B97F4A7C15)
                hash_ += (pair ^ (pair >> U64(32))) * U64(0xD6E8FEB86659FD93)
    return out, hash_ ^ (hash_ >> U64(29))


@njit(cache=True, nogil=True)
def _find(table, hashes, ptr, states, targets, hash_, first, last):
    """The number of an equal function (compared in full), or -1."""
    mask = U64(table.shape[0] - 1)
    slot = hash_ & mask
    while table[slot] >= 0:
        number = table[slot]
        start = ptr[number]
        if hashes[number] == hash_ and ptr[number + 1] - start == last - first:
            same = True
            for x in range(last - first):
                if states[start + x] != states[first + x] or targets[start + x] != targets[first + x]:
                    same = False
                    break
            if same:
                return number
        slot = (slot + ONE) & mask
    return -1


@njit(cache=True, nogil=True)
def _walk(delta, byte_class, parent, byte, max_work, counts, targets):
    """All functions of prefixes; work is pairs composed, 3 for each pair kept, 4 for each table cell.

    `targets` is the arena of the functions' values: int32 [X], or int64, with `counts`, for moves.
    """
    S, K = delta.shape
    capacity = 1 << 9
    states = np.empty(targets.shape[0], np.int32)
    ptr, hashes = np.zeros(capacity + 1, np.int64), np.zeros(capacity, np.uint64)
    table, slots = np.full(capacity * K, -1, np.int32), np.full(4 * capacity, -1, np.int32)
    table[:K] = DEAD
    for q in range(S):
        states[q] = q
        targets[q] = q
    functions, ptr[2], node, work = 2, S, np.int64(0), np.int64(S)
    rows = np.empty(parent.shape[0] + 1, np.int32)
    rows[0] = IDENTITY * K
    while work <= max_work:
        node = _descend(node, parent, byte, byte_class, table, rows)
        if node >= parent.shape[0]:
            break
        row, k = rows[parent[node]], byte_class[byte[node]]
        first, last, top = ptr[row // K], ptr[row // K + 1], ptr[functions]
        work += last - first
        if top + last - first > states.shape[0]:
            states, targets = _grow(states, top + last - first), _grow(targets, top + last - first)
        if counts is None:
            end, hash_ = _compose(delta, k, states, targets, first, last, top)
        else:
            end, hash_ = _compose_moves(delta, counts, k, states, targets, first, last, top)
        number = DEAD
        if end > top:
            number = _find(slots, hashes, ptr, states, targets, hash_, top, end)
            if number < 0:
                if functions + 1 >= capacity:
                    capacity *= 2
                    ptr, hashes = _grow(ptr, capacity + 1), _grow(hashes, capacity)
                    wider = np.full(capacity * K, -1, np.int32)
                    wider[: functions * K] = table[: functions * K]
                    table, slots = wider, _rehash(hashes, 2, functions, 4 * capacity)
                number = functions
                hashes[number] = hash_
                slots[_free_slot(slots, hash_)] = number
                functions += 1
                ptr[functions] = end
                work += 3 * (end - top) + 4 * K
        table[row + k] = number * K
    return rows, functions, ptr, states, targets, work


@njit(cache=True, nogil=True)
def _classes(rows, end, K, functions, ptr, states, targets):
    """Number the functions that a spelling has by first appearance, and copy their pairs together."""
    class_of, members, classes, total = np.full(functions * K, -1, np.int32), np.empty(functions, np.int32), 0, 0
    found = np.empty(end.shape[0], np.int32)
    for r in range(end.shape[0]):
        row = rows[end[r]]
        if row == DEAD or end[r] == 0:
            found[r] = -1
            continue
        if class_of[row] < 0:
            class_of[row], members[classes] = classes, row // K
            total += ptr[members[classes] + 1] - ptr[members[classes]]
            classes += 1
        found[r] = class_of[row]
    pair_ptr = np.zeros(classes + 1, np.int64)
    pair_state, pair_target = np.empty(total, np.int32), np.empty(total, targets.dtype)
    for c in range(classes):
        first, last = ptr[members[c]], ptr[members[c] + 1]
        a, b = pair_ptr[c], pair_ptr[c] + last - first
        pair_state[a:b], pair_target[a:b], pair_ptr[c + 1] = states[first:last], targets[first:last], b
    return found, pair_ptr, pair_state, pair_target


def walk(delta, byte_class, trie, max_work, counts=None):
    """See the package. Table rows are int32, which bounds the work at 2**33 whatever the caller allows."""
    allowed = min(max_work, (1 << 33) - 8)
    arena = np.empty(max(4 * len(delta), 1 << 12), np.int32 if counts is None else np.int64)
    rows, *functions, work = _walk(delta, byte_class, trie.parent, trie.byte, allowed, counts, arena)
    if work > allowed:
        raise LimitReached(int(work))
    found, ptr, states, targets = _classes(rows, trie.end, delta.shape[1], *functions)
    if counts is None:
        return Walk(found, ptr, states, targets, int(work))
    targets, moves = _numbered(targets)
    return Walk(found, ptr, states, targets, int(work), moves)


@njit(cache=True, nogil=True)
def _numbered(values):
    """(number of every value [P], distinct values), numbered by first appearance."""
    number, distinct, count = np.empty(values.shape[0], np.int32), np.empty(64, np.int64), 0
    table = np.full(256, -1, np.int32)
    for x in range(values.shape[0]):
        slot = _place(table, distinct, values[x])
        if table[slot] < 0:
            if count == distinct.shape[0]:
                distinct = _grow(distinct, count + 1)
                table = np.full(4 * distinct.shape[0], -1, np.int32)
                for y in range(count):
                    table[_place(table, distinct, distinct[y])] = y
                slot = _place(table, distinct, values[x])
            table[slot], distinct[count] = count, values[x]
            count += 1
        number[x] = table[slot]
    return number, distinct[:count].copy()


@njit(cache=True, nogil=True)
def _place(table, distinct, value):
    hash_, mask = _mix(U64(3), U64(value)), U64(table.shape[0] - 1)
    slot = (hash_ ^ (hash_ >> U64(32))) & mask
    while table[slot] >= 0 and distinct[table[slot]] != value:
        slot = (slot + ONE) & mask
    return slot


@njit(cache=True, nogil=True)
def _csr(keys, buckets):
    ptr = np.zeros(buckets + 1, np.int64)
    for x in range(keys.shape[0]):
        if keys[x] >= 0:
            ptr[keys[x] + 1] += 1
    for b in range(buckets):
        ptr[b + 1] += ptr[b]
    order, place = np.empty(ptr[buckets], np.int32), ptr[:-1].copy()
    for x in range(keys.shape[0]):
        if keys[x] >= 0:
            order[place[keys[x]]] = x
            place[keys[x]] += 1
    return ptr, order


def csr(keys, buckets):
    """See the package."""
    return _csr(keys, buckets)


@njit(cache=True, nogil=True)
def _pairs_by_state(states, pair_ptr, pair_state, pair_target):
    """(class, target) of every pair, bucketed by state; classes stay ascending."""
    ptr = np.zeros(states + 1, np.int64)
    for q in pair_state:
        ptr[q + 1] += 1
    for q in range(states):
        ptr[q + 1] += ptr[q]
    class_of, target_of = np.empty(pair_state.shape[0], np.int32), np.empty(pair_state.shape[0], np.int32)
    place = ptr[:-1].copy()
    for c in range(pair_ptr.shape[0] - 1):
        for x in range(pair_ptr[c], pair_ptr[c + 1]):
            at = place[pair_state[x]]
            class_of[at], target_of[at] = c, pair_target[x]
            place[pair_state[x]] += 1
    return ptr, class_of, target_of


@njit(cache=True, nogil=True)
def _bucket(first, last, target_of, class_of, q, seen, slot_of, found, sizes, starts, classes):
    """Group the classes of state q by target: `found` targets ascending in first class, CSR in `starts`."""
    count = 0
    for x in range(first, last):
        r = target_of[x]
        if seen[r] != q:
            seen[r] = q
            slot_of[r] = count
            found[count] = r
            sizes[count] = 0
            count += 1
        sizes[slot_of[r]] += 1
    starts[0] = 0
    for j in range(count):
        starts[j + 1] = starts[j] + sizes[j]
        sizes[j] = starts[j]
    for x in range(first, last):
        j = slot_of[target_of[x]]
        classes[sizes[j]] = class_of[x]
        sizes[j] += 1
    return count


@njit(cache=True, nogil=True)
def _link(states, targets, classes_, pair_ptr, pair_state, pair_target, max_edges):
    """Edges state by state; the class list of an edge is looked up, and added where it is new."""
    ptr, class_of, target_of = _pairs_by_state(states, pair_ptr, pair_state, pair_target)
    seen, slot_of, found = np.full(targets, -1, np.int32), np.empty(targets, np.int32), np.empty(targets, np.int32)
    sizes, starts = np.zeros(targets, np.int64), np.zeros(targets + 1, np.int64)
    classes = np.empty(max(classes_, 1), np.int32)
    edges, capacity = 0, 1 << 12
    source, target = np.empty(1 << 13, np.int32), np.empty(1 << 13, np.int32)
    set_of, sets = np.empty(1 << 13, np.int32), 0
    set_ptr, hashes = np.zeros(capacity + 1, np.int64), np.zeros(capacity, np.uint64)
    members, slots = np.empty(1 << 14, np.int32), np.full(4 * capacity, -1, np.int32)
    for q in range(states):
        count = _bucket(ptr[q], ptr[q + 1], target_of, class_of, q, seen, slot_of, found, sizes, starts, classes)
        if edges + count > max_edges:
            return edges + count, source, target, set_of, set_ptr, members
        if edges + count > source.shape[0]:
            source, target = _grow(source, edges + count), _grow(target, edges + count)
            set_of = _grow(set_of, edges + count)
        for j in range(count):
            a, size, top = starts[j], starts[j + 1] - starts[j], set_ptr[sets]
            if top + size > members.shape[0]:
                members = _grow(members, top + size)
            hash_ = U64(88172645463325252)
            for x in range(size):
                members[top + x] = classes[a + x]
                hash_ = _mix(hash_, U64(classes[a + x]))
            number = _find(slots, hashes, set_ptr, members, members, hash_, top, top + size)
            if number < 0:
                if sets + 1 >= capacity:
                    capacity *= 2
                    set_ptr, hashes = _grow(set_ptr, capacity + 1), _grow(hashes, capacity)
                    slots = _rehash(hashes, 0, sets, 4 * capacity)
                number = sets
                hashes[number] = hash_
                slots[_free_slot(slots, hash_)] = number
                sets += 1
                set_ptr[sets] = top + size
            source[edges], target[edges], set_of[edges] = q, found[j], number
            edges += 1
    return edges, source[:edges], target[:edges], set_of[:edges], set_ptr[: sets + 1], members[: set_ptr[sets]]


def link(states, walked, max_edges):
    """See the package."""
    allowed = min(max_edges, (1 << 31) - 1)
    edges, *arrays = _link(
        states,
        states if walked.moves is None else len(walked.moves),
        len(walked.pair_ptr) - 1,
        walked.pair_ptr,
        walked.pair_state,
        walked.pair_target,
        allowed,
    )
    if edges > allowed:
        raise LimitReached(int(edges))
    return Links(*(array.copy() for array in arrays))
