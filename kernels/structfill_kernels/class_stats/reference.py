"""The specification of the class statistics, in float64."""

from __future__ import annotations

import numpy as np

from ._types import clean


def members_of(plan, c):
    """The columns of class c."""
    if c == plan.dense:
        return np.flatnonzero(plan.in_dense)
    return plan.gathered[plan.gathered_ptr[c] : plan.gathered_ptr[c + 1]]


def class_stats(logits, plan, scale, out):
    """Class by class."""
    for i, row in enumerate(logits):
        x = clean(row)
        for c in range(plan.classes):
            members = members_of(plan, c)
            values = x[members]
            peak = values.max() if len(values) else -np.inf
            shifted = (values - peak) * scale if peak > -np.inf else np.zeros(len(values))
            weights = np.exp(shifted)
            total = weights.sum()
            out.peak[i, c] = peak
            out.spread[i, c] = np.log(total) if len(values) else -np.inf
            out.slope[i, c] = (weights * np.where(weights > 0, shifted, 0)).sum() / max(total, 1)
            out.top[i, c] = members[np.argmax(values)] if len(values) else -1


def draw_member(row, members, peak, spread, u, scale):
    """Inverse CDF over the members in order."""
    values = clean(row)[members]
    weights = np.exp((values - peak) * scale) if peak > -np.inf else np.ones(len(values))
    cumulative = np.cumsum(weights)
    return int(members[min(np.searchsorted(cumulative, u * cumulative[-1], side="right"),
                           np.flatnonzero(weights)[-1])])
