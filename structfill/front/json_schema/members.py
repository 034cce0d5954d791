"""Objects under a goal: which names may come in which state, and what is left behind each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...automaton.char_dfa import CharDFA, product
from ...automaton.ordered import parts
from ...errors import TooLarge
from ..regex import fullmatch_dfa
from . import atoms as at
from .containers import STATE_NODES, ObjectState, Step, step_over
from .formula import FALSE, TRUE, Atom, Formula, conj, holds
from .residue import DEAD, REJECT, Residue, conjuncts, wanted_false, wanted_true

if TYPE_CHECKING:
    from .goals import Goal, GoalSpace
    from .lower import Lowering


MAX_PHASES = 256  # states are as many
_AGREED = r"[^\n\r\x1c-\x1f\x85\u2028\u2029\ufeff]*"


class ObjectStates:
    """The states of objects under one goal: a place in the order of declared names, a phase, and a residue.

    The place is the number of names that cannot come any more; where names may come in any order, it is the set of
    those that came, as bits.

    Undeclared names may come more than once in what is written, and then the last one counts. Where that could break
    what an earlier one has settled (that some value is *not* as a schema says, or that there are two properties), such
    a name ends a phase, and the undeclared names of a kind are another part of it in every phase.

    What is asked of a single property whatever else comes (`Alone`) is known from the place; a residue is about the
    rest.
    """

    def __init__(self, goal: Goal, residue: Residue) -> None:
        self.goal, self.space = goal, goal.space
        self.names = _names(residue)
        self._alone, residue = _apart(residue)
        self._root = residue
        self.undeclared = Undeclared(residue, self.names, self.space)
        differ = self.space.writes and self.space.names_differ
        self._delicate = _delicate_values(residue, self.space) if differ else 0
        counts = max(_counts(residue), default=0) if differ else 0
        self.phases = max(self._delicate + counts + (self._delicate > 0), 1)
        self._may_be_unsure = self.space.writes and any(
            isinstance(atom, at.Names) and atom.dfa is not atom.widest for atom in residue.atoms)
        self._absent, self._present = _changes(residue)
        self._values: dict[str | int, list[Atom]] = {}
        self._place = {atom: place for place, atom in enumerate(residue.atoms)}  # states have no other such atoms
        self._universal = [atom for atom in self._place if isinstance(atom, at.UniversalAtom)]
        self._counting = any(isinstance(atom, at.Names | at.PropertiesAtLeast) for atom in residue.atoms)
        self._allowed: dict[tuple[Atom, str], bool] = {}
        self._choices: dict[tuple[int, int, int, Residue], tuple[Step | None, Residue]] = {}
        self._passed: dict[tuple[int, int, Residue], tuple[list[Step | None], int, Residue]] = {}
        self._same: dict[Residue, Residue] = {}  # one object for equal residues makes look-ups cheap
        self._states: dict[tuple[int, int, Residue], ObjectState] = {}

    def first(self) -> ObjectState | None:
        """The state before the first property, or None where no object may stand."""
        return self._state(0, 0, self._root)

    def _state(self, place: int, phase: int, residue: Residue) -> ObjectState | None:
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
        names = self.names
        state.declared = names
        if self.space.any_order:
            indexes = [index for index in range(len(names)) if not place >> index & 1]
            names = tuple([names[index] for index in indexes])
            steps = [self._choice(index, place, phase, residue)[0] for index in indexes]
            lacks = any(self._alone[name].required for name in names if name in self._alone)
        else:
            steps, residue = self._passing(place, phase, residue)
            names, place, lacks = names[place : place + len(steps)], len(names), residue.dead
        come = [name for name, step in zip(names, steps, strict=True) if step is not None]
        state.steps = [step for step in steps if step is not None]
        state.names = dict(zip(come, range(len(come)), strict=True))
        if not lacks:
            state.close = self.goal.label(residue, _at_end)
        if not residue.dead:
            self._undeclared_names(state, place, phase, residue)

    def _undeclared_names(self, state: ObjectState, place: int, phase: int, residue: Residue) -> None:
        """Add the steps of the undeclared names that may come."""
        found = [self._choice(len(self.names) + kind, place, phase, residue)[0]
                 for kind in range(self.undeclared.kinds)]
        kinds = [kind for kind, step in enumerate(found) if step is not None]
        if kinds:
            phases = self.phases if self._is_delicate(phase, residue) else 1
            if phases > 1:  # names of one part are not written together
                self.space.narrowed = "minProperties"
            if phases > MAX_PHASES:
                return
            state.others = self.undeclared.names(tuple(kinds), phase, phases)
            state.other_steps = tuple(range(len(state.steps), len(state.steps) + len(kinds)))
            state.steps += [step for step in found if step is not None]

    def _passing(self, place: int, phase: int, residue: Residue) -> tuple[list[Step | None], Residue]:
        """The steps of the declared names from a place on, each if those between do not come, up to one that must; and
        what is left if none comes.

        Kept for every place on the way: the states before and behind an optional property meet again there.
        """
        steps: list[Step | None] = []
        begun: list[tuple[int, int, Residue]] = []
        while (key := (place, phase, residue)) not in self._passed and place < len(self.names) and not residue.dead:
            begun.append(key)
            step, residue = self._choice(place, 0, phase, residue)
            steps.append(step)
            place += 1
        more, passed, residue = self._passed.get(key, ([], 0, residue))
        steps += more[passed:]
        for passed, known in enumerate(begun):
            self._passed[known] = steps, passed, residue
        return steps, residue

    def _behind(self, place: int, index: int) -> int:
        """The place behind declared name `index`."""
        return place | 1 << index if self.space.any_order else index + 1

    def _is_delicate(self, phase: int, residue: Residue) -> bool:
        """Could an undeclared name, coming again, unsettle something?"""
        counts = _counts(residue) if self.phases > 1 else []
        return self._delicate > 0 or max(counts, default=0) > (phase == 0)

    def _choice(self, index: int, place: int, phase: int, residue: Residue) -> tuple[Step | None, Residue]:
        """The step if name `index` (past the last: an undeclared name of some kind) comes, and what is left if it
        does not. Kept, because states that came by other ways share it."""
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
        alone = self._alone.get(name, NOT_ALONE)
        absent = DEAD if alone.required else residue.replace(self._absent.get(name, {}))
        present = residue.replace(self._present.get(name, {}))
        if self._counting:
            present = present.substitute(lambda atom: self._named(atom, name))
        if name not in self._values:
            found: list[Atom] = [atom for atom in self._absent.get(name, ()) if isinstance(atom, at.Property)]
            found += [atom for atom in self._universal if atom.selects(name)]
            self._values[name] = sorted(found, key=self._place.__getitem__)
        there = present.atoms
        concerned = [atom for atom in self._values[name] if atom in there]
        step = step_over(self.space, present, concerned, lambda rest, _: self._state(behind, phase, rest),
                         alone.must(self.space.lowering))
        return step, self._same.setdefault(absent, absent)

    def _named(self, atom: Atom, name: str) -> Formula:
        """`atom` after a declared name, but for what it says of the presence and the value of single properties."""
        if not isinstance(atom, at.Names):
            return _counted(atom)
        if (atom, name) not in self._allowed:
            formula = at.for_kind(self.space.lowering.formula(atom.pointer), at.STRING)
            self._allowed[atom, name] = holds(formula, lambda part: part.holds(name))  # type: ignore[attr-defined]
        return atom if self._allowed[atom, name] else FALSE

    def _undeclared(self, kind: int, place: int, phase: int, residue: Residue) -> Step | None:
        if self._may_be_unsure and any(self.undeclared.unsure(atom, kind) for atom in residue.atoms):
            self.space.narrowed = "propertyNames"
            return None
        counted = residue
        if self._counting:
            counted = residue.substitute(lambda atom: self.undeclared.present(atom, kind, self.space.writes))
        if kind not in self._values:
            self._values[kind] = [atom for atom in self._universal if self.undeclared.selects(atom, kind)]
        there = counted.atoms
        concerned = [atom for atom in self._values[kind] if atom in there]
        settles = self.phases > 1 and bool(_counts(residue))

        def follow(rest: Residue, refuted: bool) -> ObjectState | None:
            later = min(phase + 1, self.phases - 1) if settles or refuted else phase
            return self._state(place, later if self._is_delicate(later, rest) else 0, rest)
        step = step_over(self.space, counted, concerned, follow)
        if step is not None:
            self._check_count(counted)
        return step

    def _check_count(self, residue: Residue) -> None:
        """Raise `TooLarge` where names that come again and again have more to count than there may be states."""
        most = max((atom.count for atom in residue.atoms if isinstance(atom, at.PropertiesAtLeast)), default=0)
        if most > self.space.limits.states:
            raise TooLarge("states", most, self.space.limits.states)


class Undeclared:
    r"""The names that no schema here mentions, in kinds: which of the languages of names they belong to.

    Engines of patterns do not agree on line ends and odd spaces (``.`` and ``\S`` of ECMA-262 and of Python differ):
    where there are patterns, names that hold such are not written, if there are others.
    """

    def __init__(self, residue: Residue, declared: tuple[str, ...], space: GoalSpace) -> None:
        found = {p.key: p for atom in residue.atoms for p in _languages(atom)}
        self._vectors: list[tuple[bool, ...]] = []
        self._index = {key: i for i, key in enumerate(found)}
        self._all = product(list(found.values()), self._label, space.limits)
        if found and space.writes and not space.odd_names:
            self._all = self._all.kept(fullmatch_dfa(_AGREED))
            space.left_out_names = True
        self._declared = declared
        self._known: dict[tuple[tuple[int, ...], int, int], CharDFA] = {}
        self._parts: dict[tuple[int, int], list[CharDFA]] = {}

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

    def unsure(self, atom: Atom, kind: int) -> bool:
        """Is it not known of such names whether they are as the atom says?"""
        return isinstance(atom, at.Names) and self._in(kind, atom.widest) and not self._in(kind, atom.dfa)

    def present(self, atom: Atom, kind: int, writes: bool) -> Formula:
        """What is left of an atom when such a name has come."""
        if isinstance(atom, at.Names) and not self._in(kind, atom.dfa if writes else atom.widest):
            return FALSE
        return _counted(atom)

    def names(self, kinds: tuple[int, ...], phase: int, phases: int) -> CharDFA:
        """The names of some kinds that may come in a phase, labelled 0, 1, ... in their order."""
        key = kinds, phase, phases
        if key not in self._known:
            if phases > 1:
                found = [self._part(kind, phase, phases) for kind in kinds]
                self._known[key] = product(found, lambda holds: holds.index(True) if any(holds) else REJECT)
            else:
                self._known[key] = self._all if len(kinds) == self.kinds else self._of_kinds(kinds)
        return self._known[key]

    def _of_kinds(self, kinds: tuple[int, ...]) -> CharDFA:
        labels = [REJECT] * self.kinds
        for label, kind in enumerate(kinds):
            labels[kind] = label
        return self._all.relabelled(labels)

    def _part(self, kind: int, phase: int, phases: int) -> CharDFA:
        """The names of a kind that come in one phase only."""
        if (kind, phases) not in self._parts:
            undeclared = self._of_kinds((kind,)).overlaid(dict.fromkeys(self._declared, REJECT))
            self._parts[kind, phases] = parts(undeclared, phases)
        found = self._parts[kind, phases]
        return found[phase] if phase < len(found) else CharDFA.empty()


@dataclass
class Alone:
    """What an object must have of one property, and nothing else in its schema depends on: does it have to come, and
    the schemas of its value."""

    required: bool = False
    pointers: list[str] = field(default_factory=list)

    def must(self, lowering: Lowering) -> Formula:
        """What has to be true of the value."""
        return conj([lowering.formula(pointer) for pointer in self.pointers])


NOT_ALONE = Alone()


def _apart(residue: Residue) -> tuple[dict[str, Alone], Residue]:
    """What is asked of single properties whatever else comes, by name; and the rest."""
    parts = conjuncts(residue.must)
    shared = {atom for part in (*parts, *residue.tracked) if not isinstance(part, Atom) for atom in part.atoms}
    shared.update(part for part in residue.tracked if isinstance(part, Atom))
    alone: dict[str, Alone] = {}
    rest: list[Formula] = []
    for part in parts:
        if part in shared or not isinstance(part, at.Required | at.Property):
            rest.append(part)
        elif isinstance(part, at.Required):
            alone.setdefault(part.name, Alone()).required = True
        else:
            alone.setdefault(part.name, Alone()).pointers.append(part.pointer)
    return alone, Residue(conj(rest), residue.tracked) if alone else residue


Changes = dict[str, dict[Atom, Formula]]


def _changes(residue: Residue) -> tuple[Changes, Changes]:
    """By name, what becomes of the atoms that speak of one property: if it does not come, and if it does."""
    absent, present = Changes(), Changes()
    for atom in residue.atoms:
        if isinstance(atom, at.Required):
            absent.setdefault(atom.name, {})[atom] = FALSE
            present[atom.name] = {atom: TRUE}
        elif isinstance(atom, at.Property):
            absent.setdefault(atom.name, {})[atom] = TRUE
    return absent, present


def _names(residue: Residue) -> tuple[str, ...]:
    """Declared property names in canonical order: that of first appearance, in `properties` before `required`."""
    declared = [atom.name for atom in residue.atoms if isinstance(atom, at.Property)]
    demanded = [atom.name for atom in residue.atoms if isinstance(atom, at.Required)]
    excluded = [sorted(atom.names) for atom in residue.atoms if isinstance(atom, at.OtherProperties)]
    return tuple(dict.fromkeys([*declared, *demanded, *(name for names in excluded for name in names)]))


def _languages(atom: Atom) -> tuple[CharDFA, ...]:
    """The languages of names that an atom asks for."""
    if isinstance(atom, at.OtherProperties):
        return atom.patterns
    if isinstance(atom, at.Names):
        return atom.dfa, atom.widest
    return (atom.dfa,) if isinstance(atom, at.Matching) else ()


def _delicate_values(residue: Residue, space: GoalSpace) -> int:
    """How many assertions on the values of all properties have to be false, or may have to."""
    delicate = {*wanted_false(residue.must), *(atom for formula in residue.tracked for atom in formula.atoms)}
    return sum(isinstance(atom, at.UniversalAtom) and space.lowering.formula(atom.pointer) is not FALSE
               for atom in delicate)


def _counts(residue: Residue) -> list[int]:
    """The numbers of properties that are still wanted, or may be."""
    wanted = *wanted_true(residue.must), *(atom for formula in residue.tracked for atom in formula.atoms)
    return [atom.count for atom in wanted if isinstance(atom, at.PropertiesAtLeast)]


def _counted(atom: Atom) -> Formula:
    """`atom` after one more property."""
    if not isinstance(atom, at.PropertiesAtLeast):
        return atom
    return at.PropertiesAtLeast(atom.count - 1) if atom.count > 1 else TRUE


def _at_end(atom: Atom) -> bool:
    return not isinstance(atom, at.Required | at.PropertiesAtLeast)
