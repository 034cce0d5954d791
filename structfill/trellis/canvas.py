"""The trellis: every valid canvas of a given length, under evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import bitmask, reach, sweep

from structfill.errors import BudgetTooSmall, SpecError, UnsupportedFeature
from structfill.tokengraph import TokenGraph

from . import arguments as args
from . import reading as r
from .constrain import SLIGHT, Constrained, conditioned, room
from .evidence import (
    OPEN,
    Evidence,
    Row,
    as_fixed,
    as_positions,
    behind,
    canvases,
    check_canvas,
    ends,
    integers,
    leading,
    solve,
    stretch,
    texts,
    unrolled,
)
from .margins import margins
from .parts import each_row
from .posterior import KINDS, Posterior


class Trellis:
    """All valid canvases of `length` tokens under a token graph and fixed tokens. Immutable.

    `fixed` maps positions to token ids, or is an integer array [N] or [B, N] with -1 where open. `rows` is the number
    of rows B of a batch; rows may be fixed differently, and a trellis of one row takes logits of any B.

    A text may be longer than a canvas: `start` is the state in which this canvas begins (one, or one a row: what
    `TokenGraph.run` gives for the canvases before), and `more` the number of tokens that canvases after it have, or
    the tokens fixed there, -1 where open. A canvas then ends only where the text can be finished within them, so the
    total budget is exact.

    Raises `BudgetTooSmall` when the shortest text does not fit; `EmptyLanguage` when the fixed tokens leave no valid
    canvas (naming the first position that rules out all), when the vocabulary has no end-of-text token and no text
    fills the canvas exactly, or for a `start` of -1; `SpecError` for arguments of another kind.

    Logits everywhere: torch or numpy, float16, bfloat16, float32 or float64, [N, Vl] or [B, N, Vl] with Vl >= V
    (`VocabMismatch` otherwise); columns from V on are never allowed. Odds beyond 1e9 nats at one position count
    as 1e9. NaN counts as -inf, and positions of nothing but -inf as positions of equals. `SpecError` for other kinds.
    """

    exact = True

    def __init__(
        self,
        graph: TokenGraph,
        length: int,
        fixed: Evidence | None = None,
        rows: int = 1,
        start: int | Sequence[int] = 0,
        more: int | Evidence = 0,
    ) -> None:
        args.check_graph(graph, TokenGraph, type(self).__name__)
        self.length, (more, self._following) = args.whole(length, "length", 0, args.LENGTH), behind(more)
        length, rows, starts = self.length, args.whole(rows, "rows", 1, args.LENGTH), args.states_of(graph, start)
        self.fixed = as_fixed({} if fixed is None else fixed, max(rows, len(starts)), length)
        self.more, starts = more, args.a_row(starts, len(self.fixed), "start")
        graph, starts = unrolled(graph, length + more, starts, list(map(leading, self.fixed)))
        for state in starts:
            needed = max(1, int(graph.shortest[state]))
            if length + more < needed:
                raise BudgetTooSmall(length + more, needed)
        if graph.max_tokens and length + more > graph.max_tokens:
            raise UnsupportedFeature("maxLength", f"{length + more} tokens can hold strings beyond a maxLength that "
                                     f"costs no states; at most {graph.max_tokens} tokens are possible here",
                                     hint="pass fewer tokens, or compile with a larger Limits(length=...)")
        self.graph, self.starts = graph, starts
        self._rows = self._solve({})

    @property
    def rows(self) -> int:
        """B."""
        return len(self._rows)

    @property
    def language(self) -> Any:
        """The graph whose states lead from the left to the right, from `begins` on."""
        return self.graph

    @property
    def begins(self) -> list[Any]:
        """The state in which every row begins."""
        return list(self.starts)

    def _solve(self, known: dict[tuple[int, bytes], Row]) -> list[Row]:
        """Reachability of every row; equal rows share it."""
        keys = [(start, fixed.tobytes()) for start, fixed in zip(self.starts, self.fixed, strict=True)]
        final = ends(self.graph, self.more if self._following is None else self._following)
        for key, fixed in zip(keys, self.fixed, strict=True):
            if key not in known:
                known[key] = solve(self.graph, fixed, key[0], final, self._following is not None)
        return [known[key] for key in keys]

    def _copy(self) -> Trellis:
        """The same trellis, for a method that then sets what differs; nothing is solved."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def _with(self, fixed: NDArray[np.int64]) -> Trellis:
        """The same canvas under other evidence; rows that did not change are not solved again."""
        other = self._copy()
        other.fixed, other.starts = fixed, args.a_row(self.starts, len(fixed), "start")
        other._rows = other._solve({(row.start, row.fixed.tobytes()): row for row in self._rows})
        return other

    def fix(self, tokens_by_position: Evidence) -> Trellis:
        """A new trellis with more tokens fixed (same forms as `fixed`; -1 leaves a position as it was).

        The graph is shared. Raises `EmptyLanguage` as the constructor does; never for positions of one path.
        """
        given = as_fixed(tokens_by_position, self.rows, self.length)
        return self._with(np.where(given == OPEN, self.fixed, given))

    def reopen(self, positions: Iterable[int] | NDArray[np.bool_] | torch.Tensor) -> Trellis:
        """A new trellis with positions open again: their numbers (in all rows), or a bool mask [N] or [B, N]."""
        return self._with(np.where(as_positions(positions, self.rows, self.length), np.int64(OPEN), self.fixed))

    def rows_of(self, rows: Sequence[int]) -> Trellis:
        """A trellis whose row b is row ``rows[b]`` of this one; nothing is solved again."""
        other, rows = self._copy(), args.numbers_of_rows(rows, self.rows)
        other.fixed, other.starts = self.fixed[rows], [self.starts[row] for row in rows]
        other._rows = [self._rows[row] for row in rows]
        return other

    def repeat(self, times: int) -> Trellis:
        """A trellis with every row `times` times, copies side by side."""
        times = args.whole(times, "times", 1, args.LENGTH)
        return self.rows_of([row for row in range(self.rows) for _ in range(times)])

    def window(self, first: Sequence[int], length: int) -> Trellis:
        """The `length` positions from ``first[b]`` on of every row b, where all positions before are decided.

        What stands around them decides what is valid, but logits are read inside only: a text goes on behind the
        window in any way that fits. Raises `SpecError` where more than one state is possible at the first position.
        """
        other = self._copy()
        other.length = length = args.whole(length, "length", 1, self.length)
        first = args.places(first, self.rows, self.length - length)
        other._rows = [stretch(row, at, length) for row, at in zip(self._rows, first, strict=True)]
        other.fixed, other.starts = np.stack([row.fixed for row in other._rows]), [row.start for row in other._rows]
        return other

    def finish(self, tokens: Any, first: Sequence[int]) -> torch.Tensor:
        """int64 [B, N]: canvases with `tokens` up to position ``first[b]`` and, from there on, the nearest valid end.

        `tokens` is int64 [B, N]; before ``first[b]`` it has to be the beginning of a valid canvas (else `SpecError`).
        """
        found, first = canvases(tokens, self.rows, self.length), args.places(first, self.rows, self.length)
        for row, at, ids in zip(self._rows, first, found, strict=True):
            state = self.graph.run(ids[:at], row.start)
            if state < 0 or not row.live[state, at >> 6] >> np.uint64(at & 63) & np.uint64(1):
                raise SpecError(f"the tokens before position {at} are not the beginning of a valid canvas")
            if at < self.length:
                ids[at:] = self._nearest_end(stretch(row, at, self.length - at, state), state)
        return torch.from_numpy(found)

    def _nearest_end(self, row: Row, state: int) -> NDArray[np.int64]:
        graph = self.graph
        classes = reach.finish(graph.out_ptr, graph.out_target, graph.out_set, graph.set_ptr, graph.set_class,
                               row.live, row.allowed, graph.shortest, state)
        return np.where(row.fixed == OPEN, graph.class_token[graph.class_ptr[classes]], row.fixed)

    def masks(self, out: torch.Tensor | None = None) -> torch.Tensor:
        """int32 [B, N, ceil(V/32)]: bit t % 32 of word t // 32 is 1 iff some valid canvas has token t there.

        `out`, a contiguous tensor of that type and shape on the CPU, is filled and returned: to keep it spares most of
        the work, which is to find N V / 8 bytes of fresh memory. Raises `SpecError` for another kind.
        """
        graph, made = self.graph, dict[int, NDArray[np.int32]]()
        shape = self.rows, self.length, -(-len(graph.vocab) // 32)
        filled = torch.empty(shape, dtype=torch.int32) if out is None else out
        if not isinstance(filled, torch.Tensor) or filled.shape != shape or filled.dtype != torch.int32 \
                or filled.device.type != "cpu" or not filled.is_contiguous():
            raise SpecError(f"masks are filled into a contiguous int32 tensor of shape {shape} on the CPU")
        for row, mask in zip(self._rows, filled.numpy(), strict=True):
            if id(row) in made:
                mask[:] = made[id(row)]
                continue
            bitmask.token_masks(row.class_bits, graph.class_ptr, graph.class_token, mask)
            where = np.flatnonzero(row.fixed != OPEN)
            mask[where] = 0
            tokens = row.fixed[where]
            mask.view(np.uint32)[where, tokens >> 5] = np.uint32(1) << (tokens & 31).astype(np.uint32)
            made[id(row)] = mask
        return filled

    def class_lists(self) -> list[list[NDArray[np.int32]]]:
        """For every row and position the token classes, int32 ascending, of which some valid canvas has a token there.

        The same as `masks` without moving N V / 8 bytes: class c holds the tokens
        ``graph.class_token[graph.class_ptr[c] : graph.class_ptr[c + 1]]``. At a fixed position it is the class of the
        fixed token. Neighbouring positions may share an array.
        """
        made = dict[int, list[NDArray[np.int32]]]()
        for row in self._rows:
            if id(row) not in made:
                which, ptr, classes = bitmask.class_lists(row.class_bits, self.length)
                ends = ptr.tolist()
                lists = [classes[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]
                made[id(row)] = [lists[w] for w in which.tolist()]
        return [made[id(row)] for row in self._rows]

    def best(self, logits: Any) -> torch.Tensor:
        """int64 [(B,) N]: the most probable valid canvas; among exact ties the lowest token ids, from the left."""
        given = r.Logits(self.graph, self._rows, logits)
        return given.stack([self._best(row, r.read(self.graph, row, x, 1.0))[0] for x, row in given], torch.int64)

    def sample(self, logits: Any, generator: torch.Generator | None = None, temperature: float = 1.0) -> torch.Tensor:
        """int64 [(B,) N]: an exact draw from softmax(logits / temperature) given validity; `best` at temperature 0."""
        if args.is_zero(temperature):
            return self.best(logits)
        given, scale, drawn = r.Logits(self.graph, self._rows, logits), 1 / args.positive(temperature), []
        for (x, row), uniforms in zip(given, given.uniforms(generator), strict=True):
            reading = r.read(self.graph, row, x, scale)
            drawn.append(self._draw(x, row, reading, self._sweep(row, reading), scale, uniforms)[0])
        return given.stack(drawn, torch.int64)

    def marginals(self, logits: Any) -> torch.Tensor:
        """float32 [(B,) N, V]: the probability of each token at each position, given validity."""
        given, columns, rows = r.Logits(self.graph, self._rows, logits), len(self.graph.vocab), []
        for x, row in given:
            reading = r.read(self.graph, row, x, 1.0)
            mass, out = self._sweep(row, reading).mass, np.empty((self.length, columns), np.float32)
            r.write_probabilities(self.graph, x, mass, reading, out)
            where = np.flatnonzero(row.fixed != OPEN)
            out[where] = 0
            out[where, row.fixed[where]] = 1
            rows.append(out)
        return given.stack(rows, torch.float32)

    def entropy(self, logits: Any) -> torch.Tensor:
        """float32 [(B,) N]: nats of the constrained token marginal of each position."""
        return self.posterior(logits).entropy

    def log_mass(self, logits: Any) -> torch.Tensor:
        """float64 [(B,)]: log probability that an independent draw from softmax(logits) is a valid canvas.

        Fixed tokens have to be drawn as well. -inf when every valid canvas has an impossible token.
        """
        return self.posterior(logits).log_mass

    def posterior(
        self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None, temperature: float = 1.0,
        margin: bool = False
    ) -> Posterior:
        """Everything a sampler needs, from one read of the logits; all of softmax(logits / temperature).

        The `margin` is that of `sample` where one is drawn, else of `best`.
        """
        given, scale = r.Logits(self.graph, self._rows, logits), 1 / args.positive(temperature)
        uniforms = given.uniforms(generator) if draw else np.empty((len(given.x), 0, 3))

        def of_row(item: tuple[Any, Row, Any]) -> dict[str, Any]:
            x, row, u = item
            reading = r.read(self.graph, row, x, scale)
            result, tokens, classes = self._sweep_both(row, reading)
            at = np.arange(self.length), classes
            confidence = result.mass[at] * np.exp(-reading.stats.spread[at])
            found = {"best": tokens, "confidence": confidence, "entropy": r.entropy(reading, result.mass),
                     "log_mass": r.log_mass(reading, result.log_total)}
            path: NDArray[Any] = tokens
            if draw:
                path, confidence = self._draw(x, row, reading, result, scale, u)
                found |= {"sample": path, "sample_confidence": confidence}
            if margin:
                own = self.graph.token_class[path]
                found["margin"] = margins(self.graph, row, x, reading, result.mass, path, own, confidence, scale)
            return found

        found = each_row(of_row, [(x, row, u) for (x, row), u in zip(given, uniforms, strict=True)], given.x)
        return Posterior(**{name: given.stack([f[name] for f in found], KINDS[name]) for name in found[0]})

    def constrain(
        self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None, temperature: float = 1.0,
        out: torch.Tensor | None = None,
    ) -> Constrained:
        """Logits of the constrained distribution, for a sampler that takes argmax or draws position by position; all of
        softmax(logits / temperature). They are written into `out`, by default into fresh memory."""
        given, scale = r.Logits(self.graph, self._rows, logits), 1 / args.positive(temperature)
        uniforms = given.uniforms(generator) if draw else np.empty((len(given.x), 0, 3))
        filled = room(given.x[0] if given.flat else given.x, out)

        def of_row(item: tuple[Any, Row, Any, torch.Tensor]) -> list[Any]:
            x, row, u, to = item
            reading = r.read(self.graph, row, x, scale)
            result, tokens, _ = self._sweep_both(row, reading)
            path, entropy, own = tokens.astype(np.int64), r.entropy(reading, result.mass), r.own_entropy(reading, scale)
            conditioned(self.graph, row, x, reading, result.mass, path, entropy > own + SLIGHT, scale, to)
            return [path, np.minimum(entropy, own), r.log_mass(reading, result.log_total),
                    *(self._draw(x, row, reading, result, scale, u)[:1] if draw else ())]

        outs = filled[None] if given.flat else filled
        found = each_row(of_row, [(x, row, u, to) for (x, row), u, to in zip(given, uniforms, outs, strict=True)],
                         given.x)
        types = torch.int64, torch.float32, torch.float64, torch.int64
        columns = zip(*found, strict=True)
        return Constrained(filled, *(given.stack(list(c), t) for c, t in zip(columns, types, strict=False)))

    def next_classes(self, row: int, state: int, position: int) -> NDArray[np.int64]:
        """int64, ascending: the token classes that some valid canvas of a row has at `position`, where it has led to
        `state` up to there: what a left-to-right writer may put next, the fixed tokens to the right considered."""
        solved, word = self._rows[row], np.uint64((position + 1) & 63)
        ahead = solved.live[self.graph.targets(state), (position + 1) >> 6] >> word & np.uint64(1)
        classes = self.graph.leading_classes(state, ahead.astype(np.bool_))
        return np.asarray(classes[solved.allowed[position, classes]])

    def next_columns(self, row: int, state: int, position: int, columns: int, device: torch.device) -> torch.Tensor:
        """bool [columns] on `device`: the columns of logits whose token `next_classes` allows."""
        return self.graph.columns_of(self.next_classes(row, state, position), columns, device)

    def next_tokens(self, row: int, state: int, position: int, most: int) -> NDArray[np.int32]:
        """int32: tokens that `next_classes` allows, all of them where there are fewer than `most`."""
        ptr, token = self.graph.class_ptr, self.graph.class_token
        members = [token[ptr[c] : ptr[c + 1]][:most] for c in self.next_classes(row, state, position)]
        return np.concatenate([np.empty(0, np.int32), *members])

    def local_confidence(self, logits: Any, tokens: Any) -> torch.Tensor:
        """float32 [(B,) N]: the probability of each token of valid canvases, int64 [(B,) N], among those that may stand
        there behind the tokens before it, whatever follows: what exact left-to-right masks would leave of it. Raises
        `SpecError` for tokens that are no valid canvas."""
        given, found = r.Logits(self.graph, self._rows, logits), []
        ids_of = np.atleast_2d(integers(tokens, "tokens"))
        for (x, row), ids in zip(given, canvases(ids_of, len(given.x), self.length), strict=True):
            check_canvas(self.graph, row, ids)
            reading, classes = r.read(self.graph, row, x, 1.0), self.graph.token_class[ids]
            odds = sweep.local_odds(self.graph.sweep_edges, reading.score, row.live, classes)
            found.append(odds * r.share_of_class(reading, x, ids, classes, row.fixed == OPEN))
        return given.stack(found, torch.float32)

    def text(self, tokens: Any) -> Any:
        """The text that a canvas spells, without end-of-text and padding: str, or list[str] for [B, N]."""
        return texts(self.graph.vocab, tokens)

    def _sweep(self, row: Row, reading: r.Reading) -> sweep.Posterior:
        result: sweep.Posterior = sweep.posterior(self.graph.sweep_edges, reading.score, row.live)
        return result

    def _sweep_both(self, row: Row, reading: r.Reading
                    ) -> tuple[sweep.Posterior, NDArray[np.int32], NDArray[np.int32]]:
        """The sum-product, and tokens and classes of the best path."""
        result: sweep.Posterior
        result, tokens, classes = sweep.posterior_and_path(self.graph.sweep_edges, reading.score, reading.peak,
                                                           reading.stats.top, row.live)
        return result, tokens, classes

    def _best(self, row: Row, reading: r.Reading) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Tokens and classes of the best path."""
        tokens, classes = sweep.best_path(self.graph.sweep_edges, reading.peak, reading.stats.top, row.live)
        return tokens, classes

    def _draw(
        self, x: Any, row: Row, reading: r.Reading, result: sweep.Posterior, scale: float, uniforms: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Tokens of an exact draw and their constrained probabilities: classes first, then tokens within."""
        classes = sweep.draw_path(self.graph.sweep_edges, reading.score, result, row.live, uniforms[:, :2])
        tokens, confidence = row.fixed.copy(), result.mass[np.arange(self.length), classes]
        wanted = np.where(row.fixed == OPEN, classes, np.int32(-1))
        drawn, weight = r.draw_members(self.graph, x, wanted, reading, scale, uniforms[:, 2])
        here = drawn >= 0
        tokens[here] = drawn[here]
        confidence[here] *= weight[here]
        return tokens, confidence
