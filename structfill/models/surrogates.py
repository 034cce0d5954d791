"""Texts that UTF-8 cannot hold."""

from __future__ import annotations

from ..errors import SpecError


def lone_surrogate(what: str, error: UnicodeEncodeError) -> SpecError:
    """The error that says `what` cannot be done with a text, the place of its lone surrogate and the way out."""
    near = error.object[max(0, error.start - 20):error.end]
    return SpecError(f"{what}: {near!r} ends in a lone surrogate, which UTF-8 does not know",
                     hint="decode the text with errors=\"replace\"")
