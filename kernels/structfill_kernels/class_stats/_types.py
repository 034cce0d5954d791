"""The plan of a read over the logits, and its results."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..token_walk import csr


class Plan(NamedTuple):
    """Columns in class order. The largest class is read densely, the others are gathered."""

    classes: int  # C + 1, the last one being the rest
    columns: int
    dense: int  # the class read densely
    in_dense: Any  # int32 [columns]: -1, all bits set, in the dense class, else 0: a vector of them is a mask
    gathered: Any  # int32 [G], the columns of all other classes, by class, ascending
    gathered_ptr: Any  # int64 [C + 2]; the dense class is empty
    of_column: Any  # int32 [columns], the class


class Stats(NamedTuple):
    """Per position and class; see the package."""

    peak: Any  # float64 [N, C + 1]
    spread: Any  # float64 [N, C + 1]
    slope: Any  # float64 [N, C + 1]
    top: Any  # int32 [N, C + 1]

    @classmethod
    def empty(cls, positions: int, classes: int) -> Stats:
        """Room for the results of a read."""
        return cls(*(np.empty((positions, classes)) for _ in range(3)), np.empty((positions, classes), np.int32))

    def rows(self, first: int, end: int) -> Stats:
        """Those of some positions, in place."""
        return Stats(*(part[first:end] for part in self))


def clean(values: Any) -> Any:
    """See the package."""
    finite = np.minimum(values, np.finfo(values.dtype).max)
    return np.where(np.isnan(values), -np.inf, finite).astype(np.float64)


def plan(token_class: Any, classes: int, columns: int) -> Plan:
    """See the package."""
    of_column = np.full(columns, classes, np.int32)
    known = token_class[:columns]  # tokens beyond the columns can stand nowhere
    of_column[: len(known)] = np.where(known < 0, classes, known)
    dense = int(np.argmax(np.bincount(of_column, minlength=classes + 1)))
    in_dense = np.where(of_column == dense, np.int32(-1), np.int32(0))
    ptr, order = csr(np.where(of_column == dense, np.int32(-1), of_column), classes + 1)
    return Plan(classes + 1, columns, dense, in_dense, order, ptr, of_column)
