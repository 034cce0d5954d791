"""Logits of the constrained distribution, for loops that are not ours: plain argmax and softmax then do right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import class_stats

from structfill.errors import SpecError
from structfill.tokengraph import TokenGraph

from .evidence import OPEN, Row
from .parts import in_parts
from .reading import AWAY, Floats, Reading, is_away

MARGIN = 1e-3  # nats between the path's token and the next; survives division by a temperature in float32
SLIGHT = 1e-3  # nats of entropy that do not count
DECIDED = 30.0  # nats, where the path alone decides


@dataclass(frozen=True)
class Constrained:
    """One pass as any sampler can use it.

    Attributes:
        logits: float32 (float64 for float64) [(B,) N, Vl] on the device of the given ones: log probabilities of the
            exact constrained marginals, -inf where no valid canvas has the token; but the path's token stands above
            the others of its position, so that `argmax` at every position gives `path`, under any temperature. Where
            the constraint contradicts the model, so that it leaves a position less sure than the model was, only
            ratios of unlikely tokens are left: there the path's token stands far above.
        path: int64 [(B,) N], the most probable valid canvas.
        entropy: float32 [(B,) N], nats, of the constrained marginal of each position, or the model's own where that is
            less.
        log_mass: float64 [(B,)], log probability that an unconstrained independent draw is valid.
        sample: int64 [(B,) N], an exact draw of a whole canvas, or None where none was asked for.
    """

    logits: torch.Tensor
    path: torch.Tensor
    entropy: torch.Tensor
    log_mass: torch.Tensor
    sample: torch.Tensor | None = None


def conditioned(graph: TokenGraph, row: Row, x: torch.Tensor, reading: Reading, mass: NDArray[np.float64],
                path: NDArray[np.int64], decided: NDArray[np.bool_], scale: float, out: torch.Tensor) -> None:
    """Write `Constrained.logits` of one row into `out`, from logits x [N, Vl] times `scale`, the mass [N, C] of each
    class, the path [N], and whether it alone decides [N]."""
    odds, top = _odds(reading, mass, row, scale)
    if is_away(x):
        _add_odds(graph, x, torch.from_numpy(odds), torch.from_numpy(top)[:, None], scale, out)
    else:
        plan, filled = graph.plan(x.shape[1]), out.numpy()
        in_parts(x, lambda a, b, part: class_stats.add_odds(part, plan, odds[a:b], top[a:b], scale, filled[a:b]))
    lift(out, torch.from_numpy(path), top, decided)


def lift(out: torch.Tensor, path: torch.Tensor, top: Floats, decided: NDArray[np.bool_]) -> None:
    """Put the path's tokens [N] above all others of logits `out` [N, V], whose highest are `top` [N]; far above where
    the path alone decides."""
    top = np.where(top > -np.inf, top, 0.0)  # nothing of the position is possible
    lifted = top + np.maximum(np.abs(top) * MARGIN, np.where(decided, DECIDED, MARGIN))
    places = torch.arange(len(path), device=out.device), path.to(out.device)
    out[places] = torch.from_numpy(lifted).to(out.device, out.dtype)


def room(given: torch.Tensor, out: Any = None) -> torch.Tensor:
    """Memory for the constrained ones of logits, in their place: `out`, or fresh one. Raises `SpecError` for another
    kind of `out`."""
    if out is None:
        dtype = torch.float64 if given.dtype == torch.float64 else torch.float32
        return torch.empty(given.shape, dtype=dtype, device=given.device)
    if not isinstance(out, torch.Tensor) or out.shape != given.shape or out.device != given.device \
            or out.dtype not in (torch.float32, torch.float64):
        raise SpecError(f"out must be a tensor of float32 or float64 of shape {tuple(given.shape)} on {given.device}")
    return out


def _odds(reading: Reading, mass: NDArray[np.float64], row: Row, scale: float) -> tuple[Floats, Floats]:
    """float64 [N, C + 1]: what to add to the scaled logit of a token for the log of its probability, by class; and
    float64 [N]: the highest log probability of a position."""
    classes = mass.shape[1]
    peak, spread = reading.stats.peak[:, :classes], reading.stats.spread[:, :classes]
    odds = np.full((len(mass), classes + 1), -np.inf)
    possible = (mass > 0) & (peak > -np.inf) & (row.fixed == OPEN)[:, None]  # a fixed token's class may hold others
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        share = np.where(possible, np.log(mass) - spread, -np.inf)  # log probability of the class's best token
        odds[:, :classes] = np.where(possible, share - peak * scale, -np.inf)
    return odds, share.max(1)


def _add_odds(graph: TokenGraph, given: torch.Tensor, odds: torch.Tensor, top: torch.Tensor, scale: float,
              out: torch.Tensor) -> None:
    """As `class_stats.add_odds`, by torch on any device."""
    column = graph.column_class(given.shape[1], given.device)
    odds, top = odds.to(out.device, out.dtype), top.to(out.device, out.dtype)
    step = max(1, AWAY // given.shape[1])
    for a in range(0, len(given), step):
        x, extra = given[a : a + step].to(out.dtype), odds[a : a + step, column]
        possible = (x > -torch.inf) & (extra > -torch.inf)
        found = torch.nan_to_num(x.clamp(max=torch.finfo(out.dtype).max) * scale + extra, nan=torch.inf)
        out[a : a + step] = torch.where(possible, torch.minimum(found, top[a : a + step]), -torch.inf)
