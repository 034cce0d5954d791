"""Logits of any kind -> what the beam reads: scores of all tokens and the candidates of every position."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import lalr

from .graph import LazyGraph

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
    x = _clean(torch.as_tensor(logits), scale)
    top = x.amax(1)
    norm = (x - top[:, None]).logsumexp(1) if x.shape[1] <= 4096 else torch.logsumexp(x, 1) - top
    return reading(graph, x, top, norm)


def reading(graph: LazyGraph, x: torch.Tensor, top: torch.Tensor, norm: torch.Tensor) -> Reading:
    """The reading of clean logits float32 [N, Vl] with their maxima and log norms."""
    count, structural = len(graph.vocab), torch.from_numpy(graph.structural)
    if graph.everything:
        ids = structural.expand(len(x), -1)
    else:
        likely = x[:, :count].topk(min(LIKELY, count), dim=1, sorted=False).indices
        best = x[:, structural].topk(min(STRUCTURAL, len(structural)), dim=1, sorted=False).indices
        ids = torch.cat([likely, structural[best]], 1)
    prepared = lalr.prepare(graph.machine.words, graph.rank, np.ascontiguousarray(ids.numpy()))
    return Reading(x.numpy(), top.double().numpy(), norm.double().numpy(), *prepared)


def _clean(x: torch.Tensor, scale: float) -> torch.Tensor:
    """float32 on the CPU, contiguous, without NaN or infinities above."""
    x = x.detach().to("cpu", torch.float32)
    if scale != 1.0:
        x = x * scale
    if not bool(torch.isfinite(x.amax(1)).all()):
        x = torch.nan_to_num(x, nan=-torch.inf, posinf=3e38, neginf=-torch.inf)
        x = torch.where((x == -torch.inf).all(1, keepdim=True), torch.zeros_like(x), x)
    return x.contiguous()
