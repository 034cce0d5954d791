"""`unevaluatedProperties` and `unevaluatedItems`: what no schema beside them that holds has spoken of.

Names (indexes) fall into classes that are alike in which schemas speak of them. For each class: one of these schemas
holds, or its values satisfy the keyword's schema. So the keyword is a formula over those that are there anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ....automaton.char_dfa import CharDFA
from ....errors import UnsupportedFeature
from .. import atoms as at
from ..dialect import Dialect
from ..formula import TRUE, Formula, conj, disj, negate
from ..pointers import escape
from .objects import there
from .scalars import language

if TYPE_CHECKING:
    from ..lower import Lowering

MAX_DEPTH, MAX_BRANCHES = 40, 2_000
MAX_PATTERNS = 8
MAX_CONTAINS = 6


class _Branch(NamedTuple):
    """A schema about the same value, and when it holds."""

    holds: Formula
    schema: dict[str, Any]
    place: str
    contained: str | None  # the key of what `contains` says


def properties(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`unevaluatedProperties`"""
    key = low.child(schema["unevaluatedProperties"], place)
    parent = place.rpartition("/")[0]
    branches = _branches(low, schema, parent, "unevaluatedProperties")
    of_all = [b.holds for b in branches if {"additionalProperties", "unevaluatedProperties"} & _other(b, parent)]
    names = {name: None for b in branches for name in b.schema.get("properties", {})}
    patterns = [(b.holds, language(low, regex, "", f"{b.place}/patternProperties/{escape(regex)}"))
                for b in branches for regex in b.schema.get("patternProperties", {})]
    parts: list[Formula] = []
    for name in names:
        spoken = [b.holds for b in branches if name in b.schema.get("properties", {})]
        spoken += [holds for holds, pattern in patterns if pattern.accepts(name)]
        parts.append(disj([*of_all, *spoken, at.Property(name, key)]))
    languages = list({pattern.key: pattern for _, pattern in patterns}.values())
    if len(languages) > MAX_PATTERNS:
        raise UnsupportedFeature("unevaluatedProperties", "unevaluatedProperties beside more than "
                                 f"{MAX_PATTERNS} patterns is not supported", pointer=place)
    for chosen in range(1 << len(languages)):  # names that match these patterns and no others
        inside = [p for i, p in enumerate(languages) if chosen >> i & 1]
        outside = tuple(p for i, p in enumerate(languages) if not chosen >> i & 1)
        spoken = [holds for holds, pattern in patterns if any(pattern.key == p.key for p in inside)]
        parts.append(disj([*of_all, *spoken, _others(frozenset(names), inside, outside, key)]))
    return conj(parts)


def _other(branch: _Branch, place: str) -> set[str]:
    """The keywords of a branch, without the one that is being lowered."""
    return set(branch.schema) - ({"unevaluatedProperties", "unevaluatedItems"} if branch.place == place else set())


def _others(names: frozenset[str], inside: list[CharDFA], outside: tuple[CharDFA, ...], key: str) -> Formula:
    if not inside:
        return at.OtherProperties(names, outside, key)
    matching = inside[0]
    for pattern in inside[1:]:
        matching &= pattern
    for pattern in outside:
        matching -= pattern
    return at.Matching(matching - CharDFA.words(names) if names else matching, key)


def items(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`unevaluatedItems`"""
    parent = place.rpartition("/")[0]
    branches = _branches(low, schema, parent, "unevaluatedItems")
    tuples = [(b.holds, len(prefix)) for b in branches if (prefix := _prefix(b.schema))]
    of_all = [b.holds for b in branches if "unevaluatedItems" in _other(b, parent)
              or ("items" in b.schema and not isinstance(b.schema["items"], list))
              or (isinstance(b.schema.get("items"), list) and "additionalItems" in b.schema)]
    key = low.child(schema["unevaluatedItems"], place)
    contained = [(b.holds, b.contained) for b in branches
                 if b.contained is not None and low.dialect(place) >= Dialect.DRAFT2020]
    if len(contained) > MAX_CONTAINS:
        raise UnsupportedFeature("unevaluatedItems", f"unevaluatedItems beside more than {MAX_CONTAINS} contains is "
                                 "not supported", pointer=place)
    longest = max((size for _, size in tuples), default=0)
    parts: list[Formula] = []
    for chosen in range(1 << len(contained)):  # these do not hold, so their items do not count as evaluated
        absent = [holds for i, (holds, _) in enumerate(contained) if chosen >> i & 1]
        allowed = low.either([key, *(k for i, (_, k) in enumerate(contained) if not chosen >> i & 1)], place)
        parts += [disj([*of_all, *absent, *(holds for holds, size in tuples if size > i), at.ItemAt(i, allowed)])
                  for i in range(longest)]
        parts.append(disj([*of_all, *absent, at.ItemsFrom(longest, allowed)]))
    return conj(parts)


def _prefix(schema: dict[str, Any]) -> list[Any]:
    found = schema["items"] if isinstance(schema.get("items"), list) else schema.get("prefixItems")
    return found if isinstance(found, list) else []


class _Branches:
    """The schema itself and all in it that are about the same value, except below `not`."""

    def __init__(self, low: Lowering, keyword: str) -> None:
        self.low, self.keyword = low, keyword
        self.found: list[_Branch] = []

    def add(self, schema: Any, place: str, holds: Formula, depth: int = 0) -> None:
        """Note a schema and what is in it, if it `holds`."""
        if not isinstance(schema, dict):
            return
        if depth > MAX_DEPTH or len(self.found) > MAX_BRANCHES:
            raise UnsupportedFeature(self.keyword, f"{self.keyword} beside more than {MAX_BRANCHES} schemas, or such "
                                     f"that nest more than {MAX_DEPTH} times, is not supported", pointer=place)
        low, schema = self.low, self.low.effective(schema, place)
        schema = {key: value for key, value in schema.items() if low.knows(key, place)}
        contained = low.child(schema["contains"], f"{place}/contains") if "contains" in schema else None
        self.found.append(_Branch(holds, schema, place, contained))
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            if key in schema:
                value, target = low.target(schema, key, place)
                with low.inside(target):
                    self.add(value, target, holds, depth + 1)
        self._alternatives(schema, place, holds, depth)
        for name, part in schema.get("dependentSchemas", {}).items():
            here = f"{place}/dependentSchemas/{escape(name)}"
            self.add(part, here, conj([holds, there(name)]), depth + 1)

    def _alternatives(self, schema: dict[str, Any], place: str, holds: Formula, depth: int) -> None:
        low = self.low
        for key in ("allOf", "anyOf", "oneOf"):
            for i, part in enumerate(schema.get(key, [])):
                here = f"{place}/{key}/{i}"
                condition = holds if key == "allOf" else conj([holds, low.same_value(part, here)])
                self.add(part, here, condition, depth + 1)
        if "if" in schema:
            tested = low.same_value(schema["if"], f"{place}/if")
            self.add(schema["if"], f"{place}/if", conj([holds, tested]), depth + 1)
            for key, condition in (("then", tested), ("else", negate(tested))):
                if key in schema:
                    self.add(schema[key], f"{place}/{key}", conj([holds, condition]), depth + 1)


def _branches(low: Lowering, schema: dict[str, Any], place: str, keyword: str) -> list[_Branch]:
    branches = _Branches(low, keyword)
    branches.add(schema, place, TRUE)
    return branches.found
