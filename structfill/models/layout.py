"""Who sees whom on a canvas: the attention and the neighbourhoods of its positions."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

REACH = 3  # how many known tokens on a side are compared with the prompt


class Layout(NamedTuple):
    """T positions in `streams` of equal length; a canvas as it is decoded is one stream.

    Attributes:
        ids: int64 [B, T] tokens, the mask token where open.
        positions: int64 [B, T], the place on the canvas.
        attend: bool [B, T, T], row attends to column.
        own: bool [B, T, taps]: does the convolution read the o-th position before in the same stream?
        streams: how many.
        before: int64 [B, T, REACH], the nearest known tokens on the left, nearest first; -1 for none.
        gap: int64 [B, T], how far the nearest one stands.
        after, ahead: the same on the right, None where nothing on the right is ever known.
    """

    ids: Tensor
    positions: Tensor
    attend: Tensor
    own: Tensor
    streams: int
    before: Tensor
    gap: Tensor
    after: Tensor | None
    ahead: Tensor | None


def canvas_layout(canvas: Tensor, open_id: int, taps: int, valid: Tensor | None = None) -> Layout:
    """The layout of canvases int64 [B, N] whose open positions hold `open_id`; `valid` bool [B, N] marks positions
    that exist, by default all."""
    b, n = canvas.shape
    known = canvas != open_id
    place = torch.arange(n)
    earlier = place[None, :] <= place[:, None]
    open_rows, known_columns = ~known[:, :, None], known[:, None, :]
    attend = (known_columns | open_rows) & (earlier | (known_columns & open_rows))
    if valid is not None:
        known = known & valid
        attend = attend & valid[:, None, :]
    own = torch.stack([_moved(known, o, False) | ~known for o in range(1, taps + 1)], -1)
    before, gap = _nearest(canvas, known)
    after, ahead = (x.flip(1) for x in _nearest(canvas.flip(1), known.flip(1)))
    after = after.masked_fill(known[:, :, None], -1)  # known tokens do not look to the right
    return Layout(canvas, place.expand(b, n), attend, own, 1, before, gap, after, ahead)


def _moved(x: Tensor, by: int, fill: int | bool) -> Tensor:
    """`x` [B, N] with position i holding what stood at i - `by`."""
    return torch.cat([torch.full_like(x[:, : min(by, x.shape[1])], fill), x[:, : max(0, x.shape[1] - by)]], 1)


def _nearest(canvas: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """The known tokens that stand in a row nearest before each position [B, N, REACH], and the distance [B, N]."""
    place = torch.arange(canvas.shape[1]).expand_as(canvas)
    last = _moved(torch.where(known, place, -1).cummax(1).values, 1, -1)
    shown = torch.where(known, canvas, -1)
    found, run = [], torch.ones_like(known)
    for m in range(REACH):
        at = last - m
        token = torch.where(at >= 0, shown.gather(1, at.clamp_min(0)), -1)
        run = run & (token >= 0)
        found.append(torch.where(run, token, -1))
    return torch.stack(found, -1), place - last
