"""Plain-text constraints: regular expressions and choices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..automaton.byte_automaton import ByteAutomaton
from ..automaton.char_dfa import CharDFA
from ..automaton.counted import CountedAutomaton, condensed
from ..automaton.json_string import counted, plain
from ..automaton.repeats import counted_repeats
from ..automaton.transitions import transitions
from ..errors import SpecError
from ..limits import Limits
from .constraint import Constraint, check_text
from .regex import fullmatch_dfa


class TextConstraint(Constraint):
    """A regular language of texts, given by a character automaton.

    Attributes:
        schema: the JSON Schema of a JSON string that holds such a text, for models that are asked in JSON.
    """

    def __init__(self, dfa: CharDFA, identity: str, schema: dict[str, Any]) -> None:
        self._dfa, self._identity, self.schema = dfa, identity, schema

    @property
    def identity(self) -> str:
        """The constraint as written."""
        return self._identity

    def accepts(self, text: str) -> bool:
        """Is this text in the language?"""
        check_text(text)
        return self._dfa.accepts(text)

    def accepts_prefix(self, text: str) -> bool:
        """Can this text be continued into the language?"""
        check_text(text)
        return not self._dfa.is_empty() and self._dfa.run(text) >= 0

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """The UTF-8 texts of the language."""
        return self._automaton

    @cached_property
    def _automaton(self) -> ByteAutomaton:
        fragment = plain(self._dfa)
        moves = transitions(fragment.edges, len(fragment.labels))
        return ByteAutomaton.minimal(moves.dense(), moves.byte_class, fragment.labels)

    def counting(self, limits: Limits) -> ByteAutomaton | CountedAutomaton:
        """The same, with counters for long repetitions."""
        return self._counting

    @cached_property
    def _counting(self) -> ByteAutomaton | CountedAutomaton:
        strings = counted_repeats(self._dfa)
        if not strings.bounds or self._dfa.is_empty():
            return self._automaton
        fragment, of = counted(strings, plain)
        moves = transitions(fragment.edges, len(fragment.labels))
        places = np.stack([np.zeros(len(of), np.int32), of], 1)
        return condensed(moves.dense(), moves.byte_class, fragment.labels >= 0, places,
                         (fragment.characters & (of > 0))[:, None] & (places > 0), strings.bounds)


def regex(pattern: str, *, limits: Limits | None = None) -> TextConstraint:
    """Texts that match an ECMA-262 regular expression as a whole.

    Raises `SpecError` for a malformed pattern and `UnsupportedFeature` for what is not regular, by position.
    """
    if not isinstance(pattern, str):
        raise SpecError(f"a pattern must be a string, not {type(pattern).__name__}")
    return TextConstraint(fullmatch_dfa(pattern, Limits.of(limits)), f"regex:{pattern}",
                          {"type": "string", "pattern": f"^(?:{pattern})$"})


def choice(options: Sequence[str]) -> TextConstraint:
    """One of the given texts."""
    words = list(options) if isinstance(options, Iterable) and not isinstance(options, str) else None
    if not words or not all(isinstance(word, str) for word in words):
        raise SpecError("choice needs a non-empty list of strings")
    return TextConstraint(CharDFA.words(words), f"choice:{words!r}", {"type": "string", "enum": words})
