"""The decimals that satisfy a formula, and how a constant is written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING

from ...automaton import decimals
from ...automaton.char_dfa import CharDFA, product
from ...errors import TooLarge
from ...limits import Limits
from . import atoms as at
from .formula import Atom, holds
from .residue import REJECT, Residue, conjuncts

if TYPE_CHECKING:
    from .goals import GoalSpace

MAX_BITS = 4_096  # of bounds and divisors, whose digits are states
_INTEGER = at.NumberAtom("integer")


def spelled(value: int | float) -> str:
    """A constant as `json.dumps` writes it, but without an exponent and without a negative zero."""
    return format(Decimal(float.__repr__(value or 0.0)), "f") if isinstance(value, float) else str(int(value))


def numbers(residue: Residue, label: Callable[[Residue, Callable[[Atom], bool]], int], space: GoalSpace) -> CharDFA:
    """The canonical decimals that may stand in a place, labelled by what `label` says of them.

    A number that equals a constant of the schema is written as the constant, ``1`` and not ``1.0``: another spelling of
    it only where nothing changes if it is taken for another number. That does not depend on how the constant came in.
    """
    parts: list[at.NumberAtom] = list(residue.atoms)  # type: ignore[arg-type]
    space.expect(sum(atom.relation == "==" for atom in parts) * residue.size)  # each has a label of its own
    integers = _INTEGER in conjuncts(residue.must)
    constants = _written(parts, integers) if space.writes and not space.any_spelling else {}
    components = [decimals.integer() if integers else decimals.number(),
                  *([CharDFA.words(constants.values())] if constants else []),
                  *(_decimals(atom, space.limits) for atom in parts)]

    @cache
    def taken_for_another(others: frozenset[Atom]) -> tuple[bool, ...]:
        return _truths(residue, others, space)

    def decide(truth: tuple[bool, ...]) -> int:
        if not truth[0]:
            return REJECT
        true: set[Atom] = set(compress(parts, truth[-len(parts) :]))
        if constants and not truth[1] and not true.isdisjoint(constants):
            other = taken_for_another(frozenset(true.difference(constants)))
            if not other[0] or other != _truths(residue, true, space):
                return REJECT
        return label(residue, true.__contains__)
    return product(components, decide, space.limits)


def _written(parts: list[at.NumberAtom], integers: bool) -> dict[Atom, str]:
    """How the constants are written; none where an integer is what is spelled as one (draft 4)."""
    if any(atom.relation == "whole" for atom in parts):
        return {}
    found = {atom: atom.spelling for atom in parts if atom.relation == "=="}
    return {atom: spelling.removesuffix(".0") if integers else spelling for atom, spelling in found.items()}


def _truths(residue: Residue, true: Collection[Atom], space: GoalSpace) -> tuple[bool, ...]:
    """What becomes of the formulas of a residue if these atoms are true."""
    space.spend(residue.size)
    return tuple([holds(formula, true.__contains__) for formula in (residue.must, *residue.tracked)])


def _decimals(atom: at.NumberAtom, limits: Limits) -> CharDFA:
    """The canonical decimals for which an atom holds."""
    if atom.relation == "whole":
        return decimals.integer()
    if max(atom.value.numerator.bit_length(), atom.value.denominator.bit_length()) > MAX_BITS:
        raise TooLarge("bits of a number", atom.value.numerator.bit_length(), MAX_BITS)
    if atom.relation in ("integer", "multiple"):
        return decimals.multiple_of(atom.value or Fraction(1), limits)  # 1.0 is an integer
    if atom.relation == "==":
        return decimals.equal(atom.value, limits)
    bound = decimals.at_least if atom.relation[0] == ">" else decimals.at_most
    return bound(atom.value, len(atom.relation) == 1, limits)
