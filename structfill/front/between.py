"""What may stand between two given texts, so that all three together are a text of some constraint."""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..automaton.byte_automaton import DEAD, ByteAutomaton
from ..automaton.counted import CountedAutomaton
from ..automaton.framed import framed
from ..automaton.series import literal, series
from ..errors import EmptyLanguage
from ..limits import Limits
from .constraint import Begun, Constraint, Repeat, spelled_out

SPELLING = ("what is given has to be spelled as it would be written; in JSON keys stand in the order of the schema, "
            "and whitespace is as `whitespace` says")


@dataclass(frozen=True)
class Between(Constraint):
    """The texts of `inner` that begin with `prefix` and end with `suffix`, with none of `tried` between them."""

    inner: Constraint
    prefix: str
    suffix: str
    tried: frozenset[str] = frozenset()

    @property
    def identity(self) -> str:
        """The constraint, and what is given and excluded."""
        inner = type(self.inner).__name__, self.inner.identity
        return json.dumps([*inner, self.prefix, self.suffix, sorted(self.tried)])

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

    def counting(self, limits: Limits) -> ByteAutomaton | CountedAutomaton:
        """As the inner constraint has it, so that what is given counts."""
        inner = self.inner.counting(limits)
        if isinstance(inner, ByteAutomaton):
            return self.automaton(limits)
        before, after = (text.encode("utf-8", "surrogatepass") for text in (self.prefix, self.suffix))
        check_beginning(inner, before)
        try:
            found = framed(inner, before, after, [text.encode("utf-8", "surrogatepass") for text in self.tried], limits)
        except EmptyLanguage:
            raise _nothing_between(_hint(inner)) from None
        if found.run(before) == DEAD:  # what it counts is too much
            raise _nothing_between(_hint(inner))
        return found

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """The given texts around the hole."""
        before, after = (text.encode("utf-8", "surrogatepass") for text in (self.prefix, self.suffix))
        whole = spelled_out(self.inner, limits, len(before) + len(after))
        hole = without(between(whole, self.prefix, self.suffix), self.tried)
        return around(hole, before, after, limits)

    def repeating(self) -> Constraint | None:
        """As the inner constraint has it."""
        repeating = self.inner.repeating()
        return None if repeating is None else replace(self, inner=repeating)

    def repeats(self, text: str) -> list[Repeat] | None:
        """As the inner constraint has it, of what is not given, or not whole."""
        found = self.inner.repeats(text)
        if found is None:
            return None
        first, last = len(self.prefix), len(text) - len(self.suffix)
        return [one for one in found if one.end >= first and one.start <= last]

    def another(self, whole: ByteAutomaton, one: Repeat, tried: Iterable[str], limits: Limits) -> ByteAutomaton:
        """As the inner constraint has it, around what is given of the part."""
        found = self.inner.another(whole, one, tried, limits)
        before = self.prefix[one.start :]
        after = self.suffix[: max(0, one.end - len(one.text) + len(self.suffix))]
        if not before and not after:
            return found
        begin, end = (text.encode("utf-8", "surrogatepass") for text in (before, after))
        return around(between(found, before, after), begin, end, limits)

    def begun(self, written: str, end: str) -> list[Begun]:
        """As the inner constraint has it."""
        return self.inner.begun(written, end)

    def differing(self, whole: ByteAutomaton, state: int, others: Iterable[str], limits: Limits) -> ByteAutomaton:
        """As the inner constraint has it."""
        return self.inner.differing(whole, state, others, limits)

    def value(self, text: str) -> Any:
        """The value as the whole constraint reads it."""
        return self.inner.value(text)


def between(whole: ByteAutomaton, prefix: str, suffix: str,
            within: Callable[[ByteAutomaton, int], ByteAutomaton] | None = None) -> ByteAutomaton:
    """What may stand between two texts in the language of `whole`. `within` takes away moves that do not come in there,
    from the state in which it begins.

    Raises `EmptyLanguage`, with what of the prefix can stand.
    """
    before, after = prefix.encode("utf-8", "surrogatepass"), suffix.encode("utf-8", "surrogatepass")
    check_beginning(whole, before)
    state = whole.run(before)
    reached = np.arange(len(whole), dtype=np.int32)  # from each state, through what stands after
    for byte in after:
        reached = np.where(reached == DEAD, DEAD, whole.delta[reached, whole.byte_class[byte]])
    ends = (reached != DEAD) & whole.accepting[reached]
    inside = whole if within is None else within(whole, state)
    try:
        return inside.between(state, ends)
    except EmptyLanguage:
        raise _nothing_between(_hint(whole)) from None


def around(hole: ByteAutomaton, prefix: bytes, suffix: bytes, limits: Limits) -> ByteAutomaton:
    """The texts of `hole` with two texts around them. Raises `TooLarge`."""
    return series([literal(prefix), hole, literal(suffix)], limits)


def check_beginning(whole: ByteAutomaton | CountedAutomaton, before: bytes) -> None:
    """Raise `EmptyLanguage`, with what of it can stand, where no text of `whole` begins with `before`."""
    if whole.run(before) == DEAD:
        good = bisect(range(1, len(before) + 1), False, key=lambda size: whole.run(before[:size]) == DEAD)
        raise no_beginning(before, good, _hint(whole))


def _nothing_between(hint: str) -> EmptyLanguage:
    return EmptyLanguage("nothing makes a valid text of what is given on both sides", hint=hint)


def _hint(whole: ByteAutomaton | CountedAutomaton) -> str:
    if whole.nesting:
        return f"the constraint is too large: of it is written what nests {whole.nesting} deep at most, and little more"
    return SPELLING


def no_beginning(before: bytes, good: int, hint: str) -> EmptyLanguage:
    """What tells that no text begins with `before`, only with its first `good` bytes."""
    read, rest = (part.decode("utf-8", "replace") for part in (before[:good], before[good:]))
    return EmptyLanguage(f"no valid text begins as given: behind {read[-40:]!r} cannot come {rest[:20]!r}",
                         hint=hint)


def without(automaton: ByteAutomaton, texts: Iterable[str]) -> ByteAutomaton:
    """All texts but some, which walk copies of the states, one for each of their beginnings."""
    words = [text.encode("utf-8", "surrogatepass") for text in texts]
    ends = [word for word in words if automaton.run(word) != DEAD]
    if not ends:
        return automaton
    states, nodes, last = [0], dict[tuple[int, int], int](), set[int]()  # of the words' trie, whose root is the start
    for word in ends:
        node = 0
        for byte in word:
            after = nodes.setdefault((node, byte), len(states))
            if after == len(states):
                states.append(int(automaton.delta[states[node], automaton.byte_class[byte]]))
            node = after
        last.add(node)
    moved = np.where(automaton.delta == DEAD, DEAD, automaton.delta + len(states))
    # A class may hold other bytes than that of a word, so every byte of a word is a class of its own here.
    used = np.unique(list(b"".join(ends)))
    byte_class = automaton.byte_class.astype(np.int64)
    byte_class[used] = moved.shape[1] + np.arange(len(used))
    _, first, byte_class = np.unique(byte_class, return_index=True, return_inverse=True)
    wide = moved[:, automaton.byte_class[first]]
    copies = wide[states]
    for (node, byte), after in nodes.items():
        copies[node, byte_class[byte]] = after
    delta = np.concatenate([copies, wide]).astype(np.int32)
    accepting = np.concatenate([automaton.accepting[states], automaton.accepting])
    accepting[list(last)] = False
    labels = np.where(accepting, 0, -1).astype(np.int32)
    return ByteAutomaton.minimal(delta, byte_class.astype(np.uint8), labels, automaton.exact_up_to, automaton.nesting)
