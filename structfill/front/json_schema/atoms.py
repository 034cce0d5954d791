"""Atomic assertions about one JSON value, grouped by the kind of value they speak about.

An atom about strings holds for every value that is not a string, and so on, as in JSON Schema.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from .formula import FALSE, TRUE, And, Atom, Formula, constant, substitute

if TYPE_CHECKING:
    from ...automaton.char_dfa import CharDFA

NULL, FALSE_LITERAL, TRUE_LITERAL, NUMBER, STRING, ARRAY, OBJECT = KINDS = tuple(1 << i for i in range(7))
_RELATIONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}


class KindIs(Atom):
    """The value is of one of the kinds in the bit set `kinds`."""

    __slots__ = ("kinds",)

    def __init__(self, kinds: int) -> None:
        self.kinds = kinds
        super().__init__()

    def _key(self) -> object:
        return self.kinds


class StringAtom(Atom):
    """The string belongs to a language: that of `dfa`, unless the language is not regular.

    Then `judge` decides, `dfa` holds strings that surely belong to it and `outside` such that surely do not; what is in
    neither is never written. `length`: the least and most characters, where these alone decide.
    """

    __slots__ = ("dfa", "judge", "length", "outside")
    kind = STRING

    def __init__(self, dfa: CharDFA, outside: CharDFA | None = None, judge: Callable[[str], bool] | None = None,
                 length: tuple[int, int | None] | None = None) -> None:
        self.dfa, self.outside, self.judge, self.length = dfa, outside, judge, length
        super().__init__()

    def _key(self) -> object:
        return self.dfa.key, self.judge

    @property
    def widest(self) -> CharDFA:
        """The strings that may belong to the language."""
        return self.dfa if self.outside is None else ~self.outside

    def holds(self, text: str) -> bool:
        """Does the string belong to the language?"""
        return self.judge(text) if self.judge is not None else self.dfa.accepts(text)


class NumberAtom(Atom):
    """A relation between the number and a constant: '>=', '>', '<=', '<', '==', 'multiple' of it, 'integer', or
    'whole': an integer that is written without a fraction and an exponent (draft 4).

    `spelling`: how a constant is written that numbers are to equal; what is read may be spelled in any way.
    """

    __slots__ = ("_decimal", "relation", "spelling", "value")
    kind = NUMBER

    def __init__(self, relation: str, value: Fraction = Fraction(0), spelling: str = "") -> None:
        self.relation, self.value, self.spelling = relation, value, spelling
        self._decimal: Decimal | None = None
        super().__init__()

    def _key(self) -> object:
        return self.relation, self.value, self.spelling

    def holds(self, number: Decimal) -> bool:
        """Does the relation hold? Exact for any exponent: nothing is expanded."""
        if self.relation == "integer":
            return _is_integer(number)
        if self.relation == "whole":
            return number.as_tuple().exponent == 0
        if self.relation == "multiple":
            return _is_multiple(number, self.value)
        if self._decimal is None:
            self._decimal = exact_decimal(self.value)
        return _RELATIONS[self.relation](number, self._decimal)


class ArrayAtom(Atom):
    """Base of the atoms about arrays."""

    __slots__ = ()
    kind = ARRAY


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


class Contains(ArrayAtom):
    """At least `count` items satisfy the schema at `pointer`."""

    __slots__ = ("count", "pointer")

    def __init__(self, count: int, pointer: str) -> None:
        self.count, self.pointer = count, pointer
        super().__init__()

    def _key(self) -> object:
        return self.count, self.pointer


class Unique(ArrayAtom):
    """No two items are equal. Texts can be judged by it, not written."""

    __slots__ = ()


class ObjectAtom(Atom):
    """Base of the atoms about objects."""

    __slots__ = ()
    kind = OBJECT


class Property(ObjectAtom):
    """If the property `name` is there, its value satisfies the schema at `pointer`."""

    __slots__ = ("name", "pointer")

    def __init__(self, name: str, pointer: str) -> None:
        self.name, self.pointer = name, pointer
        super().__init__()

    def _key(self) -> object:
        return self.name, self.pointer


class UniversalAtom(ObjectAtom):
    """Base of the atoms about the values of all properties with certain names: they satisfy the schema `pointer`."""

    __slots__ = ("pointer",)
    pointer: str

    def selects(self, name: str) -> bool:
        """Does it speak of the property `name`?"""
        raise NotImplementedError


class OtherProperties(UniversalAtom):
    """The value of every property whose name is not in `names` and in none of the languages `patterns`."""

    __slots__ = ("names", "patterns")

    def __init__(self, names: frozenset[str], patterns: tuple[CharDFA, ...], pointer: str) -> None:
        self.names, self.patterns, self.pointer = names, patterns, pointer
        super().__init__()

    def _key(self) -> object:
        return self.names, tuple(p.key for p in self.patterns), self.pointer

    def selects(self, name: str) -> bool:
        return name not in self.names and not any(p.accepts(name) for p in self.patterns)


class Matching(UniversalAtom):
    """The value of every property whose name is in the language of `dfa`."""

    __slots__ = ("dfa",)

    def __init__(self, dfa: CharDFA, pointer: str) -> None:
        self.dfa, self.pointer = dfa, pointer
        super().__init__()

    def _key(self) -> object:
        return self.dfa.key, self.pointer

    def selects(self, name: str) -> bool:
        return self.dfa.accepts(name)


class Names(ObjectAtom):
    """Every property's name satisfies the schema at `pointer`.

    Names in `dfa` surely do, and such as are not in `widest` surely do not; what is between is never written.
    """

    __slots__ = ("dfa", "pointer", "widest")

    def __init__(self, dfa: CharDFA, widest: CharDFA, pointer: str) -> None:
        self.dfa, self.widest, self.pointer = dfa, widest, pointer
        super().__init__()

    def _key(self) -> object:
        return self.dfa.key, self.widest.key, self.pointer


class PropertiesAtLeast(ObjectAtom):
    """The object has at least `count` properties."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__()

    def _key(self) -> object:
        return self.count


class Required(ObjectAtom):
    """The property `name` is there."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()

    def _key(self) -> object:
        return self.name


def for_kind(formula: Formula, kind: int) -> Formula:
    """What is left of `formula` when the value is known to be of `kind`."""
    if isinstance(formula, And) and any(isinstance(f, KindIs) and not f.kinds & kind for f in formula.args):
        return FALSE  # so it is for all kinds but one or two

    def value(atom: Atom) -> Formula:
        if isinstance(atom, KindIs):
            return constant(bool(atom.kinds & kind))
        return atom if atom.kind == kind else TRUE  # type: ignore[attr-defined]  # all but `KindIs` have it
    return substitute(formula, value)


def pointer_of(atom: Atom) -> str:
    """Where the schema stands that an atom about parts of a value refers to; raises AttributeError for others."""
    pointer: str = atom.pointer  # type: ignore[attr-defined]  # four of the classes above have it
    return pointer


def exact_decimal(value: Fraction) -> Decimal:
    """A value of finite expansion, as all in JSON, in no more digits than it needs. Raises `ValueError` for others."""
    places, rest = 0, value.denominator
    for factor in (2, 5):
        power = 0
        while rest % factor == 0:
            rest, power = rest // factor, power + 1
        places = max(places, power)
    if rest > 1:
        raise ValueError(f"{value} has no last decimal")
    digits = Decimal(value.numerator * 10**places // value.denominator)  # without Python's limit on integer texts
    return Decimal(f"{digits}E-{places}")


def _is_multiple(number: Decimal, of: Fraction) -> bool:
    """Exact, for exponents of any size: powers of ten are taken modulo what is left of the divisor."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if not number:
        return True
    whole = int(Decimal((0, digits, 0))) * of.denominator
    if exponent >= 0:
        return bool(whole % of.numerator * pow(10, exponent, of.numerator) % of.numerator == 0)
    if -exponent > len(digits) + of.denominator.bit_length():
        return False  # smaller than one unit of the divisor
    return bool(whole % (of.numerator * 10 ** -exponent) == 0)


def _is_integer(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # JSON has no NaN and no infinity
    return exponent >= 0 or not any(digits[exponent:] if len(digits) > -exponent else digits)
