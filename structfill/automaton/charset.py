"""Sets of characters: sorted, disjoint ranges of code points.

Surrogates (U+D800 to U+DFFF) are characters like all others here: a JSON text can carry a lone surrogate as
an escape, so ``[^a]`` has to contain it although no UTF-8 text can spell it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

LAST = 0x10FFFF


@dataclass(frozen=True)
class CharSet:
    """An immutable set of code points; equal sets compare and hash alike.

    Attributes:
        ranges: inclusive ``(first, last)`` pairs, ascending, neither overlapping nor touching.
    """

    ranges: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        previous = -2
        for first, last in self.ranges:
            if not previous + 1 < first <= last <= LAST:
                raise ValueError(f"ranges must ascend, be disjoint and within 0..0x10FFFF: {self.ranges!r}")
            previous = last

    @staticmethod
    def of(ranges: Iterable[tuple[int, int]]) -> CharSet:
        """The union of any inclusive ranges, in any order."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return CharSet(tuple(merged))

    @staticmethod
    def chars(text: str) -> CharSet:
        """The characters that occur in `text`."""
        return CharSet.of((ord(c), ord(c)) for c in text)

    @staticmethod
    def everything() -> CharSet:
        """All code points, surrogates included."""
        return CharSet(((0, LAST),))

    def __or__(self, other: CharSet) -> CharSet:
        return CharSet.of(self.ranges + other.ranges)

    def __and__(self, other: CharSet) -> CharSet:
        out: list[tuple[int, int]] = []
        i = j = 0
        while i < len(self.ranges) and j < len(other.ranges):
            (a, b), (c, d) = self.ranges[i], other.ranges[j]
            if max(a, c) <= min(b, d):
                out.append((max(a, c), min(b, d)))
            if b < d:
                i += 1
            else:
                j += 1
        return CharSet(tuple(out))

    def __invert__(self) -> CharSet:
        out: list[tuple[int, int]] = []
        start = 0
        for first, last in self.ranges:
            if start < first:
                out.append((start, first - 1))
            start = last + 1
        if start <= LAST:
            out.append((start, LAST))
        return CharSet(tuple(out))

    def __sub__(self, other: CharSet) -> CharSet:
        return self & ~other

    def __contains__(self, char: object) -> bool:
        if not isinstance(char, (int, str)):
            return False
        code = char if isinstance(char, int) else ord(char)
        at = bisect_right(self.ranges, (code, LAST + 1)) - 1
        return at >= 0 and code <= self.ranges[at][1]

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)
