"""From the functions of a walk to edges, in Numba. What a whole group of states shares is looked at once.

Lists of numbers are hash-consed and compared in full: `ptr`, `member` (CSR), `hashes` and `slots`, a hash table. Hot
loops allocate nothing: Numba counts the references of arrays that a loop replaces in each of its rounds.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..arrays import grown
from ._types import LimitReached, Links
from .copies import opened_bundles
from .storage import rehashed

U64 = np.uint64
ONE = U64(1)


@njit(cache=True, nogil=True)
def _no_lists(most, members):
    """Room for so many lists of so many members in all."""
    size = 1 << 4
    while size < 2 * most:
        size *= 2
    return (np.zeros(most + 2, np.int64), np.empty(most + 1, np.uint64), np.empty(members, np.int32),
            np.full(size, -1, np.int32))


@njit(cache=True, nogil=True, _nrt=False)
def _number(ptr, hashes, member, slots, known, size):
    """(number, lists known) of the list of the `size` members behind the last one."""
    top, hash_ = ptr[known], U64(88172645463325252)
    for x in range(size):
        hash_ = (hash_ ^ U64(member[top + x])) * U64(0x9E3779B97F4A7C15)
        hash_ ^= hash_ >> U64(29)
    mask = U64(slots.shape[0] - 1)
    slot = hash_ & mask
    while slots[slot] >= 0:
        number = slots[slot]
        if hashes[number] == hash_ and ptr[number + 1] - ptr[number] == size:
            x = 0
            while x < size and member[ptr[number] + x] == member[top + x]:
                x += 1
            if x == size:
                return number, known
        slot = (slot + ONE) & mask
    slots[slot], hashes[known], ptr[known + 1] = known, hash_, top + size
    return known, known + 1


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
def _by_target(class_ptr, group, target, targets):
    """The pairs sorted by target, classes ascending: (ptr, group, class); those of target r are ``ptr[r]`` on."""
    ptr = np.zeros(targets + 1, np.int64)
    for r in target:
        ptr[r + 1] += 1
    for r in range(targets):
        ptr[r + 1] += ptr[r]
    groups, classes, place = np.empty(group.shape[0], np.int32), np.empty(group.shape[0], np.int32), ptr[:-1].copy()
    for c in range(class_ptr.shape[0] - 1):
        for x in range(class_ptr[c], class_ptr[c + 1]):
            at = place[target[x]]
            groups[at], classes[at] = group[x], c
            place[target[x]] = at + 1
    return ptr, groups, classes


@njit(cache=True, nogil=True)
def _bundles(ptr, group, class_of, groups, lists):
    """Pairs that share target and group, as (target, group, number of their list of classes), targets ascending; and
    how many lists there are. Pairs are sorted by target."""
    list_ptr, hashes, member, slots = lists
    place, at = np.zeros(groups, np.int32), np.empty(groups, np.int64)
    to, of, number = np.empty(len(group), np.int32), np.empty(len(group), np.int32), np.empty(len(group), np.int32)
    sorted_class, known, count = np.empty(len(group), np.int32), 0, 0
    for r in range(ptr.shape[0] - 1):
        begin = count
        for g in group[ptr[r] : ptr[r + 1]]:
            if not (begin <= place[g] < count and of[place[g]] == g):
                place[g], to[count], of[count], at[g] = count, r, g, 0
                count += 1
            at[g] += 1
        top = ptr[r]
        for b in range(begin, count):
            top, at[of[b]] = top + at[of[b]], top
        for x in range(ptr[r], ptr[r + 1]):
            sorted_class[at[group[x]]] = class_of[x]
            at[group[x]] += 1
        first = ptr[r]
        for b in range(begin, count):
            last, top = at[of[b]], list_ptr[known]
            for x in range(first, last):
                member[top + x - first] = sorted_class[x]
            number[b], known = _number(list_ptr, hashes, member, slots, known, last - first)
            first = last
    return to[:count], of[:count], number[:count], known


@njit(cache=True, nogil=True)
def _members(of, states, kid_ptr, kid):
    """(state, bundle) of every state of the group of every bundle, bundles ascending."""
    sizes, total, count = np.ones(states + kid_ptr.shape[0] - 1, np.int64), 0, 0
    for g in range(kid_ptr.shape[0] - 1):  # kids come before the groups that have them
        sizes[states + g] = 0
        for k in kid[kid_ptr[g] : kid_ptr[g + 1]]:
            sizes[states + g] += sizes[k]
    for g in of:
        total += sizes[g]
    state, bundle = np.empty(total, np.int32), np.empty(total, np.int32)
    stack = np.empty(kid.shape[0] + 1, np.int32)
    for b in range(of.shape[0]):
        stack[0], size = of[b], 1
        while size:
            size -= 1
            g = stack[size]
            if g < states:
                state[count], bundle[count] = g, b
                count += 1
            else:
                for x in range(kid_ptr[g - states], kid_ptr[g - states + 1]):
                    stack[size] = kid[x]
                    size += 1
    return state, bundle


@njit(cache=True, nogil=True)
def _edges(to, number, known, ptr, bundle, unions, max_edges):
    """The edges of every state, targets ascending: its bundles that share a target make one. Its list of classes is
    that of a lone bundle, or ``known`` + the number of a list of such lists; returns how many of these there are."""
    union_ptr, hashes, member, slots = unions
    source, target, set_of = np.empty(len(bundle), np.int32), np.empty(len(bundle), np.int32), bundle.copy()
    known_unions, edges = 0, 0
    for q in range(ptr.shape[0] - 1):
        first = ptr[q]
        while first < ptr[q + 1]:
            last, r = first + 1, to[bundle[first]]
            while last < ptr[q + 1] and to[bundle[last]] == r:
                last += 1
            found = number[bundle[first]]
            if last - first > 1:
                top = union_ptr[known_unions]
                for x in range(first, last):
                    member[top + x - first] = number[bundle[x]]
                found, known_unions = _number(union_ptr, hashes, member, slots, known_unions, last - first)
                found += known
            source[edges], target[edges], set_of[edges] = q, r, found
            edges, first = edges + 1, last
        if edges > max_edges:
            break
    return edges, source[:edges], target[:edges], set_of[:edges], known_unions


@njit(cache=True, nogil=True)
def _united(unions, many, lists, known, classes):
    """The number of the list of classes that each list of lists stands for, ascending, and the lists' CSR."""
    union_ptr, union_member = unions[0], unions[2]
    ptr, hashes, member, slots = lists
    marked, number = np.zeros(classes, np.bool_), np.empty(many, np.int32)
    for u in range(many):
        size = 0
        for s in union_member[union_ptr[u] : union_ptr[u + 1]]:
            for c in member[ptr[s] : ptr[s + 1]]:
                marked[c] = True
                size += 1
        if ptr[known] + size > member.shape[0]:
            member = grown(member, ptr[known] + size)
        if known + 1 >= hashes.shape[0]:
            ptr, hashes = grown(ptr, 2 * hashes.shape[0] + 2), grown(hashes, 2 * hashes.shape[0] + 1)
            slots = rehashed(hashes, 0, known, 4 * slots.shape[0])
        at = ptr[known]
        for c in range(classes):
            if marked[c]:
                member[at], marked[c] = c, False
                at += 1
        number[u], known = _number(ptr, hashes, member, slots, known, size)
    return number, ptr, member, known


@njit(cache=True, nogil=True)
def _numbered(set_of, list_ptr, list_member, known):
    """Number the lists that edges have by first appearance, in place; returns them as CSR."""
    new, count, total = np.full(known, -1, np.int32), 0, 0
    kept = np.empty(known, np.int32)
    for e in range(set_of.shape[0]):
        s = set_of[e]
        if new[s] < 0:
            new[s], kept[count] = count, s
            total += list_ptr[s + 1] - list_ptr[s]
            count += 1
        set_of[e] = new[s]
    ptr, member = np.zeros(count + 1, np.int64), np.empty(total, np.int32)
    for s in range(count):
        first, last = list_ptr[kept[s]], list_ptr[kept[s] + 1]
        ptr[s + 1] = ptr[s] + last - first
        member[ptr[s] : ptr[s + 1]] = list_member[first:last]
    return ptr, member


def link(states, walked, max_edges):
    """See the package."""
    allowed, classes, pairs = min(max_edges, (1 << 31) - 1), len(walked.ptr) - 1, len(walked.group)
    shared = 0 if walked.copies is None else len(walked.copies.many)
    targets = states + shared if walked.moves is None else len(walked.moves)
    groups = states + len(walked.kid_ptr) - 1
    lists = _no_lists(pairs, pairs)
    to, of, number, known = _bundles(*_by_target(walked.ptr, walked.group, walked.target, targets), groups, lists)
    if shared:
        to, of, number = opened_bundles(to, of, number, states, targets, walked.copies)
    state, bundle = _members(of, states, walked.kid_ptr, walked.kid)
    ptr, order = _csr(state, states)
    unions = _no_lists(len(state) // 2, len(state))
    edges, source, target, set_of, many = _edges(to, number, known, ptr, bundle[order], unions, allowed)
    if edges > allowed:
        raise LimitReached(int(edges))
    united, list_ptr, member, total = _united(unions, many, lists, known, classes)
    set_of = np.concatenate([np.arange(known, dtype=np.int32), united])[set_of]
    return Links(source.copy(), target.copy(), set_of, *_numbered(set_of, list_ptr, member, total))
