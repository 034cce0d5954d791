"""Arrays and objects under a goal: states between items or properties, and the steps to the next value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ...automaton.char_dfa import CharDFA
from . import atoms as at
from .formula import FALSE, TRUE, Atom, Formula, constant
from .residue import REJECT, Outcome, Residue, conjuncts, decided, distinct, necessary

if TYPE_CHECKING:
    from .goals import Goal, GoalSpace


STATE_NODES = 20  # making a state costs about as much as visiting so many nodes of a formula


@dataclass(frozen=True, eq=False)
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
    """Between two properties: `close` is the label on `}` or REJECT.

    `names` leads every declared name to the index of its step, or to REJECT where it may not come any more; `other` is
    the index of the step of all undeclared names, None where they may not come.
    """

    close: int
    steps: list[Step] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    other: int | None = None

    @cached_property
    def keys(self) -> CharDFA | None:
        """The names that may come, labelled with the indexes of their steps; None if there is none."""
        return CharDFA.trie(self.names, self.other) if self.steps else None


def steps_of(state: ArrayState | ObjectState) -> list[Step]:
    """The values that may come next."""
    if isinstance(state, ObjectState):
        return state.steps
    return [] if state.step is None else [state.step]


class ArrayStates:
    """The states of arrays under one goal: an index, capped where indexes stop to matter, and a residue."""

    def __init__(self, goal: Goal, residue: Residue) -> None:
        self.goal, self.space = goal, goal.space
        self.cap = max((_threshold(atom) for atom in residue.atoms()), default=0)
        self._states: dict[tuple[int, Residue], ArrayState] = {}

    def state(self, index: int, residue: Residue) -> ArrayState | None:
        """The state before item `index`, or None if nothing valid can follow."""
        self.space.spend(3 * residue.size + STATE_NODES)
        residue = residue.substitute(lambda atom: _reached(atom, index))
        if residue.dead:
            return None
        key = (min(index, self.cap), residue)
        if key not in self._states:
            self.space.count()
            end = residue.substitute(_array_end)
            self._states[key] = state = ArrayState(self.goal.label(end))
            state.step = self._step(*key)
        return self._states[key]

    def _step(self, index: int, residue: Residue) -> Step | None:
        residue = residue.substitute(lambda atom: _reached(atom, index + 1))
        concerned = [atom for atom in distinct(residue.atoms()) if _concerns(atom, index)]
        return _step(self.space, residue, concerned, lambda rest: self.state(index + 1, rest))

class ObjectStates:
    """The states of objects under one goal: a place in the order of declared names, and a residue."""

    def __init__(self, goal: Goal, residue: Residue) -> None:
        self.goal, self.space = goal, goal.space
        self.names = _names(residue)
        self._choices: dict[tuple[int, Residue], tuple[Step | None, Residue]] = {}
        self._same: dict[Residue, Residue] = {}  # one object for equal residues makes look-ups cheap
        self._states: dict[tuple[int, Residue], ObjectState] = {}

    def state(self, place: int, residue: Residue) -> ObjectState | None:
        """The state in which names[place:] may still come, or None if nothing valid can follow."""
        if residue.dead:
            return None
        residue = self._same.setdefault(residue, residue)
        key = (place, residue)
        if key not in self._states:
            self.space.count()
            self._states[key] = state = ObjectState(REJECT)
            self._fill(state, place, residue)
        return self._states[key]

    def _fill(self, state: ObjectState, place: int, residue: Residue) -> None:
        self.space.spend(len(self.names))
        state.names = labels = dict.fromkeys(self.names, REJECT)
        for index in range(place, len(self.names)):
            step, residue = self._choice(index, residue)
            if step is not None:
                labels[self.names[index]] = len(state.steps)
                state.steps.append(step)
            if residue.dead:
                break
        if not residue.dead:
            state.close = self.goal.label(residue.substitute(_object_end))
            step, _ = self._choice(len(self.names), residue)
            if step is not None:
                state.other = len(state.steps)
                state.steps.append(step)

    def _choice(self, index: int, residue: Residue) -> tuple[Step | None, Residue]:
        """The step if name `index` (past the last: any undeclared name) comes, and what is left if it does not.

        Kept, because the states before and behind an optional property meet again: without this, an object of n
        optional properties costs n^3.
        """
        key = (index, residue)
        if key not in self._choices:
            self.space.count()
            self.space.spend(3 * residue.size + STATE_NODES)
            if index == len(self.names):
                self._choices[key] = self._step(index, residue, None), residue
            else:
                name = self.names[index]
                present = residue.substitute(lambda atom: _present(atom, name))
                absent = residue.substitute(lambda atom: _absent(atom, name))
                self._choices[key] = self._step(index + 1, present, name), self._same.setdefault(absent, absent)
        return self._choices[key]

    def _step(self, place: int, residue: Residue, name: str | None) -> Step | None:
        """The value of property `name` (None: of any undeclared name)."""
        concerned = [atom for atom in distinct(residue.atoms()) if _selects(atom, name)]
        return _step(self.space, residue, concerned, lambda rest: self.state(place, rest))


def _step(space: GoalSpace, residue: Residue, concerned: list[Atom],
          follow: Callable[[Residue], ArrayState | ObjectState | None]) -> Step | None:
    """The step over a value on which the atoms `concerned` depend, each through its schema of that value."""
    parts = {atom: space.lowering.formula(at.pointer_of(atom)) for atom in concerned}
    must = necessary(residue.must, parts)
    if must is FALSE:
        return None
    certain = {TRUE, *conjuncts(must)}
    tracked = tuple(dict.fromkeys(f for f in parts.values() if f is not FALSE and not certain.issuperset(conjuncts(f))))
    goal = space.goal(Residue(must, tracked))

    def after(outcome: Outcome) -> ArrayState | ObjectState | None:
        space.spend(residue.size)
        truth = dict(zip(tracked, outcome, strict=True))
        known = {atom: truth.get(f, f is not FALSE) for atom, f in parts.items()}
        return follow(residue.substitute(lambda atom: decided(atom, known[atom]) if atom in known else atom))
    return Step(goal, _remember(after))


def _remember(function: Callable[[Outcome], ArrayState | ObjectState | None]
              ) -> Callable[[Outcome], ArrayState | ObjectState | None]:
    known: dict[Outcome, ArrayState | ObjectState | None] = {}

    def remembered(outcome: Outcome) -> ArrayState | ObjectState | None:
        if outcome not in known:
            known[outcome] = function(outcome)
        return known[outcome]
    return remembered


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
    if isinstance(atom, at.ItemsFrom):
        return atom.start
    return atom.count if isinstance(atom, at.CountAtLeast) else 0
