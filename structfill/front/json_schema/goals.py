"""What must be true of the value that is being read: the states of a streaming validator.

A `Goal` is put at the start of a value. It holds one formula that must come out true and some tracked formulas whose
truth the surrounding object or array still waits for (alternatives of anyOf and oneOf that differ inside this value).
When the value ends, its *outcome* says which tracked formulas were true. Goals, and the states of objects and arrays
in them, are made on demand and kept, so a recursive schema has finitely many of them whatever the text nests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from ...automaton import decimals
from ...automaton.char_dfa import CharDFA, product
from ...errors import TooLarge
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
from .lower import Lowering

Outcome = tuple[bool, ...]
LITERALS = {b"null": at.NULL, b"true": at.TRUE_LITERAL, b"false": at.FALSE_LITERAL}
REJECT = -1
_INTEGER = at.NumberAtom("integer")


@dataclass(frozen=True)
class Residue:
    """What is still undecided about a value: `must` has to become true, `tracked` is to be reported."""

    must: Formula
    tracked: tuple[Formula, ...]

    def map(self, change: Callable[[Formula], Formula]) -> Residue:
        """The residue with `change` applied to every formula."""
        must = change(self.must)
        return Residue(must, tuple(map(change, self.tracked)) if must is not FALSE else ())

    def substitute(self, value: Callable[[Atom], Formula]) -> Residue:
        """The residue after atoms were decided."""
        return self.map(lambda formula: substitute(formula, value))

    @property
    def dead(self) -> bool:
        """Can it no longer come true?"""
        return self.must is FALSE

    def atoms(self) -> Iterable[Atom]:
        """All atoms, in order of appearance."""
        for formula in (self.must, *self.tracked):
            yield from atoms(formula)


class GoalSpace:
    """All goals of one schema, interned. Counts what it makes against `limits.states`."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering, self.limits = lowering, lowering.limits
        self._goals: dict[Residue, Goal] = {}
        self._made = 0
        self.root = self.goal(Residue(lowering.formula(""), ()))

    def goal(self, residue: Residue) -> Goal:
        """The goal of a residue (one object for equal residues)."""
        if residue not in self._goals:
            self.count()
            self._goals[residue] = Goal(self, residue)
        return self._goals[residue]

    def count(self) -> None:
        """One more goal or container state was made."""
        self._made += 1
        if self._made > self.limits.states:
            raise TooLarge("states", self._made, self.limits.states)


class Goal:
    """The start of a value. Scalars are decided at once; arrays and objects step through container states."""

    def __init__(self, space: GoalSpace, residue: Residue) -> None:
        self.space, self.residue = space, residue
        self.outcomes: list[Outcome] = []  # by label
        self._labels: dict[Outcome, int] = {}

    def _label(self, residue: Residue) -> int:
        """The label of a fully decided residue, or REJECT."""
        if residue.must is not TRUE:
            return REJECT
        outcome = tuple(formula is TRUE for formula in residue.tracked)
        if outcome not in self._labels:
            self._labels[outcome] = len(self.outcomes)
            self.outcomes.append(outcome)
        return self._labels[outcome]

    def _of_kind(self, kind: int) -> Residue:
        return self.residue.map(lambda formula: at.for_kind(formula, kind))

    @cached_property
    def literals(self) -> dict[bytes, int]:
        """Labels of the literals null, true and false that may stand here."""
        labels = {text: self._label(self._of_kind(kind)) for text, kind in LITERALS.items()}
        return {text: label for text, label in labels.items() if label != REJECT}

    @cached_property
    def string(self) -> CharDFA:
        """The strings that may stand here, labelled with outcomes."""
        residue = self._of_kind(at.STRING)
        parts = _distinct(residue.atoms())
        return product([atom.dfa for atom in parts],  # type: ignore[attr-defined]
                       self._decider(residue, parts), self.space.limits)

    @cached_property
    def number(self) -> CharDFA:
        """The canonical decimals that may stand here, labelled with outcomes."""
        residue = self._of_kind(at.NUMBER)
        parts = _distinct(residue.atoms())
        decide = self._decider(residue, parts)
        spelling = decimals.integer() if _INTEGER in _conjuncts(residue.must) else decimals.number()
        return product([spelling, *map(_decimals, parts)],
                       lambda truth: decide(truth[1:]) if truth[0] else REJECT, self.space.limits)

    def number_label(self, value: Decimal) -> int:
        """The label of a number in any spelling, or REJECT."""
        residue = self._of_kind(at.NUMBER)
        return self._label(residue.substitute(lambda atom: constant(atom.holds(value))))  # type: ignore[attr-defined]

    @cached_property
    def array(self) -> ArrayState | None:
        """The state before the first item, or None where no array may stand."""
        residue = self._of_kind(at.ARRAY)
        return _ArrayStates(self, residue).state(0, residue)

    @cached_property
    def object(self) -> ObjectState | None:
        """The state before the first property, or None where no object may stand."""
        residue = self._of_kind(at.OBJECT)
        return _ObjectStates(self, residue).state(0, residue)

    def _decider(self, residue: Residue, parts: Sequence[Atom]) -> Callable[[tuple[bool, ...]], int]:
        def decide(truth: tuple[bool, ...]) -> int:
            known = dict(zip(parts, map(constant, truth), strict=True))
            return self._label(residue.substitute(known.__getitem__))
        return decide


@dataclass(frozen=True)
class Step:
    """A value to come inside an array or object: its goal, and the state after it by the outcome's label."""

    goal: Goal
    follow: Callable[[Outcome], ArrayState | ObjectState | None]

    def after(self, label: int) -> ArrayState | ObjectState | None:
        """The container's state after a value that ended with `label`; None if the container is then lost."""
        return self.follow(self.goal.outcomes[label])


@dataclass(eq=False)
class ArrayState:
    """Between two items: `close` is the label on `]` or REJECT, `step` the next item or None."""

    close: int
    step: Step | None = None


@dataclass(eq=False)
class ObjectState:
    """Between two properties: `close` is the label on `}` or REJECT, `keys` leads names to indexes of `steps`."""

    close: int
    keys: CharDFA | None = None
    steps: list[Step] = field(default_factory=list)


class _ArrayStates:
    """The states of arrays under one goal: an index, capped where indexes stop to matter, and a residue."""

    def __init__(self, goal: Goal, residue: Residue) -> None:
        self.goal, self.space = goal, goal.space
        self.cap = max((_threshold(atom) for atom in residue.atoms()), default=0)
        self._states: dict[tuple[int, Residue], ArrayState] = {}

    def state(self, index: int, residue: Residue) -> ArrayState | None:
        """The state before item `index`, or None if nothing valid can follow."""
        residue = residue.substitute(lambda atom: _reached(atom, index))
        if residue.dead:
            return None
        key = (min(index, self.cap), residue)
        if key not in self._states:
            self.space.count()
            end = residue.substitute(_array_end)
            self._states[key] = state = ArrayState(self.goal._label(end))
            state.step = self._step(*key)
        return self._states[key]

    def _step(self, index: int, residue: Residue) -> Step | None:
        parts = {atom: self.space.lowering.formula(atom.pointer)
                 for atom in _distinct(residue.atoms()) if _concerns(atom, index)}
        at_least = residue.substitute(lambda atom: _reached(atom, index + 1))
        if at_least.dead:
            return None
        return _step(self.space, at_least, parts, lambda rest: self.state(index + 1, rest))


class _ObjectStates:
    """The states of objects under one goal: a place in the order of declared names, and a residue."""

    def __init__(self, goal: Goal, residue: Residue) -> None:
        self.goal, self.space = goal, goal.space
        self.names = _names(residue)
        self._states: dict[tuple[int, Residue], ObjectState] = {}

    def state(self, place: int, residue: Residue) -> ObjectState | None:
        """The state in which names[place:] may still come, or None if nothing valid can follow."""
        if residue.dead:
            return None
        key = (place, residue)
        if key not in self._states:
            self.space.count()
            self._states[key] = state = ObjectState(REJECT)
            self._fill(state, place, residue)
        return self._states[key]

    def _fill(self, state: ObjectState, place: int, residue: Residue) -> None:
        labels = dict.fromkeys(self.names, REJECT)
        for index in range(place, len(self.names)):
            name = self.names[index]
            step = self._step(index + 1, residue.substitute(lambda atom, name=name: _present(atom, name)), name)
            if step is not None:
                labels[name] = len(state.steps)
                state.steps.append(step)
            residue = residue.substitute(lambda atom, name=name: _absent(atom, name))
            if residue.dead:
                break
        other = None
        if not residue.dead:
            state.close = self.goal._label(residue.substitute(_object_end))
            step = self._step(len(self.names), residue, None)
            if step is not None:
                other = len(state.steps)
                state.steps.append(step)
        if state.steps:
            state.keys = CharDFA.trie(labels, other)

    def _step(self, place: int, residue: Residue, name: str | None) -> Step | None:
        """The value of property `name` (None: of any undeclared name)."""
        if residue.dead:
            return None
        parts = {atom: self.space.lowering.formula(atom.pointer)  # type: ignore[attr-defined]
                 for atom in _distinct(residue.atoms()) if _selects(atom, name)}
        return _step(self.space, residue, parts, lambda rest: self.state(place, rest))


def _step(space: GoalSpace, residue: Residue, parts: dict[Atom, Formula],
          follow: Callable[[Residue], ArrayState | ObjectState | None]) -> Step | None:
    """The step over a value on which the atoms in `parts` depend, each through its formula about that value."""
    must = _necessary(residue.must, parts)
    if must is FALSE:
        return None
    certain = {TRUE, *_conjuncts(must)}
    tracked = tuple(dict.fromkeys(f for f in parts.values() if f is not FALSE and not certain.issuperset(_conjuncts(f))))
    goal = space.goal(Residue(must, tracked))

    def after(outcome: Outcome) -> ArrayState | ObjectState | None:
        truth = dict(zip(tracked, outcome, strict=True))
        known = {atom: truth.get(f, f is not FALSE) for atom, f in parts.items()}
        return follow(residue.substitute(lambda atom: _decided(atom, known[atom]) if atom in known else atom))
    return Step(goal, _remember(after))


def _remember(function: Callable[[Outcome], ArrayState | ObjectState | None]
              ) -> Callable[[Outcome], ArrayState | ObjectState | None]:
    known: dict[Outcome, ArrayState | ObjectState | None] = {}

    def remembered(outcome: Outcome) -> ArrayState | ObjectState | None:
        if outcome not in known:
            known[outcome] = function(outcome)
        return known[outcome]
    return remembered


def _necessary(formula: Formula, parts: dict[Atom, Formula]) -> Formula:
    """A condition on the coming value without which `formula` cannot come true, whatever follows."""
    if isinstance(formula, Atom):
        return parts.get(formula, TRUE)
    if isinstance(formula, Not):
        inner = formula.args[0]
        if isinstance(inner, at.Property | at.ItemAt) and inner in parts:
            return negate(parts[inner])
        return TRUE
    if isinstance(formula, And):
        return conj(_necessary(f, parts) for f in formula.args)
    if isinstance(formula, Or | ExactlyOne):
        return disj(_necessary(f, parts) for f in formula.args)
    return formula


def _conjuncts(formula: Formula) -> tuple[Formula, ...]:
    return formula.args if isinstance(formula, And) else (formula,)


def _decided(atom: Atom, truth: bool) -> Formula:
    """`atom` after a value it speaks about: one-value atoms are settled, universal ones only refuted."""
    if isinstance(atom, at.Property | at.ItemAt):
        return constant(truth)
    return atom if truth else FALSE


def _names(residue: Residue) -> list[str]:
    """Declared property names in canonical order: that of first appearance, in `properties` before `required`."""
    declared = [atom.name for atom in residue.atoms() if isinstance(atom, at.Property)]
    demanded = [atom.name for atom in residue.atoms() if isinstance(atom, at.Required)]
    excluded = [sorted(atom.names) for atom in residue.atoms() if isinstance(atom, at.OtherProperties)]
    return list(dict.fromkeys([*declared, *demanded, *(name for names in excluded for name in names)]))


def _selects(atom: Atom, name: str | None) -> bool:
    if isinstance(atom, at.Property):
        return atom.name == name
    return isinstance(atom, at.OtherProperties) and name not in atom.names


def _present(atom: Atom, name: str) -> Formula:
    return TRUE if isinstance(atom, at.Required) and atom.name == name else atom


def _absent(atom: Atom, name: str) -> Formula:
    if isinstance(atom, at.Required) and atom.name == name:
        return FALSE
    return TRUE if isinstance(atom, at.Property) and atom.name == name else atom


def _object_end(atom: Atom) -> Formula:
    return constant(not isinstance(atom, at.Required))


def _concerns(atom: Atom, index: int) -> bool:
    if isinstance(atom, at.ItemAt):
        return atom.index == index
    return isinstance(atom, at.ItemsFrom) and index >= atom.start


def _reached(atom: Atom, count: int) -> Formula:
    """`atom` once there are at least `count` items."""
    return TRUE if isinstance(atom, at.CountAtLeast) and count >= atom.count else atom


def _array_end(atom: Atom) -> Formula:
    return constant(not isinstance(atom, at.CountAtLeast))


def _threshold(atom: Atom) -> int:
    """The index from which on `atom` no longer looks at the index."""
    if isinstance(atom, at.ItemAt):
        return atom.index + 1
    return atom.start if isinstance(atom, at.ItemsFrom) else atom.count  # type: ignore[attr-defined, no-any-return]


def _distinct(found: Iterable[Atom]) -> list[Atom]:
    return list(dict.fromkeys(found))


def _decimals(atom: Atom) -> CharDFA:
    assert isinstance(atom, at.NumberAtom)
    if atom.relation == "integer":
        return decimals.multiple_of(Fraction(1))  # 1.0 is an integer
    if atom.relation == "==":
        return decimals.equal(atom.value)
    bound = decimals.at_least if atom.relation[0] == ">" else decimals.at_most
    return bound(atom.value, exclusive=len(atom.relation) == 1)
