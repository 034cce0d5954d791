"""Keywords about any kind of value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ....automaton.char_dfa import CharDFA
from ....errors import SpecError
from .. import atoms as at
from ..dialect import Dialect
from ..formula import Atom, Formula, conj, disj, negate
from ..numbers import spelled
from ..pointers import escape
from .reading import check_name, exact, kind_name

if TYPE_CHECKING:
    from ..lower import Lowering

TYPES = {
    "null": at.NULL, "boolean": at.TRUE_LITERAL | at.FALSE_LITERAL, "number": at.NUMBER, "string": at.STRING,
    "array": at.ARRAY, "object": at.OBJECT,
}


def type_(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`type`"""
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    parts: list[Formula] = []
    for name in names:
        if name == "integer":
            relation = "whole" if low.dialect(place) == Dialect.DRAFT4 else "integer"
            parts.append(conj([at.KindIs(at.NUMBER), at.NumberAtom(relation)]))
        elif isinstance(name, str) and name in TYPES:
            parts.append(at.KindIs(TYPES[name]))
        else:
            raise SpecError(f"unknown type {name!r}", pointer=place)
    if "number" in names or all(isinstance(p, at.KindIs) for p in parts):
        return at.KindIs(_union(TYPES[name] for name in names if name != "integer"))
    return disj(parts)


def enum(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`enum`"""
    values = schema["enum"]
    if not isinstance(values, list):
        raise SpecError("enum must be an array", pointer=place)
    words = [v for v in values if isinstance(v, str)]
    rest = [equal(low, v, f"{place}/{i}") for i, v in enumerate(values) if not isinstance(v, str)]
    if words:
        rest.insert(0, conj([at.KindIs(at.STRING), at.StringAtom(CharDFA.words(words))]))
    return disj(rest)


def const(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`const`"""
    return equal(low, schema["const"], place)


def equal(low: Lowering, value: Any, place: str) -> Formula:
    """Equality with a JSON value; the parts of an array or object become schemas of their own."""
    if value is None or isinstance(value, bool):
        return at.KindIs({None: at.NULL, True: at.TRUE_LITERAL, False: at.FALSE_LITERAL}[value])
    if isinstance(value, str):
        return conj([at.KindIs(at.STRING), at.StringAtom(CharDFA.words([value]))])
    if isinstance(value, int | float):
        return conj([at.KindIs(at.NUMBER), at.NumberAtom("==", exact(value, place), spelled(value))])
    if isinstance(value, list):
        items = [at.ItemAt(i, low.constant(v, f"{place}/{i}")) for i, v in enumerate(value)]
        return conj([at.KindIs(at.ARRAY), *items, *count(len(value), len(value))])
    if isinstance(value, dict):
        members: list[Formula] = [at.KindIs(at.OBJECT)]
        for name, part in value.items():
            check_name(name, place)
            members += [at.Property(name, low.constant(part, f"{place}/{escape(name)}")), at.Required(name)]
        return conj([*members, at.OtherProperties(frozenset(value), (), low.child(False, f"{place}//"))])
    raise SpecError(f"{kind_name(value)} is not a JSON value", pointer=place)


def count(low: int, high: int | None) -> list[Formula]:
    """Bounds on the number of items."""
    parts: list[Formula] = [at.CountAtLeast(low)] if low else []
    return parts if high is None else [*parts, unless(at.ARRAY, at.CountAtLeast(high + 1))]


def unless(kind: int, atom: Atom) -> Formula:
    """The value is of another kind than `atom` speaks about, or `atom` does not hold."""
    return disj([at.KindIs(sum(at.KINDS) - kind), negate(atom)])


def _union(kinds: Iterable[int]) -> int:
    total = 0
    for kind in kinds:
        total |= kind
    return total
