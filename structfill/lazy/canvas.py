"""Canvases of a lazily explored language, with the interface of the trellis."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import lalr

from structfill.errors import (
    BudgetTooSmall,
    EmptyLanguage,
    NotFound,
    StructfillError,
    TooLarge,
    UnsupportedFeature,
    VocabMismatch,
)
from structfill.front.lark.machine import Configuration
from structfill.trellis import OPEN, Posterior
from structfill.trellis.evidence import Evidence, as_array, as_fixed, as_positions

from .bridging import Effort, Impossible, bridged
from .graph import LazyGraph
from .reading import Reading, read, reading

WIDTH = 96  # configurations kept at a position
# Widths with which a first canvas is searched, and seeds of the noise; the last ones only if all tokens are tried.
_SEARCH, _WHOLE = ((32, 0), (256, 1), (256, 2)), ((2048, 3), (8192, 4))
# Bridges to fixed tokens: the first one, and once beams have failed one that gets deep into brackets of one kind.
_QUICK, _ASKED, _STUBBORN = Effort(5_000, 1), Effort(5_000, 1, 60_000), Effort(15_000, 16, turns=16)
_MEMORY = 256  # canvases remembered per row
Tokens = NDArray[np.int64]


class _Row(NamedTuple):
    """One canvas: what is fixed, where it begins, and canvases found for it so far, the latest last."""

    fixed: Tokens
    start: Configuration
    known: deque[Tokens]

    def path(self) -> Tokens | None:
        """The latest known canvas that agrees with what is fixed."""
        is_fixed = self.fixed != OPEN
        return next((one for one in reversed(self.known) if np.array_equal(one[is_fixed], self.fixed[is_fixed])), None)


class LazyTrellis:
    """Valid canvases of `length` tokens under a lazy graph and fixed tokens, `exact` as to validity, budget and what is
    fixed, approximate as to likelihood.

    Arguments and methods are those of `Trellis`, with configurations for states. `width` is the number of
    configurations kept at every position. Canvases that were returned are remembered, here and in every trellis made
    from this one: the next ones are at least as likely, and what agrees with one of them can always be fixed.

    Raises `BudgetTooSmall` where no text that fits is found, with the length of one that was found, `EmptyLanguage`
    where what is fixed is known to leave no canvas, and `NotFound` where the search ended without finding one.
    """

    exact = False

    def __init__(self, graph: LazyGraph, length: int, fixed: Evidence | None = None, rows: int = 1,
                 start: Configuration | Sequence[Configuration] | None = None, more: int = 0,
                 width: int = WIDTH) -> None:
        self.graph, self.length, self.more, self.width = graph, int(length), more, width
        starts = [graph.start] if start is None else start if isinstance(start, list) else [start]
        given = as_fixed({} if fixed is None else fixed, max(rows, len(starts)), self.length)
        starts = starts * len(given) if len(starts) == 1 else starts
        graph.machine.clear_if_full()
        self._rows = [_Row(one, begun, deque(maxlen=_MEMORY)) for one, begun in zip(given, starts, strict=True)]
        self._find_all()

    @property
    def rows(self) -> int:
        """B."""
        return len(self._rows)

    @property
    def fixed(self) -> Tokens:
        """int64 [B, N], -1 where open."""
        return np.stack([row.fixed for row in self._rows])

    @property
    def starts(self) -> list[Configuration]:
        """The configuration in which each row begins."""
        return [row.start for row in self._rows]

    def fix(self, tokens_by_position: Evidence) -> LazyTrellis:
        """As `Trellis.fix`; never fails for positions of one canvas that was returned lately."""
        given = as_fixed(tokens_by_position, self.rows, self.length)
        return self._with(np.where(given == OPEN, self.fixed, given))

    def reopen(self, positions: Iterable[int] | NDArray[np.bool_] | torch.Tensor) -> LazyTrellis:
        """As `Trellis.reopen`."""
        return self._with(np.where(as_positions(positions, self.length), np.int64(OPEN), self.fixed))

    def rows_of(self, rows: Sequence[int]) -> LazyTrellis:
        """As `Trellis.rows_of`; copies of a row remember on their own from here on."""
        picked = [self._rows[row] for row in rows]
        return self._copy([row._replace(known=deque(row.known, _MEMORY)) for row in picked])

    def repeat(self, times: int) -> LazyTrellis:
        """As `Trellis.repeat`."""
        return self.rows_of([row for row in range(self.rows) for _ in range(times)])

    def posterior(self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None,
                  temperature: float = 1.0, margin: bool = False) -> Posterior:
        """As `Trellis.posterior`, of the ways that the beam kept: `log_mass` is a lower bound, the draw is one of them.

        Raises `UnsupportedFeature` for margins.
        """
        if margin:
            raise UnsupportedFeature("rule \"margin\"", "margins are not known of a language that is explored lazily",
                                     hint="use the rule \"confidence\" or \"entropy\"")
        rows, flat, device = self._logits(logits)
        uniforms = _uniforms(len(rows), self.length, generator) if draw else np.empty((len(rows), 0))
        found = [self._posterior(row, read(self.graph, x, _scale(temperature)), u if draw else None)
                 for (row, x), u in zip(rows, uniforms, strict=True)]
        types = (torch.int64, torch.float32, torch.float32, torch.float64, torch.int64, torch.float32)
        columns = [torch.from_numpy(np.stack([np.asarray(v) for v in column])).to(device, kind)
                   for column, kind in zip(zip(*found, strict=True), types, strict=False)]
        return Posterior(*(column[0] if flat else column for column in columns))

    def best(self, logits: Any) -> torch.Tensor:
        """int64 [(B,) N]: the most probable canvas among those kept."""
        rows, flat, device = self._logits(logits)
        found = [self._lattice(row, read(self.graph, x, 1.0)).best for row, x in rows]
        out = torch.from_numpy(np.stack(found)).to(device)
        return out[0] if flat else out

    def sample(self, logits: Any, generator: torch.Generator | None = None, temperature: float = 1.0) -> torch.Tensor:
        """int64 [(B,) N]: a draw from the ways kept; `best` at temperature 0."""
        if temperature == 0:
            return self.best(logits)
        drawn = self.posterior(logits, draw=True, generator=generator, temperature=temperature).sample
        assert drawn is not None
        return drawn

    def entropy(self, logits: Any) -> torch.Tensor:
        """float32 [(B,) N]: nats of the token marginals of the ways kept."""
        return self.posterior(logits).entropy

    def log_mass(self, logits: Any) -> torch.Tensor:
        """float64 [(B,)]: a lower bound of the log probability that an independent draw is valid."""
        return self.posterior(logits).log_mass

    def marginals(self, logits: Any) -> torch.Tensor:
        """float32 [(B,) N, V]: the probability of each token at each position, among the ways kept."""
        rows, flat, device = self._logits(logits)
        out = np.zeros((len(rows), self.length, len(self.graph.vocab)), np.float32)
        for filled, (row, x) in zip(out, rows, strict=True):
            lattice = self._lattice(row, read(self.graph, x, 1.0))
            weight, _ = self._weights(lattice)
            for i, (a, b) in enumerate(zip(lattice.ptr[:-1], lattice.ptr[1:], strict=True)):
                np.add.at(filled[i], lattice.token[a:b], weight[a:b])
        found = torch.from_numpy(out).to(device)
        return found[0] if flat else found

    def masks(self, logits: Any = None) -> torch.Tensor:
        """int32 [B, N, ceil(V/32)]: tokens that stand in some valid canvas that was found, those that `logits` (as in
        `best`) like among them. A set bit is right; an unset one says nothing."""
        count = len(self.graph.vocab)
        flags = np.zeros((self.rows, self.length, -(-count // 32) * 32), np.bool_)
        for b, row in enumerate(self._rows):
            x = None if logits is None else self._logits(logits)[0][b][1]
            lattice = self._lattice(row, self._blank(0) if x is None else read(self.graph, x, 1.0))
            weight, _ = self._weights(lattice)
            position = np.repeat(np.arange(self.length), np.diff(lattice.ptr))
            flags[b, position[weight > 0], lattice.token[weight > 0]] = True
        packed = np.packbits(flags, axis=2, bitorder="little")
        return torch.from_numpy(packed.view(np.int32).copy())

    def text(self, tokens: Any) -> Any:
        """As `Trellis.text`."""
        ids = as_array(tokens).astype(np.int64)
        if ids.ndim == 2:
            return [self.text(row) for row in ids]
        stops = np.flatnonzero(np.isin(ids, self.graph.vocab.eos_ids))
        return self.graph.vocab.decode(ids[: stops[0] if len(stops) else None].tolist())

    def _copy(self, rows: list[_Row]) -> LazyTrellis:
        other = object.__new__(LazyTrellis)
        other.__dict__.update(self.__dict__)
        other._rows = rows
        return other

    def _with(self, fixed: Tokens) -> LazyTrellis:
        rows = self._rows * len(fixed) if self.rows == 1 else self._rows
        other = self._copy([row._replace(fixed=one) for row, one in zip(rows, fixed, strict=True)])
        other._find_all()
        return other

    def _find_all(self) -> None:
        """A known canvas for every row that has none and needs one."""
        found: dict[tuple[Configuration, bytes], Tokens] = {}
        for row in self._rows:
            if row.path() is None:
                key = row.start, row.fixed.tobytes()
                if key not in found and (path := self._first(row)) is not None:
                    found[key] = path
                if key in found:
                    row.known.append(found[key])

    def _first(self, row: _Row) -> Tokens | None:
        """Some valid canvas; None where none is needed, because the way to the end of the text fits an open canvas."""
        budget, needed = self.length + self.more, self.graph.needed(row.start)
        if needed is not None and max(1, needed) <= budget and (row.fixed == OPEN).all():
            return None
        searches = [partial(self._bridged, row, _QUICK), partial(self._beamed, row, _SEARCH)]
        searches += [partial(self._bridged, row, _ASKED)]
        searches += [partial(self._beamed, row, _WHOLE)] if self.graph.everything else []
        searches += [partial(self._bridged, row, _STUBBORN)]
        full: TooLarge | None = None
        for search in searches:
            try:
                if (path := search()) is not None:
                    return path
            except TooLarge as error:  # what the next one may find is not lost with this one
                full = error
                self.graph.machine.clear_if_full()
        if full is not None:
            raise full
        if (row.fixed == OPEN).all():
            raise self._none(row)
        raise NotFound(f"no valid canvas of {self.length} tokens that agrees with the fixed tokens was found; one may "
                       "exist (give the holes more positions, or the tokens of a canvas that is known to be valid)")

    def _none(self, row: _Row) -> StructfillError:
        """What tells that there is no canvas."""
        if (row.fixed != OPEN).any():
            return EmptyLanguage(f"no valid text of {self.length} tokens agrees with the fixed tokens")
        budget, needed = self.length + self.more, self.graph.needed(row.start)
        return BudgetTooSmall(budget, budget + 1 if needed is None or needed <= budget else needed)

    def _beamed(self, row: _Row, searches: tuple[tuple[int, int], ...]) -> Tokens | None:
        """A canvas that beams of some widths find; raises where the whole of the language was looked at in vain."""
        for width, seed in searches:
            lattice = self._beam(row, self._blank(seed), None, width)
            if lattice.found:
                best: Tokens = lattice.best
                return best
            if lattice.whole and self.graph.everything:
                raise self._none(row)
        return None

    def _bridged(self, row: _Row, effort: Effort) -> Tokens | None:
        if (row.fixed == OPEN).all():
            return None
        try:
            return bridged(self.graph, self.graph.number(row.start), row.fixed, self.more, effort)
        except Impossible:
            raise self._none(row) from None

    def _blank(self, seed: int) -> Reading:
        """A reading in which all tokens are about equally likely and only structural ones are tried."""
        x, ids = np.zeros((self.length, len(self.graph.vocab)), np.float32), self.graph.structural
        noise = torch.rand((self.length, len(ids)), generator=torch.Generator().manual_seed(seed))
        x[:, ids] = noise.numpy()
        return reading(self.graph, x)

    def _logits(self, logits: Any) -> tuple[list[tuple[_Row, torch.Tensor]], bool, torch.device]:
        """Rows beside their logits [N, Vl], whether there was no batch axis, and where results go."""
        x = logits.detach() if isinstance(logits, torch.Tensor) else torch.as_tensor(np.asarray(logits))
        if x.dim() not in (2, 3) or x.shape[-2] != self.length or not x.shape[0]:
            raise ValueError(f"logits of shape {tuple(x.shape)} for a canvas of {self.length} positions")
        if x.shape[-1] < len(self.graph.vocab):
            raise VocabMismatch(f"logits have {x.shape[-1]} columns, the vocabulary {len(self.graph.vocab)} tokens")
        flat = x.dim() == 2
        parts = x[None] if flat else x
        if self.rows not in (1, len(parts)):
            raise ValueError(f"logits for {len(parts)} rows in a trellis of {self.rows}")
        rows = self._rows * len(parts) if self.rows == 1 else self._rows
        return list(zip(rows, parts, strict=True)), flat, x.device

    def _lattice(self, row: _Row, given: Reading) -> lalr.Lattice:
        """The ways that a beam keeps; its best canvas is remembered."""
        lattice = self._beam(row, given, row.path(), self.width)
        assert lattice.found  # the path, or else the way from the start to the end of the text, is among them
        row.known.append(lattice.best)
        return lattice

    def _beam(self, row: _Row, given: Reading, path: Tokens | None, width: int) -> lalr.Lattice:
        graph = self.graph
        number = graph.number(row.start)
        if path is None:
            graph.needed(row.start)  # the first token of the way to the end is tried only where it is known
        return lalr.Lattice(*graph.machine.call(
            lalr.beam, graph.special, graph.ends, number, given.cand, given.size, given.common, given.logits, given.top,
            given.norm, row.fixed, np.empty(0, np.int64) if path is None else path, self.more, width, words=True))

    def _weights(self, lattice: lalr.Lattice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(share of every edge, log sums to the end)."""
        arrays = lattice.ptr, lattice.source, lattice.target
        behind = lalr.backward(self.length, lattice.size, lattice.good, *arrays, lattice.score)
        ahead = lalr.forward(self.length, lattice.size, len(lattice.good), *arrays, lattice.score)
        return lalr.weights(*arrays, lattice.score, ahead, behind), behind

    def _posterior(self, row: _Row, given: Reading, uniform: NDArray[np.float64] | None) -> list[Any]:
        lattice, columns = self._lattice(row, given), len(self.graph.vocab)
        weight, behind = self._weights(lattice)
        sure, entropy = lalr.summary(lattice.ptr, lattice.token, weight, columns, lattice.best)
        found = [lattice.best, sure, entropy, min(float(behind[0, 0]), 0.0)]
        if uniform is not None:
            drawn = lalr.draw(lattice.ptr, lattice.source, lattice.target, lattice.token, lattice.score, behind,
                              uniform)
            row.known.append(drawn)
            found += [drawn, lalr.summary(lattice.ptr, lattice.token, weight, columns, drawn)[0]]
        return found


def _uniforms(rows: int, length: int, generator: torch.Generator | None) -> NDArray[np.float64]:
    """float64 [B, N] in [0, 1)."""
    device = "cpu" if generator is None else generator.device
    drawn = torch.rand((rows, length), dtype=torch.float64, generator=generator, device=device)
    return np.asarray(drawn.cpu().numpy())


def _scale(temperature: float) -> float:
    if not (temperature > 0 and 0 < 1 / temperature < math.inf):
        raise ValueError(f"temperature must be positive and finite, not {temperature!r}")
    return 1 / temperature
