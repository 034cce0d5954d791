"""What every front-end returns: a language of texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

from ..automaton.byte_automaton import ByteAutomaton
from ..automaton.counted import CountedAutomaton
from ..cache import Cache
from ..errors import Narrowed, SpecError, TooLarge, warn_caller
from ..limits import Limits


class Repeat(NamedTuple):
    """A part of a text that is like another one, where all are to differ."""

    text: str
    start: int  # where it stands in the text, in characters
    end: int
    place: str  # the same for what stands there in another text
    others: tuple[str, ...]  # what it must not be like, as it is spelled
    before: int  # how many of them stand before it


class Begun(NamedTuple):
    """A part of a text that is being written, and must not come to be like others."""

    start: int  # where it begins in the text, in characters
    others: tuple[str, ...]  # as they are spelled


class Constraint(ABC):
    """A language of texts. Immutable; everything heavy is made on first use and kept."""

    # What text around a hole has to be like, for messages: what is written is a part of what is read.
    given_as: ClassVar[str] = "what is given has to be spelled as it would be written"

    @abstractmethod
    def accepts(self, text: str) -> bool:
        """Is this text in the language? Given text may be spelled in any way that the format allows."""

    @abstractmethod
    def accepts_prefix(self, text: str) -> bool:
        """Can this text be continued into the language?"""

    @abstractmethod
    def automaton(self, limits: Limits) -> ByteAutomaton:
        """The texts that may be generated. Raises `TooLarge` past the limits, `EmptyLanguage` if there is none."""

    def counting(self, limits: Limits) -> ByteAutomaton | CountedAutomaton:
        """The same, with counters in place of the states of long repetitions where the front-end knows how."""
        return self.automaton(limits)

    def lazily(self, limits: Limits, cache: Cache | None = None) -> Constraint | None:
        """The grammar whose language is explored on demand, where it is too large to enumerate; else None. The cache
        may keep what it is made of."""
        return None

    def respelled(self, prefix: str, suffix: str) -> Iterator[tuple[str, str]]:
        """The texts around a hole as they would be written, the likeliest reading first: what fills the hole between
        such two fills it between what is given."""
        yield prefix, suffix

    def repeating(self) -> Constraint | None:
        """A wider constraint that can be enumerated where this one cannot, because of what must not repeat: its texts
        are judged by `repeats` and mended by `another`. None for all others."""
        return None

    def repeats(self, text: str) -> list[Repeat] | None:
        """What repeats in a text of `repeating`, any of which may be written anew to mend it; nothing where it is wrong
        in another way; None where it is right."""
        return None if self.accepts(text) else []

    def another(self, whole: ByteAutomaton, one: Repeat, tried: Iterable[str], limits: Limits) -> ByteAutomaton:
        """What may stand in place of a repeated part in the language of `whole`, and is unlike the others and what was
        `tried`. Raises `EmptyLanguage`, `TooLarge`."""
        raise NotImplementedError  # only of constraints with `repeating`

    def begun(self, written: str, end: str) -> list[Begun]:
        """The parts that the beginning `written` of a text of `repeating` leaves open and that must not come to be like
        others, where `end` would make it a text in which nothing repeats."""
        return []

    def differing(self, whole: ByteAutomaton, state: int, others: Iterable[str], limits: Limits) -> ByteAutomaton:
        """The parts that may begin in a state of the language of `whole` and are unlike `others`. Raises
        `EmptyLanguage`, `TooLarge`."""
        raise NotImplementedError  # only of constraints with `begun`

    @property
    @abstractmethod
    def identity(self) -> str:
        """A text that is equal for equal constraints: the key of caches."""

    def value(self, text: str) -> Any:
        """What a text of the language stands for: the text itself, unless the front-end knows better."""
        return text

    def holes(self, text: str) -> dict[str, Any]:
        """What stands in the named holes of a text of the language; nothing, but for templates."""
        return {}

    @property
    def largest_part(self) -> str | None:
        """The JSON pointer of what costs most states, where that is known: for errors."""
        return None

    @property
    def outline(self) -> str | None:
        """A short description for models that are told what to write, or None."""
        return None


def check_text(text: Any) -> None:
    """Raise `SpecError` unless what is to be judged is a str."""
    if not isinstance(text, str):
        raise SpecError(f"the text must be a str, not {type(text).__name__}")


def check_given(prefix: Any, suffix: Any) -> None:
    """Raise `SpecError` unless both texts around a hole are such that UTF-8 spells."""
    for name, text in (("prefix", prefix), ("suffix", suffix)):
        if not isinstance(text, str):
            raise SpecError(f"the {name} must be a str, not {type(text).__name__}")
        check_spelled(text, f"the {name}")


def check_spelled(text: str, what: str) -> None:
    """Raise `SpecError` for half of a surrogate pair, which no text that is written can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SpecError(f"{what} holds half of a surrogate pair, {text[error.start]!r} at character {error.start}",
                        hint="pass whole characters") from None


def spelled_out(constraint: Constraint, limits: Limits, held: int = 0) -> ByteAutomaton:
    """The automaton of a constraint that is a part of another one, without counters. Upper bounds that would take too
    many states are lowered, with a warning (`Narrowed`), none below `held`; raises as `Constraint.automaton` does."""
    try:
        return constraint.automaton(limits)
    except TooLarge:
        found = constraint.counting(limits)
        if isinstance(found, ByteAutomaton):
            raise
        automaton, longest = found.narrowed(limits, held)
        warn_caller(Narrowed(longest=longest))
        return automaton
