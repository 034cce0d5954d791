"""The specification of the read, in float64."""

from __future__ import annotations

import numpy as np

from ..class_stats import clean
from ._types import Likeliest


def likeliest(logits, columns, k, chosen, j):
    """Row by row."""
    peaks, norms, entropies, ids = [], [], [], []
    for row in logits:
        x = clean(row)
        peak = x.max()
        peaks.append(peak)
        below = x - peak if peak > -np.inf else np.zeros(len(x))
        norms.append(np.log(np.exp(below).sum()))
        share = np.exp(below - norms[-1])
        entropies.append(-(share * np.where(share > 0, below - norms[-1], 0.0)).sum())
        order = np.argsort(-x[:columns], kind="stable")[:k]
        ids.append(np.concatenate([order, chosen[np.argsort(-x[chosen], kind="stable")[:j]]]))
    return Likeliest(np.array(peaks), np.array(norms), np.array(entropies), np.array(ids, np.int64))
