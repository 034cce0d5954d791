"""Arrays and objects under a goal: states between items or properties, and the steps to the next value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from structfill_kernels.counters import UNBOUNDED

from ...automaton.char_dfa import CharDFA
from . import atoms as at
from .formula import FALSE, TRUE, Atom, Formula, Not, conj, disj
from .residue import REJECT, Outcome, Residue, conjuncts, decided, necessary

if TYPE_CHECKING:
    from .goals import Goal, GoalSpace


COUNTED_ITEMS = 16  # as many items at most, or more, are counted; fewer are states
UNIQUE_ITEMS = 8  # are written at most where it is not known which values there are
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
    """Between two items: `close` is the label on `]` or REJECT, `step` the next item or None; `most` items may come in
    all, None if there is no bound that has to be counted."""

    close: int
    step: Step | None = None
    most: int | None = None


@dataclass(eq=False)
class ObjectState:
    """Between two properties: `close` is the label on `}` or REJECT.

    `names` leads every declared name that may come to the index of its step.
    Undeclared names are those of `others`, whose label n leads to the step of index ``other_steps[n]``; None where they
    may not come.
    """

    close: int
    steps: list[Step] = field(default_factory=list)
    declared: tuple[str, ...] = ()
    names: dict[str, int] = field(default_factory=dict)
    others: CharDFA | None = None
    other_steps: tuple[int, ...] = ()

    @cached_property
    def keys(self) -> CharDFA | None:
        """The names that may come, labelled with the indexes of their steps; None if there is none."""
        if not self.steps:
            return None
        if self.others is None:
            return CharDFA.trie(self.names, None)
        return self.others.relabelled(self.other_steps).overlaid({**dict.fromkeys(self.declared, REJECT), **self.names})


def steps_of(state: ArrayState | ObjectState) -> list[Step]:
    """The values that may come next."""
    if isinstance(state, ObjectState):
        return state.steps
    return [] if state.step is None else [state.step]


class ArrayStates:
    """The states of arrays under one goal: an index, capped where indexes stop to matter, and a residue."""

    def __init__(self, goal: Goal, residue: Residue) -> None:
        self.goal, self.space = goal, goal.space
        self._residue, self.most = _without_bound(residue, self.space.counts_items_from)
        self.cap = max(map(_threshold, self._residue.atoms), default=0)
        if self.most is not None and self.most < 2 * self.cap:  # as many items have states of their own anyway
            self._residue, self.most = residue, None
            self.cap = max(map(_threshold, residue.atoms))
        self._states: dict[tuple[int, Residue], ArrayState] = {}

    def first(self) -> ArrayState | None:
        """The state before the first item, or None where no array may stand."""
        return self.state(0, self._residue)

    def state(self, index: int, residue: Residue) -> ArrayState | None:
        """The state before item `index`, or None if nothing valid can follow."""
        self.space.spend(3 * residue.size + STATE_NODES)
        residue = residue.substitute(lambda atom: _reached(atom, index))
        if residue.dead:
            return None
        key = (min(index, self.cap), residue)
        if key not in self._states:
            self.space.count()
            self._states[key] = state = ArrayState(self.goal.label(residue, _at_end), most=self.most)
            state.step = self._step(*key)
        return self._states[key]

    def _step(self, index: int, residue: Residue) -> Step | None:
        narrowing: Formula = TRUE
        if self.space.writes and not self.space.repeat and any(isinstance(atom, at.Unique) for atom in residue.atoms):
            self.space.narrowed = "uniqueItems"
            if index >= UNIQUE_ITEMS:
                return None
            narrowing = _unlike_others(index)
        residue = residue.substitute(lambda atom: _reached(atom, index + 1))
        concerned = [atom for atom in residue.atoms if _concerns(atom, index)]
        return step_over(self.space, residue, concerned, lambda rest, _: self.state(index + 1, rest), narrowing)


Follow = Callable[[Residue, bool], ArrayState | ObjectState | None]


def step_over(space: GoalSpace, residue: Residue, concerned: list[Atom], follow: Follow,
              narrowing: Formula = TRUE) -> Step | None:
    """The step over a value on which the atoms `concerned` depend, each through its schema of that value. Values that
    are not as `narrowing` says do not come.

    `follow` gets what is left and whether an atom about many values was refuted by this one."""
    if not concerned:
        if residue.dead or narrowing is FALSE:
            return None
        return Step(space.goal(Residue(narrowing, ())), _remember(lambda _: follow(residue, False)))
    parts = {atom: space.lowering.formula(at.pointer_of(atom)) for atom in concerned}
    must = conj([necessary(residue.must, parts), narrowing])
    if must is FALSE:
        return None
    certain = {TRUE, *conjuncts(must)}
    tracked = tuple(dict.fromkeys(f for f in parts.values() if f is not FALSE and not certain.issuperset(conjuncts(f))))
    goal = space.goal(Residue(must, tracked))

    def after(outcome: Outcome) -> ArrayState | ObjectState | None:
        space.spend(residue.size)
        truth = dict(zip(tracked, outcome, strict=True))
        known = {atom: truth.get(f, f is not FALSE) for atom, f in parts.items()}
        refuted = any(not holds and parts[atom] is not FALSE for atom, holds in known.items())
        return follow(residue.replace({atom: decided(atom, holds) for atom, holds in known.items()}), refuted)
    return Step(goal, _remember(after))


def _remember(function: Callable[[Outcome], ArrayState | ObjectState | None]
              ) -> Callable[[Outcome], ArrayState | ObjectState | None]:
    known: dict[Outcome, ArrayState | ObjectState | None] = {}

    def remembered(outcome: Outcome) -> ArrayState | ObjectState | None:
        if outcome not in known:
            known[outcome] = function(outcome)
        return known[outcome]
    return remembered


def _without_bound(residue: Residue, counted_from: int | None) -> tuple[Residue, int | None]:
    """The residue of an array without the upper bound that its number of items has in any case, and that bound; bounds
    below `counted_from` stay where they are (None: all)."""
    found = [part.args[0] for part in conjuncts(residue.must)
             if isinstance(part, Not) and isinstance(part.args[0], at.CountAtLeast)]
    most = min((atom.count - 1 for atom in found), default=0)
    if counted_from is None or not counted_from <= most < UNBOUNDED:
        return residue, None
    return residue.replace(dict.fromkeys(found, FALSE)), most


def _concerns(atom: Atom, index: int) -> bool:
    if isinstance(atom, at.ItemAt):
        return atom.index == index
    return isinstance(atom, at.Contains) or (isinstance(atom, at.ItemsFrom) and index >= atom.start)


def _reached(atom: Atom, count: int) -> Formula:
    """`atom` once there are at least `count` items."""
    return TRUE if isinstance(atom, at.CountAtLeast) and count >= atom.count else atom


def _at_end(atom: Atom) -> bool:
    return not isinstance(atom, at.CountAtLeast | at.Contains)


def _threshold(atom: Atom) -> int:
    """The index from which on `atom` no longer looks at the index."""
    if isinstance(atom, at.ItemAt):
        return atom.index + 1
    if isinstance(atom, at.ItemsFrom):
        return atom.start
    if isinstance(atom, at.Unique):
        return UNIQUE_ITEMS
    return atom.count if isinstance(atom, at.CountAtLeast) else 0


def _unlike_others(index: int) -> Formula:
    """No item before item `index` can be like it: strings differ in their lengths, numbers in their digits, and what is
    neither comes first."""
    string = conj([at.KindIs(at.STRING), at.StringAtom(CharDFA.length_modulo(index, UNIQUE_ITEMS))])
    low, high = at.NumberAtom(">=", Fraction(10 ** index)), at.NumberAtom("<", Fraction(10 ** (index + 1)))
    number = conj([at.KindIs(at.NUMBER), high, *([low] if index else [])])
    first = at.KindIs(sum(at.KINDS) - at.STRING - at.NUMBER)
    return disj([string, number] if index else [first, string, number])
