"""Items that repeat where they are to be unique."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from ...automaton.byte_automaton import DEAD, ByteAutomaton
from ...errors import EmptyLanguage
from ..constraint import Begun, Repeat
from . import atoms as at
from .evaluate import Evaluator, parse
from .finite import canonical
from .formula import Atom
from .lower import Lowering
from .parts import Part, past, read_part
from .pointers import escape

_BLANK = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.S)
_OTHER, _QUOTE, _BACKSLASH, _OPEN, _CLOSE, _BETWEEN = range(6)
_KINDS = np.zeros(256, np.int64)
for _kind, _bytes in ((_QUOTE, b'"'), (_BACKSLASH, b"\\"), (_OPEN, b"[{"), (_CLOSE, b"]}"), (_BETWEEN, b", \t\r\n")):
    _KINDS[list(_bytes)] = _kind


def repeats(lowering: Lowering, text: str) -> list[Repeat] | None:
    """See `JsonSchema.repeats`. The last item comes first."""
    judge, (value, _) = _Judge(lowering), parse(text)
    if judge.accepts(value):
        return None
    spans = _spans(read_part(text, past(text, 0)))
    for pointer, items in _arrays(value, ""):
        if id(items) in judge.repeating:
            spelled = [text[start:end] for start, end in spans[pointer]]
            return [Repeat(text, *spans[pointer][k], f"{pointer}/{k}", tuple(spelled[:k] + spelled[k + 1 :]), k)
                    for k in _repeated(items)]
    return []


class _Judge(Evaluator):
    """Takes down in which arrays items repeat that are to be unique."""

    def __init__(self, lowering: Lowering) -> None:
        super().__init__(lowering)
        self.repeating = set[int]()

    def _of_array(self, atom: Atom, items: list[Any]) -> bool:
        holds = super()._of_array(atom, items)
        if isinstance(atom, at.Unique) and not holds:
            self.repeating.add(id(items))
        return holds


def _arrays(value: Any, pointer: str) -> Iterator[tuple[str, list[Any]]]:
    """All arrays with their places, inner ones before those around them."""
    if isinstance(value, dict | list):
        for key, part in enumerate(value) if isinstance(value, list) else value.items():
            yield from _arrays(part, f"{pointer}/{escape(str(key))}")
    if isinstance(value, list):
        yield pointer, value


def _spans(part: Part, pointer: str = "") -> dict[str, list[tuple[int, int]]]:
    """Where the items of every array stand, by its pointer; of a key that comes twice, the last value counts."""
    found: dict[str, list[tuple[int, int]]] = {}
    for key, inner in part.members:
        found |= _spans(inner, f"{pointer}/{escape(str(key))}")
    if isinstance(part.value, list):
        found[pointer] = [(inner.start, inner.end) for _, inner in part.members]
    return found


def _repeated(items: list[Any]) -> list[int]:
    """The items that are like some other one, from the last on."""
    seen = [canonical(item) for item in items]
    count = Counter(seen)
    return [k for k in range(len(items) - 1, -1, -1) if count[seen[k]] > 1]


def begun(accepts: Callable[[str], bool], written: str, end: str) -> list[Begun]:
    """See `JsonSchema.begun`. Where the first and the last of the items before would both be wrong in the place of the
    open one, all of them are said to be."""
    found, text = [], written + end
    for start, spans in _open_items(written):
        begin = past(text, start)
        behind = read_part(text, begin).end
        others = [written[first:last] for first, last in spans]
        if not any(accepts(text[:begin] + item + text[behind:]) for item in {others[0], others[-1]}):
            found.append(Begun(min(begin, len(written)), tuple(dict.fromkeys(others))))
    return found


def _open_items(text: str) -> list[tuple[int, list[tuple[int, int]]]]:
    """The arrays that a beginning of a JSON text leaves open and that have items: where the last one begins, or will,
    with the blanks before it, and where those before it stand."""
    stack = list[tuple[bool, int, list[tuple[int, int]]]]()  # is it an array, where its item begins, those before
    for found in _TOKEN.finditer(text):
        at, token = found.end(), found.group()
        if token in "[{":
            stack.append((token == "[", at, []))
        elif token in "]}":
            stack.pop()
        elif token == "," and stack[-1][0]:
            _, start, spans = stack[-1]
            begin = past(text, start)
            stack[-1] = True, at, [*spans, (begin, begin + len(text[begin : found.start()].rstrip(" \t\r\n")))]
    return [(start, spans) for listed, start, spans in stack if listed and spans]


def item_from(whole: ByteAutomaton, state: int) -> ByteAutomaton:
    """The values that may begin in a state, blanks before them left out."""
    for blanks in (b"", b" ", b"\n", b"\r\n", b"\t"):
        begin = whole.run(blanks, state)
        if begin == DEAD:
            continue
        inside = one_value(whole, begin)
        wide, narrow = whole.delta[:, whole.byte_class], inside.delta[:, inside.byte_class]
        ends = ((wide != DEAD) & (narrow == DEAD)).any(1)
        ends[begin] = False  # no value is empty
        with contextlib.suppress(EmptyLanguage):
            return inside.between(begin, ends)
    raise EmptyLanguage("no value may begin here")


def one_value(whole: ByteAutomaton, state: int) -> ByteAutomaton:
    """`whole` without the moves that lead out of the value that begins in `state`: commas, closing brackets and
    whitespace that are not inside of it. States tell how deep they are, since they tell what has to be closed."""
    pairs, byte_class = np.unique(whole.byte_class * np.int64(_BETWEEN + 1) + _KINDS, return_inverse=True)
    delta = whole.delta[:, pairs // (_BETWEEN + 1)]
    _cut(delta, pairs % (_BETWEEN + 1), state)
    return ByteAutomaton(delta, byte_class.astype(np.uint8), whole.accepting, whole.exact_up_to, whole.nesting)


@nb.njit(cache=True, nogil=True)
def _cut(delta: NDArray[np.int32], kinds: NDArray[np.int64], start: int) -> None:
    """Takes moves out of `delta` [S, K], `kinds` [K] by class; a status is the depth and where in a string, times 3."""
    status, queue = np.full(len(delta), -1, np.int64), np.empty(len(delta), np.int64)
    status[start], queue[0], first, last = 0, start, 0, 1
    while first < last:
        q = queue[first]
        first += 1
        for k in range(len(kinds)):
            kind, here = kinds[k], status[q]
            if delta[q, k] < 0:
                continue
            if here == 0 and kind in (_CLOSE, _BETWEEN):
                delta[q, k] = -1
                continue
            if here % 3 == 2:
                here -= 1
            elif here % 3 == 1:
                here += -1 if kind == _QUOTE else 1 if kind == _BACKSLASH else 0
            else:
                here += 1 if kind == _QUOTE else 3 if kind == _OPEN else -3 if kind == _CLOSE else 0
            r = delta[q, k]
            if status[r] < 0:
                status[r], queue[last] = here, r
                last += 1
