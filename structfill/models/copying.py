"""Where a prompt goes on as the canvas does."""

from __future__ import annotations

import torch
from torch import Tensor

from .layout import REACH, Layout


def matches(layout: Layout, prompt: Tensor) -> Tensor:
    """bool [B, F, T, P]: would canvas position i be prompt position j, if the prompt went on as the canvas does?

    Features 1 to REACH: the 1 to REACH known tokens nearest on the left stand as far before j; then, where the layout
    knows the right, the same for the tokens after. `prompt` is int64 [B, P].
    """
    place = torch.arange(prompt.shape[1])
    found = _side(prompt, layout.before, place - layout.gap[:, :, None], -1)
    if layout.after is not None and layout.ahead is not None:
        found += _side(prompt, layout.after, place + layout.ahead[:, :, None], 1)
    return torch.stack(found, 1)


def _side(prompt: Tensor, context: Tensor, at: Tensor, step: int) -> list[Tensor]:
    """Does the prompt read `context` from the places `at` [B, T, P] on, going by `step`? One answer a length."""
    length = prompt.shape[1]
    padded = torch.cat([prompt, prompt.new_full((len(prompt), 1), -2)], 1)[:, None, :].expand(-1, at.shape[1], -1)
    found: list[Tensor] = []
    for m in range(REACH):
        index = at + step * m
        index = torch.where((index >= 0) & (index < length), index, length)
        same = padded.gather(2, index) == context[:, :, m : m + 1]
        found.append(found[-1] & same if found else same)
    return found
