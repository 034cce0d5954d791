"""A value that the type's own validators refuse: the failing field alone is opened again and filled anew.

What a validator wants is not in the schema, so it cannot be compiled; but a hole with text on both sides can. The
hole's language is what the constraint allows there, given what stands left and right of it, less what was tried.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from .errors import RefusedValue
from .front.between import Between
from .front.json_schema.constraint import JsonSchema
from .front.json_schema.document import locate
from .front.json_schema.pointers import escape

_BLANKS = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')


def reopened(constraint: JsonSchema, text: str, refused: RefusedValue, tried: dict[str, set[str]]) -> Between:
    """The constraint with the refused field of `text` open. `tried` collects by place what was refused."""
    place = _place(json.loads(text), refused.place)
    if not place:  # the whole value; without whitespace, or it might come again in another layout
        tried.setdefault(place, set()).add(_BLANKS.sub(lambda found: found.group(1) or "", text))
        return Between(constraint.compact(), "", "", frozenset(tried[place]))
    span = locate(text, place)
    assert span is not None  # the text is JSON and has the place
    _, end = json.JSONDecoder().raw_decode(text, span.start)
    tried.setdefault(place, set()).add(text[span.start:end])
    return Between(constraint, text[:span.start], text[end:], frozenset(tried[place]))


def _place(value: Any, path: Iterable[str | int]) -> str:
    """The JSON pointer of a field; steps that name an alternative of a union are not in the value."""
    pointer = ""
    for step in path:
        if isinstance(value, list):
            value = dict(enumerate(value))
        if isinstance(value, dict) and step in value:
            value, pointer = value[step], f"{pointer}/{escape(str(step))}"
    return pointer
