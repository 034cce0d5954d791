"""JSON pointers (RFC 6901)."""

from __future__ import annotations

from typing import Any


def escape(token: str) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return token.replace("~", "~0").replace("/", "~1")


def tokens_of(pointer: str) -> list[str]:
    """The reference tokens of a JSON pointer, as the names that they stand for."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def member(value: Any, name: str) -> Any:
    """The part of an array or object that a reference token names. Raises `LookupError` with the name."""
    if isinstance(value, dict) and name in value:
        return value[name]
    if isinstance(value, list) and name.isascii() and name.isdigit() and len(name) < 10 and int(name) < len(value):
        return value[int(name)]
    raise LookupError(name)
