"""Text that follows nothing: told from the parser's state on top alone, as if any stack stood below it.

A reduction then leads to every state that its nonterminal leads to. So what is refused here follows no stack; what is
not refused may still follow none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .machine import jit

_UNENDED = -2  # in place of a terminal: the text ends first
_ENOUGH = 256  # bytes of a text that are looked at


@jit
def follows_nothing(t: Any, near_ptr: Any, near: Any, text: Any, closes: Any) -> Any:
    """Is it known that `text` (uint8) goes on behind no text? closes: does it end there? `near` as in `bridge`."""
    closes, text = closes and text.shape[0] <= _ENOUGH, text[:_ENOUGH]
    on_top = np.zeros((text.shape[0], t.act.shape[0]), np.bool_)  # by bytes read, the states that may be there
    led_ptr, led = _led(t)
    for at in range(text.shape[0]):
        lexemes = _lexemes(t, near_ptr, near, text, closes, at, on_top[at])
        if (lexemes[:, 1] == _UNENDED).any():
            return False
        lexemes = lexemes[np.argsort(lexemes[:, 1] * text.shape[0] + lexemes[:, 2])]
        first = 0
        for x in range(1, lexemes.shape[0] + 1):
            if x < lexemes.shape[0] and (lexemes[x, 1:] == lexemes[first, 1:]).all():
                continue
            terminal, end = lexemes[first, 1], lexemes[first, 2]
            begun = np.zeros(t.delta.shape[0], np.bool_)
            begun[lexemes[first:x, 0]] = True
            states = begun[t.begin] & (on_top[at] | (at == 0))
            on_top[end] |= states if t.ignored[terminal] else _fed(t, led_ptr, led, states, terminal)
            first = x
    return True


@jit
def _led(t: Any) -> Any:
    """CSR by nonterminal: the states that it leads to."""
    by = np.full(t.act.shape[0], -1, np.int64)
    for p in range(t.goto.shape[0]):
        for n in range(t.goto.shape[1]):
            if t.goto[p, n] >= 0:
                by[t.goto[p, n]] = n
    order = np.argsort(by)[(by < 0).sum() :]
    return np.searchsorted(by[order], np.arange(t.goto.shape[1] + 1)), order


@jit
def _lexemes(t: Any, near_ptr: Any, near: Any, text: Any, closes: Any, at: Any, on_top: Any) -> Any:
    """int64 [n, 3]: lexer state in which a lexeme begins, terminal, and where it ends; of those at the beginning of the
    text some may be spelled before it."""
    found, count = np.empty((64, 3), np.int64), 0
    for begin in np.unique(t.begin if at == 0 else t.begin[on_top]):
        first = near_ptr[begin]  # of the lexer states that follow `begin`, which is the nearest
        for q in near[first : near_ptr[begin + 1] if at == 0 else first + 1]:
            terminal, end = _lexeme(t, text, closes, at, q)
            if terminal == -1 or end == 0:  # where one ends before the text, another state of all is on top
                continue
            if count == found.shape[0]:
                found = np.concatenate((found, found))
            found[count, 0], found[count, 1], found[count, 2] = begin, terminal, end
            count += 1
    return found[:count]


@jit
def _lexeme(t: Any, text: Any, closes: Any, at: Any, q: Any) -> Any:
    """(terminal, or -1 where it dies, end) of a lexeme that is in lexer state q."""
    while at < text.shape[0]:
        k = t.cls[text[at]]
        if t.delta[q, k] < 0:
            return np.int64(t.ends[q, k]), at
        q = np.int64(t.delta[q, k])
        at += 1
    return np.int64(-1 if closes and t.ends[q, t.ends.shape[1] - 1] < 0 else _UNENDED), at


@jit
def _fed(t: Any, led_ptr: Any, led: Any, states: Any, terminal: Any) -> Any:
    """bool [P]: the states that may be on top once one of `states` (bool [P]) was fed a terminal."""
    out, seen, done = np.zeros_like(states), states.copy(), np.zeros(t.goto.shape[1], np.bool_)
    waiting, count = np.empty(states.shape[0], np.int64), 0
    for p in np.flatnonzero(states):
        waiting[count] = p
        count += 1
    while count:
        count -= 1
        action = t.act[waiting[count], terminal]
        if action > 0:
            out[action - 1] = True
        if action >= 0 or done[t.rule[-1 - action, 1]]:
            continue
        n = t.rule[-1 - action, 1]
        done[n] = True
        for p in led[led_ptr[n] : led_ptr[n + 1]]:
            if not seen[p]:
                seen[p] = True
                waiting[count] = p
                count += 1
    return out


__all__ = ["follows_nothing"]
