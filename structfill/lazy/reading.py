"""Logits of any kind -> what the beam reads: scores of all tokens and the candidates of every position."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import lalr
from structfill_kernels.likeliest import likeliest

from .graph import LazyGraph

_ROWS = 32  # of logits read at a time
LIKELY, STRUCTURAL = 16, 16  # candidates of a position: the likeliest tokens, and the likeliest structural ones


class Reading(NamedTuple):
    """One canvas of N positions.

    A token's log probability is its logit - top - norm. `cand`, `size`, `common` are those of `lalr.prepare`.
    """

    logits: NDArray[np.float32]  # [N, Vl]
    top: NDArray[np.float64]  # [N]
    norm: NDArray[np.float64]  # [N]
    cand: NDArray[np.int64]  # [N, C]
    size: NDArray[np.int64]  # [N]
    common: NDArray[np.int32]  # [N, C]


def read(graph: LazyGraph, logits: Any, scale: float) -> Reading:
    """Logits [N, Vl] times `scale`; NaN counts as -inf, a row of nothing but -inf as a row of equals."""
    x = torch.as_tensor(logits).detach().to("cpu", torch.float32)
    return reading(graph, (x * scale if scale != 1.0 else x).contiguous().numpy())


def reading(graph: LazyGraph, x: NDArray[np.float32]) -> Reading:
    """The reading of logits float32 [N, Vl]."""
    found = likeliest(x, len(graph.vocab), 0 if graph.everything else LIKELY, graph.structural,
                      0 if graph.everything else STRUCTURAL)
    ids = np.tile(graph.structural, (len(x), 1)) if graph.everything else found.ids
    return Reading(x, found.peak, found.norm, *lalr.prepare(graph.machine.words, graph.rank, ids))


def own_entropy(given: Reading) -> NDArray[np.float64]:
    """float64 [N]: nats of the unconstrained distribution of every position; inf where all tokens are impossible."""
    found = [_entropy(torch.from_numpy(x), torch.from_numpy(log_sum)[:, None])
             for x, log_sum in zip(np.array_split(given.logits, -(-len(given.logits) // _ROWS)),
                                   np.array_split(given.top + given.norm, -(-len(given.logits) // _ROWS)), strict=True)]
    return np.asarray(torch.cat(found).numpy())


def _entropy(logits: torch.Tensor, log_sum: torch.Tensor) -> torch.Tensor:
    """float64 [n] of logits [n, Vl]."""
    below = torch.nan_to_num(logits - log_sum.float(), nan=-torch.inf, posinf=0.0, neginf=-torch.inf)
    terms = torch.where(below > -torch.inf, below.exp() * below, 0.0)
    total = -terms.sum(1, dtype=torch.float64)
    return torch.where((below > -torch.inf).any(1), total.clamp_min(0), torch.inf)
