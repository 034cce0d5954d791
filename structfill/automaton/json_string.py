"""Character automata -> byte automata: JSON strings in their one canonical spelling, and plain UTF-8."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.char_dfa import CharDFA
from structfill.automaton.memo import Memo
from structfill.automaton.minimise import trim
from structfill.automaton.utf8 import lower

Int32 = NDArray[np.int32]
_SURROGATES = (0xD800, 0xDFFF)


@dataclass(frozen=True)
class Fragment:
    """A deterministic byte automaton with range edges; state 0 starts.

    Attributes:
        edges: int32 [M, 4]: source, lowest byte, highest byte, target; sorted by source, then byte.
        labels: int32 [S], -1 = not final, otherwise the outcome.
        characters: bool [S], the states in which one more character is complete, or none is begun.
    """

    edges: NDArray[np.int32]
    labels: NDArray[np.int32]
    characters: NDArray[np.bool_]


_known: Memo[Fragment] = Memo(max_bytes=16 << 20)


def quoted(dfa: CharDFA) -> Fragment:
    """``"`` + the canonical JSON spelling of every string of the language + ``"``.

    Raw UTF-8 (RFC 8259, 7), except ``\\"``, ``\\\\``, ``\\b``, ``\\f``, ``\\n``, ``\\r``, ``\\t`` and
    ``\\u00xx`` with lower-case digits for the other control characters. Surrogates cannot be spelled: such
    strings are dropped. One final state per label, without outgoing edges.
    """
    return _encode(dfa, True)


def plain(dfa: CharDFA) -> Fragment:
    """The strings of the language in plain UTF-8; labels stay on the states. Surrogates are dropped."""
    return _encode(dfa, False)


def _encode(dfa: CharDFA, as_json: bool) -> Fragment:
    """Kept for a while: many schemas have the same strings and numbers in them."""
    found = _known.get((dfa.key, as_json))
    if found is None:
        found = _lowered(dfa, as_json)
        _known.put((dfa.key, as_json), found, found.edges.nbytes + found.labels.nbytes + len(dfa.key))
    return found


def _lowered(dfa: CharDFA, as_json: bool) -> Fragment:
    delta, labels = dfa.delta, dfa.labels
    spelled = _spellable(dfa.bounds, dfa.classes, delta.shape[1])
    if not spelled.all():
        delta, labels = trim(np.where(spelled, delta, np.int32(-1)), labels)
        if len(labels) == 1 and labels[0] < 0:
            return _nothing()
    elif dfa.is_empty():
        return _nothing()
    edges, out = lower(dfa.bounds, dfa.classes, delta, labels, as_json)
    place = np.arange(len(out)) - as_json
    return Fragment(edges, out, (place >= 0) & (place < len(labels)))


def _nothing() -> Fragment:
    return Fragment(np.empty((0, 4), np.int32), np.full(1, -1, np.int32), np.zeros(1, np.bool_))


@nb.njit(cache=True, nogil=True)
def _spellable(bounds: Int32, classes: Int32, n_classes: int) -> NDArray[np.bool_]:
    """Which classes hold a character other than surrogates?"""
    out = np.zeros(n_classes, np.bool_)
    for i in range(bounds.shape[0]):
        last = bounds[i + 1] - 1 if i + 1 < bounds.shape[0] else 0x10FFFF
        if bounds[i] < _SURROGATES[0] or last > _SURROGATES[1]:
            out[classes[i]] = True
    return out
