"""Logits of any kind -> what the beam reads: scores of all tokens and the candidates of every position."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from structfill_kernels import lalr
from structfill_kernels.likeliest import Likeliest, likeliest

from structfill.trellis.parts import in_parts

from .graph import LazyGraph

LIKELY, STRUCTURAL = 16, 16  # candidates of a position: the likeliest tokens, and the likeliest structural ones


class Reading(NamedTuple):
    """One canvas of N positions.

    A token's log probability is its logit - top - norm. `cand`, `size`, `common` are those of `lalr.prepare`.
    """

    logits: NDArray[np.float32]  # [N, Vl]
    top: NDArray[np.float64]  # [N]
    norm: NDArray[np.float64]  # [N]
    entropy: NDArray[np.float64]  # [N], nats of the unconstrained distribution
    cand: NDArray[np.int64]  # [N, C]
    size: NDArray[np.int64]  # [N]
    common: NDArray[np.int32]  # [N, C]


def read(graph: LazyGraph, logits: Any, scale: float) -> Reading:
    """Logits [N, Vl] times `scale`; NaN counts as -inf, a row of nothing but -inf as a row of equals."""
    x = torch.as_tensor(logits).detach().to("cpu", torch.float32)
    return reading(graph, (x * scale if scale != 1.0 else x).contiguous().numpy())


def reading(graph: LazyGraph, x: NDArray[np.float32]) -> Reading:
    """The reading of logits float32 [N, Vl]."""
    most = (0, 0) if graph.everything else (LIKELY, STRUCTURAL)
    parts = in_parts(x, lambda a, b, part: likeliest(part, len(graph.vocab), most[0], graph.structural, most[1]))
    found = Likeliest(*map(np.concatenate, zip(*parts, strict=True)))
    ids = np.tile(graph.structural, (len(x), 1)) if graph.everything else found.ids
    return Reading(x, found.peak, found.norm, found.entropy, *lalr.prepare(graph.machine.words, graph.rank, ids))
