"""JSON texts as values that know where they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

_BLANK = re.compile(r"[ \t\r\n]*")


class Part(NamedTuple):
    """A value in the text, or a key."""

    start: int
    end: int
    value: Any
    key: Part | None = None
    members: Sequence[tuple[str | int, Part]] = ()  # of a key that comes twice, all


def read_part(text: str, at: int, key: Part | None = None) -> Part:
    """The value that begins `at`."""
    if text[at] not in "[{":
        value, end = json.JSONDecoder().raw_decode(text, at)
        return Part(at, end, value, key)
    start, listed, members = at, text[at] == "[", list[tuple[str | int, Part]]()
    at = past(text, at + 1)
    while text[at] not in "]}":
        name = None if listed else read_part(text, at)
        if name is not None:
            at = past(text, past(text, name.end) + 1)  # behind the colon
        part = read_part(text, at, name)
        members.append((len(members) if name is None else name.value, part))
        at = past(text, part.end)
        if text[at] == ",":
            at = past(text, at + 1)
    values = [(name, part.value) for name, part in members]
    return Part(start, at + 1, [value for _, value in values] if listed else dict(values), key, members)


def past(text: str, at: int) -> int:
    """Behind blanks."""
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]
