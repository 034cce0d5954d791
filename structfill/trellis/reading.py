"""Logits of any kind, read once into class space."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import class_stats

from structfill.errors import SpecError, VocabMismatch
from structfill.tokengraph import TokenGraph

from .arguments import uniforms
from .evidence import OPEN, Row
from .parts import as_tensor, in_parts

FLOOR = -1e9  # nats: odds beyond this within one position count as this
AWAY = 1 << 25  # logits read at a time on another device
HOST = "cpu"  # logits on other devices are read there

Floats = NDArray[np.float64]


class Reading(NamedTuple):
    """One row of logits in class space, relative to the best feasible token of each position."""

    stats: class_stats.Stats  # with the evidence applied
    peak: Floats  # [N, C] score of the best token of each class, -inf where infeasible
    score: Floats  # [N, C] score of the whole class
    offset: float  # log probability of a canvas of score 0


class Logits:
    """The caller's logits as rows beside their evidence; results in the caller's shape and place.

    Takes torch tensors and arrays of shape [N, Vl] or [B, N, Vl]. Raises `VocabMismatch` when Vl is smaller than the
    vocabulary, `SpecError` for another shape or kind (`as_tensor`).
    """

    def __init__(self, graph: TokenGraph, rows: list[Row], logits: Any) -> None:
        x = as_tensor(logits)
        length = len(rows[0].fixed)
        if x.ndim not in (2, 3) or x.shape[-2] != length or not x.shape[0]:
            raise SpecError(f"logits of shape {tuple(x.shape)} for a canvas of {length} positions")
        if x.shape[-1] < graph.vocab.width:
            raise VocabMismatch(f"logits have {x.shape[-1]} columns, the vocabulary {graph.vocab.width} tokens")
        self.flat = x.ndim == 2
        self.x = x[None] if self.flat else x
        if len(rows) not in (1, len(self.x)):
            raise SpecError(f"logits for {len(self.x)} rows in a trellis of {len(rows)}")
        self.rows = rows * len(self.x) if len(rows) == 1 else rows
        self.device = x.device

    def __iter__(self) -> Iterator[tuple[Any, Row]]:
        return iter(zip(self.x, self.rows, strict=True))

    def uniforms(self, generator: torch.Generator | None) -> Floats:
        """float64 [B, N, 3] in [0, 1), drawn in one call."""
        return uniforms((len(self.x), self.x.shape[1], 3), generator)

    def stack(self, values: list[Any], dtype: torch.dtype) -> torch.Tensor:
        """One tensor on the logits' device, without the batch axis if they had none."""
        out = torch.from_numpy(np.stack([np.asarray(v) for v in values])).to(self.device, dtype)
        return out[0] if self.flat else out


def is_away(x: torch.Tensor) -> bool:
    """Are these logits on another device than the trellis?"""
    return x.device.type != HOST


def read(graph: TokenGraph, row: Row, x: torch.Tensor, scale: float) -> Reading:
    """Class statistics of logits [N, Vl] times `scale`, with the row's evidence."""
    stats = class_stats.Stats.empty(len(x), graph.classes + 1)
    (_read_away if is_away(x) else _read_here)(graph, x, scale, stats)
    top = stats.peak.max(1)
    with np.errstate(over="ignore"):
        log_norm = np.log(np.exp(_less(stats.peak, top) * scale + stats.spread).sum(1))
    _fix(graph, row.fixed, x, stats)
    peak = np.where(row.allowed, stats.peak[:, : graph.classes], -np.inf)
    shift = peak.max(1)
    impossible = (peak == -np.inf) & (shift > -np.inf)[:, None]
    with np.errstate(over="ignore"):
        below = np.where(impossible, 2 * FLOOR * (len(x) + 1), np.maximum(_less(peak, shift) * scale, FLOOR))
        offset = (_less(shift[:, None], top)[:, 0] * scale - log_norm).sum()
    peak = np.where(row.allowed, below, -np.inf)
    return Reading(stats, peak, peak + stats.spread[:, : graph.classes], float(offset))


def _read_here(graph: TokenGraph, x: torch.Tensor, scale: float, stats: class_stats.Stats) -> None:
    plan = graph.plan(x.shape[1])
    in_parts(x, lambda a, b, part: class_stats.class_stats(part, plan, scale, stats.rows(a, b)))


def _read_away(graph: TokenGraph, x: torch.Tensor, scale: float, stats: class_stats.Stats) -> None:
    column, step = graph.column_class(x.shape[1], x.device), max(1, AWAY // x.shape[1])
    for a in range(0, len(x), step):
        class_stats.device.class_stats(x[a : a + step], column, graph.classes + 1, scale, stats.rows(a, a + step))


def write_probabilities(graph: TokenGraph, x: torch.Tensor, mass: Floats, reading: Reading,
                        out: NDArray[np.float32]) -> None:
    """Into `out` [N, V] the mass [N, C] of every class, shared among its tokens by logits `x` [N, Vl]."""
    plan = graph.plan(x.shape[1])
    in_parts(x, lambda a, b, part: class_stats.token_probabilities(part, plan, mass[a:b], reading.stats.rows(a, b), 1.0,
                                                                   out[a:b]))


def draw_members(graph: TokenGraph, x: torch.Tensor, classes: NDArray[np.int32], reading: Reading, scale: float,
                 uniforms: Floats) -> tuple[NDArray[np.int32], Floats]:
    """A token of the class of each position, -1 where that is negative, and its share in the class [N]."""
    if is_away(x):
        column, step = graph.column_class(x.shape[1], x.device), max(1, AWAY // x.shape[1])
        parts = (slice(a, a + step) for a in range(0, len(x), step))
        drawn = [class_stats.device.draw_members(x[here], column, classes[here], scale, uniforms[here])
                 for here in parts]
    else:
        plan = graph.plan(x.shape[1])
        drawn = in_parts(x, lambda a, b, part: class_stats.draw_members(part, plan, classes[a:b],
                                                                        reading.stats.rows(a, b), scale, uniforms[a:b]))
    tokens, weights = zip(*drawn, strict=True)
    return np.concatenate(tokens), np.concatenate(weights)


def _less(values: Floats, peak: Floats) -> Floats:
    """values - peak by row; 0 where both are -inf."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(values == peak[:, None], 0.0, values - peak[:, None])


def _fix(graph: TokenGraph, fixed: NDArray[np.int64], x: torch.Tensor, stats: class_stats.Stats) -> None:
    """At a fixed position the class amounts to its one token."""
    where = np.flatnonzero(fixed != OPEN)
    if not len(where):
        return
    tokens = fixed[where]
    at = where, graph.token_class[tokens]
    stats.peak[at] = _picked(x, where, tokens)
    stats.spread[at], stats.slope[at], stats.top[at] = 0.0, 0.0, tokens


def _picked(x: torch.Tensor, positions: Any, tokens: NDArray[np.int64]) -> Floats:
    """float64, clean: the logits of `tokens` at `positions`."""
    at = torch.as_tensor(positions, device=x.device), torch.as_tensor(tokens, device=x.device)
    picked = x[at].cpu().to(torch.float64 if x.dtype == torch.float64 else torch.float32)
    return np.asarray(class_stats.clean(picked.numpy()))


def share_of_class(reading: Reading, x: torch.Tensor, tokens: NDArray[np.int64], classes: NDArray[np.int32],
                   is_open: NDArray[np.bool_]) -> Floats:
    """The share of each token [N] in its class, by logits `x` [N, Vl]; 1 where it is fixed."""
    at = np.arange(len(tokens)), classes
    picked = _picked(x, at[0], tokens)
    with np.errstate(over="ignore"):
        below = _less(picked[:, None], reading.stats.peak[at])[:, 0] - reading.stats.spread[at]
    return np.where(is_open, np.exp(np.minimum(below, 0.0)), 1.0)


def entropy(reading: Reading, mass: Floats) -> Floats:
    """Nats per position: over the classes, plus that within each class."""
    within = (reading.stats.spread - reading.stats.slope)[:, : mass.shape[1]]
    log_mass = np.log(np.where(mass > 0, mass, 1.0))
    terms = np.where(mass > 0, mass * (within - log_mass), 0.0)
    return np.asarray(np.maximum(terms.sum(1), 0.0))


def own_entropy(reading: Reading, scale: float) -> Floats:
    """Nats per position of the unconstrained distribution; 0 at fixed positions, where no other counts."""
    peak, spread, slope = reading.stats.peak, reading.stats.spread, reading.stats.slope
    top = peak.max(1)
    with np.errstate(over="ignore"):
        log_odds = np.maximum(_less(peak, top) * scale, FLOOR) + spread
    log_share = log_odds - np.logaddexp.reduce(log_odds, axis=1, keepdims=True)
    share = np.exp(log_share)
    with np.errstate(invalid="ignore"):  # classes without tokens
        terms = np.where(share > 0, share * (spread - slope - log_share), 0.0)
    return np.asarray(np.maximum(terms.sum(1), 0.0))


def log_mass(reading: Reading, log_total: float) -> float:
    """Log probability of all valid canvases; -inf where each of them has an impossible token."""
    if log_total < FLOOR * (len(reading.peak) + 1):
        return -math.inf
    return min(log_total + reading.offset, 0.0)
