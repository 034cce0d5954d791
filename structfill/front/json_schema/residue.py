"""What is still undecided about a value, and what a coming value inside it must satisfy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from . import atoms as at
from .formula import (
    FALSE,
    TRUE,
    And,
    Atom,
    ExactlyOne,
    Formula,
    Not,
    Or,
    atoms,
    conj,
    constant,
    disj,
    negate,
    substitute,
)

Outcome = tuple[bool, ...]
REJECT = -1  # in place of a label


@dataclass(frozen=True)
class Residue:
    """What is still undecided about a value: `must` has to become true, `tracked` is to be reported."""

    must: Formula
    tracked: tuple[Formula, ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.must, self.tracked))

    def map(self, change: Callable[[Formula], Formula]) -> Residue:
        """The residue with `change` applied to every formula."""
        must = change(self.must)
        return Residue(must, tuple(map(change, self.tracked)) if must is not FALSE else ())

    def substitute(self, value: Callable[[Atom], Formula]) -> Residue:
        """The residue after atoms were decided."""
        return self.map(lambda formula: substitute(formula, value))

    @property
    def size(self) -> int:
        """Nodes of all formulas."""
        return self.must.size + sum(formula.size for formula in self.tracked)

    @property
    def dead(self) -> bool:
        """Can it no longer come true?"""
        return self.must is FALSE

    def atoms(self) -> Iterable[Atom]:
        """All atoms, in order of appearance."""
        for formula in (self.must, *self.tracked):
            yield from atoms(formula)


def necessary(formula: Formula, parts: dict[Atom, Formula]) -> Formula:
    """A condition on the coming value without which `formula` cannot come true, whatever follows."""
    if isinstance(formula, Atom):
        return TRUE if isinstance(formula, at.Contains) else parts.get(formula, TRUE)
    if isinstance(formula, Not):
        inner = formula.args[0]
        if inner in parts and (isinstance(inner, at.Property | at.ItemAt)
                               or (isinstance(inner, at.Contains) and inner.count == 1)):
            return negate(parts[inner])
        return TRUE
    if isinstance(formula, And):
        return conj(necessary(f, parts) for f in formula.args)
    if isinstance(formula, Or | ExactlyOne):
        return disj(necessary(f, parts) for f in formula.args)
    return formula


def wanted_true(formula: Formula) -> Iterator[Atom]:
    """The atoms whose truth can help a formula to come true."""
    if isinstance(formula, Atom):
        yield formula
    elif not isinstance(formula, Not):
        for part in formula.args:
            yield from atoms(part) if isinstance(formula, ExactlyOne) else wanted_true(part)
    elif isinstance(formula.args[0], ExactlyOne):
        yield from atoms(formula)


def wanted_false(formula: Formula) -> Iterator[Atom]:
    """The atoms whose falsehood can help a formula to come true."""
    if isinstance(formula, Not | ExactlyOne):
        yield from atoms(formula)
    else:
        for part in formula.args:
            yield from wanted_false(part)


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    """The parts of a conjunction; other formulas are their own only part."""
    return formula.args if isinstance(formula, And) else (formula,)


def decided(atom: Atom, truth: bool) -> Formula:
    """`atom` after a value it speaks about: one-value atoms are settled, universal ones only refuted."""
    if isinstance(atom, at.Contains):
        return atom if not truth else at.Contains(atom.count - 1, atom.pointer) if atom.count > 1 else TRUE
    if isinstance(atom, at.Property | at.ItemAt):
        return constant(truth)
    return atom if truth else FALSE


def distinct(found: Iterable[Atom]) -> list[Atom]:
    """Without repetitions, in order."""
    return list(dict.fromkeys(found))
