"""The decimals that satisfy a formula, and how a constant is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache, reduce
from heapq import heappop, heappush
from itertools import compress
from math import ceil, floor, lcm
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...automaton import decimals
from ...automaton.char_dfa import CharDFA, product
from ...automaton.memo import Memo
from ...errors import TooLarge
from ...limits import Limits
from . import atoms as at
from .formula import FALSE, TRUE, And, Atom, ExactlyOne, Formula, Not, Or
from .residue import REJECT, Outcome, Residue, conjuncts

if TYPE_CHECKING:
    from .goals import GoalSpace

MAX_BITS = 4_096  # of bounds and divisors, whose digits are states
MOST_VALUES = 8_192  # that are looked at one by one, where their divisor has still more remainders
_SYMBOLS = {symbol: i for i, symbol in enumerate("0123456789-.")} | {"": 12}  # "": any other character
_BOUNDS = np.array([0, 0x2D, 0x2E, 0x2F, *range(0x30, 0x3B)], np.int32)
_CLASSES = np.array([12, 10, 11, 12, *range(10), 12], np.int32)
_known: Memo[list[CharDFA]] = Memo(max_bytes=8 << 20)
_INTEGER = at.NumberAtom("integer")


def spelled(value: int | float) -> str:
    """A constant as `json.dumps` writes it, but without an exponent and without a negative zero."""
    return format(Decimal(float.__repr__(value or 0.0)), "f") if isinstance(value, float) else str(int(value))


def numbers(residue: Residue, label: Callable[[Outcome], int], space: GoalSpace) -> CharDFA:
    """The canonical decimals that may stand in a place, labelled by what `label` says of them.

    A number that equals a constant of the schema is written as the constant, ``1`` and not ``1.0``: another spelling of
    it only where nothing changes if it is taken for another number. That does not depend on how the constant came in.
    """
    points = _Points.of(residue, space)
    integers = _INTEGER in conjuncts(residue.must)
    constants = _written(residue.atoms, integers) if space.writes and not space.any_spelling else {}
    parts = [atom for atom in points.others if not points.only or atom.relation == "whole"]
    components = [decimals.integer() if integers else decimals.number(),
                  *([CharDFA.words(constants.values())] if constants else []),
                  *(_decimals(atom, space.limits) for atom in parts), *spellings(tuple(points.holding), space.limits)]
    holding, first = [frozenset[Atom](), *points.holding.values()], len(components) - len(points.holding).bit_length()
    truths, equal = Truths(residue), frozenset(constants)

    @cache
    def taken_for_another(others: frozenset[Atom]) -> Outcome:
        return truths.where(others, space.spend)

    def decide(truth: tuple[bool, ...]) -> int:
        place = sum(1 << i for i, is_set in enumerate(truth[first:]) if is_set)
        if not truth[0] or (points.only and not place):
            return REJECT
        true = holding[place].union(compress(parts, truth[first - len(parts) : first]))
        found = truths.where(true, space.spend)
        if constants and not truth[1] and not true.isdisjoint(equal):
            other = taken_for_another(true - equal)
            if not other[0] or other != found:
                return REJECT
        return label(found[1:]) if found[0] else REJECT
    return product(components, decide, space.limits)


class NumberJudge:
    """How a residue comes out for single numbers, in any spelling."""

    def __init__(self, residue: Residue) -> None:
        parts: list[at.NumberAtom] = list(residue.atoms)  # type: ignore[arg-type]
        self._others = [atom for atom in parts if atom.relation != "=="]
        self._equal: dict[Decimal, list[Atom]] = {}
        for atom in parts:
            if atom.relation == "==":
                self._equal.setdefault(at.exact_decimal(atom.value), []).append(atom)
        self._truths = Truths(residue)

    def outcome(self, value: Decimal) -> Outcome:
        """The truth of `must` and of all that is tracked."""
        true = [*self._equal.get(value, ()), *(atom for atom in self._others if atom.holds(value))]
        return self._truths.where(true)


class _Points(NamedTuple):
    """Values at which a formula is looked at one by one.

    Attributes:
        holding: the atoms that are known to hold at each of them.
        others: the atoms that are no constants, in order of appearance.
        only: can the formula be true nowhere else? Then `holding` knows of all atoms but for how a number is spelled.
    """

    holding: dict[Fraction, frozenset[Atom]]
    others: list[at.NumberAtom]
    only: bool

    @classmethod
    def of(cls, residue: Residue, space: GoalSpace) -> _Points:
        """The points of a residue. Raises `TooLarge` for such as take too long or have too many digits."""
        parts: list[at.NumberAtom] = list(residue.atoms)  # type: ignore[arg-type]
        equal, others = dict[Fraction, set[Atom]](), [atom for atom in parts if atom.relation != "=="]
        for atom in parts:
            if atom.relation == "==":
                _check_bits(atom.value)
                equal.setdefault(atom.value, set()).add(atom)
        few = few_values(residue.must)
        if few is None:
            space.expect(residue.size + len(equal) * (1 + len(residue.tracked)))
            return cls({value: frozenset(atoms) for value, atoms in equal.items()}, others, False)
        space.expect(residue.size + len(few) * (1 + len(residue.tracked) + len(others)))
        holding = {}
        for value in few:
            number = at.exact_decimal(value)
            true = (atom for atom in others if atom.relation != "whole" and atom.holds(number))
            holding[value] = frozenset(equal.get(value, ())).union(true)
        return cls(holding, others, True)


class Truths:
    """What becomes of the formulas of a residue where all of its atoms are false but for a few: nothing is looked at
    but what these lead to, so that one of many alternatives costs no more than one of two."""

    def __init__(self, residue: Residue) -> None:
        self._number: dict[Formula, int] = {}  # of every formula, behind its parts
        stack: list[Formula] = [residue.must, *residue.tracked]
        self._asked = stack.copy()
        while stack:
            missing = [part for part in stack[-1].args if part not in self._number]
            stack += missing
            if not missing:
                self._number.setdefault(stack.pop(), len(self._number))
        self._formulas = list(self._number)
        self._around: list[list[int]] = [[] for _ in self._formulas]
        self._count, self._truth = list[int](), list[bool]()
        for i, formula in enumerate(self._formulas):
            parts = [self._number[part] for part in formula.args]
            for part in parts:
                self._around[part].append(i)
            self._count.append(sum(self._truth[part] for part in parts))
            self._truth.append(_is_true(formula, self._count[i]))

    def where(self, true: Collection[Atom], spend: Callable[[int], None] | None = None) -> Outcome:
        """The truth of `must` and of all that is tracked where these atoms are true. `spend` is told of the nodes that
        were visited."""
        more, changed, steps = {self._number[atom]: 1 for atom in true}, dict[int, bool](), len(self._asked)
        queue = sorted(more)
        while queue:
            i = heappop(queue)  # all of its parts are known
            if (truth := _is_true(self._formulas[i], self._count[i] + more[i])) is not self._truth[i]:
                changed[i] = truth
                for outer in self._around[i]:
                    if outer not in more:
                        heappush(queue, outer)
                    more[outer] = more.get(outer, 0) + (1 if truth else -1)
                steps += len(self._around[i])
        if spend is not None:
            spend(steps)
        return tuple([changed.get(i, self._truth[i]) for i in map(self._number.__getitem__, self._asked)])


def _is_true(formula: Formula, count: int) -> bool:
    """Is it, if so many of its parts are? An atom counts itself."""
    if isinstance(formula, And):
        return count == len(formula.args)
    if isinstance(formula, ExactlyOne):
        return count == 1
    if isinstance(formula, Not):
        return count == 0
    return count > 0 or formula is TRUE


def _written(found: Iterable[Atom], integers: bool) -> dict[Atom, str]:
    """How the constants are written; none where an integer is what is spelled as one (draft 4)."""
    parts: list[at.NumberAtom] = list(found)  # type: ignore[arg-type]
    if any(atom.relation == "whole" for atom in parts):
        return {}
    return {atom: atom.spelling.removesuffix(".0") if integers else atom.spelling
            for atom in parts if atom.relation == "=="}


def _decimals(atom: at.NumberAtom, limits: Limits) -> CharDFA:
    """The canonical decimals for which an atom holds."""
    if atom.relation == "whole":
        return decimals.integer()
    _check_bits(atom.value)
    if atom.relation in ("integer", "multiple"):
        return decimals.multiple_of(atom.value or Fraction(1), limits)  # 1.0 is an integer
    bound = decimals.at_least if atom.relation[0] == ">" else decimals.at_most
    return bound(atom.value, len(atom.relation) == 1, limits)


def _check_bits(value: Fraction) -> None:
    if (bits := max(value.numerator.bit_length(), value.denominator.bit_length())) > MAX_BITS:
        raise TooLarge("bits of a number", bits, MAX_BITS)


def few_values(formula: Formula) -> list[Fraction] | None:
    """Values, ascending, that hold all for which a formula about a number can be true: its constants, or the multiples
    within its bounds where their divisor has more remainders; None where neither is seen at a glance."""
    found = [values for values in (_constants(formula), _multiples(formula)) if values is not None]
    fewest: set[Fraction] | None = min(found, key=len) if found else None
    return None if fewest is None else sorted(fewest)


def _constants(formula: Formula) -> set[Fraction] | None:
    """The values of constants, one of which has to be there for the formula to be true."""
    if isinstance(formula, at.NumberAtom):
        return {formula.value} if formula.relation == "==" else None
    if not isinstance(formula, And | Or | ExactlyOne):
        return set() if formula is FALSE else None
    parts = map(_constants, formula.args)
    if isinstance(formula, And):
        known = [part for part in parts if part is not None]
        return min(known, key=len) if known else None
    found = set[Fraction]()
    for part in parts:
        if part is None:
            return None
        found |= part
    return found


def _multiples(formula: Formula) -> set[Fraction] | None:
    """The multiples within bounds that a conjunction demands, where they are fewer than the divisor has remainders."""
    atoms = [part for part in conjuncts(formula) if isinstance(part, at.NumberAtom) and _is_short(part.value)]
    divisors = [atom.value for atom in atoms if atom.relation == "multiple" and atom.value]
    low = max((atom.value for atom in atoms if atom.relation[0] == ">"), default=None)
    high = min((atom.value for atom in atoms if atom.relation[0] == "<"), default=None)
    if low is None or high is None or not divisors:
        return None
    steps = [*divisors, *(Fraction(1) for atom in atoms if atom.relation in ("integer", "whole"))]
    scale = lcm(*(step.denominator for step in steps))
    step = Fraction(lcm(*(int(step * scale) for step in steps)), scale)
    first, last = ceil(low / step), floor(high / step)
    if last - first >= min(MOST_VALUES, max(map(_remainders, divisors))):
        return None
    return {i * step for i in range(first, last + 1)}


def _is_short(value: Fraction) -> bool:
    return max(value.numerator.bit_length(), value.denominator.bit_length()) <= MAX_BITS


def _remainders(divisor: Fraction) -> int:
    """How many remainders an automaton that reads digits tells apart: powers of 2 and 5 cost no more than digits."""
    found = divisor.numerator
    for factor in (2, 5):
        while found % factor == 0:
            found //= factor
    return found


def spellings(values: tuple[Fraction, ...], limits: Limits) -> list[CharDFA]:
    """The texts of some values, with any number of zeros behind them: an automaton for every bit of a value's place,
    which is counted from 1. Kept for a while, as those of other bounds are."""
    found = _known.get((values, limits))
    if found is None:
        delta, labels = _all_spellings(values, limits)
        found = [CharDFA.build(_BOUNDS, _CLASSES, delta, np.where(labels >> bit & 1, 0, -1).astype(np.int32))
                 for bit in range(len(values).bit_length())]
        _known.put((values, limits), found, sum(dfa.nbytes for dfa in found))
    return found


def _all_spellings(values: tuple[Fraction, ...], limits: Limits) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """int32 [S, 13], int32 [S]: the transitions of a tree of texts, and the place of the value of each, 0 for none."""
    rows, labels = [[-1] * len(_SYMBOLS)], [0]

    def after(state: int, symbol: str) -> int:
        if (target := rows[state][_SYMBOLS[symbol]]) >= 0:
            return target
        if len(rows) >= limits.states:
            raise TooLarge("states", len(rows) + 1, limits.states)
        rows[state][_SYMBOLS[symbol]] = len(rows)
        rows.append([-1] * len(_SYMBOLS))
        labels.append(0)
        return len(rows) - 1

    texts = [format(at.exact_decimal(value), "f") for value in values]
    ends = [reduce(after, text, 0) for text in texts]
    for place, (text, state) in enumerate(zip(texts, ends, strict=True), 1):
        labels[state] = place
        state = state if "." in text else after(state, ".")
        while (zero := rows[state][0]) >= 0:  # on the way to other values
            state = zero
            labels[state] = place
        loop = after(state, "0")
        rows[loop][0], labels[loop] = loop, place
    return np.array(rows, np.int32), np.array(labels, np.int32)
