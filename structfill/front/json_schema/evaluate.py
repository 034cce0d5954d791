"""Is a given value in the language? The formulas of a schema, evaluated: any key order, any spelling, no automaton."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from . import atoms as at
from .finite import canonical
from .formula import Atom, holds
from .lower import Lowering


def parse(text: str) -> tuple[Any, bool]:
    """The value of a JSON text, numbers as `Decimal`, and whether some object has a key more than once (the last one
    counts then). Raises `ValueError` for what is not JSON, `ArithmeticError` for numbers beyond `Decimal`,
    `RecursionError` for deep nesting."""
    repeats = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        found = dict(pairs)
        repeats |= len(found) < len(pairs)
        return found
    value = json.loads(text, parse_int=Decimal, parse_float=_number, parse_constant=_no_constant,
                       object_pairs_hook=members)
    return value, repeats


class Evaluator:
    """Evaluates formulas on values. Each schema looks at each value at most once."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._known: dict[tuple[str, int], bool] = {}

    def accepts(self, value: Any) -> bool:
        """Does the value satisfy the schema? May raise `RecursionError`."""
        self._known = {}
        return self._satisfies("", value)

    def _satisfies(self, key: str, value: Any) -> bool:
        if isinstance(value, dict | list):
            place = key, id(value)
            if place not in self._known:
                self._known[place] = self._holds(key, value)
            return self._known[place]
        return self._holds(key, value)

    def _holds(self, key: str, value: Any) -> bool:
        return holds(self._lowering.formula(key), lambda atom: self._atom(atom, value))

    def _atom(self, atom: Atom, value: Any) -> bool:
        kind = _kind(value)
        if isinstance(atom, at.KindIs):
            return bool(atom.kinds & kind)
        if atom.kind != kind:  # type: ignore[attr-defined]
            return True
        if isinstance(atom, at.StringAtom | at.NumberAtom):
            return atom.holds(value)
        return self._of_array(atom, value) if kind == at.ARRAY else self._of_object(atom, value)

    def _of_array(self, atom: Atom, items: list[Any]) -> bool:
        if isinstance(atom, at.CountAtLeast):
            return len(items) >= atom.count
        if isinstance(atom, at.ItemAt):
            return all(self._satisfies(atom.pointer, item) for item in items[atom.index : atom.index + 1])
        if isinstance(atom, at.ItemsFrom):
            return all(self._satisfies(atom.pointer, item) for item in items[atom.start :])
        if isinstance(atom, at.Contains):
            return sum(self._satisfies(atom.pointer, item) for item in items) >= atom.count
        assert isinstance(atom, at.Unique)
        return len({canonical(item) for item in items}) == len(items)

    def _of_object(self, atom: Atom, members: dict[str, Any]) -> bool:
        if isinstance(atom, at.Property):
            return atom.name not in members or self._satisfies(atom.pointer, members[atom.name])
        if isinstance(atom, at.Required):
            return atom.name in members
        if isinstance(atom, at.PropertiesAtLeast):
            return len(members) >= atom.count
        if isinstance(atom, at.Names):
            return all(self._satisfies(atom.pointer, name) for name in members)
        assert isinstance(atom, at.UniversalAtom)
        return all(self._satisfies(atom.pointer, part) for name, part in members.items() if atom.selects(name))


def _kind(value: Any) -> int:
    if isinstance(value, str):
        return at.STRING
    if isinstance(value, Decimal):
        return at.NUMBER
    if isinstance(value, dict):
        return at.OBJECT
    if isinstance(value, list):
        return at.ARRAY
    return at.NULL if value is None else at.TRUE_LITERAL if value else at.FALSE_LITERAL


def number_of(text: str) -> Decimal:
    """The value of a JSON number. Its exponent is 0 only if none is written, and no fraction: draft 4 asks for that.
    Raises `ArithmeticError` for exponents beyond `Decimal`."""
    number = Decimal(text)
    sign, digits, exponent = number.as_tuple()
    plain = exponent != 0 or text.lstrip("-").isdecimal()
    return number if plain else Decimal((sign, (*digits, 0), -1))


def _number(text: str) -> Decimal:
    number = number_of(text)
    if not number.is_finite():
        raise ValueError("a number beyond decimal arithmetic")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
