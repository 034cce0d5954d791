"""The token graph: byte automaton x vocabulary, with token classes, sparse edges and end-of-text."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import class_stats, reach, sweep, token_walk

from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.errors import EmptyLanguage, TooLarge, VocabMismatch
from structfill.limits import Limits
from structfill.vocab import Vocab

UNREACHABLE = -1
FORMAT = 4  # of `TokenGraph.to_arrays`

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TokenGraph:
    """Which tokens lead from which state to which, for a whole vocabulary at once. Immutable.

    States are those of the byte automaton, in its numbering (0 starts), and, where the vocabulary has an
    end-of-text token, one more: the end, entered from accepting states by any end-of-text token and looping on
    these and on padding. Tokens alike in every state form a class; an edge carries an interned set of classes.

    Attributes:
        vocab: the vocabulary it was built for.
        out_ptr, out_target, out_set: edges by source, CSR: int64 [S + 1], int32 [E], int32 [E].
        in_ptr, in_source, in_set: the same edges by target.
        set_ptr, set_class: classes of every set, CSR: int64 [T + 1], int32.
        token_class: int32 [V], -1 for tokens that no text can hold.
        classes: C, those of end-of-text and padding included.
        final: bool [S], states in which a canvas may end.
        shortest: int32 [S], tokens of the shortest accepted text from each state, `UNREACHABLE` if there is none.
        order: int32 [S], states in depth-first order, for the reachability sweeps.
        max_tokens: texts of more tokens may break the constraint; 0: no text does.
        work: elementary steps that building took, as counted by ``Limits.work``.
        compile_ms: wall time of `build`, without the vocabulary's trie.
    """

    exact: ClassVar[bool] = True  # so are masks, best canvases and distributions
    start: ClassVar[int] = 0
    vocab: Vocab = field(repr=False)
    out_ptr: Int64 = field(repr=False)
    out_target: Int32 = field(repr=False)
    out_set: Int32 = field(repr=False)
    in_ptr: Int64 = field(repr=False)
    in_source: Int32 = field(repr=False)
    in_set: Int32 = field(repr=False)
    set_ptr: Int64 = field(repr=False)
    set_class: Int32 = field(repr=False)
    token_class: Int32 = field(repr=False)
    final: NDArray[np.bool_] = field(repr=False)
    shortest: Int32 = field(repr=False)
    order: Int32 = field(repr=False)
    classes: int
    max_tokens: int
    work: int
    compile_ms: float

    @property
    def states(self) -> int:
        """S, the end included."""
        return len(self.final)

    @property
    def edges(self) -> int:
        """E, those of end-of-text and padding included."""
        return len(self.out_target)

    @property
    def class_ptr(self) -> Int64:
        """int64 [C + 1]: the tokens of class c are ``class_token[class_ptr[c] : class_ptr[c + 1]]``."""
        return self._members[0]

    @property
    def class_token(self) -> Int32:
        """int32: the tokens of all classes, ascending in each."""
        return self._members[1]

    @cached_property
    def _members(self) -> tuple[Int64, Int32]:
        ptr, order = token_walk.csr(self.token_class, self.classes)
        return ptr, order

    @property
    def nbytes(self) -> int:
        """Memory of the arrays in bytes, without the vocabulary."""
        return sum(getattr(self, name).nbytes for name in _ARRAYS)

    @property
    def vocab_fingerprint(self) -> str:
        """The fingerprint of the vocabulary."""
        return self.vocab.fingerprint

    @cached_property
    def sweep_edges(self) -> sweep.Edges:
        """The arrays that the sweeps read."""
        found: sweep.Edges = sweep.Edges.of(*self._out, self.classes)
        return found

    @cached_property
    def _plans(self) -> dict[int, class_stats.Plan]:
        return {}

    def plan(self, columns: int) -> class_stats.Plan:
        """How to read logits of `columns` columns; kept, because models keep their width."""
        if columns not in self._plans:
            self._plans[columns] = class_stats.plan(self.token_class, self.classes, columns)
        return self._plans[columns]

    def run(self, tokens: Any, state: int = 0) -> int:
        """The state after `tokens` (ids, end-of-text and padding included) from `state`, -1 where they leave the
        language. Cost: the edges of the states on the way."""
        ids = np.asarray(tokens, np.int64)
        known = (ids >= 0) & (ids < len(self.token_class))
        classes = np.where(known, self.token_class[np.where(known, ids, 0)], -1).astype(np.int32)
        return int(reach.follow(*self._out, classes, state))

    def needed(self, state: int) -> int:
        """Tokens of the shortest text that finishes what led to `state`."""
        return int(self.shortest[state])

    def ended(self, state: int) -> bool:
        """Can nothing but end-of-text follow?"""
        return bool(self.vocab.eos_ids) and state == self.states - 1

    def shortest_from(self, state: int) -> list[int]:
        """Token ids of one of the shortest texts that finish what led to `state`, without end-of-text."""
        classes = reach.nearest(*self._out, self.shortest, state)
        return [int(t) for t in self.class_token[self.class_ptr[classes]]]

    @property
    def _out(self) -> tuple[Int64, Int32, Int32, Int64, Int32]:
        return self.out_ptr, self.out_target, self.out_set, self.set_ptr, self.set_class

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything but the vocabulary as named arrays, with a digest of them and of the vocabulary."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        arrays["meta"] = np.array([self.classes, self.max_tokens, self.work, self.compile_ms])
        return arrays | {"digest": _digest(arrays, self.vocab)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], vocab: Vocab) -> TokenGraph:
        """The graph that `to_arrays` gave. Raises `VocabMismatch` unless it was built for this vocabulary and the
        arrays are unchanged."""
        found = {name: np.asarray(array) for name, array in arrays.items() if name != "digest"}
        if not np.array_equal(arrays.get("digest", ()), _digest(found, vocab)):
            raise VocabMismatch("the stored token graph is damaged, or was built for another vocabulary or version")
        classes, max_tokens, work, compile_ms = found.pop("meta").tolist()
        return cls(vocab, **{name: _own(array) for name, array in found.items()}, classes=int(classes),
                   max_tokens=int(max_tokens), work=int(work), compile_ms=compile_ms)


_NUMBERS = ("classes", "max_tokens", "work", "compile_ms")
_ARRAYS = [f.name for f in fields(TokenGraph) if f.name not in ("vocab", *_NUMBERS)]


def _digest(arrays: Mapping[str, NDArray[Any]], vocab: Vocab) -> NDArray[np.uint8]:
    """SHA-256 of names, types, shapes and contents."""
    digest = hashlib.sha256(f"{FORMAT} {vocab.fingerprint}".encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)


def build(automaton: ByteAutomaton, vocab: Vocab, limits: Limits | None = None) -> TokenGraph:
    """Compile `automaton` for `vocab`.

    One walk of the vocabulary's trie finds the classes, one pass over their functions the edges. Raises
    `TooLarge` when `limits.edges` or `limits.work` would be passed, `EmptyLanguage` when no token string
    spells a text of the language.
    """
    limits = limits or Limits()
    trie = vocab.trie
    started = time.perf_counter()
    states = len(automaton)
    if int(automaton.byte_class.max()) >= automaton.delta.shape[1]:
        raise ValueError("the automaton's byte classes do not fit its transitions")  # kernels check no index
    if not states:
        raise EmptyLanguage("no text satisfies the constraint")
    walked = _walk(automaton, trie, limits)
    try:
        links = token_walk.link(states, walked, limits.edges)
    except token_walk.LimitReached as reached:
        raise TooLarge("edges", reached.needed, limits.edges) from None
    token_class = walked.spelling_class
    classes = len(walked.pair_ptr) - 1
    final = automaton.accepting.copy()
    if vocab.eos_ids:
        links, token_class, classes = _add_end(links, token_class, classes, final, vocab)
        final = np.append(final, True)
    if len(links.source) > limits.edges:
        raise TooLarge("edges", len(links.source), limits.edges)
    arrays = _index(links, token_class, final)
    if (needed := sum(array.nbytes for array in arrays.values())) > limits.bytes:
        raise TooLarge("bytes", needed, limits.bytes)
    if arrays["shortest"][0] == UNREACHABLE:
        raise EmptyLanguage("no tokens of this vocabulary spell a text that satisfies the constraint")
    elapsed = (time.perf_counter() - started) * 1e3
    exact = automaton.exact_up_to
    return TokenGraph(vocab, **arrays, classes=classes, max_tokens=0 if exact is None else exact // vocab.longest,
                      work=walked.work, compile_ms=elapsed)


def _walk(automaton: ByteAutomaton, trie: token_walk.Trie, limits: Limits) -> token_walk.Walk:
    """The walk within `limits.work` and `limits.bytes`: it counts 3 for every pair of 8 bytes that it keeps."""
    arrays = _own(automaton.delta, np.int32), _own(automaton.byte_class, np.uint8)
    by_bytes = limits.bytes // 8 * 3
    try:
        found: token_walk.Walk = token_walk.walk(*arrays, trie, min(limits.work, by_bytes))
    except token_walk.LimitReached as reached:
        if by_bytes < limits.work:
            raise TooLarge("bytes", -(-reached.needed // 3) * 8, limits.bytes) from None
        raise TooLarge("work", reached.needed, limits.work) from None
    return found


def _own(array: NDArray[Any], dtype: Any = None) -> NDArray[Any]:
    """Contiguous and writable, as the compiled kernels expect it (another kind would be compiled anew)."""
    return np.require(array, dtype, ["C", "W"])


def _add_end(
    links: token_walk.Links, token_class: Int32, classes: int, final: NDArray[np.bool_], vocab: Vocab
) -> tuple[token_walk.Links, Int32, int]:
    """The end state: entered by end-of-text, kept by end-of-text and padding."""
    end, sets = len(final), len(links.set_ptr) - 1
    token_class[list(vocab.eos_ids)] = eos = classes
    members, classes = [eos, eos], classes + 1
    if vocab.pad_id is not None and vocab.pad_id not in vocab.eos_ids:
        token_class[vocab.pad_id] = classes
        members, classes = [*members, classes], classes + 1
    accepting = np.flatnonzero(final).astype(np.int32)
    top = links.set_ptr[-1]
    source = np.concatenate([links.source, accepting, np.array([end], np.int32)])
    target = np.concatenate([links.target, np.full(len(accepting) + 1, end, np.int32)])
    numbers = np.full(len(accepting) + 1, sets, np.int32)
    numbers[-1] = sets + 1
    numbers = np.concatenate([links.set, numbers])
    set_ptr = np.append(links.set_ptr, [top + 1, top + len(members)])
    set_class = np.append(links.set_class, np.array(members, np.int32))
    return token_walk.Links(source, target, numbers, set_ptr, set_class), token_class, classes


def _index(links: token_walk.Links, token_class: Int32, final: NDArray[np.bool_]) -> dict[str, Any]:
    """Edges both ways, distances and visiting order."""
    out_ptr, out = token_walk.csr(links.source, len(final))
    in_ptr, into = token_walk.csr(links.target, len(final))
    in_source = links.source[into]
    out_target = links.target[out]
    found = {"out_ptr": out_ptr, "out_target": out_target, "out_set": links.set[out]}
    found |= {"in_ptr": in_ptr, "in_source": in_source, "in_set": links.set[into]}
    found |= {"set_ptr": links.set_ptr, "set_class": links.set_class}
    found |= {"token_class": token_class, "final": final}
    found["shortest"] = reach.distances(in_ptr, in_source, final)
    found["order"] = reach.visit_order(out_ptr, out_target)
    return found
