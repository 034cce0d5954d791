"""Reading text that is *given*: all of JSON (RFC 8259), any whitespace and any spelling, nesting without a bound.

Generated text is a subset: it comes from the enumerated automaton, which writes canonical spellings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import NamedTuple

from ...collector import paused_collector
from .containers import ArrayState, ObjectState, Step, steps_of
from .evaluate import number_of
from .goals import Goal, GoalSpace
from .liveness import NOTHING, Labels, Liveness, State
from .residue import REJECT

_WHITESPACE = re.compile(r"[ \t\n\r]*")
_BLANK = frozenset(" \t\n\r")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NUMBER_START = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]*)?)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]')
_PLAIN_RUN = re.compile(_PLAIN.pattern + "*")
_ESCAPES = dict(zip('"\\/bfnrt', '"\\/\b\f\n\r\t', strict=True))
_HEX = re.compile(r"[0-9a-fA-F]*")
_TRIED_ENDINGS = ("", *(f"{e}{k}" for e in ("e", "") for k in range(-30, 31)))  # of a number cut in its middle


@dataclass(frozen=True)
class Reading:
    """What reading a text found.

    Attributes:
        accepted: the text is in the language.
        continuable: some text that begins with it is in the language.
        position: the first character that cannot stand where it does (the length of the text if continuable).
        expected: what could have stood there.
    """

    accepted: bool
    continuable: bool
    position: int
    expected: str = ""


class _Stop(Exception):
    """The text leaves the language at a position, or ends there (`ended`) while it could go on."""

    def __init__(self, position: int, expected: str, ended: bool = False) -> None:
        self.position, self.expected, self.ended = position, expected, ended


class Reader:
    """Reads texts against the goals of a schema."""

    def __init__(self, space: GoalSpace) -> None:
        self.root = space.root
        self.liveness = Liveness(space.root)

    @paused_collector()
    def read(self, text: str) -> Reading:
        """Read `text` to its end or to where it leaves the language. Linear in the text, no recursion."""
        try:
            _Reading(text, self.liveness).document(self.root)
        except _Stop as stop:
            return Reading(False, stop.ended, len(text) if stop.ended else stop.position, stop.expected)
        return Reading(True, True, len(text))


class _Frame(NamedTuple):
    """An open container: the step whose value is being read, and the labels the container may close with."""

    step: Step
    wanted: Labels


class _Reading:
    """One pass over one text."""

    def __init__(self, text: str, liveness: Liveness) -> None:
        self.text, self.liveness = text, liveness
        self.position = 0
        self.frames: list[_Frame] = []

    def document(self, root: Goal) -> None:
        """Read the whole text as one value; returns if it is accepted, raises `_Stop` otherwise."""
        goal, wanted = root, self.liveness.of_value(root)
        while True:
            label = self._value(goal, wanted)
            while label is not None and self.frames:
                frame = self.frames.pop()
                state = frame.step.after(label)
                assert state is not None  # only useful labels are returned
                label = self._after(state, frame.wanted)
            if label is not None:
                break
            goal, wanted = self.frames[-1].step.goal, self._useful(self.frames[-1])
        self._skip_whitespace()
        if self.position < len(self.text):
            raise _Stop(self.position, "the end of the text")

    def _value(self, goal: Goal, wanted: Labels) -> int | None:
        """Read a scalar, or open a container. Returns the label of a finished value, None if a step was pushed."""
        self._skip_whitespace()
        if not wanted:
            raise _Stop(self.position, "nothing: no value is possible here")
        char = self.text[self.position : self.position + 1] or self._peek(self._a_value(goal, wanted))
        if char == '"' and 0 in self.liveness.string_states(goal.string, wanted):
            return self._string(goal.string, wanted, "a string allowed here")
        if char in "-0123456789":
            return self._number(goal, wanted)
        if char == "[" and self.liveness.of_container(goal.array) & wanted:
            self.position += 1
            return self._first(goal.array, wanted)
        if char == "{" and self.liveness.of_container(goal.object) & wanted:
            self.position += 1
            return self._first(goal.object, wanted)
        return self._literal(goal, wanted)

    # --- containers -------------------------------------------------------------------------------------------

    def _first(self, state: State | None, wanted: Labels) -> int | None:
        """After an opening bracket."""
        assert state is not None
        self._skip_whitespace()
        char = self.text[self.position : self.position + 1] or self._peek(_options(state, wanted, ""))
        if char == _closer(state) and state.close in wanted:
            self.position += 1
            return state.close
        self._next(state, wanted)
        return None

    def _after(self, state: State, wanted: Labels) -> int | None:
        """After an item or a property."""
        self._skip_whitespace()

        def expected() -> str:
            return _options(state, wanted, "','" if more() else "")

        def more() -> bool:
            return any(self.liveness.useful(step, wanted) for step in steps_of(state))

        char = self.text[self.position : self.position + 1] or self._peek(expected())
        if char == _closer(state) and state.close in wanted:
            self.position += 1
            return state.close
        if char != "," or not more():
            raise _Stop(self.position, expected())
        self.position += 1
        self._skip_whitespace()
        self._next(state, wanted)
        return None

    def _next(self, state: State, wanted: Labels) -> None:
        """Push the next item or property of `state`, which begins here."""
        if isinstance(state, ObjectState):
            useful = self.liveness.useful_names(state, wanted)
            if self._peek("a property name") != '"' or state.keys is None or not useful:
                raise _Stop(self.position, "a property name")
            step = state.steps[self._string(state.keys, useful, "a property name allowed here")]
            self._skip_whitespace()
            if self._peek("':'") != ":":
                raise _Stop(self.position, "':'")
            self.position += 1
        elif state.step is not None and self.liveness.useful(state.step, wanted):
            step = state.step
        else:
            raise _Stop(self.position, "']'")
        self.frames.append(_Frame(step, wanted))

    def _useful(self, frame: _Frame) -> Labels:
        return self.liveness.useful(frame.step, frame.wanted)

    # --- scalars ----------------------------------------------------------------------------------------------

    def _literal(self, goal: Goal, wanted: Labels) -> int:
        for literal, label in goal.literals.items():
            word = literal.decode()
            if label not in wanted or not self.text.startswith(word[0], self.position):
                continue
            for char in word:
                if self._peek(repr(word)) != char:
                    raise _Stop(self.position, repr(word))
                self.position += 1
            return label
        raise _Stop(self.position, self._a_value(goal, wanted))

    def _another(self, goal: Goal, wanted: Labels) -> str:
        """What is expected where a number is wrong."""
        possible = 0 in self.liveness.string_states(goal.number, wanted)
        return "a number allowed here" if possible else self._a_value(goal, wanted)

    def _number(self, goal: Goal, wanted: Labels) -> int:
        found = _NUMBER.match(self.text, self.position)
        start = self.position
        reached = _NUMBER_START.match(self.text, start).end()  # type: ignore[union-attr]
        if reached == len(self.text):
            token = self.text[start:]
            label = self._number_label(goal, token, wanted)
            if label != REJECT and not self.frames:
                self.position = reached
                return label
            endings = (self._number_label(goal, token + ending, wanted) for ending in _TRIED_ENDINGS)
            ended = self._decimal_lives(goal, token, wanted) or any(label != REJECT for label in endings)
            expected = "more of the number, or what follows it," if ended else self._another(goal, wanted)
            raise _Stop(start, expected, ended)
        if found is None or found.end() != reached:
            raise _Stop(reached, "a digit")
        label = self._number_label(goal, found.group(), wanted)
        if label == REJECT:
            raise _Stop(start, self._another(goal, wanted))
        self.position = reached
        return label

    @staticmethod
    def _number_label(goal: Goal, token: str, wanted: Labels) -> int:
        if _NUMBER.fullmatch(token) is None:
            return REJECT
        try:
            label = goal.number_label(number_of(token))
        except InvalidOperation:  # an exponent beyond what decimal arithmetic holds
            return REJECT
        return label if label in wanted else REJECT

    def _decimal_lives(self, goal: Goal, token: str, wanted: Labels) -> bool:
        state = 0
        for char in token:
            state = goal.number.step(state, ord(char))
            if state < 0:
                return False
        return state in self.liveness.string_states(goal.number, wanted)

    def _string(self, dfa: object, wanted: Labels, expected: str) -> int:
        """Read a quoted string; it must reach a label in `wanted`."""
        alive = self.liveness.string_states(dfa, wanted)  # type: ignore[arg-type]
        state = 0
        if state not in alive:
            raise _Stop(self.position, expected)
        self.position += 1
        if len(dfa.labels) == 1 and dfa.is_everything():  # type: ignore[attr-defined]
            self.position = _PLAIN_RUN.match(self.text, self.position).end()  # type: ignore[union-attr]
        while True:
            start = self.position
            if self._peek(expected) == '"':
                label = int(dfa.labels[state])  # type: ignore[attr-defined]
                if label not in wanted:
                    raise _Stop(start, expected)
                self.position += 1
                return label
            state = dfa.step(state, self._character(expected))  # type: ignore[attr-defined]
            if state not in alive:
                raise _Stop(start, expected)

    def _character(self, expected: str) -> int:
        """One character of a string as a code point; a surrogate pair of escapes is one character."""
        char = self._peek(expected)
        if char != "\\":
            if not _PLAIN.match(char):
                raise _Stop(self.position, "a printable character or an escape")
            self.position += 1
            return ord(char)
        self.position += 1
        kind = self._peek("an escape")
        if kind == "u":
            self.position += 1
            return self._escaped_code_point()
        if kind not in _ESCAPES:
            raise _Stop(self.position, "an escape")
        self.position += 1
        return ord(_ESCAPES[kind])

    def _escaped_code_point(self) -> int:
        high = self._hex4()
        if 0xD800 <= high < 0xDC00 and self.text.startswith("\\u", self.position):
            before = self.position
            self.position += 2
            low = self._hex4()
            if 0xDC00 <= low < 0xE000:
                return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
            self.position = before  # two separate characters
        return high

    def _hex4(self) -> int:
        digits = _HEX.match(self.text, self.position, self.position + 4).group()  # type: ignore[union-attr]
        if len(digits) < 4:
            end = self.position + len(digits)
            raise _Stop(end, "a hexadecimal digit", ended=end == len(self.text))
        self.position += 4
        return int(digits, 16)

    # --- characters -------------------------------------------------------------------------------------------

    def _skip_whitespace(self) -> None:
        if self.text[self.position : self.position + 1] in _BLANK:
            self.position = _WHITESPACE.match(self.text, self.position).end()  # type: ignore[union-attr]

    def _peek(self, expected: str) -> str:
        if self.position >= len(self.text):
            raise _Stop(self.position, expected, ended=True)
        return self.text[self.position]

    def _a_value(self, goal: Goal, wanted: Labels) -> str:
        return f"a value ({_describe(goal, wanted, self.liveness)})"


def _closer(state: State) -> str:
    return "]" if isinstance(state, ArrayState) else "}"


def _options(state: State, wanted: Labels, before: str) -> str:
    close = repr(_closer(state)) if state.close in wanted else ""
    return " or ".join(filter(None, [before, close])) or "an item or a property"


def _describe(goal: Goal, wanted: Labels, liveness: Liveness) -> str:
    """The kinds of value that may stand here."""
    names = [text.decode() for text, label in goal.literals.items() if label in wanted]
    for dfa, name in ((goal.number, "number"), (goal.string, "string")):
        if 0 in liveness.string_states(dfa, wanted):
            names.append(name)
    for state, name in ((goal.array, "array"), (goal.object, "object")):
        if (liveness.of_container(state) if state is not None else NOTHING) & wanted:
            names.append(name)
    return ", ".join(names)
