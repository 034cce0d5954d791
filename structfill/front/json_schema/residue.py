"""What is still undecided about a value, and what a coming value inside it must satisfy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain

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
    conj,
    constant,
    disj,
    negate,
    replace,
    substitute,
)

Outcome = tuple[bool, ...]
REJECT = -1  # in place of a label


class Residue:
    """What is still undecided about a value: `must` has to become true, `tracked` is to be reported."""

    __slots__ = ("_hash", "must", "tracked")

    def __init__(self, must: Formula, tracked: tuple[Formula, ...]) -> None:
        self.must, self.tracked = must, tracked
        self._hash = hash((must, tracked))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Residue) and self._hash == other._hash
                                 and self.must == other.must and self.tracked == other.tracked)

    def map(self, change: Callable[[Formula], Formula]) -> Residue:
        """The residue with `change` applied to every formula."""
        must = change(self.must)
        return Residue(must, tuple(map(change, self.tracked)) if must is not FALSE else ())

    def substitute(self, value: Callable[[Atom], Formula]) -> Residue:
        """The residue after atoms were decided."""
        return self.map(lambda formula: substitute(formula, value))

    def replace(self, changes: Mapping[Atom, Formula]) -> Residue:
        """The residue after some atoms were decided."""
        must = replace(self.must, changes)
        if must is self.must and not self.tracked:
            return self
        return Residue(must, tuple([replace(f, changes) for f in self.tracked]) if must is not FALSE else ())

    @property
    def size(self) -> int:
        """Nodes of all formulas."""
        return self.must.size + sum(formula.size for formula in self.tracked)

    @property
    def dead(self) -> bool:
        """Can it no longer come true?"""
        return self.must is FALSE

    @property
    def atoms(self) -> Collection[Atom]:
        """The distinct atoms, in order of appearance; fast to look up."""
        if not self.tracked:
            return self.must.atoms
        return dict.fromkeys(chain(self.must.atoms, *[formula.atoms for formula in self.tracked]))


DEAD = Residue(FALSE, ())


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
        return conj([necessary(f, parts) for f in formula.args if f in parts or not isinstance(f, Atom)])
    if isinstance(formula, Or | ExactlyOne):
        return disj(necessary(f, parts) for f in formula.args)
    return formula


def wanted_true(formula: Formula) -> Iterator[Atom]:
    """The atoms whose truth can help a formula to come true."""
    if isinstance(formula, Atom):
        yield formula
    elif not isinstance(formula, Not):
        for part in formula.args:
            yield from part.atoms if isinstance(formula, ExactlyOne) else wanted_true(part)
    elif isinstance(formula.args[0], ExactlyOne):
        yield from formula.atoms


def wanted_false(formula: Formula) -> Iterator[Atom]:
    """The atoms whose falsehood can help a formula to come true."""
    if isinstance(formula, Not | ExactlyOne):
        yield from formula.atoms
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


