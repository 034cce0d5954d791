"""How far a path's token leads at its position: its constrained probability less that of the next best token."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from structfill.tokengraph import TokenGraph

from .evidence import OPEN, Row
from .parts import CHUNK
from .reading import Floats, Reading


def margins(graph: TokenGraph, row: Row, x: torch.Tensor, reading: Reading, mass: Floats, tokens: NDArray[Any],
            classes: NDArray[Any], confidence: Floats, scale: float) -> Floats:
    """float64 [N] in -1..1: below 0 where another token is likelier than that of `tokens` [N]; 1 where it is fixed.

    `classes` [N] and `confidence` [N] are those of the tokens, `mass` [N, C] is that of each class. Of every other
    class only the best token counts, which the statistics know; of the token's own class the logits `x` [N, Vl] are
    read again, at open positions.
    """
    place = np.arange(len(tokens))
    best = mass * np.exp(-reading.stats.spread[:, : mass.shape[1]], where=mass > 0, out=np.zeros_like(mass))
    best[place, classes] = 0.0
    rival = np.maximum(best.max(1, initial=0.0), _within(graph, row, x, reading, mass, tokens, classes, scale))
    return np.where(row.fixed == OPEN, confidence - rival, 1.0)


def _within(graph: TokenGraph, row: Row, x: torch.Tensor, reading: Reading, mass: Floats, tokens: NDArray[Any],
            classes: NDArray[Any], scale: float) -> Floats:
    """float64 [N]: the probability of the best other token of each token's own class, 0 where there is none."""
    found = np.zeros(len(tokens))
    for c in np.unique(classes[row.fixed == OPEN]).tolist():
        members = graph.class_token[graph.class_ptr[c] : graph.class_ptr[c + 1]].astype(np.int64)
        if len(members) < 2:
            continue
        where = np.flatnonzero((classes == c) & (row.fixed == OPEN))
        step = max(1, CHUNK // len(members))
        for part in (where[a : a + step] for a in range(0, len(where), step)):
            found[part] = _best_other(x, part, members, tokens[part])
        peak, spread = reading.stats.peak[where, c], reading.stats.spread[where, c]
        with np.errstate(invalid="ignore"):  # -inf less -inf, where both are the peak
            below = np.where(found[where] == peak, 0.0, (found[where] - peak) * scale)
        found[where] = mass[where, c] * np.exp(np.minimum(below, 0.0) - spread)
    return found


def _best_other(x: torch.Tensor, rows: NDArray[np.int64], members: NDArray[np.int64],
                tokens: NDArray[Any]) -> NDArray[np.float64]:
    """The highest logit at each of `rows` among the tokens `members`, but for its own of `tokens`."""
    ids = torch.from_numpy(members).to(x.device)
    values = x[torch.from_numpy(rows).to(x.device)][:, ids]
    values = values if values.dtype == torch.float64 else values.float()
    values = torch.nan_to_num(values, nan=-torch.inf, neginf=-torch.inf)
    own = ids[None] == torch.from_numpy(tokens.astype(np.int64)).to(x.device)[:, None]
    return np.asarray(values.masked_fill(own, -torch.inf).amax(1).double().cpu().numpy())
