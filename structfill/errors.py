"""The exception tree. Data lives in attributes, text in ``__str__``.

One class has three faces: a caret on the command line, a position in an editor, a JSON pointer in a
server's answer. Everything structfill raises on bad input derives from `StructfillError`.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from dataclasses import dataclass


class StructfillError(Exception):
    """Base of every error that structfill raises on purpose."""


@dataclass(frozen=True)
class Span:
    """A stretch ``text[start:end]`` of a source, in characters."""

    source: str
    start: int
    end: int

    def caret(self, width: int = 100) -> str:
        """The line that holds the span with carets below it, cut to `width` columns around the span."""
        line_start = self.source.rfind("\n", 0, self.start) + 1
        line_end = self.source.find("\n", self.start)
        line_end = len(self.source) if line_end < 0 else line_end
        left = max(line_start, self.start - width // 2)
        right = min(line_end, left + width)
        marks = max(1, min(self.end, right) - self.start)
        shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in self.source[left:right])
        return f"{shown}\n{' ' * (self.start - left)}{'^' * marks}"


class SpecError(StructfillError, ValueError):
    """A specification (schema, pattern, option) cannot be used.

    Attributes: `pointer` (JSON pointer into a schema, or None), `span` (place in a text, or None),
    `hint` (the way out, or None).
    """

    def __init__(self, message: str, *, pointer: str | None = None, span: Span | None = None,
                 hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.pointer, self.span, self.hint = message, pointer, span, hint

    def __str__(self) -> str:
        parts = [self.message]
        if self.pointer is not None:
            parts.append(f"at {self.pointer or '/'}")
        if self.hint:
            parts.append(f"({self.hint})")
        text = " ".join(parts)
        return f"{text}\n{self.span.caret()}" if self.span is not None else text

    def at(self, pointer: str) -> SpecError:
        """The same error, placed at `pointer` unless it already has a place."""
        if self.pointer is None:
            self.pointer = pointer
        return self


class UnsupportedFeature(SpecError):
    """A keyword or construct that structfill cannot honour. `feature` is its name."""

    def __init__(self, feature: str, message: str | None = None, **place: object) -> None:
        super().__init__(message or f"{feature} is not supported", **place)  # type: ignore[arg-type]
        self.feature = feature


class EmptyLanguage(SpecError):
    """No text satisfies the specification."""


class RefusedValue(SpecError):
    """A text satisfies the schema, but the Python type's own validators refuse its value. `place` is the path to it; in
    a template it begins with the name of the hole, and where a key is refused it ends with "[key]"."""

    def __init__(self, message: str, place: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.place = place


class TooLarge(StructfillError):
    """A compiled object would pass one of the `Limits`. `pointer` is the place of its largest part, where known; `hint`
    another way out than to simplify the constraint."""

    def __init__(self, limit: str, needed: int | float, allowed: int | float, hint: str = "") -> None:
        super().__init__(limit, needed, allowed)
        self.limit, self.needed, self.allowed = limit, min(needed, 10**30), allowed  # Python writes no huge integers
        self.pointer: str | None = None
        self.hint = hint or "simplify the constraint"

    def __str__(self) -> str:
        largest = "" if self.pointer is None else f"; its largest part is at {self.pointer or '/'}"
        way = f"raise it with Limits({self.limit}=...), or " if self.limit.isidentifier() else ""
        return (f"the constraint is too large: {self.limit} would reach {self.needed:,}, the limit is {self.allowed:,}"
                f"{largest} ({way}{self.hint})")


class BudgetTooSmall(StructfillError):
    """The shortest valid text needs more tokens than the canvas has. Raised before the first pass."""

    def __init__(self, given: int, needed: int) -> None:
        super().__init__(given, needed)
        self.given, self.needed = given, needed

    def __str__(self) -> str:
        return (f"the token budget is too small: {self.given} given, the shortest valid text needs "
                f"{self.needed} (pass max_tokens={self.needed} or more)")


class NotFound(StructfillError):
    """A search ended without a valid canvas. One may exist: nothing has been proved impossible."""


class VocabMismatch(StructfillError):
    """Two parts were built for different vocabularies, or logits have fewer columns than tokens."""


class ModelError(StructfillError):
    """A model cannot be found, loaded or run."""


class Narrowed(UserWarning):
    """A constraint is too large to be written in full: generated text is a part of what it allows.

    Attributes, 0 where there is no such bound:
        nesting: how many values are nested in others at most, but for small ones.
        longest: to what upper bounds (of strings, arrays, repetitions) are lowered on canvases of one length, in holes
            and in templates, where they would cost too much; what has to be longer is.
    """

    def __init__(self, nesting: int = 0, longest: int = 0) -> None:
        super().__init__(nesting, longest)
        self.nesting, self.longest = nesting, longest

    def __str__(self) -> str:
        told = f"values nest {self.nesting} deep at most, small ones perhaps deeper"
        if self.longest:
            told = f"upper bounds of strings and arrays are lowered, where they cost too much here, to {self.longest}"
        return (f"the constraint is too large to be written in full: in generated text {told} (simplify it, or raise "
                "Limits(states=...) until all of it fits)")


def warn_caller(warning: Warning) -> None:
    """Warns the first caller that is not this package."""
    frame, level = sys._getframe(1), 2
    within = __package__, contextlib.__name__  # and its decorators around what is ours
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in within:
        frame, level = frame.f_back, level + 1
    warnings.warn(warning, stacklevel=level)
