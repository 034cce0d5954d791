"""Logits in parts, on as many threads as torch uses."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

CHUNK = 1 << 22  # logits converted at a time; fewer are not worth a thread
PARTS = 4  # of the logits for every thread
T = TypeVar("T")


def in_parts(x: Any, work: Callable[[int, int, NDArray[Any]], T]) -> list[T]:
    """``work(a, b, part)`` for all parts ``x[a:b]`` of logits [N, Vl], and what it returns, in order.

    A part is a contiguous writable array of float32 or float64, not copied if it is such. Large logits are worked on by
    as many threads as torch uses: the kernels release the GIL.
    """
    columns = max(1, x.shape[1])
    threads = torch.get_num_threads() if len(x) * columns >= CHUNK else 1
    step = max(1, min(CHUNK // columns, len(x) if threads == 1 else -(-len(x) // (PARTS * threads))))

    def one(a: int) -> T:
        part = np.require(_as_array(x[a : a + step]), requirements=["C", "W"])
        return work(a, a + len(part), part)

    starts = range(0, len(x), step)
    if threads == 1:
        return [one(a) for a in starts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, starts))


def _as_array(x: Any) -> NDArray[Any]:
    """float32, or float64 where it is given. Without torch's own threads: this runs on one of many."""
    if isinstance(x, torch.Tensor):
        if x.dtype == torch.bfloat16:  # the upper half of a float32
            return (x.cpu().view(torch.int16).numpy().astype(np.int32) << 16).view(np.float32)
        known = x.dtype in (torch.float16, torch.float32, torch.float64)
        x = (x if known else x.float()).cpu().numpy()
    with np.errstate(over="ignore"):
        return np.asarray(x, np.float64 if x.dtype == np.float64 else np.float32)
