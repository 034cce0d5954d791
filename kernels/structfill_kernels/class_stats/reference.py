"""The specification of the class statistics, in float64."""

from __future__ import annotations

import numpy as np

from ._types import clean


def members_of(plan, c):
    """The columns of class c."""
    return np.flatnonzero(plan.of_column == c)


def class_stats(logits, plan, scale, out):
    """Class by class."""
    for i, row in enumerate(logits):
        x = clean(row)
        for c in range(plan.classes):
            members = members_of(plan, c)
            values = x[members]
            peak = values.max() if len(values) else -np.inf
            with np.errstate(over="ignore"):
                shifted = (values - peak) * scale if peak > -np.inf else np.zeros(len(values))
            weights = np.exp(shifted)
            total = weights.sum()
            out.peak[i, c] = peak
            out.spread[i, c] = np.log(total) if len(values) else -np.inf
            out.slope[i, c] = (weights * np.where(weights > 0, shifted, 0)).sum() / max(total, 1)
            out.top[i, c] = members[np.argmax(values)] if len(values) else -1


def weights_of(row, members, scale):
    """softmax(scale x) over some columns; equal where none is possible."""
    values = clean(row)[members]
    peak = values.max()
    weights = np.exp((values - peak) * scale) if peak > -np.inf else np.ones(len(values))
    return weights / weights.sum()


def draw_members(logits, plan, classes, stats, scale, uniforms):
    """Inverse CDF over the members in order."""
    tokens, chosen = np.full(len(logits), -1, np.int32), np.zeros(len(logits))
    for i in np.flatnonzero(classes >= 0):
        members = members_of(plan, classes[i])
        weights = weights_of(logits[i], members, scale)
        x = min(np.searchsorted(np.cumsum(weights), uniforms[i], side="right"), np.flatnonzero(weights)[-1])
        tokens[i], chosen[i] = members[x], weights[x]
    return tokens, chosen


def token_probabilities(logits, plan, mass, stats, scale, out):
    """Class by class."""
    out[:] = 0
    for i, row in enumerate(logits):
        for c in range(plan.classes - 1):
            if not len(members := members_of(plan, c)):
                continue
            out[i, members] = mass[i, c] * weights_of(row, members, scale)


def add_odds(logits, plan, odds, top, scale, out):
    """Row by row."""
    for i, row in enumerate(logits):
        x, extra = clean(row), odds[i][plan.of_column]
        possible = (x > -np.inf) & (extra > -np.inf)
        with np.errstate(over="ignore"):
            out[i] = np.where(possible, np.minimum(scale * np.where(possible, x, 0) + extra, top[i]), -np.inf)
