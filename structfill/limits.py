"""How large a compiled constraint may become. Counted, so that the same input always ends alike; timed on request."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import SpecError


@dataclass(frozen=True)
class Limits:
    """Bounds that are enforced while building; passing one raises `TooLarge(limit, needed, allowed)`. A JSON Schema of
    too many states is written as deep as fits instead, and upper bounds that take too many on a canvas are lowered,
    both with the warning `Narrowed`, unless below 60,000 are allowed.

    Attributes:
        states: states of the byte automaton.
        edges: edges of the token graph.
        bytes: memory of the byte automaton's table, of the functions of the vocabulary's walk, of the graph; of each.
        work: elementary steps of the front-end and of the vocabulary walk (bounds time).
        length: a `maxLength` from here on costs no states anywhere; where it cannot be counted (in an alternative, of
            names), a canvas that could hold so long a string is refused.
        depth: how many times a recursive definition may nest inside itself in generated text.
        seconds: of the clock for `compile` (None: as long as it takes); looked at between steps that `work` bounds, of
            which one may take a second or two.
    """

    states: int = 200_000
    edges: int = 4_000_000
    bytes: int = 1 << 30
    work: int = 400_000_000
    length: int = 30_000
    depth: int = 8
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("states", "edges", "bytes", "work", "length", "depth"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SpecError(f"Limits.{name} must be a positive integer, not {value!r}")
        if self.seconds is not None and (isinstance(self.seconds, bool) or not isinstance(self.seconds, int | float)
                                         or not self.seconds > 0):
            raise SpecError(f"Limits.seconds must be a positive number or None, not {self.seconds!r}")

    @classmethod
    def of(cls, limits: Limits | None) -> Limits:
        """The limits given, or the default ones. Raises `SpecError` for anything else."""
        if limits is None:
            return cls()
        if not isinstance(limits, cls):
            raise SpecError(f"limits must be a structfill.Limits, not {limits!r:.80}")
        return limits
