"""Decoding for uniform-noise models (DiffusionGemma): no mask token, every position is decided anew at every pass.

A pass computes the exact constrained distribution, draws a whole valid canvas from it, keeps the surest positions of
the draw and sets the others to random tokens (entropy-bounded sampling, Ben-Hamu et al. 2025, as in transformers'
`EntropyBoundSampler`). What is shown and written is the most probable valid canvas.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from ..trellis import Constrained, Trellis
from .options import RenoiseOptions
from .step import DenoisingStep, checked, joined

if TYPE_CHECKING:
    from ..models.protocol import RenoisingModel


def renoise(model: RenoisingModel, context: torch.Tensor, trellis: Trellis, options: RenoiseOptions,
            before: torch.Tensor | None = None) -> Iterator[DenoisingStep]:
    """Fill `trellis`, yielding after every pass.

    `context` is int64 [B, P]; `before` int64 [B, M] holds the canvases that this one goes on from, which become part of
    the context.
    """
    generator = torch.Generator().manual_seed(options.seed)
    context = joined(context, before, model.vocab.pad_id)
    given = torch.from_numpy(trellis.fixed)
    canvas = _noise(model, given, generator)
    path = torch.full_like(canvas, -1)
    conditioning: torch.Tensor | None = None
    settled, calm = torch.zeros(len(canvas), dtype=torch.bool), torch.zeros(len(canvas), dtype=torch.int64)
    for index in range(1, options.passes + 1):
        logits = checked(model, "__call__", model(context, canvas, conditioning), *canvas.shape)
        found = trellis.constrain(logits, draw=True, generator=generator, temperature=_temperature(options, index))
        accepted = _accepted(found.entropy.cpu(), options.entropy_bound)
        calm = torch.where((found.path.cpu() == path).all(1), calm + 1, 0)
        path = torch.where(settled[:, None], path, found.path.cpu())
        settled = settled | ((calm >= options.stability) & (found.entropy.cpu().mean(1) < options.confidence))
        done = index == options.passes or bool(settled.all())
        yield DenoisingStep(index, path, accepted, found.log_mass.cpu(), done)
        if done:
            return
        canvas, conditioning = _next(found, accepted, _noise(model, given, generator)), found.logits


def _next(found: Constrained, accepted: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    assert found.sample is not None  # asked for
    return torch.where(accepted, found.sample.cpu(), noise)


def _temperature(options: RenoiseOptions, index: int) -> float:
    first, last = options.temperature
    return first + (last - first) * (index - 1) / max(1, options.passes - 1)


def _noise(model: RenoisingModel, given: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Uniform random tokens of the vocabulary; what is fixed stands in its place."""
    noise = torch.randint(model.vocab.width, given.shape, generator=generator)
    return torch.where(given >= 0, given, noise)


def _accepted(entropy: torch.Tensor, bound: float) -> torch.Tensor:
    """bool [B, N]: the surest positions, as long as the entropies of those surer than each sum up to `bound`."""
    order = entropy.argsort(dim=1, stable=True)
    ascending = entropy.double().gather(1, order)
    keep = ascending.cumsum(1) - ascending <= bound
    return torch.zeros_like(keep).scatter(1, order, keep)
