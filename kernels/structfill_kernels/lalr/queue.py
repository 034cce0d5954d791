"""A queue by small integer prices, first in, first out within each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .machine import jit

PRICES = 1 << 10  # tokens of a way; longer ones are not told apart


class Queue(NamedTuple):
    """Numbers below some bound, each at most once.

    Attributes:
        following: int64, by number, the next one of the same price, or -1.
        ends: int64 [PRICES + 1, 2], the first and the last number of each price, or -1.
    """

    following: Any
    ends: Any


@jit
def new_queue(most: Any) -> Any:
    """An empty queue of numbers below `most`."""
    return Queue(np.full(most, -1, np.int64), np.full((PRICES + 1, 2), -1, np.int64))


@jit
def enqueue(queue: Any, number: Any, price: Any) -> None:
    """Puts a number behind those of its price."""
    last = queue.ends[price, 1]
    queue.following[number] = -1
    if last < 0:
        queue.ends[price, 0] = number
    else:
        queue.following[last] = number
    queue.ends[price, 1] = number


@jit
def dequeue(queue: Any, price: Any) -> Any:
    """The first number of a price, taken out; -1 where there is none."""
    number = queue.ends[price, 0]
    if number >= 0:
        queue.ends[price, 0] = queue.following[number]
        if queue.following[number] < 0:
            queue.ends[price, 1] = -1
    return number
