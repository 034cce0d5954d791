"""Languages of characters in the order of code points, cut into parts that share no string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .char_dfa import CharDFA
from .charset import LAST

SPARE = 64  # strings a part that the cuts are chosen by, where there are so many
ALPHABETS = (  # first and past the last character: letters, what is printed, all that can be spelled
    ((0x61, 0x7B),),
    ((0x20, 0x7F),),
    ((0, 0xD800), (0xE000, LAST + 1)),
)


def parts(dfa: CharDFA, count: int) -> list[CharDFA]:
    """The strings of a language with one label in at most `count` parts, none of them empty, those of each part before
    those of the next. Fewer parts only where there are fewer strings."""
    found, rest = [], dfa
    for word in _first_words(dfa, count):
        behind = rest.kept(_from(word))
        found.append(rest - behind)
        rest = behind
    return [*found, rest]


def _from(word: str) -> CharDFA:
    """All strings that do not come before `word`."""
    codes, end = [ord(c) for c in word], len(word)
    bounds = np.array(sorted({0, *codes, *(c + 1 for c in codes if c < LAST)}), np.int32)
    delta = np.full((end + 1, len(bounds)), end, np.int32)
    for state, code in enumerate(codes):
        delta[state, bounds < code] = -1
        delta[state, bounds == code] = state + 1
    labels = np.where(np.arange(end + 1) == end, 0, -1).astype(np.int32)
    return CharDFA.build(bounds, np.arange(len(bounds), dtype=np.int32), delta, labels)


class _Spans(NamedTuple):
    """Characters in runs that do the same in every state, ascending."""

    first: list[int]
    size: list[int]
    targets: NDArray[np.int32]  # [S, spans], S for none

    @classmethod
    def of(cls, dfa: CharDFA, alphabet: Sequence[tuple[int, int]]) -> _Spans:
        """The runs of some characters."""
        past = [*dfa.bounds[1:].tolist(), LAST + 1]
        spans = [(a, b - a, c) for first, end, c in zip(dfa.bounds.tolist(), past, dfa.classes.tolist(), strict=True)
                 for low, high in alphabet if (a := max(first, low)) < (b := min(end, high))]
        targets = dfa.delta[:, [c for _, _, c in spans]]
        targets[targets < 0] = len(dfa)
        return cls([a for a, _, _ in spans], [n for _, n, _ in spans], targets)


def _first_words(dfa: CharDFA, count: int) -> list[str]:
    """The first string of every part but the first: of usual characters if these do, and about as short as can be."""
    for alphabet in ALPHABETS:
        spans = _Spans.of(dfa, alphabet)
        strings = _counted(dfa, spans, count)
        if strings[-1][0] >= count:
            break
    total = int(strings[-1][0])
    count = max(1, min(count, total))
    return [_word(dfa, spans, strings, total * part // count) for part in range(1, count)]


def _counted(dfa: CharDFA, spans: _Spans, count: int) -> list[NDArray[Any]]:
    """By k: how many strings of at most k characters lead from each state to an end, and 0 behind the last state."""
    accepting, size = np.append(dfa.labels >= 0, False).astype(object), np.array(spans.size, object)
    found, states = [accepting], len(dfa)
    while found[-1][0] < count * (SPARE if len(found) <= states else 1):
        if len(found) > states and found[-1][0] == found[-1 - states][0]:  # there are no more
            break
        found.append(np.append((found[-1][spans.targets] * size).sum(1), 0) + accepting)
    return found


def _word(dfa: CharDFA, spans: _Spans, strings: list[NDArray[Any]], rank: int) -> str:
    """The string of this rank among those that are counted."""
    state, chars, left = 0, list[str](), len(strings) - 1
    while rank or dfa.labels[state] < 0:
        rank -= bool(dfa.labels[state] >= 0)
        left -= 1
        span, each = 0, 0
        for span, target in enumerate(spans.targets[state].tolist()):
            each = int(strings[left][target])
            if rank < each * spans.size[span]:
                break
            rank -= each * spans.size[span]
        chars.append(chr(spans.first[span] + rank // each))
        state, rank = int(spans.targets[state, span]), rank % each
    return "".join(chars)
