"""A compact, human-readable outline of a JSON Schema, shown to the model after the text.

The outline is a hint and never a constraint: it may leave things out, and it must never fail. Schemas are
hostile input, so recursion is bounded in depth, in the number of nodes visited and in the characters written.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .pointers import member, tokens_of

MAX_DEPTH = 8
MAX_NODES = 1000
MAX_CHOICES = 16
_MAX_LITERAL = 60
_PLAIN_KEY = re.compile(r"[\w$.\-]{1,80}\Z")
_DATE_PATTERNS = frozenset(
    {
        r"^\d{4}-\d{2}-\d{2}$",
        r"\d{4}-\d{2}-\d{2}",
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        r"^\d\d\d\d-\d\d-\d\d$",
        r"^\d{4}-\d\d-\d\d$",
    }
)
_SHORT = {"string", "integer", "number", "boolean", "null"}


def outline(schema: dict[str, Any] | bool, max_chars: int = 2000) -> str:
    """Describe `schema` in one line such as `{name: string, tags: [string], status?: "a"|"b"}`.

    `?` after a key marks a property that is not required; `date` is a string of the form YYYY-MM-DD; what is
    not understood is `any`. At most `max_chars` characters; never raises on any JSON value.
    """
    text = _Writer(schema, max_chars).type(schema, 0)
    return text if len(text) <= max_chars else text[:max_chars]


class _Writer:
    """One walk over one schema, with its budgets."""

    def __init__(self, root: Any, max_chars: int) -> None:
        self.root = root
        self.nodes = MAX_NODES
        self.chars = max_chars

    def type(self, schema: Any, depth: int) -> str:
        """The outline of one schema node."""
        self.nodes -= 1
        if depth > MAX_DEPTH or self.nodes < 0 or self.chars < 0:
            return "any"
        schema = self._resolve(schema)
        if not isinstance(schema, dict):
            return "any"
        if "const" in schema:
            return self._spend(_literal(schema["const"]))
        choices = schema.get("enum")
        if isinstance(choices, list) and choices:
            shown = [_literal(c) for c in choices[:MAX_CHOICES]]
            if len(choices) > MAX_CHOICES:
                shown.append("...")
            return self._spend("|".join(shown))
        for keyword in ("anyOf", "oneOf"):
            branches = schema.get(keyword)
            if isinstance(branches, list) and branches:
                return self._union([self.type(b, depth + 1) for b in branches[:MAX_CHOICES]])
        kinds = schema.get("type")
        if isinstance(kinds, list) and kinds:
            return self._union([self._kind(k, schema, depth) for k in kinds[:MAX_CHOICES]])
        if isinstance(kinds, str):
            return self._kind(kinds, schema, depth)
        if any(k in schema for k in ("properties", "additionalProperties", "required")):
            return self._object(schema, depth)
        if "items" in schema or "prefixItems" in schema:
            return self._array(schema, depth)
        branches = schema.get("allOf")
        if isinstance(branches, list) and branches:
            parts = [self.type(b, depth + 1) for b in branches[:MAX_CHOICES]]
            return " & ".join(p for p in parts if p != "any") or "any"
        return "string" if "pattern" in schema or "format" in schema else "any"

    def _kind(self, kind: Any, schema: dict[str, Any], depth: int) -> str:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind == "string":
            pattern = schema.get("pattern")
            is_date = schema.get("format") == "date" or (
                isinstance(pattern, str) and pattern in _DATE_PATTERNS
            )
            return self._spend("date" if is_date else "string")
        return self._spend(kind if isinstance(kind, str) and kind in _SHORT else "any")

    def _object(self, schema: dict[str, Any], depth: int) -> str:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            extra = schema.get("additionalProperties")
            return "{...: " + self.type(extra, depth + 1) + "}" if isinstance(extra, dict) else "object"
        required = schema.get("required")
        names = {n for n in required if isinstance(n, str)} if isinstance(required, list) else set()
        parts = []
        for key, value in properties.items():
            if self.nodes <= 0 or self.chars <= 0:
                parts.append("...")
                break
            key = str(key)
            shown = self._spend(key if _PLAIN_KEY.match(key) else _literal(key))
            parts.append(f"{shown}{'' if key in names else '?'}: {self.type(value, depth + 1)}")
        return "{" + ", ".join(parts) + "}"

    def _array(self, schema: dict[str, Any], depth: int) -> str:
        prefix = schema.get("prefixItems")
        if isinstance(prefix, list) and prefix:
            parts = [self.type(p, depth + 1) for p in prefix[:MAX_CHOICES]]
            if isinstance(schema.get("items"), dict):
                parts.append("..." + self.type(schema["items"], depth + 1))
            return "[" + ", ".join(parts) + "]"
        return "[" + self.type(schema.get("items"), depth + 1) + "]"

    def _union(self, parts: list[str]) -> str:
        return "|".join(dict.fromkeys(parts))

    def _spend(self, text: str) -> str:
        self.chars -= len(text) + 4
        return text

    def _resolve(self, schema: Any) -> Any:
        """Follow local references, a bounded number of times."""
        for _ in range(16):
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str):
                return schema
            if not reference.startswith("#"):
                return None
            schema = self.root
            try:
                for name in tokens_of(reference[1:])[:39]:
                    schema = member(schema, name)
            except LookupError:
                return None
        return None


def _literal(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "object" if isinstance(value, dict) else "array"
    if isinstance(value, str) and len(value) > _MAX_LITERAL:
        value = value[: _MAX_LITERAL - 3] + "..."
    try:
        return json.dumps(value, ensure_ascii=False)[: _MAX_LITERAL + 10]
    except (TypeError, ValueError):
        return "any"
