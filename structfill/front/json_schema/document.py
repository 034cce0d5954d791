"""Schema documents as text: parsing with positions in errors, bounds on nesting, and where a JSON pointer points."""

from __future__ import annotations

import json
import re
from typing import Any

from ...errors import Span, SpecError, TooLarge
from .pointers import escape

MAX_NESTING = 300
MAX_BITS = 14_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)
_OPENING = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def parse_document(text: str) -> Any:
    """The JSON value of a schema document.

    Raises `SpecError` with the place: for text that is not JSON, for NaN and infinities, and for a key that occurs
    twice in one object (one of the two would be ignored). Raises `TooLarge` for nesting beyond `MAX_NESTING`.
    """
    _check_text_nesting(text)
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = Span(text, error.pos, error.pos + 1)
        raise SpecError(f"the schema is not JSON: {error.msg}, line {error.lineno}, column {error.colno}",
                        span=place) from None
    except ValueError as error:  # from the hooks, or an integer of thousands of digits
        raise SpecError(f"the schema cannot be read: {error}") from None


def check_size(value: Any) -> None:
    """Raise `TooLarge` if `value` nests deeper than `MAX_NESTING` (or contains itself), or holds an integer of so many
    digits that Python does not write it. No recursion."""
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, int) and item.bit_length() > MAX_BITS:
            raise TooLarge("bits of a number", item.bit_length(), MAX_BITS)
        if depth > MAX_NESTING:
            raise TooLarge("nesting of the schema", depth, MAX_NESTING)
        if isinstance(item, dict):
            waiting += [(part, depth + 1) for part in item.values() if isinstance(part, dict | list | int)]
        elif isinstance(item, list):
            waiting += [(part, depth + 1) for part in item if isinstance(part, dict | list | int)]


def check_json(value: Any) -> None:
    """Raise `SpecError` with the place of what no JSON can hold, such as an object of Python in an annotation."""
    waiting = [(value, "")]
    while waiting:
        item, pointer = waiting.pop()
        if isinstance(item, dict):
            waiting += [(part, f"{pointer}/{escape(str(key))}") for key, part in item.items()]
        elif isinstance(item, list | tuple):
            waiting += [(part, f"{pointer}/{index}") for index, part in enumerate(item)]
        elif not isinstance(item, str | int | float | None):
            raise SpecError(f"{item!r:.80} is no JSON value", pointer=pointer)


def locate(text: str, pointer: str) -> Span | None:
    """Where the value (or, for a missing value, nothing) at a JSON pointer stands in a document."""
    path: list[str | int] = []
    expect_key: list[bool] = []
    key: str | None = None
    for found in _TOKEN.finditer(text):
        token = found.group()
        if expect_key and expect_key[-1] and token.startswith('"'):
            key, expect_key[-1] = json.loads(token, strict=False), False
            path[-1] = key
        elif token == ":":
            continue
        elif token == ",":
            if isinstance(path[-1], int):
                path[-1] += 1
            else:
                expect_key[-1] = True
        elif token in "]}":
            path.pop()
            expect_key.pop()
        else:
            if "".join(f"/{escape(str(part))}" for part in path) == pointer:
                return Span(text, found.start(), found.end())
            if token in "[{":
                path.append(0 if token == "[" else "")
                expect_key.append(token == "{")
    return None


def _check_text_nesting(text: str) -> None:
    depth = 0
    for found in _OPENING.finditer(text):
        token = found.group()
        depth += (token in "[{") - (token in "]}")
        if depth > MAX_NESTING:
            raise TooLarge("nesting of the schema", depth, MAX_NESTING)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} occurs twice in one object")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
