"""Many noised canvases in one pass: the answer as known context, and streams of open blocks behind it.

A stream cuts the answer into blocks; every position of a block is open and sees the known answer before its block and
the open positions before it, just as when a canvas is decoded from left to right in chunks. So one pass teaches
every position at some distance from what is known (block diffusion, Arriola et al. 2025), where a canvas with one
known prefix teaches a few.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from structfill.models.layout import REACH, Layout

_LENGTHS = np.array([1, 2, 3, 4, 6, 8, 12, 20, 32])
_SHARES = np.array([0.16, 0.16, 0.14, 0.14, 0.13, 0.12, 0.08, 0.05, 0.02])


def block_starts(rng: np.random.Generator, streams: int, length: int) -> np.ndarray:
    """For `streams` random cuts of `length` positions, where the block of each position starts: [streams, length]."""
    found = np.zeros((streams, length), np.int64)
    for row in found:
        at = 0
        while at < length:
            size = int(rng.choice(_LENGTHS, p=_SHARES))
            row[at : at + size] = at
            at += size
    return found


def block_layout(gold: Tensor, starts: Tensor, valid: Tensor, open_id: int, taps: int) -> Layout:
    """The layout of gold answers int64 [B, N], all known, and `starts` [B, K, N] open streams behind them."""
    b, k, n = starts.shape
    place = torch.arange(n)
    begins = torch.cat([place.expand(b, 1, n), starts], 1)  # a known token's context ends right before it
    known_before = place < begins.reshape(b, -1, 1)
    known_before[:, :n] |= torch.eye(n, dtype=torch.bool)
    known_before &= valid[:, None, :]
    same_block = (starts[..., None] == starts[..., None, :]) & (place <= place[:, None])
    attend = torch.zeros(b, (k + 1) * n, (k + 1) * n, dtype=torch.bool)
    attend[:, :, :n] = known_before
    for s in range(k):
        at = slice((s + 1) * n, (s + 2) * n)
        attend[:, at, at] = same_block[:, s]
    offset = torch.arange(1, taps + 1)
    own = (place[:, None] - offset >= begins[..., None]) | (torch.arange(k + 1) == 0)[:, None, None]
    last = (begins - 1).reshape(b, -1, 1) - torch.arange(REACH)
    context = gold[:, None, :].expand(-1, (k + 1) * n, -1).gather(2, last.clamp_min(0))
    ids = torch.cat([gold, torch.full((b, k * n), open_id)], 1)
    return Layout(
        ids,
        place.repeat(k + 1).expand(b, -1),
        attend,
        own.reshape(b, -1, taps),
        k + 1,
        torch.where(last >= 0, context, -1),
        (place - begins + 1).reshape(b, -1),
        None,
        None,
    )
