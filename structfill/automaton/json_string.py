"""Character automata -> byte automata: JSON strings in their one canonical spelling, and plain UTF-8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from structfill.automaton.char_dfa import CharDFA
from structfill.automaton.memo import Memo
from structfill.automaton.minimise import trim
from structfill.automaton.repeats import CountedStrings
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


def counted(strings: CountedStrings, spell: Callable[[CharDFA], Fragment]) -> tuple[Fragment, Int32]:
    """The language as `quoted` or `plain` spells it, and the counter that runs in every state, int32 [S]: one ticks
    where it arrives in one of the `characters`.

    Inside a character the counter of its first state runs on, so what lies between states that count differently is
    not shared.
    """
    dfa, of = _spellable_part(strings)
    fragment = spell(dfa)
    first = int(fragment.characters.argmax())
    owner = np.zeros(len(fragment.labels), np.int32)
    owner[first : first + len(of)] = of
    inside = (fragment.labels < 0) & ~fragment.characters
    inside[:first] = False
    if (of == of[0]).all():
        return fragment, np.where(inside, of[0], owner)
    edges = [tuple(edge) for edge in fragment.edges.tolist()]
    by_source: dict[int, list[tuple[int, ...]]] = {}
    for edge in edges:
        by_source.setdefault(edge[0], []).append(edge)
    owners, copies = owner.tolist(), dict[tuple[int, int], int]()
    queue = [(q, q) for q, c in enumerate(owners) if c]
    kept = [edge for edge in edges if not owners[edge[0]]]
    for state, copy in queue:
        for _, low, high, target in by_source.get(state, ()):
            if inside[target] and (target, owners[copy]) not in copies:
                copies[target, owners[copy]] = len(owners)
                queue.append((target, len(owners)))
                owners.append(owners[copy])
            kept.append((copy, low, high, copies.get((target, owners[copy]), target)))
    more = len(owners) - len(owner)
    labels = np.concatenate([fragment.labels, np.full(more, -1, np.int32)])
    characters = np.concatenate([fragment.characters, np.zeros(more, np.bool_)])
    return Fragment(np.array(sorted(kept), np.int32), labels, characters), np.array(owners, np.int32)


def _spellable_part(strings: CountedStrings) -> tuple[CharDFA, Int32]:
    """The automaton and its counters without the states that only surrogates lead to or from."""
    dfa, number = strings.dfa, np.arange(len(strings.dfa), dtype=np.int32)
    spelled = _spellable(dfa.bounds, dfa.classes, dfa.delta.shape[1])
    if spelled.all():
        return dfa, strings.of
    delta, labels = trim(np.where(spelled, dfa.delta, np.int32(-1)), np.where(dfa.labels >= 0, number, -1 - number))
    kept = np.where(labels >= 0, labels, -1 - labels)
    return CharDFA(dfa.bounds, dfa.classes, delta, dfa.labels[kept]), strings.of[kept]


@nb.njit(cache=True, nogil=True)
def _spellable(bounds: Int32, classes: Int32, n_classes: int) -> NDArray[np.bool_]:
    """Which classes hold a character other than surrogates?"""
    out = np.zeros(n_classes, np.bool_)
    for i in range(bounds.shape[0]):
        last = bounds[i + 1] - 1 if i + 1 < bounds.shape[0] else 0x10FFFF
        if bounds[i] < _SURROGATES[0] or last > _SURROGATES[1]:
            out[classes[i]] = True
    return out
