"""A value that the type's own validators refuse: the failing field alone is opened again and filled anew.

What a validator wants is not in the schema, so it cannot be compiled; but a hole with text on both sides can. The
hole's language is what the constraint allows there, given what stands left and right of it, less what was tried.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .automaton.byte_automaton import DEAD, ByteAutomaton
from .automaton.series import literal, series
from .errors import EmptyLanguage, RefusedValue
from .front.constraint import Constraint
from .front.json_schema.constraint import JsonSchema
from .front.json_schema.document import locate
from .front.json_schema.references import escape
from .limits import Limits

_BLANKS = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')


@dataclass(frozen=True)
class Refill(Constraint):
    """The texts of `inner` that begin with `prefix` and end with `suffix`, with none of `tried` between them."""

    inner: Constraint
    prefix: str
    suffix: str
    tried: frozenset[str]

    @property
    def identity(self) -> str:
        """The constraint, and what is given and excluded."""
        return json.dumps([self.inner.identity, self.prefix, self.suffix, sorted(self.tried)])

    @property
    def outline(self) -> str | None:
        """That of the whole constraint."""
        return self.inner.outline

    def accepts(self, text: str) -> bool:
        """Is this text in the language?"""
        middle = text[len(self.prefix):len(text) - len(self.suffix)]
        return text == self.prefix + middle + self.suffix and middle not in self.tried and self.inner.accepts(text)

    def accepts_prefix(self, text: str) -> bool:
        """Can this text be continued into the language?"""
        if len(text) <= len(self.prefix):
            return self.prefix.startswith(text)
        return text.startswith(self.prefix) and self.inner.accepts_prefix(text)

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """The given texts around the hole."""
        before, after = self.prefix.encode(), self.suffix.encode()
        whole = self.inner.automaton(limits)
        hole = _without(_between(whole, before, after), [word.encode() for word in self.tried])
        return series([literal(before), hole, literal(after)], limits)

    def value(self, text: str) -> Any:
        """The value as the whole constraint reads it."""
        return self.inner.value(text)


def reopened(constraint: JsonSchema, text: str, refused: RefusedValue, tried: dict[str, set[str]]) -> Refill:
    """The constraint with the refused field of `text` open. `tried` collects by place what was refused."""
    place = _place(json.loads(text), refused.place)
    if not place:  # the whole value; without whitespace, or it might come again in another layout
        tried.setdefault(place, set()).add(_BLANKS.sub(lambda found: found.group(1) or "", text))
        return Refill(constraint.compact(), "", "", frozenset(tried[place]))
    span = locate(text, place)
    assert span is not None  # the text is JSON and has the place
    _, end = json.JSONDecoder().raw_decode(text, span.start)
    tried.setdefault(place, set()).add(text[span.start:end])
    return Refill(constraint, text[:span.start], text[end:], frozenset(tried[place]))


def _place(value: Any, path: Iterable[str | int]) -> str:
    """The JSON pointer of a field; steps that name an alternative of a union are not in the value."""
    pointer = ""
    for step in path:
        if isinstance(value, list):
            value = dict(enumerate(value))
        if isinstance(value, dict) and step in value:
            value, pointer = value[step], f"{pointer}/{escape(str(step))}"
    return pointer


def _between(whole: ByteAutomaton, before: bytes, after: bytes) -> ByteAutomaton:
    """What may stand between two texts."""
    state = whole.run(before)
    if state == DEAD:
        raise EmptyLanguage("no text of the language begins as given")
    reached = np.arange(len(whole), dtype=np.int32)  # from each state, through what stands after
    for byte in after:
        reached = np.where(reached == DEAD, DEAD, whole.delta[reached, whole.byte_class[byte]])
    ends = (reached != DEAD) & whole.accepting[reached]
    order = np.arange(len(whole), dtype=np.int32)
    order[[0, state]] = order[[state, 0]]  # the start is state 0
    delta = np.where(whole.delta == DEAD, np.int32(DEAD), order[whole.delta])[order]
    labels = np.where(ends[order], 0, -1).astype(np.int32)
    return ByteAutomaton.minimal(delta, whole.byte_class, labels, whole.exact_up_to)


def _without(automaton: ByteAutomaton, words: Iterable[bytes]) -> ByteAutomaton:
    """All texts but `words`: these walk copies of the states, one for each of their beginnings."""
    ends = sorted(word for word in words if automaton.run(word) != DEAD)
    if not ends:
        return automaton
    beginnings = sorted({word[:k] for word in ends for k in range(len(word) + 1)}, key=lambda w: (len(w), w))
    number = {word: k for k, word in enumerate(beginnings)}  # the empty one is the new start
    states = [automaton.run(word) for word in beginnings]
    moved = np.where(automaton.delta == DEAD, DEAD, automaton.delta + len(beginnings))
    # A class may hold other bytes than that of a word, so every byte is a class of its own here.
    wide = moved[:, automaton.byte_class]
    copies = wide[states]
    for word in beginnings[1:]:
        copies[number[word[:-1]], word[-1]] = number[word]
    delta = np.concatenate([copies, wide]).astype(np.int32)
    accepting = np.concatenate([automaton.accepting[states], automaton.accepting])
    accepting[[number[word] for word in ends]] = False
    labels = np.where(accepting, 0, -1).astype(np.int32)
    return ByteAutomaton.minimal(delta, np.arange(256, dtype=np.uint8), labels, automaton.exact_up_to)
