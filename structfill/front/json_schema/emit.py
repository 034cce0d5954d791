"""Goals -> a pushdown automaton: JSON's syntax around the states of the streaming validator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...automaton.json_string import Fragment, plain, quoted
from ...automaton.pushdown import Gap, Pushdown
from ...errors import TooLarge
from .goals import REJECT, ArrayState, Goal, GoalSpace, ObjectState, Step

Edge = tuple[int, int, int, int]


def emit(space: GoalSpace) -> Pushdown:
    """The pushdown automaton of the canonical spellings of all values that satisfy the root goal."""
    emitter = _Emitter(space)
    emitter.document(space.root)
    emitter.close()
    return emitter.result()


class _Emitter:
    def __init__(self, space: GoalSpace) -> None:
        self.limits = space.limits
        self._edges: list[Edge] = []
        self._blocks: list[NDArray[np.int32]] = []
        self._labels: list[int] = []
        self._gaps: list[int] = []
        self._calls: dict[int, int] = {}
        self._names: set[int] = set()  # calls that read a property name, not a nested value
        self._sites: list[tuple[int, Step]] = []  # calls that continue in a container
        self._returns: dict[int, list[int]] = {}
        self._ends: dict[int, int] = {}
        self._entries: dict[Goal, int] = {}
        self._waiting: list[Goal] = []
        self._arrays: dict[ArrayState, int] = {}
        self._objects: dict[ObjectState, int] = {}
        self._fragments: dict[object, tuple[int, Fragment]] = {}

    def document(self, goal: Goal) -> None:
        """State 0: one value, with whitespace around it."""
        start, end = self._state(Gap.OUTSIDE), self._state(Gap.OUTSIDE, label=0)
        self._calls[start] = self._entry(goal)
        self._names.add(start)
        self._returns[start] = [end]

    def close(self) -> None:
        """Emit all that was named, until every call knows where it continues."""
        while True:
            while self._waiting:
                self._value(self._waiting.pop())
            before = len(self._labels)
            for site, step in self._sites:
                known = self._returns[site]
                for label in range(len(known), len(step.goal.outcomes)):
                    known.append(self._after(step.after(label)))
            if len(self._labels) == before and not self._waiting:
                return

    def result(self) -> Pushdown:
        """The arrays."""
        count = len(self._labels)
        calls = np.full(count, -1, np.int32)
        nests = np.zeros(count, np.bool_)
        offsets = np.zeros(count, np.int32)
        returns: list[int] = []
        for site, target in self._calls.items():
            calls[site], nests[site], offsets[site] = target, site not in self._names, len(returns)
            returns += self._returns[site]
        own = np.array(self._edges, np.int32).reshape(-1, 4)
        return Pushdown(np.concatenate([own, *self._blocks]), np.array(self._labels, np.int32),
                        np.array(self._gaps, np.uint8), calls, nests, offsets, np.array([*returns, -1], np.int32))

    # --- states -----------------------------------------------------------------------------------------------

    def _state(self, gap: Gap = Gap.NONE, label: int = -1) -> int:
        self._labels.append(label)
        self._gaps.append(gap)
        if len(self._labels) > 4 * self.limits.states:
            raise TooLarge("states", len(self._labels), self.limits.states)
        return len(self._labels) - 1

    def _edge(self, source: int, byte: bytes, target: int) -> None:
        self._edges.append((source, byte[0], byte[0], target))

    def _end(self, label: int) -> int:
        """The state where a value ends with `label`."""
        if label not in self._ends:
            self._ends[label] = self._state(label=label)
        return self._ends[label]

    def _entry(self, goal: Goal) -> int:
        if goal not in self._entries:
            self._entries[goal] = self._state()
            self._waiting.append(goal)
        return self._entries[goal]

    def _call(self, site: int, step: Step) -> None:
        self._calls[site] = self._entry(step.goal)
        self._returns[site] = []
        self._sites.append((site, step))

    # --- values -----------------------------------------------------------------------------------------------

    def _value(self, goal: Goal) -> None:
        entry = self._entries[goal]
        for text, label in goal.literals.items():
            self._literal(entry, text, label)
        for dfa, spell in ((goal.string, quoted), (goal.number, plain)):
            if not dfa.is_empty():
                self._begin(entry, *self._fragment(dfa, spell))
        if goal.array is not None:
            self._edge(entry, b"[", self._array(goal.array))
        if goal.object is not None:
            self._edge(entry, b"{", self._object(goal.object))

    def _literal(self, entry: int, text: bytes, label: int) -> None:
        state = entry
        for i in range(len(text)):
            target = self._end(label) if i == len(text) - 1 else self._state()
            self._edge(state, text[i:i + 1], target)
            state = target

    def _fragment(self, dfa: object, spell: object) -> tuple[int, Fragment]:
        """A copy of a scalar's automaton; equal ones are shared. Returns its offset and itself."""
        key = (dfa.key, spell)  # type: ignore[attr-defined]
        if key not in self._fragments:
            fragment = spell(dfa)  # type: ignore[operator]
            offset = len(self._labels)
            self._labels += fragment.labels.tolist()
            self._gaps += [Gap.NONE] * len(fragment.labels)
            if len(self._labels) > 4 * self.limits.states:
                raise TooLarge("states", len(self._labels), self.limits.states)
            self._blocks.append(fragment.edges + np.array([offset, 0, 0, offset], np.int32))
            self._fragments[key] = offset, fragment
        return self._fragments[key]

    def _begin(self, entry: int, offset: int, fragment: Fragment) -> None:
        """Let `entry` begin as the fragment does."""
        for source, low, high, target in fragment.edges.tolist():
            if source == 0:
                self._edges.append((entry, low, high, target + offset))

    # --- containers -------------------------------------------------------------------------------------------

    def _array(self, state: ArrayState) -> int:
        opened = self._state(Gap.BLOCK)
        if state.close != REJECT:
            self._edge(opened, b"]", self._end(state.close))
        if state.step is not None:
            self._call(opened, state.step)
        return opened

    def _object(self, state: ObjectState) -> int:
        opened = self._state(Gap.BLOCK)
        if state.close != REJECT:
            self._edge(opened, b"}", self._end(state.close))
        self._name(opened, state)
        return opened

    def _after(self, state: ArrayState | ObjectState | None) -> int:
        """The state after an item or a property, before the comma or the closing bracket."""
        if state is None:
            return -1
        known: dict[ArrayState | ObjectState, int] = \
            self._arrays if isinstance(state, ArrayState) else self._objects  # type: ignore[assignment]
        if state not in known:
            known[state] = after = self._state(Gap.BLOCK)
            if state.close != REJECT:
                self._edge(after, b"]" if isinstance(state, ArrayState) else b"}", self._end(state.close))
            more = state.step is not None if isinstance(state, ArrayState) else bool(state.steps)
            if more:
                comma = self._state(Gap.BLOCK)
                self._edge(after, b",", comma)
                if isinstance(state, ObjectState):
                    self._name(comma, state)
                elif state.step is not None:
                    self._call(comma, state.step)
        return known[state]

    def _name(self, before: int, state: ObjectState) -> None:
        """A property name, the colon and the value."""
        if state.keys is None:
            return
        offset, fragment = self._fragment(state.keys, quoted)
        self._calls[before] = offset
        self._names.add(before)
        self._returns[before] = [self._property(step) for step in state.steps]

    def _property(self, step: Step) -> int:
        named, value = self._state(Gap.INLINE), self._state(Gap.INLINE)
        self._edge(named, b":", value)
        self._call(value, step)
        return named
