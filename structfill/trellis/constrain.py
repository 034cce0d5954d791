"""Logits of the constrained distribution, for loops that are not ours: plain argmax and softmax then do right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from structfill.tokengraph import TokenGraph

from .evidence import OPEN, Row
from .reading import CHUNK, Reading

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


def conditioned(graph: TokenGraph, row: Row, x: Any, reading: Reading, mass: NDArray[np.float64],
                path: NDArray[np.int64], decided: NDArray[np.bool_], scale: float) -> torch.Tensor:
    """`Constrained.logits` of one row: logits x [N, Vl] times `scale`, the mass [N, C] of each class, the path [N], and
    whether it alone decides [N]."""
    given = torch.as_tensor(x)
    dtype = torch.float64 if given.dtype == torch.float64 else torch.float32
    odds = _odds(reading, mass, row, scale).to(given.device, dtype)
    column = graph.column_class(given.shape[1], given.device)
    out = torch.empty(given.shape, dtype=dtype, device=given.device)
    step = max(1, CHUNK // given.shape[1])
    for a in range(0, len(given), step):
        here = out[a : a + step]
        torch.index_select(odds[a : a + step], 1, column, out=here)
        here += _finite(given[a : a + step].to(dtype) * scale)
    margin = torch.from_numpy(np.where(decided, DECIDED, MARGIN)[:, None]).to(given.device, dtype)
    return _lift(out, torch.from_numpy(path).to(given.device), margin)


def _odds(reading: Reading, mass: NDArray[np.float64], row: Row, scale: float) -> torch.Tensor:
    """float64 [N, C + 1]: what to add to the scaled logit of a token for the log of its probability, by class."""
    classes = mass.shape[1]
    peak, spread = reading.stats.peak[:, :classes], reading.stats.spread[:, :classes]
    odds = np.full((len(mass), classes + 1), -np.inf)
    with np.errstate(divide="ignore", over="ignore"):
        odds[:, :classes] = np.log(mass) - np.where(np.isfinite(peak), peak * scale + spread, 0.0)
    odds[row.fixed != OPEN] = -np.inf  # its class may hold other tokens: `_lift` puts the one back
    return torch.from_numpy(odds)


def _finite(x: torch.Tensor) -> torch.Tensor:
    """NaN as -inf and +inf as the largest number, as the statistics take them."""
    return torch.nan_to_num(x, nan=-torch.inf, posinf=torch.finfo(x.dtype).max, neginf=-torch.inf)


def _lift(logits: torch.Tensor, path: torch.Tensor, margin: torch.Tensor) -> torch.Tensor:
    """Put the token of `path` [N] above all others of its position by `margin` [N, 1], in place."""
    top = logits.amax(-1, keepdim=True)
    lifted = torch.where(top > -torch.inf, top + torch.maximum(top.abs() * MARGIN, margin), 0.0)
    return logits.scatter_(-1, path[:, None], lifted.to(logits.dtype))
