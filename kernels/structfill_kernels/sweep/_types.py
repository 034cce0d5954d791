"""What the implementations of the sweeps share."""

from __future__ import annotations

from typing import Any, NamedTuple

from .cover import Cover, cover


class Edges(NamedTuple):
    """A token graph as the sweeps read it."""

    out_ptr: Any  # int64 [S + 1]
    out_target: Any  # int32 [E]
    out_set: Any  # int32 [E]
    set_ptr: Any  # int64 [T + 1]
    set_class: Any  # int32 [M]
    cover: Cover

    @classmethod
    def of(cls, out_ptr, out_target, out_set, set_ptr, set_class, classes):
        """The edges with the cover of their sets."""
        return cls(out_ptr, out_target, out_set, set_ptr, set_class, cover(set_ptr, set_class, classes))


class Posterior(NamedTuple):
    """The result of forward-backward."""

    values: Any  # float64 [N + 1, S], backward values up to a factor per position; logs unless `linear`
    set_value: Any  # float64 [N, T], weight of every set up to a factor per position; logs unless `linear`
    mass: Any  # float64 [N, C], posterior probability of every class; rows sum to 1
    log_total: float  # log of the summed weight of all paths
    linear: bool
