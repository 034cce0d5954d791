"""Sets of characters exactly as Python's `re` reads them: its own classes, case folding and flags, asked of `re`."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from re import _constants as op
from typing import Any

from structfill.automaton.charset import CharSet

_MATTERS = re.IGNORECASE | re.ASCII
_CATEGORIES = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s",
               op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W"}
_SCALARS = CharSet.of([(0, 0xD7FF), (0xE000, 0x10FFFF)])  # a UTF-8 text holds no surrogates


def any_character(flags: int) -> CharSet:
    """What ``.`` matches."""
    return _SCALARS if flags & re.DOTALL else _SCALARS - CharSet.chars("\n")


def literal(code: int, flags: int) -> CharSet:
    """What the character `code` matches, other spellings of its letter included where case is ignored."""
    own = CharSet.of([(code, code)]) & _SCALARS
    if not flags & re.IGNORECASE:
        return own
    others = re.compile(_spelled(code), flags & _MATTERS).findall(_cased())
    return own | CharSet.chars("".join(others))


def one_of(items: list[tuple[Any, Any]], flags: int) -> CharSet:
    """What a bracketed class of `re`'s parse tree matches."""
    parts = []
    for kind, value in items:
        if kind is op.NEGATE:
            parts.append("^")
        elif kind is op.LITERAL:
            parts.append(_spelled(value))
        elif kind is op.RANGE:
            parts.append(f"{_spelled(value[0])}-{_spelled(value[1])}")
        else:
            parts.append(_CATEGORIES[value])
    return _matched(f"[{''.join(parts)}]", flags & _MATTERS)


def word(flags: int) -> CharSet:
    """The characters between which and the others ``\\b`` matches."""
    return _matched(r"\w", flags & re.ASCII)


def _spelled(code: int) -> str:
    return f"\\U{code:08x}"


@lru_cache(maxsize=4096)
def _matched(pattern: str, flags: int) -> CharSet:
    """The characters that a pattern of one character matches."""
    found = re.compile(f"(?:{pattern})+", flags).finditer(_everything())
    return CharSet.of((ord(m[0][0]), ord(m[0][-1])) for m in found) & _SCALARS


@cache
def _everything() -> str:
    return "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))


@cache
def _cased() -> str:
    """All characters that have another case."""
    return "".join(c for c in _everything() if c.lower() != c or c.upper() != c)
