"""The result of a read."""

from __future__ import annotations

from typing import Any, NamedTuple


class Likeliest(NamedTuple):
    """See the package."""

    peak: Any  # float64 [N]
    norm: Any  # float64 [N]
    entropy: Any  # float64 [N]
    ids: Any  # int64 [N, k + j]
