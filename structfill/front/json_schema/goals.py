"""What must be true of the value that is being read: the states of a streaming validator.

A `Goal` is put at the start of a value. It holds one formula that must come out true and some tracked formulas whose
truth the surrounding object or array still waits for (alternatives of anyOf and oneOf that differ inside this value).
When the value ends, its *outcome* says which tracked formulas were true. Goals, and the states of objects and arrays
in them, are made on demand and kept, so a recursive schema has finitely many of them whatever the text nests.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cached_property

from structfill_kernels.counters import UNBOUNDED

from ...automaton.char_dfa import CharDFA
from ...automaton.repeats import CountedStrings
from ...deadline import check_time
from ...errors import TooLarge
from . import atoms as at
from .containers import ArrayState, ArrayStates, ObjectState
from .formula import TRUE, Atom, holds
from .lower import Lowering
from .members import ObjectStates
from .numbers import NumberJudge, numbers
from .residue import REJECT, Outcome, Residue, conjuncts
from .strings import bounded, labelled, uncounted, without_lengths

LITERALS = {b"null": at.NULL, b"true": at.TRUE_LITERAL, b"false": at.FALSE_LITERAL}
WORK_PER_NODE = 200  # a visit in Python costs about as much as so many steps of a compiled kernel


class GoalSpace:
    """All goals of one schema, interned. Counts what it makes against `limits.states`.

    What is to be written (`writes`) may be less than what may be read. Declared names come in their order, or in
    `any_order`: then an object of n optional properties has 2**n states. What is written may be more than what is
    allowed where items `repeat` that are to be unique. Constants are written as they stand in the schema, or in
    `any_spelling`: 1.0 for 1, too. Names that engines of patterns judge differently come with `odd_names` only. Unless
    `names_differ`, undeclared names may come again where they count as others.
    """

    def __init__(self, lowering: Lowering, writes: bool, any_order: bool = False,
                 counts_items_from: int | None = None, counts_below: int = UNBOUNDED, repeat: bool = False,
                 any_spelling: bool = False, odd_names: bool = False, names_differ: bool = True) -> None:
        self.lowering, self.limits, self.writes, self.any_order = lowering, lowering.limits, writes, any_order
        self.repeat, self.any_spelling, self.odd_names = repeat, any_spelling, odd_names
        self.names_differ = names_differ
        self.counts_items_from = counts_items_from  # bounds from here on on the number of items are counted
        self.counts_below = counts_below  # and lengths below this
        self.free_lengths: list[int] = []  # those `maxLength` that are left to the budget of the canvas
        self.left_out_names = False  # such ones
        self.narrowed = ""  # a keyword for which texts were left out that satisfy the schema
        self._goals: dict[Residue, Goal] = {}
        self._made = 0
        self._work = 0
        self.root = self.goal(Residue(lowering.formula(""), ()))

    @property
    def free_length(self) -> int | None:
        """The least length that is left to the budget of the canvas, once all goals are emitted."""
        return min([*self.free_lengths, *self.lowering.free_lengths], default=None)

    def goal(self, residue: Residue) -> Goal:
        """The goal of a residue (one object for equal residues)."""
        if residue not in self._goals:
            self.count()
            self._goals[residue] = Goal(self, residue)
        return self._goals[residue]

    def count(self) -> None:
        """One more goal or container state was made."""
        self._made += 1
        check_time()
        if self._made > self.limits.states:
            raise TooLarge("states", self._made, self.limits.states)

    def spend(self, nodes: int) -> None:
        """So many nodes of formulas are about to be visited."""
        self._work += nodes * WORK_PER_NODE
        self.expect(0)

    def expect(self, nodes: int) -> None:
        """So many nodes of formulas will be visited at least; raises `TooLarge` now if that is too many."""
        if (work := self._work + nodes * WORK_PER_NODE) > self.limits.work:
            raise TooLarge("work", work, self.limits.work)


class Goal:
    """The start of a value. Scalars are decided at once; arrays and objects step through container states."""

    def __init__(self, space: GoalSpace, residue: Residue) -> None:
        self.space, self.residue = space, residue
        self.outcomes: list[Outcome] = []  # by label
        self._labels: dict[Outcome, int] = {}

    @property
    def is_free(self) -> bool:
        """Does any value do?"""
        return self.residue.must is TRUE and not self.residue.tracked

    def label(self, residue: Residue, true: Callable[[Atom], bool]) -> int:
        """The label of a value of which each atom is as `true` says, or REJECT."""
        self.space.spend(residue.size)
        if not holds(residue.must, true):
            return REJECT
        return self.label_of(tuple([holds(formula, true) for formula in residue.tracked]))

    def label_of(self, outcome: Outcome) -> int:
        """The label of a value that comes out so."""
        if outcome not in self._labels:
            self._labels[outcome] = len(self.outcomes)
            self.outcomes.append(outcome)
        return self._labels[outcome]

    def _of_kind(self, kind: int) -> Residue:
        return self.residue.map(lambda formula: at.for_kind(formula, kind))

    @cached_property
    def literals(self) -> dict[bytes, int]:
        """Labels of the literals null, true and false that may stand here."""
        labels = {text: self.label(self._of_kind(kind), _never) for text, kind in LITERALS.items()}
        return {text: label for text, label in labels.items() if label != REJECT}

    @cached_property
    def string(self) -> CharDFA:
        """The strings that may stand here, labelled with outcomes."""
        return self._strings(self._of_kind(at.STRING))

    @cached_property
    def counted_string(self) -> CountedStrings:
        """The same, with counters for what is long."""
        if self._of_kind(at.STRING).dead:
            return CountedStrings.uncounted(CharDFA.empty())
        residue, bounds = without_lengths(self._of_kind(at.STRING), self.space.counts_below)
        self.space.free_lengths += uncounted(residue.atoms)
        return bounded(self._strings(residue), bounds)

    def _strings(self, residue: Residue) -> CharDFA:
        certain = conjuncts(residue.must) if self.space.writes else None
        parts: list[at.StringAtom] = list(residue.atoms)  # type: ignore[arg-type]
        return labelled(parts, lambda true: self.label(residue, true.__contains__), self.space.limits, certain)

    @cached_property
    def number(self) -> CharDFA:
        """The canonical decimals that may stand here, labelled with outcomes."""
        residue = self._of_kind(at.NUMBER)
        return CharDFA.empty() if residue.dead else numbers(residue, self.label_of, self.space)

    @cached_property
    def _judge(self) -> NumberJudge:
        return NumberJudge(self._of_kind(at.NUMBER))

    def number_label(self, value: Decimal) -> int:
        """The label of a number in any spelling, or REJECT."""
        right, *outcome = self._judge.outcome(value)
        return self.label_of(tuple(outcome)) if right else REJECT

    @cached_property
    def array(self) -> ArrayState | None:
        """The state before the first item, or None where no array may stand."""
        residue = self._of_kind(at.ARRAY)
        return None if residue.dead else ArrayStates(self, residue).first()

    @cached_property
    def object(self) -> ObjectState | None:
        """The state before the first property, or None where no object may stand."""
        residue = self._of_kind(at.OBJECT)
        return None if residue.dead else ObjectStates(self, residue).first()


def _never(_: Atom) -> bool:
    return False
