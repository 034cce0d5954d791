"""The specification of the read, in float64."""

from __future__ import annotations

import numpy as np

from ..class_stats import clean
from ._types import Likeliest


def likeliest(logits, columns, k, chosen, j):
    """Row by row."""
    peaks, norms, ids = [], [], []
    for row in logits:
        x = clean(row)
        peak = x.max()
        peaks.append(peak)
        norms.append(np.log(np.exp(x - peak).sum() if peak > -np.inf else len(x)))
        order = np.argsort(-x[:columns], kind="stable")[:k]
        ids.append(np.concatenate([order, chosen[np.argsort(-x[chosen], kind="stable")[:j]]]))
    return Likeliest(np.array(peaks), np.array(norms), np.array(ids, np.int64))
