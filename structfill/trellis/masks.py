"""Masks on logits: bitmasks applied in place, on whatever device the logits are."""

from __future__ import annotations

import torch

from structfill.errors import SpecError, VocabMismatch

_CHUNK = 1 << 22  # mask bits spread out at a time


def apply(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Set to -inf, in place, the logits [.., Vl] of tokens that `masks` int32 [.., W] forbids; returns `logits`.

    Bit t % 32 of word t // 32 allows token t, as in xgrammar and llguidance; columns beyond 32 W are forbidden. Raises
    `VocabMismatch` where the leading shapes differ, `SpecError` for anything but contiguous floats and int32.
    """
    if not isinstance(logits, torch.Tensor) or not logits.is_floating_point() or logits.layout != torch.strided \
            or not logits.is_contiguous() or logits.ndim < 1:
        raise SpecError("logits must be a contiguous tensor of floats, which is changed in place")
    if not isinstance(masks, torch.Tensor) or masks.dtype != torch.int32 or masks.ndim < 1:
        raise SpecError("masks must be a tensor of int32, as `Trellis.masks` gives")
    if logits.shape[:-1] != masks.shape[:-1]:
        raise VocabMismatch(f"masks of shape {tuple(masks.shape)} for logits of shape {tuple(logits.shape)}")
    rows, words = logits.view(-1, logits.shape[-1]), masks.reshape(-1, masks.shape[-1]).to(logits.device)
    places = torch.arange(32, dtype=torch.int32, device=logits.device)
    step = max(1, _CHUNK // max(1, 32 * words.shape[1]))
    for a in range(0, len(rows), step):
        bits = (words[a : a + step, :, None] >> places & 1).flatten(1)[:, : rows.shape[1]]
        rows[a : a + step, : bits.shape[1]].masked_fill_(bits == 0, -torch.inf)
    rows[:, 32 * words.shape[1] :] = -torch.inf
    return logits
