"""Rows and parts of logits, on as many threads as torch uses."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from structfill.errors import SpecError

CHUNK = 1 << 22  # logits converted at a time; fewer are not worth a thread
PARTS = 4  # of the logits for every thread
S = TypeVar("S")
T = TypeVar("T")
_here = threading.local()


def as_tensor(logits: Any) -> torch.Tensor:
    """Logits of any kind as a tensor, detached; arrays share their memory with it where torch can read them.

    Raises `SpecError` for what holds no real numbers side by side: complex, sparse, nested and quantised tensors, those
    of the meta device, texts and ragged lists.
    """
    if isinstance(logits, torch.Tensor):
        return _plain(logits.detach())
    try:
        x = np.asarray(logits)
    except (TypeError, ValueError, RuntimeError) as error:
        raise SpecError(f"logits cannot be read as an array: {error}") from None
    if x.dtype.kind not in "fiub":
        raise SpecError(f"logits must be numbers, not {x.dtype}")
    size = min(x.dtype.itemsize, 8) if x.dtype.kind == "f" else 4
    return torch.from_numpy(np.require(x, f"f{size}", ["C", "W"]))  # of the machine's order of bytes


def _plain(x: torch.Tensor) -> torch.Tensor:
    """A tensor that can be read as it is. Raises `SpecError` as `as_tensor`."""
    wrong = {"nested": x.is_nested, "sparse": not x.is_nested and x.layout != torch.strided,
             "quantised": x.is_quantized, "complex": x.is_complex(), "on the meta device": x.is_meta}
    if any(wrong.values()):
        kind = ", ".join(name for name, is_so in wrong.items() if is_so)
        raise SpecError(f"logits must be a plain tensor of real numbers, but this one is {kind}",
                        hint="x.to_dense(), x.dequantize() or x.real makes a plain one")
    return x.resolve_neg()


def on_threads(work: Callable[[S], T], items: Sequence[S], threads: int) -> list[T]:
    """``work(item)`` for all items, in order, on so many threads. Inside one of these threads there are no others."""
    threads = 1 if getattr(_here, "busy", False) else min(threads, len(items))
    if threads <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads, initializer=_now_busy) as pool:
        return list(pool.map(work, items))


def _now_busy() -> None:
    _here.busy = True


def each_row(work: Callable[[S], T], rows: Sequence[S], logits: Any) -> list[T]:
    """``work(row)`` for all rows of `logits` [B, N, Vl], in order: side by side where there are as many as torch has
    threads. Fewer are taken one after the other, and the parts of each side by side."""
    threads = torch.get_num_threads()
    return on_threads(work, rows, threads if len(rows) >= threads and math.prod(logits.shape) >= CHUNK else 1)


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

    return on_threads(one, range(0, len(x), step), threads)


def _as_array(x: Any) -> NDArray[Any]:
    """float32, or float64 where it is given. Without torch's own threads: this runs on one of many."""
    if isinstance(x, torch.Tensor):
        if x.dtype == torch.bfloat16:  # the upper half of a float32
            return (x.cpu().view(torch.int16).numpy().astype(np.int32) << 16).view(np.float32)
        known = x.dtype in (torch.float16, torch.float32, torch.float64)
        x = (x if known else x.float()).cpu().numpy()
    with np.errstate(over="ignore"):
        return np.asarray(x, np.float64 if x.dtype == np.float64 else np.float32)
