"""What the implementations of the sweeps share."""

from __future__ import annotations

from typing import Any, NamedTuple

from .cover import Cover, cover
from .runs import Runs, runs


class Edges(NamedTuple):
    """A token graph as the sweeps read it."""

    out_ptr: Any  # int64 [S + 1]
    out_target: Any  # int32 [E]
    out_set: Any  # int32 [E]
    set_ptr: Any  # int64 [T + 1]
    set_class: Any  # int32 [M]
    cover: Cover
    runs: Runs | None

    @classmethod
    def of(cls, out_ptr, out_target, out_set, set_ptr, set_class, classes):
        """The edges with the cover of their sets, and with their runs where these are long."""
        found = cover(set_ptr, set_class, classes), runs(out_ptr, out_target, out_set)
        return cls(out_ptr, out_target, out_set, set_ptr, set_class, *found)


class Extended(NamedTuple):
    """Numbers of any range: ``factor * 2.0 ** (256 * exponent)``."""

    factor: Any  # float64
    exponent: Any  # int64


class Posterior(NamedTuple):
    """The result of forward-backward. Values and set weights are `Extended` where float64 alone would lose paths."""

    values: Any  # float64 or `Extended` [N + 1, S], backward values up to a factor per position
    set_weight: Any  # float64 or `Extended` [N, T], weight of every set up to a factor per position
    mass: Any  # float64 [N, C], posterior probability of every class; rows sum to 1
    log_total: float  # log of the summed weight of all paths

    @property
    def linear(self):
        """Did float64 do?"""
        return not isinstance(self.values, Extended)
