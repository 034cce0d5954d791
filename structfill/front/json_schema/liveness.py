"""Which outcomes are still possible: the difference between "not wrong yet" and "can be completed"."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...automaton.char_dfa import CharDFA
from .containers import ArrayState, ObjectState, Step, steps_of
from .goals import Goal
from .residue import REJECT

State = ArrayState | ObjectState
Labels = frozenset[int]
NOTHING: Labels = frozenset()


class Liveness:
    """Labels with which the values of a goal, and the containers in a state, can end. A least fixpoint over all goals
    that can be reached from the root, so that mutual recursion without an end counts as impossible."""

    def __init__(self, root: Goal) -> None:
        self._values: dict[Goal, set[int]] = {}
        self._containers: dict[State, set[int]] = {}
        self._useful: dict[tuple[Step, Labels], Labels] = {}
        self._useful_names: dict[tuple[ObjectState, Labels], Labels] = {}
        self._string_ends: dict[tuple[CharDFA, Labels], frozenset[int]] = {}
        self._visit(root)
        self._solve()

    def of_value(self, goal: Goal) -> Labels:
        """The labels with which a value can end."""
        return frozenset(self._values.get(goal, ()))

    def of_container(self, state: State | None) -> Labels:
        """The labels with which a container in `state` can close."""
        return frozenset(self._containers.get(state, ())) if state is not None else NOTHING

    def useful(self, step: Step, wanted: Labels) -> Labels:
        """Labels of the step's value after which its container can still close with a label in `wanted`."""
        key = (step, wanted)
        if key not in self._useful:
            self._useful[key] = frozenset(label for label in self._values.get(step.goal, ())
                                          if self.of_container(step.after(label)) & wanted)
        return self._useful[key]

    def useful_names(self, state: ObjectState, wanted: Labels) -> Labels:
        """Places among the steps of `state` of those of which some value is useful."""
        key = (state, wanted)
        if key not in self._useful_names:
            self._useful_names[key] = frozenset(i for i, s in enumerate(state.steps) if self.useful(s, wanted))
        return self._useful_names[key]

    def string_states(self, dfa: CharDFA, wanted: Labels) -> frozenset[int]:
        """The states of a character automaton from which a label in `wanted` can be reached."""
        key = (dfa, wanted)
        if key not in self._string_ends:
            alive = np.isin(dfa.labels, list(wanted))
            while True:
                target = (dfa.delta >= 0) & alive[dfa.delta]
                grown = alive | target.any(axis=1)
                if (grown == alive).all():
                    break
                alive = grown
            self._string_ends[key] = frozenset(np.flatnonzero(alive).tolist())
        return self._string_ends[key]

    def _visit(self, root: Goal) -> None:
        """Find all goals and container states. New outcomes can open new states, hence the repetition."""
        waiting: list[Goal | State] = [root]
        sites: list[tuple[Step, int]] = []
        while waiting:
            item = waiting.pop()
            if isinstance(item, Goal):
                if item not in self._values:
                    self._values[item] = set(_scalar_labels(item))
                    waiting += [s for s in (item.array, item.object) if s is not None]
            elif item not in self._containers:
                self._containers[item] = set() if item.close == REJECT else {item.close}
                for step in steps_of(item):
                    found = range(len(step.goal.outcomes))
                    waiting += [s for s in map(step.after, found) if s is not None]
                    waiting.append(step.goal)
                    sites.append((step, len(found)))
            if not waiting:
                sites, waiting = self._continue(sites)

    @staticmethod
    def _continue(sites: list[tuple[Step, int]]) -> tuple[list[tuple[Step, int]], list[Goal | State]]:
        found: list[Goal | State] = []
        advanced = []
        for step, known in sites:
            outcomes = len(step.goal.outcomes)
            found += [s for s in map(step.after, range(known, outcomes)) if s is not None]
            advanced.append((step, outcomes))
        return advanced, found

    def _solve(self) -> None:
        changed = True
        while changed:
            changed = False
            for state, labels in reversed(self._containers.items()):
                before = len(labels)
                for step in steps_of(state):
                    for label in self._values[step.goal]:
                        labels |= self.of_container(step.after(label))
                changed |= len(labels) > before
            for goal, labels in self._values.items():
                before = len(labels)
                for container in (goal.array, goal.object):
                    labels |= self.of_container(container)
                changed |= len(labels) > before


def _scalar_labels(goal: Goal) -> Iterable[int]:
    yield from goal.literals.values()
    for dfa in (goal.string, goal.number):
        yield from (label for label in set(dfa.labels.tolist()) if label != REJECT)
