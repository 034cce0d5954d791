"""The token graph: byte automaton x vocabulary, with token classes, sparse edges and end-of-text."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import class_stats, counters, reach, sweep, token_walk

from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.automaton.counted import CountedAutomaton
from structfill.counting import Counting
from structfill.deadline import check_time
from structfill.errors import EmptyLanguage, TooLarge, VocabMismatch
from structfill.limits import Limits
from structfill.unrolling import PlainGraph, another_plain_graph, plain_graph_from
from structfill.vocab import Vocab

from . import linking

UNREACHABLE = -1
MOST_TOKENS = 1 << 62  # what no canvas has
ENDLESS = 1 << 32  # tokens, where no budget is given
KEPT = 4  # graphs without counters, for canvases of different lengths
FORMAT = 6  # of `TokenGraph.to_arrays`

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TokenGraph:
    """Which tokens lead from which state to which, for a whole vocabulary at once. Immutable.

    States are those of the byte automaton, in its numbering (0 starts), and, where the vocabulary has an
    end-of-text token, one more: the end, entered from accepting states by any end-of-text token and looping on
    these and on padding. Tokens alike in every state form a class; an edge carries an interned set of classes.

    Where repetitions are counted (`counting`), a state is a number that also holds what is counted in it, ``state +
    states * count``, and a canvas asks for the graph without counters that it needs: `unrolled`.

    Attributes:
        vocab: the vocabulary it was built for.
        out_ptr, out_target, out_set: edges by source, CSR: int64 [S + 1], int32 [E], int32 [E].
        in_ptr, in_source, in_set: the same edges by target.
        set_ptr, set_class: classes of every set, CSR: int64 [T + 1], int32.
        token_class: int32 [V], -1 for tokens that no text can hold.
        classes: C, those of end-of-text and padding included.
        final: bool [S], states in which a canvas may end.
        shortest: int32 [S], tokens of the shortest accepted text from each state, `UNREACHABLE` if there is none. With
            counters, for states other than 0: at least so many.
        order: int32 [S], states in depth-first order, for the reachability sweeps.
        counting: what edges do to counters, or None.
        max_tokens: texts of more tokens may break the constraint; 0: no text does.
        nesting: values nest no deeper, but for small ones, because the whole constraint is too large; 0: no such bound.
        work: elementary steps that building took, as counted by ``Limits.work``.
        compile_ms: wall time of `build`, without the vocabulary's trie.
        lowered: of a graph that `unrolled` made: to what its upper bounds had to be lowered at most; 0: they were not.
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
    counting: Counting | None = field(repr=False)
    classes: int
    max_tokens: int
    nesting: int
    work: int
    compile_ms: float
    lowered: int = 0

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
        """Memory of the arrays in bytes, without the vocabulary and what `unrolled` keeps."""
        return sum(array.nbytes for array in self._arrays().values())

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _ARRAYS}
        return arrays if self.counting is None else arrays | self.counting.to_arrays()

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
    def _columns(self) -> dict[tuple[int, torch.device], torch.Tensor]:
        return {}

    @cached_property
    def _plans(self) -> dict[int, class_stats.Plan]:
        return {}

    def plan(self, columns: int) -> class_stats.Plan:
        """How to read logits of `columns` columns; kept, because models keep their width."""
        if columns not in self._plans:
            self._plans[columns] = class_stats.plan(self.token_class, self.classes, columns)
        return self._plans[columns]

    def column_class(self, columns: int, device: torch.device) -> torch.Tensor:
        """int64 [columns] on `device`, the class of every column of logits, C where it has none; kept."""
        key = columns, device
        if key not in self._columns:
            self._columns[key] = torch.from_numpy(self.plan(columns).of_column).to(device, torch.int64)
        return self._columns[key]

    def columns_of(self, classes: Int64, columns: int, device: torch.device) -> torch.Tensor:
        """bool [columns] on `device`: the columns of logits that hold a token of these classes."""
        chosen = torch.zeros(self.classes + 1, dtype=torch.bool)
        chosen[torch.from_numpy(classes)] = True
        return chosen.to(device)[self.column_class(columns, device)]

    def run(self, tokens: Any, state: int = 0) -> int:
        """The state after `tokens` (ids, end-of-text and padding included) from `state`, -1 where they leave the
        language. Cost: the edges of the states on the way."""
        ids = np.asarray(tokens, np.int64)
        known = (ids >= 0) & (ids < len(self.token_class))
        classes = np.where(known, self.token_class[np.where(known, ids, 0)], -1).astype(np.int32)
        if self.counting is not None:
            return self.counting.follow((self.set_ptr, self.set_class), classes, state)
        return int(reach.follow(*self._out, classes, state))

    def next_classes(self, state: int, left: int | None = None) -> Int64:
        """int64, ascending: the classes of the tokens that may come next in `state`, of which the text can still end
        within `left` tokens, they included (None: in any number)."""
        if self.counting is not None:
            graph, (place,) = self.unrolled(ENDLESS if left is None else left, [state])
            return graph.next_classes(place, left)
        targets = self.targets(state)
        behind = self.shortest[targets]
        closes = targets == (self.states - 1 if self.vocab.eos_ids else -1)
        return self.leading_classes(state, (behind >= 0) & ((behind < left) | closes if left is not None else True))

    def next_columns(self, state: int, left: int | None, columns: int, device: torch.device) -> torch.Tensor:
        """bool [columns] on `device`: the columns of logits whose token `next_classes` allows."""
        return self.columns_of(self.next_classes(state, left), columns, device)

    def targets(self, state: int) -> Int32:
        """int32: where each edge out of `state` leads."""
        return self.out_target[self.out_ptr[state] : self.out_ptr[state + 1]]

    def leading_classes(self, state: int, edges: NDArray[np.bool_]) -> Int64:
        """int64, ascending: the classes on the chosen edges out of `state`, a flag for each of `targets`."""
        sets = np.unique(self.out_set[self.out_ptr[state] : self.out_ptr[state + 1]][edges])
        found = [self.set_class[self.set_ptr[s] : self.set_ptr[s + 1]] for s in sets]
        return np.unique(np.concatenate([np.empty(0, np.int64), *found]))

    def unrolled(self, tokens: int, states: Sequence[int] = (0,),
                 given: Sequence[Int64] = ()) -> tuple[TokenGraph, list[int]]:
        """A graph without counters that is this one for texts of at most `tokens` more tokens from `states`, and these
        states in it. Kept: canvases of one length share it.

        Where bounds can be reached on the canvas and to count so far takes more than the limits allow, they are
        lowered, with a warning (`Narrowed`), but not below what is counted in the tokens `given` that come first behind
        each state; raises `TooLarge` where that does not do.
        """
        if self.counting is None:
            return self, list(states)
        free = self.counting.free(tokens, states)
        if self.counting.is_moot(free):
            return self.uncounted, [state % self.states for state in states]
        kept = [plain for plain in self._plain if plain.is_exact(free)]
        if kept:
            plain = max(kept, key=lambda plain: int(plain.free.sum()))
        else:
            passed = [state for start, ids in zip(states, given, strict=False) for state in self._passed(ids, start)]
            plain = another_plain_graph(self, self.counting, free, states, passed)
            if all(plain is not one for one in self._plain):
                self._plain[:] = [*self._plain[1 - KEPT :], plain]
        if (rows := plain.rows(self.counting, states)) is None:
            raise ValueError(f"no text of the language leads through the states {list(states)}")
        return plain.graph, rows

    def _passed(self, tokens: Int64, state: int) -> list[int]:
        """`state` and those behind each of some tokens, until one of these leaves the language."""
        found = [state]
        for token in tokens.tolist():
            if (after := self.run([token], found[-1])) < 0:
                break
            found.append(after)
        return found

    def way_to_end(self, state: int) -> list[int]:
        """The states that one of the shortest ends leads through, `state` first."""
        return self._passed(np.array(self.shortest_from(state), np.int64), state)

    @cached_property
    def uncounted(self) -> TokenGraph:
        """The graph in which nothing is counted."""
        return replace(self, counting=None)

    @cached_property
    def _plain(self) -> list[PlainGraph]:
        """What `unrolled` has made, the last at the end."""
        return []

    def _exact(self, state: int) -> tuple[TokenGraph, int]:
        """A graph without counters in which the shortest end from a state is the shortest one, and the state in it."""
        assert self.counting is not None
        free = np.ones_like(self.counting.endless)  # what is shortest seldom meets an upper bound
        tokens = 0
        while True:
            graph, row = plain_graph_from(self, self.counting, free, state)
            if (needed := int(graph.shortest[row])) <= tokens:  # so few reach no upper bound that is free
                return graph, row
            after = self.counting.follow((self.set_ptr, self.set_class), graph._nearest_end(row), state)
            if after >= 0 and self.counting.ends(after):
                return graph, row
            tokens = max(needed, 2 * tokens)
            free = self.counting.free(tokens, [state])

    def needed(self, state: int) -> int:
        """Tokens of the shortest text that finishes what led to `state`."""
        return self.tokens_to_end(state)

    def ended(self, state: int) -> bool:
        """Can nothing but end-of-text follow?"""
        return bool(self.vocab.eos_ids) and state == self.states - 1

    def lost(self, state: int) -> bool:
        """Did the tokens that led here leave the language?"""
        return state < 0

    def shortest_from(self, state: int) -> list[int]:
        """Token ids of one of the shortest texts that finish what led to `state`, without end-of-text."""
        if self.counting is not None:
            graph, row = self._exact(state)
            return graph.shortest_from(row)
        return [int(t) for t in self.class_token[self.class_ptr[self._nearest_end(state)]]]

    def tokens_to_end(self, state: int) -> int:
        """How many tokens the shortest text has that finishes what led to `state`, without end-of-text; `UNREACHABLE`
        if there is none."""
        graph, row = (self, state) if self.counting is None else self._exact(state)
        return int(graph.shortest[row])

    def may_end(self, state: int) -> bool:
        """May a text end in `state`?"""
        return bool(self.final[state]) if self.counting is None else self.counting.ends(state)

    def _nearest_end(self, state: int) -> Int32:
        """The classes of one of the shortest texts from a state."""
        classes: Int32 = reach.nearest(*self._out, self.shortest, state)
        return classes

    @property
    def _out(self) -> tuple[Int64, Int32, Int32, Int64, Int32]:
        return self.out_ptr, self.out_target, self.out_set, self.set_ptr, self.set_class

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything but the vocabulary as named arrays, with a digest of them and of the vocabulary."""
        arrays = self._arrays()
        arrays["meta"] = np.array([getattr(self, name) for name in _NUMBERS])
        return arrays | {"digest": _digest(arrays, self.vocab)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], vocab: Vocab) -> TokenGraph:
        """The graph that `to_arrays` gave. Raises `VocabMismatch` unless it was built for this vocabulary and the
        arrays are unchanged."""
        found: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items() if name != "digest"}
        if not np.array_equal(arrays.get("digest", ()), _digest(found, vocab)):
            raise VocabMismatch("the stored token graph is damaged, or was built for another vocabulary or version")
        *counts, compile_ms = found.pop("meta").tolist()
        found = {name: linking.own(array) for name, array in found.items()}
        counting = Counting.from_arrays(found)
        classes, max_tokens, nesting, work = map(int, counts)
        return cls(vocab, **{name: found[name] for name in _ARRAYS}, counting=counting, classes=classes,
                   max_tokens=max_tokens, nesting=nesting, work=work, compile_ms=compile_ms)


_NUMBERS = ("classes", "max_tokens", "nesting", "work", "compile_ms")
_ARRAYS = [f.name for f in fields(TokenGraph) if f.name not in ("vocab", "counting", "lowered", *_NUMBERS)]


def _digest(arrays: Mapping[str, NDArray[Any]], vocab: Vocab) -> NDArray[np.uint8]:
    """SHA-256 of names, types, shapes and contents."""
    digest = hashlib.sha256(f"{FORMAT} {vocab.fingerprint}".encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)


def build(automaton: ByteAutomaton | CountedAutomaton, vocab: Vocab, limits: Limits | None = None) -> TokenGraph:
    """Compile `automaton` for `vocab`.

    One walk of the vocabulary's trie finds the classes, one pass over their functions the edges. Raises
    `TooLarge` when `limits.edges` or `limits.work` would be passed, `EmptyLanguage` when no token string
    spells a text of the language.
    """
    limits = Limits.of(limits)
    trie = vocab.trie
    started = time.perf_counter()
    if isinstance(automaton, CountedAutomaton) and vocab.longest > counters.LONGEST:
        automaton = automaton.unrolled(limits)
    states = len(automaton)
    if int(automaton.byte_class.max()) >= automaton.delta.shape[1]:
        raise ValueError("the automaton's byte classes do not fit its transitions")  # kernels check no index
    if not states:
        raise EmptyLanguage("no text satisfies the constraint")
    check_time()
    walked = linking.walk(automaton, trie, limits)
    check_time()
    try:
        links = token_walk.link(states, walked, limits.edges)
    except token_walk.LimitReached as reached:
        raise TooLarge("edges", reached.needed, limits.edges) from None
    links, shift = linking.unpacked(links, walked.moves)
    token_class = walked.spelling_class
    classes = len(walked.ptr) - 1
    final = automaton.accepting.copy()
    if vocab.eos_ids:
        links, token_class, classes = linking.add_end(links, token_class, classes, final, vocab)
        final = np.append(final, True)
    if len(links.source) > limits.edges:
        raise TooLarge("edges", len(links.source), limits.edges)
    arrays, order = linking.index(links, token_class, final)
    if (needed := sum(array.nbytes for array in arrays.values())) > limits.bytes:
        raise TooLarge("bytes", needed, limits.bytes)
    if arrays["shortest"][0] == UNREACHABLE:
        raise EmptyLanguage("no tokens of this vocabulary spell a text that satisfies the constraint")
    counting = None
    if isinstance(automaton, CountedAutomaton):
        counting = _counting(automaton, arrays, shift, order, limits)
    exact = automaton.exact_up_to
    most = 0 if exact is None else min(exact // vocab.longest, MOST_TOKENS)
    graph = TokenGraph(vocab, **arrays, counting=counting, classes=classes, max_tokens=most,
                       nesting=automaton.nesting, work=walked.work, compile_ms=0.0)
    if counting is not None:
        exactly, row = graph._exact(0)
        graph.shortest[0] = exactly.shortest[row]
    return replace(graph, compile_ms=(time.perf_counter() - started) * 1e3)


def _counting(automaton: CountedAutomaton, arrays: dict[str, Any], shift: Int64, order: Int32,
              limits: Limits) -> Counting:
    """The counters of the graph: those of the automaton, and all of them end where the text does."""
    counts, ends = automaton.counts, len(arrays["final"]) - len(automaton)
    if ends:
        running = counts.of[np.flatnonzero(automaton.accepting)] > 0
        left = (running << (counters.SLOT_BITS * np.arange(counters.SLOTS))).sum(1)
        shift = np.concatenate([shift, left, [0]])
        none = counters.Counts.of_none(ends)
        counts = counts._replace(**{name: np.concatenate([getattr(counts, name), getattr(none, name)])
                                    for name in ("of", "ticks", "ahead")})
    steps = counters.Steps(arrays["out_ptr"], arrays["out_target"], shift[order], arrays["out_set"])
    return Counting(counts, steps, arrays["final"], limits.states, limits.edges)
