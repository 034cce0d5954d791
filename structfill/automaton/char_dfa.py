"""Deterministic automata over characters: strings as a schema sees them, before any encoding.

Every `CharDFA` is minimal and canonically numbered, so two of them hold equal arrays exactly if they describe
the same labelled language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from structfill.automaton import char_kernels as kernels
from structfill.automaton.charset import LAST, CharSet
from structfill.automaton.trie import dense, word_graph
from structfill.deadline import check_time
from structfill.errors import TooLarge
from structfill.limits import Limits

DEAD = -1
_DEFAULT = Limits()
_CELL_WORK = 5  # steps charged per cell of a transition table: keeps tables and minimisation below 1 GiB


@dataclass(frozen=True, eq=False)
class CharDFA:
    """A partial deterministic automaton over code points; state 0 starts.

    All states are live and reachable, except that an empty language has one dead start state. Surrogates
    count as characters.

    Attributes:
        bounds: int32 [R], ascending first code point of every interval; ``bounds[0] == 0``.
        classes: int32 [R], character class of every interval, in ``range(K)``.
        delta: int32 [S, K], next state or -1.
        labels: int32 [S], -1 = not accepting, otherwise the outcome (0 in a plain language).
    """

    bounds: NDArray[np.int32]
    classes: NDArray[np.int32]
    delta: NDArray[np.int32]
    labels: NDArray[np.int32]

    @staticmethod
    def build(bounds: NDArray[np.int32], classes: NDArray[np.int32], delta: NDArray[np.int32],
              labels: NDArray[np.int32]) -> CharDFA:
        """The canonical automaton of any deterministic one (int32 arrays, start state 0)."""
        return CharDFA(*kernels.canonical(bounds, classes, delta, labels))

    @staticmethod
    @lru_cache(maxsize=1)
    def everything() -> CharDFA:
        """All strings."""
        return CharDFA.length(0, None)

    @staticmethod
    @lru_cache(maxsize=1)
    def empty() -> CharDFA:
        """No string."""
        return CharDFA.length(1, 0)

    @staticmethod
    def words(words: Iterable[str]) -> CharDFA:
        """Exactly these strings."""
        return CharDFA.trie(dict.fromkeys(words, 0), None)

    @staticmethod
    def length(minimum: int, maximum: int | None) -> CharDFA:
        """Strings of `minimum` to `maximum` characters (None: no upper bound); one state a character."""
        if maximum is not None and maximum < minimum:
            last, loop, labels = 0, DEAD, np.full(1, -1, np.int32)
        else:
            last, loop = (max(minimum, 0), max(minimum, 0)) if maximum is None else (maximum, DEAD)
            labels = np.where(np.arange(last + 1) >= minimum, 0, -1).astype(np.int32)
        delta = np.arange(1, last + 2, dtype=np.int32)
        delta[last] = loop
        zero = np.zeros(1, np.int32)
        return CharDFA(zero, zero, delta.reshape(-1, 1), labels)

    @staticmethod
    def length_modulo(rest: int, modulus: int) -> CharDFA:
        """Strings of `rest` modulo `modulus` characters."""
        zero, states = np.zeros(1, np.int32), np.arange(modulus, dtype=np.int32)
        labels = np.where(states == rest, 0, -1).astype(np.int32)
        return CharDFA.build(zero, zero, ((states + 1) % modulus).reshape(-1, 1).astype(np.int32), labels)

    @staticmethod
    def trie(words: Mapping[str, int], other: int | None) -> CharDFA:
        """Every word gets its label, every other string gets `other` (None: rejected).

        A word with label -1 is not accepted and is not "other" either.
        """
        ordered = sorted(words)
        joined = "".join(ordered).encode("utf-32-le", "surrogatepass")
        text = np.frombuffer(joined, np.int32)
        ends = np.cumsum(np.fromiter(map(len, ordered), np.int64, len(ordered)))
        marks = np.fromiter((words[word] for word in ordered), np.int32, len(ordered))
        edges, labels, states = word_graph(text, ends, marks)
        cells = _CELL_WORK * states * (np.unique(edges[:, 1]).size + 1)
        if cells > _DEFAULT.work:
            raise TooLarge("work", cells, _DEFAULT.work)
        rest = DEAD if other is None else other
        arrays = dense(edges, labels, rest)
        # Every node leads to the end of a word: none equals the rest if no word is labelled like it.
        minimal = len(ordered) > 0 and not (marks == rest).any()
        return CharDFA(*kernels.renumbered(*arrays)) if minimal else CharDFA.build(*arrays)

    def __len__(self) -> int:
        return int(self.delta.shape[0])

    @cached_property
    def key(self) -> bytes:
        """A hashable value: equal exactly for equal labelled languages."""
        shape = np.array([self.bounds.size, *self.delta.shape], np.int64)
        return b"".join(a.tobytes() for a in (shape, self.bounds, self.classes, self.delta, self.labels))

    @property
    def nbytes(self) -> int:
        """Memory of the arrays in bytes."""
        return self.bounds.nbytes + self.classes.nbytes + self.delta.nbytes + self.labels.nbytes

    def is_empty(self) -> bool:
        """Is no string accepted?"""
        return len(self) == 1 and int(self.labels[0]) < 0

    def is_everything(self) -> bool:
        """Is every string accepted (with whatever label)?"""
        return self._is_everything

    @cached_property
    def _is_everything(self) -> bool:
        return bool((self.labels >= 0).all() and (self.delta >= 0).all())

    def step(self, state: int, codepoint: int) -> int:
        """The state after one character, or -1."""
        at = int(self.bounds.searchsorted(codepoint, side="right")) - 1
        return int(self.delta[state, self.classes[at]]) if state >= 0 else DEAD

    def run(self, text: str) -> int:
        """The state after a string, or -1."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.int32)
        return int(kernels.run(self.bounds, self.classes, self.delta, codes, 0))

    def label(self, text: str) -> int:
        """The outcome of a string; -1 if it is rejected."""
        state = self.run(text)
        return DEAD if state < 0 else int(self.labels[state])

    def accepts(self, text: str) -> bool:
        """Is the string in the language?"""
        return self.label(text) >= 0

    def shortest(self) -> str | None:
        """One of the shortest accepted strings, or None."""
        came: dict[int, tuple[int, int]] = {0: (-1, -1)}
        queue = [0]
        for state in queue:
            if self.labels[state] >= 0:
                return self._spell(came, state)
            for cls, target in enumerate(self.delta[state].tolist()):
                if target >= 0 and target not in came:
                    came[target] = (state, cls)
                    queue.append(target)
        return None

    def _spell(self, came: dict[int, tuple[int, int]], state: int) -> str:
        chars = []
        while state:
            state, cls = came[state]
            chars.append(self._sample(cls))
        return "".join(reversed(chars))

    def _sample(self, cls: int) -> str:
        """A character of a class, a printable one if there is one at hand."""
        first = self.bounds[self.classes == cls]
        past = np.append(self.bounds[1:], 0x110000)[self.classes == cls]
        for a, b in zip(first.tolist(), past.tolist(), strict=True):
            for code in (a, ord("a"), ord(" "), 0xE000):
                if a <= code < b and chr(code).isprintable():
                    return chr(code)
        for a, b in zip(first.tolist(), past.tolist(), strict=True):
            if a < 0xD800 or b > 0xE000:
                return chr(a if a < 0xD800 else max(a, 0xE000))
        return chr(int(first[0]))

    def class_sets(self) -> list[CharSet]:
        """The characters of every class."""
        past = np.append(self.bounds[1:], LAST + 1) - 1
        ranges: list[list[tuple[int, int]]] = [[] for _ in range(self.delta.shape[1])]
        for first, last, cls in zip(self.bounds.tolist(), past.tolist(), self.classes.tolist(), strict=True):
            ranges[cls].append((first, last))
        return [CharSet.of(pairs) for pairs in ranges]

    def relabelled(self, labels: Sequence[int]) -> CharDFA:
        """The same strings with outcome n replaced by ``labels[n]`` (-1: rejected)."""
        changed = np.array([*labels, -1], np.int32)[self.labels]
        return CharDFA.build(self.bounds, self.classes, self.delta, changed)

    def kept(self, language: CharDFA) -> CharDFA:
        """The strings that are also in `language`, with the outcomes they have here."""
        bounds, classes, rows, delta = _explored((self, language), _DEFAULT)
        inside = np.append(language.labels >= 0, False)[rows[:, 1]]
        labels = np.where(inside, np.append(self.labels, -1)[rows[:, 0]], -1)
        return CharDFA.build(bounds, classes, delta, labels.astype(np.int32))  # another type would be compiled anew

    def overlaid(self, words: Mapping[str, int]) -> CharDFA:
        """The same strings, but for `words`, which get the outcomes given for them (-1: rejected)."""
        if not words:
            return self
        trie = CharDFA.trie({word: i for i, word in enumerate(words)}, None)
        bounds, classes, rows, delta = _explored((self, trie), _DEFAULT)
        word = np.append(trie.labels, -1)[rows[:, 1]]
        labels = np.where(word >= 0, np.array([*words.values(), -1])[word], np.append(self.labels, -1)[rows[:, 0]])
        return CharDFA.build(bounds, classes, delta, labels.astype(np.int32))

    def __and__(self, other: CharDFA) -> CharDFA:
        return product((self, other), lambda holds: 0 if holds[0] and holds[1] else DEAD)

    def __or__(self, other: CharDFA) -> CharDFA:
        return product((self, other), lambda holds: 0 if holds[0] or holds[1] else DEAD)

    def __sub__(self, other: CharDFA) -> CharDFA:
        return product((self, other), lambda holds: 0 if holds[0] and not holds[1] else DEAD)

    def __invert__(self) -> CharDFA:
        return product((self,), lambda holds: DEAD if holds[0] else 0)


def product(components: Sequence[CharDFA], label: Callable[[tuple[bool, ...]], int],
            limits: Limits = _DEFAULT) -> CharDFA:
    """All strings, labelled by which of the components accept them.

    `label` maps the truth vector of a string to its outcome (-1 = rejected); it is called once per vector
    that occurs. A dead component counts as not accepting.
    Raises `TooLarge` if the joint states pass ``limits.states`` or the steps ``limits.work``.
    """
    if not components:
        return _with_outcome(CharDFA.everything(), label(()))
    label = cache(label)
    if len(components) == 1 and (alone := _relabelled(components[0], label)) is not None:
        return alone
    bounds, classes, rows, delta = _explored(components, limits)
    return CharDFA.build(bounds, classes, delta, _label_rows(components, rows, label))


def _explored(components: Sequence[CharDFA], limits: Limits) -> tuple[NDArray[np.int32], ...]:
    """(bounds, classes, rows, delta): the joint automaton and, by row, the state of each component or -1."""
    sizes = np.array([(c.bounds.size, c.delta.size, c.delta.shape[1]) for c in components], np.int64)
    offsets = np.zeros((len(components) + 1, 2), np.int64)
    np.cumsum(sizes[:, :2], axis=0, out=offsets[1:])
    bounds, classes, table = kernels.joint_alphabet(
        np.concatenate([c.bounds for c in components]), np.concatenate([c.classes for c in components]),
        np.ascontiguousarray(offsets[:, 0]))
    check_time()
    status, needed, rows, delta = kernels.explore(
        np.concatenate([c.delta.ravel() for c in components]), np.ascontiguousarray(offsets[:-1, 1]),
        np.ascontiguousarray(sizes[:, 2]), table, limits.states, limits.work)
    if status != kernels.DONE:
        raise TooLarge(*(("states", needed, limits.states) if status == kernels.STATES
                         else ("work", needed, limits.work)))
    return bounds, classes, rows, delta


def _relabelled(dfa: CharDFA, label: Callable[[tuple[bool, ...]], int]) -> CharDFA | None:
    """The product of one automaton, where it has one label and all other strings are rejected."""
    if dfa.is_empty() or dfa.labels.max() > 0 or not (dfa.is_everything() or label((False,)) < 0):
        return None
    return _with_outcome(dfa, label((True,)))


def _with_outcome(dfa: CharDFA, outcome: int) -> CharDFA:
    """The strings of an automaton whose one label is 0, with another label (-1: rejected)."""
    if outcome <= 0:
        return dfa if outcome == 0 else CharDFA.empty()
    return CharDFA(dfa.bounds, dfa.classes, dfa.delta, np.where(dfa.labels >= 0, outcome, -1).astype(np.int32))


def _label_rows(components: Sequence[CharDFA], rows: NDArray[np.int32],
                label: Callable[[tuple[bool, ...]], int]) -> NDArray[np.int32]:
    """The label of every joint state, calling `label` once per distinct truth vector."""
    holds = np.empty(rows.shape, np.bool_)
    for c, component in enumerate(components):
        accepting = np.append(component.labels >= 0, False)  # index -1: a dead component
        holds[:, c] = accepting[rows[:, c]]
    packed = np.packbits(holds, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    outcomes = np.array([label(tuple(holds[i].tolist())) for i in first], np.int32)
    return outcomes[inverse.ravel()]
