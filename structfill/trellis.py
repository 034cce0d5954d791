"""Token graph x canvas: exact masks, best and sampled texts, marginals, entropy and mass.

Validity is decided by integer reachability alone; floats only rank what is feasible. So no logits, however
extreme, can give an invalid text or a dead end: NaN counts as -inf, a row of nothing but -inf as a row of equals, and
a token that the model finds impossible is taken only where the language leaves nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import bitmask, class_stats, reach, sweep

from structfill.errors import BudgetTooSmall, EmptyLanguage, VocabMismatch
from structfill.tokengraph import TokenGraph

OPEN = -1
FLOOR = -1e9  # nats: odds beyond this within one position count as this
CHUNK = 1 << 22  # logits converted at a time

Tokens = torch.Tensor
Evidence = Mapping[int, int] | NDArray[Any] | torch.Tensor | list[Any]


@dataclass(frozen=True)
class Posterior:
    """What a sampler needs of one pass; torch tensors, without the batch axis B for logits without one.

    Attributes:
        best: int64 [B, N], the most probable valid canvas.
        confidence: float32 [B, N], constrained probability of each token of `best` at its position.
        entropy: float32 [B, N], nats, of the constrained marginal of each position.
        log_mass: float64 [B], log probability that an unconstrained independent draw is valid.
        sample: int64 [B, N], an exact draw, or None where none was asked for.
        sample_confidence: as `confidence`, of `sample`.
    """

    best: Tokens
    confidence: torch.Tensor
    entropy: torch.Tensor
    log_mass: torch.Tensor
    sample: Tokens | None = None
    sample_confidence: torch.Tensor | None = None


class _Row(NamedTuple):
    """The evidence of one row and what is feasible under it."""

    fixed: NDArray[np.int64]  # [N], OPEN or a token
    live: NDArray[np.uint64]  # [S, W] feasible (state, position)
    class_bits: NDArray[np.uint64]  # [C, W] feasible (class, position)
    allowed: NDArray[np.bool_]  # [N, C], the same


class _Reading(NamedTuple):
    """Logits of one row in class space."""

    stats: class_stats.Stats  # with the evidence applied
    peak: NDArray[np.float64]  # [N, C] score of the best token of each class, -inf if infeasible
    score: NDArray[np.float64]  # [N, C] score of the whole class
    offset: float  # log probability of score 0 at every position


class Trellis:
    """All valid canvases of `length` tokens under a token graph and fixed tokens. Immutable.

    `fixed` maps positions to token ids, or is an integer array [N] or [B, N] with -1 where open. `rows` is the
    number of rows B of a batch; rows may be fixed differently. Raises `BudgetTooSmall` when the shortest text does
    not fit, `EmptyLanguage` when the fixed tokens leave no valid canvas (naming the first position that rules
    out all), or when there is no end-of-text token and no text fills the canvas exactly.
    """

    def __init__(self, graph: TokenGraph, length: int, fixed: Evidence | None = None, rows: int = 1) -> None:
        needed = max(1, int(graph.shortest[0]))
        if length < needed:
            raise BudgetTooSmall(length, needed)
        self.graph, self.length = graph, int(length)
        self.fixed = self._evidence({} if fixed is None else fixed, rows)
        self._rows = self._solve({})

    @property
    def rows(self) -> int:
        """B."""
        return len(self._rows)

    def _evidence(self, fixed: Evidence, rows: int) -> NDArray[np.int64]:
        """int64 [B, N] from any of the accepted forms."""
        if isinstance(fixed, Mapping):
            given = np.full(self.length, OPEN, np.int64)
            for position, token in fixed.items():
                if not 0 <= position < self.length:
                    raise ValueError(f"position {position} is not on a canvas of {self.length}")
                given[position] = token
        else:
            given = np.array(fixed.cpu() if isinstance(fixed, torch.Tensor) else fixed).astype(np.int64)
        if given.ndim not in (1, 2) or given.shape[-1] != self.length:
            raise ValueError(f"fixed tokens of shape {given.shape} on a canvas of {self.length}")
        if given.ndim == 2 and len(given) != rows and 1 not in (rows, len(given)):
            raise ValueError(f"fixed tokens for {len(given)} rows in a trellis of {rows}")
        rows = max(rows, len(given) if given.ndim == 2 else 1)
        return np.array(np.broadcast_to(np.maximum(given, OPEN), (rows, self.length)))

    def _solve(self, known: Mapping[bytes, _Row]) -> list[_Row]:
        """Reachability of every row; equal rows share it."""
        known = dict(known)
        for fixed in self.fixed:
            if fixed.tobytes() not in known:
                known[fixed.tobytes()] = self._solve_row(fixed)
        return [known[fixed.tobytes()] for fixed in self.fixed]

    def _solve_row(self, fixed: NDArray[np.int64]) -> _Row:
        graph = self.graph
        live, usable, by_class = self._live(fixed)
        if not live[0, 0] & np.uint64(1):
            raise self._why_empty(fixed)
        bits = reach.feasible_classes(graph.out_ptr, graph.out_target, graph.out_set, live, usable,
                                      graph.set_ptr, graph.set_class, graph.classes) & by_class
        positions = np.arange(self.length)
        flags = bits[:, positions >> 6] >> (positions & 63).astype(np.uint64) & np.uint64(1)
        return _Row(fixed.copy(), live, bits, np.ascontiguousarray(flags.T.astype(np.bool_)))

    def _live(self, fixed: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
        """Feasible (state, position) pairs, and where the evidence admits each set and each class."""
        graph, words = self.graph, self.length // 64 + 1
        where = np.flatnonzero(fixed != OPEN)
        allowed, open_bits = np.zeros((graph.classes, words), np.uint64), np.zeros(words, np.uint64)
        for i in np.flatnonzero(fixed == OPEN):
            open_bits[i >> 6] |= np.uint64(1 << (i & 63))
        for i in where:
            if 0 <= fixed[i] < len(graph.token_class) and (c := graph.token_class[fixed[i]]) >= 0:
                allowed[c, i >> 6] |= np.uint64(1 << (int(i) & 63))
        usable = reach.usable_sets(graph.set_ptr, graph.set_class, open_bits, allowed)
        ahead, behind = np.zeros((graph.states, words), np.uint64), np.zeros((graph.states, words), np.uint64)
        ahead[0, 0] = 1
        behind[graph.final, self.length >> 6] = np.uint64(1 << (self.length & 63))
        ahead = reach.reach(graph.out_ptr, graph.out_target, graph.out_set, usable, ahead, graph.order, False)
        behind = reach.reach(graph.in_ptr, graph.in_source, graph.in_set, usable, behind,
                             np.ascontiguousarray(graph.order[::-1]), True)
        return ahead & behind, usable, allowed | open_bits

    def _why_empty(self, fixed: NDArray[np.int64]) -> EmptyLanguage:
        """Find, by bisection, the first fixed position that together with those before it rules out all."""
        where = np.flatnonzero(fixed != OPEN)
        low, high = 0, len(where)  # with `low` of them there may be a canvas, with `high` there is none
        while low < high:
            middle = (low + high) // 2
            kept = np.full_like(fixed, OPEN)
            kept[where[:middle]] = fixed[where[:middle]]
            if self._live(kept)[0][0, 0] & np.uint64(1):
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return EmptyLanguage(f"no text of the language fills exactly {self.length} tokens, and the vocabulary "
                                 "has no end-of-text token")
        position = int(where[low - 1])
        token = int(fixed[position])
        spelled = self.graph.vocab.tokens[token] if 0 <= token < len(self.graph.vocab) else b""
        return EmptyLanguage(f"no valid text of {self.length} tokens has token {token} ({spelled!r}) at position "
                             f"{position}" + (" beside the tokens fixed before it" if low > 1 else ""))

    def _with(self, fixed: NDArray[np.int64]) -> Trellis:
        """The same canvas under other evidence; rows that did not change are not solved again."""
        other = object.__new__(Trellis)
        other.graph, other.length, other.fixed = self.graph, self.length, fixed
        other._rows = other._solve({row.fixed.tobytes(): row for row in self._rows})
        return other

    def fix(self, tokens_by_position: Evidence) -> Trellis:
        """A new trellis with more tokens fixed (same forms as `fixed`; -1 leaves a position as it was).

        The graph is shared. Raises `EmptyLanguage` as the constructor does; never for positions of one path.
        """
        given = self._evidence(tokens_by_position, self.rows)
        return self._with(np.where(given == OPEN, self.fixed, given))

    def reopen(self, positions: Iterable[int] | NDArray[np.bool_] | torch.Tensor) -> Trellis:
        """A new trellis with these positions open again: position numbers (in all rows) or a mask [N] or [B, N]."""
        chosen = np.array(positions.cpu() if isinstance(positions, torch.Tensor) else
                          positions if isinstance(positions, np.ndarray) else list(positions))
        fixed = self.fixed.copy()
        if chosen.dtype == np.bool_:
            fixed[np.broadcast_to(chosen, fixed.shape)] = OPEN
        elif chosen.size:
            fixed[:, chosen.astype(np.int64)] = OPEN
        return self._with(fixed)

    def masks(self) -> torch.Tensor:
        """int32 [B, N, ceil(V/32)]: bit t % 32 of word t // 32 is 1 iff some valid canvas has token t there."""
        graph, made = self.graph, dict[int, NDArray[np.int32]]()
        for row in self._rows:
            if id(row) in made:
                continue
            mask = bitmask.token_masks(row.class_bits, graph.class_ptr, graph.class_token, self.length, len(graph.vocab))
            for i in np.flatnonzero(row.fixed != OPEN):
                mask[i] = 0
                mask[i].view(np.uint32)[row.fixed[i] >> 5] = np.uint32(1 << (row.fixed[i] & 31))
            made[id(row)] = mask
        return torch.from_numpy(np.stack([made[id(row)] for row in self._rows]))

    def best(self, logits: Any) -> Tokens:
        """int64 [(B,) N]: the most probable valid canvas; ties go to the lowest token id."""
        given = _Logits(self, logits)
        return given.stack([self._best(row, self._read(x, row, 1.0))[0] for x, row in given], torch.int64)

    def sample(self, logits: Any, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tokens:
        """int64 [(B,) N]: an exact draw from softmax(logits / temperature) given validity; `best` at temperature 0."""
        if temperature == 0:
            return self.best(logits)
        given, scale = _Logits(self, logits), _scale(temperature)
        drawn = []
        for (x, row), uniforms in zip(given, given.uniforms(generator), strict=True):
            reading = self._read(x, row, scale)
            result = sweep.posterior(self.graph.sweep_edges, reading.score, row.live)
            drawn.append(self._draw(x, row, reading, result, scale, uniforms)[0])
        return given.stack(drawn, torch.int64)

    def marginals(self, logits: Any) -> torch.Tensor:
        """float32 [(B,) N, V]: the probability of each token at each position, given validity."""
        given, out = _Logits(self, logits), []
        for x, row in given:
            reading = self._read(x, row, 1.0)
            mass = sweep.posterior(self.graph.sweep_edges, reading.score, row.live).mass
            out.append(self._spread(x, row, reading, mass))
        return given.stack(out, torch.float32)

    def entropy(self, logits: Any) -> torch.Tensor:
        """float32 [(B,) N]: nats of the constrained token marginal of each position."""
        return self.posterior(logits).entropy

    def log_mass(self, logits: Any) -> torch.Tensor:
        """float64 [(B,)]: log probability that an independent draw from softmax(logits) is a valid canvas.

        Fixed tokens have to be drawn as well. -inf when every valid canvas has an impossible token.
        """
        return self.posterior(logits).log_mass

    def posterior(self, logits: Any, *, draw: bool = False, generator: torch.Generator | None = None,
                  temperature: float = 1.0) -> Posterior:
        """Everything a sampler needs, from one read of the logits; all of softmax(logits / temperature)."""
        given, scale = _Logits(self, logits), _scale(temperature)
        uniforms = given.uniforms(generator) if draw else np.empty((given.rows, 0, 3))
        columns: list[list[Any]] = [[], [], [], [], [], []]
        for (x, row), u in zip(given, uniforms, strict=True):
            reading = self._read(x, row, scale)
            result = sweep.posterior(self.graph.sweep_edges, reading.score, row.live)
            tokens, classes = self._best(row, reading)
            at = np.arange(self.length), classes
            best = result.mass[at] * np.exp(-reading.stats.spread[at])
            values = [tokens, best, _entropy(reading, result.mass), _log_mass(reading, result.log_total)]
            values += self._draw(x, row, reading, result, scale, u) if draw else []
            for column, value in zip(columns, values, strict=False):
                column.append(value)
        types = [torch.int64, torch.float32, torch.float32, torch.float64, torch.int64, torch.float32]
        return Posterior(*(given.stack(c, t) for c, t in zip(columns, types, strict=True) if c))

    def text(self, tokens: Any) -> Any:
        """The text that a canvas spells, without end-of-text and padding: str, or list[str] for [B, N]."""
        ids = np.array(tokens.cpu() if isinstance(tokens, torch.Tensor) else tokens).astype(np.int64)
        if ids.ndim == 2:
            return [self.text(row) for row in ids]
        ends = np.flatnonzero(np.isin(ids, self.graph.vocab.eos_ids))
        return self.graph.vocab.decode(ids[: ends[0] if len(ends) else None].tolist())

    def _read(self, x: Any, row: _Row, scale: float) -> _Reading:
        """Class statistics of one row, with evidence, relative to the best feasible token of each position."""
        C, N = self.graph.classes, self.length
        stats = class_stats.Stats.empty(N, C + 1)
        plan = self.graph.plan(x.shape[1])
        for a, b in _chunks(x.shape):
            class_stats.class_stats(_numpy(x[a:b]), plan, scale, class_stats.Stats(*(s[a:b] for s in stats)))
        norm_peak = stats.peak.max(1)
        with np.errstate(invalid="ignore", over="ignore"):
            norm = np.log(np.exp(_shifted(stats.peak, norm_peak) * scale + stats.spread).sum(1))
            where = np.flatnonzero(row.fixed != OPEN)
            if where.size:
                tokens = row.fixed[where]
                at = where, self.graph.token_class[tokens]
                stats.peak[at] = [class_stats.clean(_numpy(x[i : i + 1])[0, t]) for i, t in zip(where, tokens, strict=True)]
                stats.spread[at], stats.slope[at], stats.top[at] = 0.0, 0.0, tokens
            peak = np.where(row.allowed, stats.peak[:, :C], -np.inf)
            shift = peak.max(1)
            below = _shifted(peak, shift) * scale
            below = np.where((peak == -np.inf) & (shift > -np.inf)[:, None], 2 * FLOOR * (N + 1), np.maximum(below, FLOOR))
            peak = np.where(row.allowed, below, -np.inf)
            offset = float((_shifted(shift[:, None], norm_peak)[:, 0] * scale - norm).sum())
        return _Reading(stats, peak, peak + stats.spread[:, :C], offset)

    def _best(self, row: _Row, reading: _Reading) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Tokens and classes of the best path."""
        tokens, classes = sweep.best_path(self.graph.sweep_edges, reading.peak, reading.stats.top, row.live)
        return tokens, classes

    def _draw(self, x: Any, row: _Row, reading: _Reading, result: sweep.Posterior, scale: float,
              uniforms: NDArray[np.float64]) -> list[Any]:
        """Tokens of an exact draw and their constrained probabilities: classes first, then tokens within."""
        graph, stats = self.graph, reading.stats
        classes = sweep.draw_path(graph.sweep_edges, reading.score, result, row.live, uniforms[:, :2])
        tokens, confidence = row.fixed.copy(), result.mass[np.arange(self.length), classes]
        for i in np.flatnonzero(row.fixed == OPEN):
            c, values = classes[i], _numpy(x[i : i + 1])[0]
            members = graph.class_token[graph.class_ptr[c] : graph.class_ptr[c + 1]]
            peak, spread = stats.peak[i, c], stats.spread[i, c]
            token = class_stats.draw_member(values, members, peak, spread, uniforms[i, 2], scale)
            gap = (class_stats.clean(values[token]) - peak) * scale if peak > -np.inf else 0.0
            tokens[i], confidence[i] = token, confidence[i] * math.exp(gap - spread)
        return [tokens, confidence]

    def _spread(self, x: Any, row: _Row, reading: _Reading, mass: NDArray[np.float64]) -> NDArray[np.float32]:
        """Class posteriors spread over their tokens."""
        graph, stats = self.graph, reading.stats
        out = np.zeros((self.length, len(graph.vocab)), np.float32)
        known = np.flatnonzero(graph.token_class >= 0)
        classes = graph.token_class[known]
        for i in range(self.length):
            if row.fixed[i] != OPEN:
                out[i, row.fixed[i]] = 1.0
                continue
            values = class_stats.clean(_numpy(x[i : i + 1])[0, known])
            peak = stats.peak[i, classes]
            with np.errstate(invalid="ignore"):
                gap = np.where(peak > -np.inf, values - peak, 0.0)
            out[i, known] = mass[i, classes] * np.exp(gap - stats.spread[i, classes])
        return out


class _Logits:
    """The caller's logits as rows, and results in the caller's shape and place."""

    def __init__(self, trellis: Trellis, logits: Any) -> None:
        x = logits.detach() if isinstance(logits, torch.Tensor) else np.asarray(logits)
        if x.ndim not in (2, 3) or x.shape[-2] != trellis.length:
            raise ValueError(f"logits of shape {tuple(x.shape)} for a canvas of {trellis.length} positions")
        if x.shape[-1] < len(trellis.graph.vocab):
            raise VocabMismatch(f"logits have {x.shape[-1]} columns, the vocabulary {len(trellis.graph.vocab)} tokens")
        self.flat = x.ndim == 2
        self.x = x[None] if self.flat else x
        self.rows = len(self.x)
        if trellis.rows not in (1, self.rows):
            raise ValueError(f"logits for {self.rows} rows in a trellis of {trellis.rows}")
        self.evidence = trellis._rows * (self.rows if trellis.rows == 1 else 1)
        self.length = trellis.length
        self.device = x.device if isinstance(x, torch.Tensor) else torch.device("cpu")

    def __iter__(self) -> Any:
        return iter(zip(self.x, self.evidence, strict=True))

    def uniforms(self, generator: torch.Generator | None) -> NDArray[np.float64]:
        """float64 [B, N, 3] in [0, 1), drawn in one call whatever the logits are."""
        device = "cpu" if generator is None else generator.device
        drawn = torch.rand((self.rows, self.length, 3), dtype=torch.float64, generator=generator, device=device)
        return np.asarray(drawn.cpu().numpy())

    def stack(self, values: list[Any], dtype: torch.dtype) -> torch.Tensor:
        """One tensor on the logits' device."""
        out = torch.from_numpy(np.stack([np.asarray(v) for v in values])).to(self.device, dtype)
        return out[0] if self.flat else out


def _numpy(x: Any) -> NDArray[Any]:
    """Part of the logits as a contiguous writable float32 or float64 array."""
    if isinstance(x, torch.Tensor):
        x = x.to("cpu", torch.float64 if x.dtype == torch.float64 else torch.float32).numpy()
    return np.require(x, np.float64 if x.dtype == np.float64 else np.float32, ["C", "W"])


def _chunks(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    step = max(1, CHUNK // max(1, shape[1]))
    return [(a, min(a + step, shape[0])) for a in range(0, shape[0], step)]


def _scale(temperature: float) -> float:
    if not (temperature > 0 and math.isfinite(1 / temperature)):
        raise ValueError(f"temperature must be positive, not {temperature!r}")
    return 1 / temperature


def _shifted(values: NDArray[np.float64], peak: NDArray[np.float64]) -> NDArray[np.float64]:
    """values - peak by row; 0 where both are -inf."""
    return np.where(values == peak[:, None], 0.0, values - peak[:, None])


def _entropy(reading: _Reading, mass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nats per position: of the class, plus that within the class."""
    C = mass.shape[1]
    within = reading.stats.spread[:, :C] - reading.stats.slope[:, :C]
    terms = np.where(mass > 0, mass * (within - np.log(np.where(mass > 0, mass, 1.0))), 0.0)
    return np.maximum(terms.sum(1), 0.0)


def _log_mass(reading: _Reading, log_total: float) -> float:
    """-inf where the paths need an impossible token."""
    if log_total < FLOOR * (len(reading.peak) + 1):
        return -math.inf
    return min(log_total + reading.offset, 0.0)
