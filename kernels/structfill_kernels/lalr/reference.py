"""The contract in plain Python: configurations are (stack as a tuple of states, lexer state), nothing is remembered."""

from __future__ import annotations

from typing import Any

Configuration = tuple[tuple[int, ...], int]
ENDED: Configuration = ((), 0)


def feed(t: Any, stack: tuple[int, ...], terminal: int) -> tuple[int, ...] | None:
    """The stack after all reductions that `terminal` asks for and its shift, or None."""
    while True:
        action = int(t.act[stack[-1], terminal])
        if action == 0:
            return None
        if action > 0:
            return (*stack, action - 1)
        size, left = t.rule[-1 - action].tolist()
        stack = stack[:len(stack) - size]
        stack = (*stack, int(t.goto[stack[-1], left]))


def alive(t: Any, c: Configuration) -> bool:
    """Can the lexeme become something that the stack takes, or the text end where none has begun?"""
    stack, q = c
    found = t.lex_term[t.lex_ptr[q]:t.lex_ptr[q + 1]].tolist()
    if any(t.ignored[x] or feed(t, stack, x) for x in found):
        return True
    return q == t.begin[stack[-1]] and feed(t, stack, len(t.ignored) - 1) is not None


def step(t: Any, c: Configuration, byte: int) -> Configuration | None:
    """The configuration after a byte, alive or not; None where it cannot follow."""
    (stack, q), k = c, int(t.cls[byte])
    if t.delta[q, k] >= 0:
        return stack, int(t.delta[q, k])
    terminal = int(t.ends[q, k])
    if terminal < 0:
        return None
    after = stack if t.ignored[terminal] else feed(t, stack, terminal)
    if after is None or t.delta[t.begin[after[-1]], k] < 0:
        return None
    return after, int(t.delta[t.begin[after[-1]], k])


def run(t: Any, c: Configuration | None, text: bytes) -> Configuration | None:
    """The configuration after some bytes, None where they cannot follow or nothing can follow them."""
    for byte in text:
        if c is None:
            return None
        c = step(t, c, byte)
    return c if c is not None and alive(t, c) else None


def may_end(t: Any, c: Configuration) -> bool:
    """May the text end here?"""
    (stack, q), end = c, len(t.ignored) - 1
    if q != t.begin[stack[-1]]:
        terminal = int(t.ends[q, -1])
        if terminal < 0:
            return False
        after = stack if t.ignored[terminal] else feed(t, stack, terminal)
        if after is None:
            return False
        stack = after
    return feed(t, stack, end) is not None


def canvases(t: Any, first: Configuration, spellings: list[bytes], ends: list[int], stops: set[int],
             length: int) -> list[tuple[int, ...]]:
    """All valid canvases. ends: tokens behind the end of the text; stops: those of them that end it."""
    found: list[tuple[tuple[int, ...], Configuration]] = [((), first)]
    for _ in range(length):
        longer = []
        for tokens, c in found:
            if c != ENDED:
                longer += [((*tokens, i), after) for i, s in enumerate(spellings) if s and (after := run(t, c, s))]
            if c == ENDED or may_end(t, c):
                longer += [((*tokens, i), ENDED) for i in ends if c == ENDED or i in stops]
        found = longer
    return [tokens for tokens, c in found if c == ENDED or may_end(t, c)]
