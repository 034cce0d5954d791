"""Stacks, configurations and their moves. Numba; integers only."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from ._types import DEAD, ENDED

jit = nb.njit(cache=True, nogil=True)


@jit
def slot(keys: Any, key: Any) -> Any:
    """The place of `key` in an open-addressing table, or where it would go. Tables are never full."""
    mask = keys.shape[0] - 1
    h = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    place = np.int64(h >> np.uint64(20)) & mask
    while keys[place] != -1 and keys[place] != key:
        place = (place + 1) & mask
    return place


@jit
def push(s: Any, parent: Any, state: Any) -> Any:
    """The stack `parent` with `state` on it; DEAD where the store is full."""
    key = (np.int64(parent) + 1) << 24 | np.int64(state)
    at = slot(s.node_key, key)
    if s.node_key[at] == key:
        return np.int64(s.node_val[at])
    new = s.count[0]
    if new >= s.node.shape[0]:
        s.count[3] = 1
        return np.int64(DEAD)
    s.count[0] = new + 1
    s.node_key[at] = key
    s.node_val[at] = new
    s.node[new, 0] = parent
    s.node[new, 1] = state
    return new


@jit
def feed(t: Any, s: Any, node: Any, terminal: Any) -> Any:
    """The stack after all reductions that `terminal` asks for and its shift, or DEAD; remembered."""
    if t.act[s.node[node, 1], terminal] == 0:
        return np.int64(DEAD)
    key = np.int64(node) * t.act.shape[1] + terminal
    at = slot(s.fed_key, key)
    if s.fed_key[at] == key:
        return np.int64(s.fed_val[at])
    now = np.int64(node)
    while now >= 0:
        action = t.act[s.node[now, 1], terminal]
        if action == 0:
            now = np.int64(DEAD)
        elif action > 0:
            now = push(s, now, action - 1)
            break
        else:
            for _ in range(t.rule[-1 - action, 0]):
                now = np.int64(s.node[now, 0])
            now = push(s, now, t.goto[s.node[now, 1], t.rule[-1 - action, 1]])
    if 2 * s.count[2] >= s.fed_key.shape[0]:
        s.count[3] = 1
    elif s.count[3] == 0:
        s.fed_key[at] = key
        s.fed_val[at] = now
        s.count[2] += 1
    return now


@jit
def config(t: Any, s: Any, node: Any, q: Any) -> Any:
    """The configuration of a stack and a lexer state; DEAD if the lexeme can become nothing that the stack takes."""
    key = np.int64(node) * t.delta.shape[0] + q
    at = slot(s.conf_key, key)
    if s.conf_key[at] == key:
        return np.int64(s.conf_val[at])
    found = np.int64(DEAD)
    for x in range(t.lex_ptr[q], t.lex_ptr[q + 1]):
        terminal = t.lex_term[x]
        if t.ignored[terminal] or feed(t, s, node, terminal) >= 0:
            found = s.count[1]
            break
    if found < 0 and q == t.begin[s.node[node, 1]] and feed(t, s, node, t.act.shape[1] - 1) >= 0:
        found = s.count[1]  # nothing but the end of the text can follow
    if s.count[3]:
        return np.int64(DEAD)
    if found >= 0:
        if found >= s.conf.shape[0]:
            s.count[3] = 1
            return np.int64(DEAD)
        s.count[1] += 1
        s.conf[found, 0] = node
        s.conf[found, 1] = q
    if 2 * s.count[4] >= s.conf_key.shape[0]:
        s.count[3] = 1
        return np.int64(DEAD)
    s.count[4] += 1
    s.conf_key[at] = key
    s.conf_val[at] = found
    return found


@jit
def step(t: Any, s: Any, node: Any, q: Any, byte: Any) -> Any:
    """(stack, lexer state) after a byte; a stack of DEAD where it cannot follow.

    The longest lexeme counts: it ends only where it cannot go on. A lexeme that went on in vain is DEAD here although
    a lexer would go back to where it last ended: a sound part of the language.
    """
    k = t.cls[byte]
    after = np.int64(t.delta[q, k])
    if after >= 0:
        return np.int64(node), after
    terminal = t.ends[q, k]
    if terminal < 0:
        return np.int64(DEAD), np.int64(0)
    now = np.int64(node) if t.ignored[terminal] else feed(t, s, node, terminal)
    if now < 0:
        return np.int64(DEAD), np.int64(0)
    after = np.int64(t.delta[t.begin[s.node[now, 1]], k])
    if after < 0:
        return np.int64(DEAD), np.int64(0)
    return now, after


@jit
def may_end(t: Any, s: Any, c: Any) -> Any:
    """May the text end in this configuration? Remembered in ``s.rest[c, 3]``, unless the store is full."""
    if s.rest[c, 3] >= 0:
        return s.rest[c, 3] == 1
    node, q, end = np.int64(s.conf[c, 0]), s.conf[c, 1], t.act.shape[1] - 1
    if q != t.begin[s.node[node, 1]]:
        terminal = t.ends[q, t.ends.shape[1] - 1]
        if terminal < 0:
            node = np.int64(DEAD)
        elif not t.ignored[terminal]:
            node = feed(t, s, node, terminal)
    if node >= 0:
        node = feed(t, s, node, end)
    if s.count[3] == 0:
        s.rest[c, 3] = node >= 0
    return node >= 0


@jit
def spell(t: Any, s: Any, w: Any, c: Any, token: Any) -> Any:
    """The configuration after a text token, or DEAD."""
    first, last = w.ptr[token], w.ptr[token + 1]
    if c == ENDED or first == last:
        return np.int64(DEAD)
    node, q = np.int64(s.conf[c, 0]), np.int64(s.conf[c, 1])
    for i in range(first, last):
        node, q = step(t, s, node, q, w.text[i])
        if node < 0:
            return np.int64(DEAD)
    return config(t, s, node, q)


@jit
def advance(t: Any, s: Any, w: Any, special: Any, c: Any, token: Any) -> Any:
    """The configuration after any token, or DEAD. special: int8 [V], 1 ends the text, 2 only pads behind its end."""
    if c < 0 or token < 0 or token >= special.shape[0]:
        return np.int64(DEAD)
    if special[token] or c == ENDED:
        if c == ENDED:
            return np.int64(ENDED if special[token] else DEAD)
        return np.int64(ENDED if special[token] == 1 and may_end(t, s, c) else DEAD)
    return spell(t, s, w, c, token)


@jit
def follow(t: Any, s: Any, w: Any, special: Any, first: Any, tokens: Any) -> Any:
    """int64 [N + 1], the configurations along some tokens; DEAD from where they cannot follow."""
    out = np.full(tokens.shape[0] + 1, DEAD, np.int64)
    out[0] = first
    for i in range(tokens.shape[0]):
        out[i + 1] = advance(t, s, w, special, out[i], tokens[i])
    return out


@jit
def root(t: Any, s: Any, states: Any, q: Any) -> Any:
    """The configuration of a stack, given from the bottom, and a lexer state (-1: where a lexeme begins)."""
    node = np.int64(-1)
    for state in states:
        node = push(s, node, state)
    return config(t, s, node, t.begin[s.node[node, 1]] if q < 0 else q)


@jit
def run(t: Any, s: Any, c: Any, text: Any) -> Any:
    """The configuration after some bytes, or DEAD."""
    node, q = np.int64(s.conf[c, 0]), np.int64(s.conf[c, 1])
    for byte in text:
        node, q = step(t, s, node, q, byte)
        if node < 0:
            return np.int64(DEAD)
    return config(t, s, node, q)


@jit
def nesting(s: Any, node: Any) -> Any:
    """How often the state that a stack holds most often is on it."""
    most = 0
    while node >= 0:
        same, under = 0, np.int64(node)
        while under >= 0:
            same += s.node[under, 1] == s.node[node, 1]
            under = np.int64(s.node[under, 0])
        most = max(most, same)
        node = np.int64(s.node[node, 0])
    return most


@jit
def enumerate_configurations(t: Any, s: Any, first: Any, depth: Any, most: Any) -> Any:
    """Breadth first, all configurations whose stacks hold no state more than `depth` times.

    Returns (delta int32 [n, K] over configurations numbered from 0 as found, accepting bool [n], n, left out by the
    bound?); stops early past `most` or where the store is full.
    """
    classes = t.delta.shape[1]
    byte_of = np.full(classes, -1, np.int64)
    for byte in range(256):
        byte_of[t.cls[byte]] = byte
    order = np.full(s.conf.shape[0], -1, np.int32)
    queue = np.empty(most + classes + 2, np.int32)
    delta = np.full((most + 1, classes), -1, np.int32)
    accepting = np.zeros(most + 1, np.bool_)
    shallow = np.full(s.node.shape[0], -1, np.int8)
    queue[0] = first
    order[first] = 0
    count, at, cut = 1, 0, False
    while at < count <= most and s.count[3] == 0:
        c = queue[at]
        accepting[at] = may_end(t, s, c)
        for k in range(classes):
            if byte_of[k] < 0:
                continue
            node, q = step(t, s, s.conf[c, 0], s.conf[c, 1], byte_of[k])
            if node < 0:
                continue
            if shallow[node] < 0:
                shallow[node] = nesting(s, node) <= depth
            if not shallow[node]:
                cut = True
                continue
            after = config(t, s, node, q)
            if after < 0:
                continue
            if order[after] < 0:
                order[after] = count
                queue[count] = after
                count += 1
            delta[at, k] = order[after]
        at += 1
    return delta[:at].copy(), accepting[:at].copy(), count, cut


@jit
def refill(old: Any, new: Any) -> None:
    """Everything of a store into a larger empty one; numbers stay, what is remembered of feeds and dead ends goes."""
    new.node[:old.count[0]] = old.node[:old.count[0]]
    new.plan[:old.count[0]] = old.plan[:old.count[0]]
    new.conf[:old.count[1]] = old.conf[:old.count[1]]
    new.rest[:old.count[1]] = old.rest[:old.count[1]]
    new.count[0], new.count[1] = old.count[0], old.count[1]
    for i in range(old.count[0]):
        key = (np.int64(old.node[i, 0]) + 1) << 24 | np.int64(old.node[i, 1])
        at = slot(new.node_key, key)
        new.node_key[at] = key
        new.node_val[at] = i


@jit
def rehash_configurations(t: Any, s: Any) -> None:
    """The table of configurations, made anew after `refill`."""
    for i in range(1, s.count[1]):
        key = np.int64(s.conf[i, 0]) * t.delta.shape[0] + s.conf[i, 1]
        at = slot(s.conf_key, key)
        s.conf_key[at] = key
        s.conf_val[at] = i
        s.count[4] += 1


@jit
def fill_words(parent: Any, byte: Any, end: Any, key: Any, child: Any, token: Any) -> None:
    """The hash table of a `token_walk.Trie`, and the lowest token that ends at each node."""
    for prefix in range(parent.shape[0]):
        one = np.int64(parent[prefix]) * 256 + byte[prefix]
        at = slot(key, one)
        key[at] = one
        child[at] = prefix + 1
    for i in range(end.shape[0] - 1, -1, -1):
        if end[i] > 0:
            token[end[i]] = i
