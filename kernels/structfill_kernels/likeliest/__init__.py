"""One read of the logits for a beam: how they are normalised, and the likeliest tokens.

`likeliest(logits, columns, k, chosen, j)` -> `Likeliest`: logits float32 [N, Vl]; NaN counts as -inf, +inf as the
    largest finite number. ``peak``: float64 [N], the maximum of a row, -inf where nothing is possible. ``norm``:
    float64 [N], log sum exp(x - peak) over all Vl columns, log Vl where nothing is possible; relative error about 1e-6.
    ``entropy``: float64 [N], nats of these probabilities, of equals where nothing is possible; error about 1e-5.
    ``ids``: int64 [N, min(k, columns) + min(j, M)]: the k likeliest of the columns below `columns`, then the j
    likeliest of `chosen` (int64 [M], ascending, below `columns`); the likelier first, equal ones by number (-0.0 counts
    as less than 0.0).
"""

from ._types import Likeliest
from .cpu import likeliest

__all__ = ["Likeliest", "likeliest"]
