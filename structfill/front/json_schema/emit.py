"""Goals -> a pushdown automaton: JSON's syntax around the states of the streaming validator."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters

from ...automaton.char_dfa import CharDFA
from ...automaton.json_string import Fragment, counted, plain, quoted
from ...automaton.pushdown import Gap, Pushdown
from ...automaton.repeats import Bounds, CountedStrings
from ...automaton.tries import NOWHERE, Tries
from ...errors import TooLarge
from .containers import ArrayState, ObjectState, Step
from .goals import Goal, GoalSpace
from .names import Names
from .residue import REJECT

Edge = tuple[int, int, int, int]
OF_ARRAYS, OF_STRINGS = 0, 1  # the slots of counters that count commas and characters


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
        self._behind: dict[int, int] = {}  # state -> the state that follows whitespace before its next byte
        self._closings: dict[tuple[bytes, int, int | None], int] = {}
        self._calls: dict[int, int] = {}  # calling state -> continuation
        self._callees: list[int] = []  # by continuation, as the next two
        self._nests: list[bool] = []
        self._free: list[bool] = []
        self._counter: list[int] = []
        self._counts: list[tuple[int, NDArray[np.int32], NDArray[np.bool_]]] = []  # first state, counters, ticks
        self._bounds: dict[tuple[int, Bounds], int] = {}  # counters, told apart where they may follow each other
        self._items: list[tuple[int, int, bool]] = []  # a state of an array, its counter, does it tick?
        self._returns: list[list[int]] = []
        self._values: dict[Step, int] = {}  # continuations after the values of steps
        self._named: dict[Step, int] = {}
        self._names = Names()
        self._ends: dict[int, int] = {}
        self._entries: dict[Goal, int] = {}
        self._waiting: list[Goal] = []
        self._fresh: list[Step] = []
        self._arrays: dict[ArrayState, int] = {}
        self._objects: dict[ObjectState, int] = {}
        self._fragments: dict[object, tuple[int, Fragment]] = {}

    def document(self, goal: Goal) -> None:
        """State 0: one value, with whitespace around it."""
        start, end = self._state(Gap.UNUSUAL), self._state(Gap.UNUSUAL, label=0)
        self._calls[start] = self._continuation(self._entry(goal), nests=False, returns=[end])

    def close(self) -> None:
        """Emit all that was named, until every call knows where it continues."""
        grown = True
        while grown:  # a continuation may give a goal one more outcome, of which other calls do not know yet
            while self._waiting or self._fresh:
                if self._waiting:
                    self._value(self._waiting.pop())
                else:
                    self._continue(self._fresh.pop())
            grown = any([self._continue(step) for step in reversed(list(self._values))])  # inner values first

    def result(self) -> Pushdown:
        """The arrays."""
        for step, continuation in self._values.items():  # the kernel that reads them checks no index
            if len(self._returns[continuation]) != len(step.goal.outcomes):
                raise AssertionError("a call does not know all outcomes of its value")
        fragments = np.concatenate([np.zeros((0, 4), np.int32), *self._blocks])
        tries = self._tries(fragments)
        states = len(self._labels)
        calls, behind = np.full(states, -1, np.int32), np.arange(states, dtype=np.int32)
        calls[list(self._calls)] = list(self._calls.values())
        calls[tries.calls[:, 0]] = self._behind_names(tries.calls)
        behind[list(self._behind)] = list(self._behind.values())
        counts, ticks = self._counting()
        sizes = [len(returns) for returns in self._returns]
        return Pushdown(
            edges=np.concatenate([np.array(self._edges, np.int32).reshape(-1, 4), fragments, tries.edges]),
            labels=np.array(self._labels, np.int32), gaps=np.array(self._gaps, np.uint8), behind=behind, calls=calls,
            callee=np.array(self._callees, np.int32), nests=np.array(self._nests, np.bool_),
            free=np.array(self._free, np.bool_), counter=np.array(self._counter, np.int32),
            return_offset=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32),
            returns=np.array([*chain.from_iterable(self._returns), -1], np.int32),
            counts=counts, ticks=ticks, bounds=[bounds for _, bounds in self._bounds])

    def _tries(self, fragments: NDArray[np.int32]) -> Tries:
        """The tries of names, with their states."""
        states, most = len(self._labels), 4 * self.limits.states
        tries = self._names.tries(fragments, states, most)
        if tries.states > most:
            raise TooLarge("states", tries.states, self.limits.states)
        self._labels += [-1] * (tries.states - states)
        self._gaps += [Gap.NONE] * (tries.states - states)
        return tries

    def _behind_names(self, calls: NDArray[np.int32]) -> NDArray[np.int32]:
        """The continuations of calls from tries to the automata of undeclared names."""
        targets = list(self._names.others)
        found, place = np.unique(calls[:, 1:], axis=0, return_inverse=True)
        numbers = [self._continuation(callee, nests=False, returns=list(targets[others]))
                   for callee, others in found.tolist()]
        return np.array(numbers, np.int32)[place.ravel()]

    def _counting(self) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """The counters of all states, and where they tick."""
        counts = np.zeros((len(self._labels), counters.SLOTS), np.int32)
        ticks = np.zeros(counts.shape, np.bool_)
        for offset, of, steps in self._counts:
            counts[offset : offset + len(of), OF_STRINGS] = of
            ticks[offset : offset + len(of), OF_STRINGS] = steps
        for state, counter, tick in self._items:
            counts[state, OF_ARRAYS], ticks[state, OF_ARRAYS] = counter, tick
        return counts, ticks

    def _bound(self, bounds: Bounds, which: int = 0) -> int:
        """The counter with these bounds; of those of one string, the one of this number."""
        return self._bounds.setdefault((which, bounds), len(self._bounds) + 1)

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

    def _continuation(self, callee: int, nests: bool, returns: list[int], free: bool = False, counter: int = 0) -> int:
        self._callees.append(callee)
        self._nests.append(nests)
        self._free.append(free)
        self._counter.append(counter)
        self._returns.append(returns)
        return len(self._callees) - 1

    def _continue(self, step: Step) -> bool:
        """Emit where the container goes on after the outcomes of the step's value that are new; were there any?"""
        known = self._returns[self._values[step]]
        before = len(known)
        while len(known) < len(step.goal.outcomes):
            known.append(self._after(step.after(len(known))))
        return len(known) > before

    def _call(self, state: int, step: Step, counter: int = 0) -> None:
        """Let the value of `step` begin in `state`. Calls of one step share their continuation: the stacks of the
        first and of later items are equal then, which halves the configurations at every level of nesting."""
        if step not in self._values:
            self._values[step] = self._continuation(self._entry(step.goal), nests=True, returns=[],
                                                    free=step.goal.is_free, counter=counter)
            self._fresh.append(step)
        self._calls[state] = self._values[step]

    # --- values -----------------------------------------------------------------------------------------------

    def _value(self, goal: Goal) -> None:
        entry = self._entries[goal]
        for text, label in goal.literals.items():
            self._literal(entry, text, label)
        if not goal.counted_string.dfa.is_empty():
            self._begin(entry, *self._string(goal.counted_string))
        if not goal.number.is_empty():
            self._begin(entry, *self._fragment(goal.number, plain))
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

    def _string(self, strings: CountedStrings) -> tuple[int, Fragment]:
        """A copy of the automaton of strings, with its counters."""
        if not strings.bounds:
            return self._fragment(strings.dfa, quoted)
        if strings.key not in self._fragments:
            fragment, of = counted(strings, quoted)
            self._add_fragment(strings.key, fragment)
            number = np.array([0, *(self._bound(bounds, i) for i, bounds in enumerate(strings.bounds))], np.int32)
            self._counts.append((self._fragments[strings.key][0], number[of], fragment.characters & (of > 0)))
        return self._fragments[strings.key]

    def _fragment(self, dfa: CharDFA, spell: Callable[[CharDFA], Fragment]) -> tuple[int, Fragment]:
        """A copy of a scalar's automaton; equal ones are shared. Returns its offset and itself."""
        key = (dfa.key, spell)
        if key not in self._fragments:
            self._add_fragment(key, spell(dfa))
        return self._fragments[key]

    def _add_fragment(self, key: object, fragment: Fragment) -> None:
        offset = len(self._labels)
        self._labels += fragment.labels.tolist()
        self._gaps += [Gap.NONE] * len(fragment.labels)
        if len(self._labels) > 4 * self.limits.states:
            raise TooLarge("states", len(self._labels), self.limits.states)
        self._blocks.append(fragment.edges + np.array([offset, 0, 0, offset], np.int32))
        self._fragments[key] = offset, fragment

    def _begin(self, entry: int, offset: int, fragment: Fragment) -> None:
        """Let `entry` begin as the fragment does."""
        for source, low, high, target in fragment.edges.tolist():
            if source == 0:
                self._edges.append((entry, low, high, target + offset))

    # --- containers -------------------------------------------------------------------------------------------

    def _array(self, state: ArrayState) -> int:
        opened = self._state(Gap.BLOCK)
        counter = self._counted(opened, state)
        if state.close != REJECT:
            self._edge(opened, b"]", self._end(state.close))
        if state.step is not None:
            self._call(opened, state.step, counter)
        return opened

    def _counted(self, place: int, state: ArrayState | ObjectState, tick: bool = False) -> int:
        """The counter of a container's commas, which runs in `place`; 0 if it has none."""
        if not isinstance(state, ArrayState) or state.most is None:
            return 0
        counter = self._bound((0, state.most - 1))
        self._items.append((place, counter, tick))
        return counter

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
            known[state] = after = self._state(Gap.UNUSUAL)
            counter = self._counted(after, state)
            if state.close != REJECT:
                self._close(after, b"]" if isinstance(state, ArrayState) else b"}", state)
            more = state.step is not None if isinstance(state, ArrayState) else bool(state.steps)
            if more:
                comma = self._state(Gap.BLOCK)
                self._edge(after, b",", comma)
                if isinstance(state, ObjectState):
                    self._name(comma, state)
                elif state.step is not None:
                    self._call(comma, state.step, counter)
                    if self._counted(comma, state, tick=True):  # not for whitespace behind the comma once more
                        self._behind[comma] = spaced = self._state(Gap.BLOCK)
                        self._counted(spaced, state)
                        self._call(spaced, state.step, counter)
        return known[state]

    def _close(self, after: int, bracket: bytes, state: ArrayState | ObjectState) -> None:
        """Let a container end in `after`, too. Whitespace there can only precede the bracket (formatters write none
        before a comma), so that all states of a container share it."""
        key = (bracket, state.close, state.most if isinstance(state, ArrayState) else None)
        if key not in self._closings:
            self._closings[key] = self._state(Gap.BLOCK)
            self._counted(self._closings[key], state)
            self._edge(self._closings[key], bracket, self._end(state.close))
        self._edge(after, bracket, self._end(state.close))
        self._gaps[after] = Gap.BLOCK
        self._behind[after] = self._closings[key]

    def _name(self, before: int, state: ObjectState) -> None:
        """A property name, the colon and the value."""
        if state.steps:
            targets = [self._property(step) for step in state.steps]
            named = {name: targets[step] for name, step in state.names.items()}
            others = tuple([targets[step] for step in state.other_steps])
            entry = self._names.asked(state.declared, named, self._begun(state.others), others, len(self._labels))
            if entry == len(self._labels):
                self._state()
            self._edge(before, b'"', entry)

    def _begun(self, strings: CharDFA | None) -> int:
        """The state behind the quote of a string's automaton, or `NOWHERE`."""
        offset, fragment = (0, None) if strings is None else self._fragment(strings, quoted)
        return NOWHERE if fragment is None or not len(fragment.edges) else offset + int(fragment.edges[0, 3])

    def _property(self, step: Step) -> int:
        """The state after a property name."""
        if step not in self._named:
            self._named[step], value = self._state(Gap.INLINE), self._state(Gap.INLINE)
            self._edge(self._named[step], b":", value)
            self._call(value, step)
        return self._named[step]
