"""A value that the type's own validators refuse: the failing field alone is opened again and filled anew.

What a validator wants is not in the schema, so it cannot be compiled; but a hole with text on both sides can. The
hole's language is what the constraint allows there, given what stands left and right of it, less what was tried.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from .automaton.byte_automaton import ByteAutomaton
from .automaton.counted import CountedAutomaton, condensed
from .automaton.product import difference, pairs
from .automaton.series import literal
from .errors import RefusedValue, TooLarge
from .front.between import Between, around, between, without
from .front.constraint import Constraint, spelled_out
from .front.json_schema.constraint import WHITESPACE, JsonSchema, json_schema
from .front.json_schema.evaluate import parse
from .front.json_schema.finite import canonical
from .front.json_schema.refused import KEY, Place
from .front.json_schema.repeats import one_value
from .front.template import Bounded, Hole, Template
from .limits import Limits

Tried = dict[Place, set[str]]


@dataclass(frozen=True)
class Refill(Between):
    """The texts of a schema with one value, or one key, between `prefix` and `suffix` that is none of `tried`, however
    these are spelled."""

    inner: JsonSchema

    def accepts(self, text: str) -> bool:
        """Is this text in the language?"""
        middle = text[len(self.prefix):len(text) - len(self.suffix)]
        if not super().accepts(text) or middle != middle.strip(" \t\r\n"):
            return False
        try:
            return _value(middle) not in map(_value, self.tried)
        except ValueError:  # nothing, or several values
            return False

    def counting(self, limits: Limits) -> ByteAutomaton | CountedAutomaton:
        """With the counters of the schema."""
        inner = self.inner.counting(limits)
        if isinstance(inner, ByteAutomaton):
            return self._filled(inner, limits)
        uncounted = ByteAutomaton(inner.delta, inner.byte_class, inner.accepting, inner.exact_up_to, inner.nesting)
        given = Between(self.inner, self.prefix, self.suffix).counting(limits)
        return _both(given, self._filled(uncounted, limits), limits)

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """The given texts around the hole."""
        given = len((self.prefix + self.suffix).encode("utf-8", "surrogatepass"))
        return self._filled(spelled_out(self.inner, limits, given), limits)

    def _filled(self, whole: ByteAutomaton, limits: Limits) -> ByteAutomaton:
        before, after = (text.encode("utf-8", "surrogatepass") for text in (self.prefix, self.suffix))
        return around(self._hole(whole, limits), before, after, limits)

    def _hole(self, whole: ByteAutomaton, limits: Limits) -> ByteAutomaton:
        """What may stand between."""
        found = difference(between(whole, self.prefix, self.suffix, one_value), literal(b""), limits)
        found = without(found, self.tried)
        for text in sorted(self.tried):
            with contextlib.suppress(TooLarge):  # it may come again in another spelling
                found = difference(found, _spellings(self.inner, text, limits), limits)
        return found


def _spellings(constraint: JsonSchema, text: str, limits: Limits) -> ByteAutomaton:
    """The texts of the value of `text` as the constraint would write it. Raises `TooLarge`."""
    whitespace = next(name for name, kind in WHITESPACE.items() if kind == constraint.whitespace)
    like = json_schema(json.dumps(_schema_of(parse(text)[0])), whitespace=whitespace, limits=limits,
                       key_order="any" if constraint.any_order else "declared")
    return like.automaton(limits)


def _schema_of(value: Any) -> dict[str, Any]:
    """The schema of one value, with keys declared in its order: in all orders they would be too many."""
    if isinstance(value, dict):
        return {"type": "object", "properties": {name: _schema_of(part) for name, part in value.items()},
                "required": list(value), "additionalProperties": False}
    if isinstance(value, list) and value:
        return {"type": "array", "prefixItems": list(map(_schema_of, value)), "items": False, "minItems": len(value)}
    if isinstance(value, Decimal):
        number = int(value) if value == value.to_integral_value() else float(value)  # it is written without exponent
        return {"type": "number", "minimum": number, "maximum": number}
    return {"const": value}


def reopened(constraint: Constraint, text: str, refused: RefusedValue, tried: Tried) -> Constraint | None:
    """The constraint with the refused part of `text` open, or with all that may be written where that is less; None
    where no JSON is refused. `tried` collects by place what was refused."""
    assert refused.span is not None  # the place in `text`
    return _reopened(constraint, _Refused(text, refused.span.start, refused.span.end, refused.place), tried)


class _Refused(NamedTuple):
    """A part of a text."""

    text: str
    start: int
    end: int
    place: Place

    def within(self, start: int, end: int) -> _Refused:
        """The same part of the text from `start` to `end`."""
        return _Refused(self.text[start:end], self.start - start, self.end - start, self.place)


def _reopened(constraint: Constraint, refused: _Refused, tried: Tried) -> Constraint | None:
    if isinstance(constraint, JsonSchema):
        return _of_schema(constraint, refused, tried)
    if isinstance(constraint, Template):
        return _of_template(constraint, refused, tried)
    if isinstance(constraint, Between):
        return _of_middle(constraint, refused, tried)
    if isinstance(constraint, Bounded):
        inner = _reopened(constraint.inner, refused, tried)
        return None if inner is None else Bounded(inner, constraint.least, constraint.most)
    return None


def _of_schema(constraint: JsonSchema, refused: _Refused, tried: Tried) -> Refill:
    text, start, end, place = refused
    if place[-1:] == (KEY,):  # wherever it stands in the object
        place = (*place[:-2], KEY)
    return Refill(constraint, text[:start], text[end:], _with(tried, place, text[start:end]))


def _of_template(constraint: Template, refused: _Refused, tried: Tried) -> Template | None:
    """The template with all of it given, but for the refused part."""
    found, at = constraint.split(refused.text), 0
    assert found is not None  # it follows the template
    for part in constraint.parts:
        end = at + len(part if isinstance(part, str) else found[part.name])
        if isinstance(part, Hole) and part.name == refused.place[0]:
            inner = _reopened(part.constraint, refused.within(at, end), tried)
            if inner is None:
                return None
            given = refused.text[:at], Hole(part.name, inner), refused.text[end:]
            return Template([piece for piece in given if piece != ""])
        at = end
    return None


def _of_middle(constraint: Between, refused: _Refused, tried: Tried) -> Constraint | None:
    """As the whole constraint has it; all of the middle, where what is refused is more than that."""
    text, first, last = refused.text, len(constraint.prefix), len(refused.text) - len(constraint.suffix)
    if first <= refused.start and refused.end <= last:
        return _reopened(constraint.inner, refused, tried)
    return replace(constraint, tried=_with(tried, refused.place, text[first:last]))


def _with(tried: Tried, place: Place, spelled: str) -> frozenset[str]:
    tried.setdefault(place, set()).add(spelled)
    return frozenset(tried[place])


def _both(first: ByteAutomaton | CountedAutomaton, second: ByteAutomaton, limits: Limits
          ) -> ByteAutomaton | CountedAutomaton:
    """The texts of two automata, the first of which may count."""
    uncounted = ByteAutomaton(first.delta, first.byte_class, first.accepting)
    byte_class, delta, p, q = pairs(uncounted, second, limits)
    accepting = first.accepting[p] & np.append(second.accepting, False)[q]
    if isinstance(first, ByteAutomaton):
        return ByteAutomaton.minimal(delta, byte_class, np.where(accepting, 0, -1).astype(np.int32),
                                     first.exact_up_to, first.nesting)
    found = condensed(delta, byte_class, accepting, first.counts.of[p], first.counts.ticks[p], first.bounds)
    return replace(found, exact_up_to=first.exact_up_to, nesting=first.nesting)


def _value(text: str) -> object:
    return canonical(parse(text)[0])
