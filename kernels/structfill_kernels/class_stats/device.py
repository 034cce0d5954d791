"""Class statistics where the logits are, on any torch device, by torch's own operations.

Results are those of the contract, as arrays of the host: [N, C + 1] numbers travel instead of [N, V] logits.
"""

from __future__ import annotations

import numpy as np
import torch

from ._types import Stats


def _cleaned(logits):
    """As `clean`, in float32, or float64 for such."""
    x = logits.to(torch.float64 if logits.dtype == torch.float64 else torch.float32)
    return torch.nan_to_num(x, nan=-torch.inf, posinf=torch.finfo(x.dtype).max, neginf=-torch.inf)


def class_stats(logits, of_column, classes, scale, out):
    """`of_column` int64 [columns] on the device of `logits`: the class of each, of `classes` (the rest included)."""
    x, rows = _cleaned(logits), len(logits)
    index = of_column.expand(rows, -1)
    peak = x.new_full((rows, classes), -torch.inf).scatter_reduce_(1, index, x, "amax")
    base = peak.gather(1, index)
    shifted = torch.where(base > -torch.inf, (x - base) * scale, 0.0).double()
    weight = shifted.exp()
    sums = weight.new_zeros((rows, classes))
    total = sums.scatter_add(1, index, weight)
    slope = sums.scatter_add(1, index, torch.where(weight > 0, weight * shifted, 0.0)) / total.clamp_min(1.0)
    tokens = torch.arange(x.shape[1], device=x.device).expand_as(x)
    none = torch.iinfo(torch.int64).max
    top = torch.full_like(peak, none, dtype=torch.int64)
    top.scatter_reduce_(1, index, torch.where(x == base, tokens, none), "amin")
    found = Stats(peak.double(), total.log(), slope, torch.where(top == none, -1, top).int())
    for to, value in zip(out, found, strict=True):
        to[:] = value.cpu().numpy()


def draw_members(logits, of_column, classes, scale, uniforms):
    """(tokens int32 [N], weights float64 [N]), numpy, for `classes` int32 [N] and `uniforms` float64 [N]."""
    chosen = torch.as_tensor(classes, dtype=torch.int64, device=logits.device)[:, None]
    member, x = of_column == chosen, _cleaned(logits).double()
    peak = torch.where(member, x, -torch.inf).amax(1, keepdim=True)
    shifted = torch.where(peak > -torch.inf, (x - peak) * scale, 0.0)
    weight = torch.where(member, shifted.exp(), 0.0)
    cumulative = weight.cumsum(1)
    total = cumulative[:, -1:]
    wanted = torch.as_tensor(uniforms, dtype=torch.float64, device=x.device)[:, None] * total
    last = (weight > 0).long().mul(torch.arange(1, x.shape[1] + 1, device=x.device)).amax(1, keepdim=True) - 1
    place = torch.minimum(torch.searchsorted(cumulative, wanted, right=True), last).clamp_min(0)
    share = (weight.gather(1, place) / total)[:, 0].cpu().numpy()
    skipped = np.asarray(classes) < 0
    tokens = place[:, 0].cpu().numpy().astype(np.int32)
    return np.where(skipped, -1, tokens).astype(np.int32), np.where(skipped, 0.0, share)
