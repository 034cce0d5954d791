"""Arrays and objects under a goal: states between items or properties, and the steps to the next value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ...automaton.char_dfa import CharDFA, product
from ...limits import Limits
from . import atoms as at
from .formula import FALSE, TRUE, Atom, Formula, atoms, constant
from .residue import REJECT, Outcome, Residue, conjuncts, decided, distinct, necessary, wanted_false, wanted_true

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

    `names` leads every declared name to the index of its step, or to REJECT where it may not come any more.
    Undeclared names are those of `others`, whose label n leads to the step of index ``other_steps[n]``; None where they
    may not come.
    """

    close: int
    steps: list[Step] = field(default_factory=list)
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
        return self.others.relabelled(self.other_steps).overlaid(self.names)


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
        return _step(self.space, residue, concerned, lambda rest, _: self.state(index + 1, rest))


class ObjectStates:
    """The states of objects under one goal: a place in the order of declared names, a phase, and a residue.

    The place is the number of names that cannot come any more; where names may come in any order, it is the set of
    those that came, as bits.

    Undeclared names may come more than once in what is written, and then the last one counts. Where that could break
    what an earlier one has settled (that some value is *not* as a schema says, or that there are two properties), such
    a name ends a phase, and in phase k undeclared names have k modulo `phases` characters.
    """

    def __init__(self, goal: Goal, residue: Residue) -> None:
        self.goal, self.space = goal, goal.space
        self.names = _names(residue)
        self.undeclared = Undeclared(residue, self.space.limits)
        self._delicate = _delicate_values(residue, self.space) if self.space.writes else 0
        counts = max(_counts(residue), default=0) if self.space.writes else 0
        self.phases = max(self._delicate + counts + (self._delicate > 0), 1)
        self._choices: dict[tuple[int, int, int, Residue], tuple[Step | None, Residue]] = {}
        self._same: dict[Residue, Residue] = {}  # one object for equal residues makes look-ups cheap
        self._states: dict[tuple[int, int, Residue], ObjectState] = {}

    def state(self, place: int, phase: int, residue: Residue) -> ObjectState | None:
        """The state at a place, or None if nothing valid can follow."""
        if residue.dead:
            return None
        residue = self._same.setdefault(residue, residue)
        key = (place, phase, residue)
        if key not in self._states:
            self.space.count()
            self._states[key] = state = ObjectState(REJECT)
            self._fill(state, place, phase, residue)
        return self._states[key]

    def _fill(self, state: ObjectState, place: int, phase: int, residue: Residue) -> None:
        self.space.spend(len(self.names))
        state.names = labels = dict.fromkeys(self.names, REJECT)
        for index in self._open(place):
            step, left = self._choice(index, place, phase, residue)
            if step is not None:
                labels[self.names[index]] = len(state.steps)
                state.steps.append(step)
            if not self.space.any_order:  # what was passed over cannot come any more
                place, residue = index + 1, left
            if residue.dead:
                return
        state.close = self.goal.label(residue.substitute(_object_end))
        found = [self._choice(len(self.names) + kind, place, phase, residue)[0]
                 for kind in range(self.undeclared.kinds)]
        kinds = [kind for kind, step in enumerate(found) if step is not None]
        if kinds:
            modulus = self.phases if self._is_delicate(phase, residue) else 1
            state.others = self.undeclared.names(tuple(kinds), phase, modulus)
            state.other_steps = tuple(range(len(state.steps), len(state.steps) + len(kinds)))
            state.steps += [step for step in found if step is not None]

    def _open(self, place: int) -> Iterable[int]:
        """The declared names that may come at a place, by index."""
        if not self.space.any_order:
            return range(place, len(self.names))
        return [index for index in range(len(self.names)) if not place >> index & 1]

    def _behind(self, place: int, index: int) -> int:
        """The place behind declared name `index`."""
        return place | 1 << index if self.space.any_order else index + 1

    def _is_delicate(self, phase: int, residue: Residue) -> bool:
        """Could an undeclared name, coming again, unsettle something?"""
        counts = _counts(residue) if self.phases > 1 else []
        return self._delicate > 0 or max(counts, default=0) > (phase == 0)

    def _choice(self, index: int, place: int, phase: int, residue: Residue) -> tuple[Step | None, Residue]:
        """The step if name `index` (past the last: an undeclared name of some kind) comes, and what is left if it
        does not.

        Kept, because the states before and behind an optional property meet again: without this, an object of n
        optional properties costs n^3.
        """
        key = (index, place if self.space.any_order else 0, phase, residue)
        if key not in self._choices:
            self.space.count()
            self.space.spend(3 * residue.size + STATE_NODES)
            if index >= len(self.names):
                self._choices[key] = self._undeclared(index - len(self.names), place, phase, residue), residue
            else:
                self._choices[key] = self._declared(index, place, phase, residue)
        return self._choices[key]

    def _declared(self, index: int, place: int, phase: int, residue: Residue) -> tuple[Step | None, Residue]:
        name, behind = self.names[index], self._behind(place, index)
        present = residue.substitute(lambda atom: _present(atom, name))
        absent = residue.substitute(lambda atom: _absent(atom, name))
        concerned = [atom for atom in distinct(present.atoms()) if _selects(atom, name)]
        step = _step(self.space, present, concerned, lambda rest, _: self.state(behind, phase, rest))
        return step, self._same.setdefault(absent, absent)

    def _undeclared(self, kind: int, place: int, phase: int, residue: Residue) -> Step | None:
        counted = residue.substitute(lambda atom: self.undeclared.present(atom, kind))
        concerned = [atom for atom in distinct(counted.atoms()) if self.undeclared.selects(atom, kind)]
        settles = self.phases > 1 and bool(_counts(residue))

        def follow(rest: Residue, refuted: bool) -> ObjectState | None:
            later = min(phase + 1, self.phases - 1) if settles or refuted else phase
            return self.state(place, later if self._is_delicate(later, rest) else 0, rest)
        return _step(self.space, counted, concerned, follow)


class Undeclared:
    """The names that no schema here mentions, in kinds: which of the languages of names they belong to."""

    def __init__(self, residue: Residue, limits: Limits) -> None:
        found = {p.key: p for atom in distinct(residue.atoms()) for p in _languages(atom)}
        self._vectors: list[tuple[bool, ...]] = []
        self._index = {key: i for i, key in enumerate(found)}
        self._limits = limits
        self._all = product(list(found.values()), self._label, limits) if found else CharDFA.everything()
        if not found:
            self._vectors.append(())
        self._known: dict[tuple[tuple[int, ...], int, int], CharDFA] = {}

    def _label(self, truth: tuple[bool, ...]) -> int:
        self._vectors.append(truth)
        return len(self._vectors) - 1

    @property
    def kinds(self) -> int:
        """How many kinds there are."""
        return len(self._vectors)

    def _in(self, kind: int, language: CharDFA) -> bool:
        return self._vectors[kind][self._index[language.key]]

    def selects(self, atom: Atom, kind: int) -> bool:
        """Does an atom speak of the values of such names?"""
        if isinstance(atom, at.OtherProperties):
            return not any(self._in(kind, pattern) for pattern in atom.patterns)
        return isinstance(atom, at.Matching) and self._in(kind, atom.dfa)

    def present(self, atom: Atom, kind: int) -> Formula:
        """What is left of an atom when such a name has come."""
        if isinstance(atom, at.Names) and not self._in(kind, atom.dfa):
            return FALSE
        return _counted(atom)

    def names(self, kinds: tuple[int, ...], phase: int, phases: int) -> CharDFA:
        """The names of some kinds, labelled 0, 1, ... in their order; of `phase` modulo `phases` characters."""
        key = kinds, phase, phases
        if key not in self._known:
            labels = [REJECT] * self.kinds
            for label, kind in enumerate(kinds):
                labels[kind] = label
            names = self._all if kinds == (0,) and self.kinds == 1 else self._all.relabelled(labels)
            self._known[key] = names.kept(CharDFA.length_modulo(phase, phases)) if phases > 1 else names
        return self._known[key]


def _step(space: GoalSpace, residue: Residue, concerned: list[Atom],
          follow: Callable[[Residue, bool], ArrayState | ObjectState | None]) -> Step | None:
    """The step over a value on which the atoms `concerned` depend, each through its schema of that value.

    `follow` gets what is left and whether an atom about many values was refuted by this one."""
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
        refuted = any(not holds and parts[atom] is not FALSE for atom, holds in known.items())
        return follow(residue.substitute(lambda atom: decided(atom, known[atom]) if atom in known else atom), refuted)
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


def _languages(atom: Atom) -> tuple[CharDFA, ...]:
    """The languages of names that an atom asks for."""
    if isinstance(atom, at.OtherProperties):
        return atom.patterns
    return (atom.dfa,) if isinstance(atom, at.Matching | at.Names) else ()


def _delicate_values(residue: Residue, space: GoalSpace) -> int:
    """How many assertions on the values of all properties have to be false, or may have to."""
    delicate = {*wanted_false(residue.must), *(atom for formula in residue.tracked for atom in atoms(formula))}
    return sum(isinstance(atom, at.UniversalAtom) and space.lowering.formula(atom.pointer) is not FALSE
               for atom in delicate)


def _counts(residue: Residue) -> list[int]:
    """The numbers of properties that are still wanted, or may be."""
    wanted = *wanted_true(residue.must), *(atom for formula in residue.tracked for atom in atoms(formula))
    return [atom.count for atom in wanted if isinstance(atom, at.PropertiesAtLeast)]


def _selects(atom: Atom, name: str) -> bool:
    if isinstance(atom, at.Property):
        return atom.name == name
    return isinstance(atom, at.UniversalAtom) and atom.selects(name)


def _counted(atom: Atom) -> Formula:
    """`atom` after one more property."""
    if not isinstance(atom, at.PropertiesAtLeast):
        return atom
    return at.PropertiesAtLeast(atom.count - 1) if atom.count > 1 else TRUE


def _present(atom: Atom, name: str) -> Formula:
    if isinstance(atom, at.Required):
        return TRUE if atom.name == name else atom
    if isinstance(atom, at.Names):
        return atom if atom.dfa.accepts(name) else FALSE
    return _counted(atom)


def _absent(atom: Atom, name: str) -> Formula:
    if isinstance(atom, at.Required) and atom.name == name:
        return FALSE
    return TRUE if isinstance(atom, at.Property) and atom.name == name else atom


def _object_end(atom: Atom) -> Formula:
    return constant(not isinstance(atom, at.Required | at.PropertiesAtLeast))


def _concerns(atom: Atom, index: int) -> bool:
    if isinstance(atom, at.ItemAt):
        return atom.index == index
    return isinstance(atom, at.Contains) or (isinstance(atom, at.ItemsFrom) and index >= atom.start)


def _reached(atom: Atom, count: int) -> Formula:
    """`atom` once there are at least `count` items."""
    return TRUE if isinstance(atom, at.CountAtLeast) and count >= atom.count else atom


def _array_end(atom: Atom) -> Formula:
    return constant(not isinstance(atom, at.CountAtLeast | at.Contains))


def _threshold(atom: Atom) -> int:
    """The index from which on `atom` no longer looks at the index."""
    if isinstance(atom, at.ItemAt):
        return atom.index + 1
    if isinstance(atom, at.ItemsFrom):
        return atom.start
    return atom.count if isinstance(atom, at.CountAtLeast) else 0
