"""Atomic assertions about one JSON value, grouped by the kind of value they speak about.

An atom about strings holds for every value that is not a string, and so on, as in JSON Schema.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from .formula import TRUE, Atom, Formula, constant, substitute

if TYPE_CHECKING:
    from ...automaton.char_dfa import CharDFA

NULL, FALSE_LITERAL, TRUE_LITERAL, NUMBER, STRING, ARRAY, OBJECT = KINDS = tuple(1 << i for i in range(7))


class KindIs(Atom):
    """The value is of one of the kinds in the bit set `kinds`."""

    __slots__ = ("kinds",)

    def __init__(self, kinds: int) -> None:
        self.kinds = kinds
        super().__init__()

    def _key(self) -> object:
        return self.kinds


class StringAtom(Atom):
    """The string belongs to the language of a character automaton."""

    __slots__ = ("dfa",)

    def __init__(self, dfa: CharDFA) -> None:
        self.dfa = dfa
        super().__init__()

    def _key(self) -> object:
        return self.dfa.key


class NumberAtom(Atom):
    """A relation between the number and a constant: 'integer', '>=', '>', '<=', '<' or '=='."""

    __slots__ = ("relation", "value")

    def __init__(self, relation: str, value: Fraction = Fraction(0)) -> None:
        self.relation, self.value = relation, value
        super().__init__()

    def _key(self) -> object:
        return self.relation, self.value

    def holds(self, number: Decimal) -> bool:
        """Does the relation hold? Exact for any exponent: nothing is expanded."""
        if self.relation == "integer":
            return _is_integer(number)
        order = _compare(number, self.value)
        return {">=": order >= 0, ">": order > 0, "<=": order <= 0, "<": order < 0, "==": order == 0}[self.relation]


class ArrayAtom(Atom):
    """Base of the atoms about arrays."""

    __slots__ = ()


class ItemAt(ArrayAtom):
    """If there is an item at `index`, it satisfies the schema at `pointer`."""

    __slots__ = ("index", "pointer")

    def __init__(self, index: int, pointer: str) -> None:
        self.index, self.pointer = index, pointer
        super().__init__()

    def _key(self) -> object:
        return self.index, self.pointer


class ItemsFrom(ArrayAtom):
    """Every item from index `start` on satisfies the schema at `pointer`."""

    __slots__ = ("pointer", "start")

    def __init__(self, start: int, pointer: str) -> None:
        self.start, self.pointer = start, pointer
        super().__init__()

    def _key(self) -> object:
        return self.start, self.pointer


class CountAtLeast(ArrayAtom):
    """The array has at least `count` items. At most n is the negation of at least n + 1."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__()

    def _key(self) -> object:
        return self.count


class ObjectAtom(Atom):
    """Base of the atoms about objects."""

    __slots__ = ()


class Property(ObjectAtom):
    """If the property `name` is there, its value satisfies the schema at `pointer`."""

    __slots__ = ("name", "pointer")

    def __init__(self, name: str, pointer: str) -> None:
        self.name, self.pointer = name, pointer
        super().__init__()

    def _key(self) -> object:
        return self.name, self.pointer


class OtherProperties(ObjectAtom):
    """The value of every property whose name is not in `names` satisfies the schema at `pointer`."""

    __slots__ = ("names", "pointer")

    def __init__(self, names: frozenset[str], pointer: str) -> None:
        self.names, self.pointer = names, pointer
        super().__init__()

    def _key(self) -> object:
        return self.names, self.pointer


class Required(ObjectAtom):
    """The property `name` is there."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()

    def _key(self) -> object:
        return self.name


_ABOUT: tuple[tuple[type[Atom], int], ...] = (
    (StringAtom, STRING), (NumberAtom, NUMBER), (ArrayAtom, ARRAY), (ObjectAtom, OBJECT))


def for_kind(formula: Formula, kind: int) -> Formula:
    """What is left of `formula` when the value is known to be of `kind`."""
    def value(atom: Atom) -> Formula:
        if isinstance(atom, KindIs):
            return constant(bool(atom.kinds & kind))
        about = next(k for cls, k in _ABOUT if isinstance(atom, cls))
        return atom if about == kind else TRUE
    return substitute(formula, value)


def pointer_of(atom: Atom) -> str:
    """Where the schema stands that an atom about parts of a value refers to; raises AttributeError for others."""
    pointer: str = atom.pointer  # type: ignore[attr-defined]  # four of the classes above have it
    return pointer


def _compare(number: Decimal, bound: Fraction) -> int:
    """Sign of number - bound, without expanding large exponents."""
    sign = (number > 0) - (number < 0)
    bound_sign = (bound > 0) - (bound < 0)
    if sign != bound_sign or sign == 0:
        return (sign > bound_sign) - (sign < bound_sign)
    digits = len(str(abs(bound.numerator))) - len(str(bound.denominator))
    if abs(number.adjusted() - digits) > 2:  # magnitudes differ by more than a factor of ten
        return sign if number.adjusted() > digits else -sign
    exact = Fraction(number)
    return (exact > bound) - (exact < bound)


def _is_integer(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # JSON has no NaN and no infinity
    return exponent >= 0 or not any(digits[exponent:] if len(digits) > -exponent else digits)
