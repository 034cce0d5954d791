"""Trajectory-exact decoding: sequential Monte Carlo over denoising steps, weighted by ratios of the trellis mass.

A draw from the exact posterior at every pass is still biased over the whole trajectory: a pass treats open positions
as independent, so it commits to tokens without knowing how much valid mass the model will find behind them once it
has seen them. Each of K particles draws its next tokens from the constrained posterior and is weighted by

    mass of valid canvases at the new pass / mass of valid canvases at the old pass, both given what is committed,

which makes the weighted particles a consistent estimate of the model's own distribution given validity (twisted
sequential Monte Carlo, Del Moral et al. 2006; Lew et al. 2023 for constrained text). Which positions a pass commits
depends on the model's unconstrained confidence alone, so that distribution is well defined.

Where the model rules out all that is valid, it defines no distribution: particles without mass weigh nothing while
another one has some, and when none has any, all begin anew with equal weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from ..trellis import OPEN, Trellis
from .options import SamplerOptions
from .step import DenoisingStep, denoiser_logits

if TYPE_CHECKING:
    from ..models.protocol import Model


def particle_steps(model: Model, context: torch.Tensor, trellis: Trellis, options: SamplerOptions,
                   before: torch.Tensor | None = None) -> Iterator[DenoisingStep]:
    """Fill the open positions of `trellis` with ``options.particles`` particles a row, yielding after every pass.

    Arguments as for `mask_predict`. What a pass shows is a particle drawn by weight, and each is a valid canvas.
    """
    rows, count = trellis.rows, options.particles
    mask_id = model.vocab.mask_id
    assert mask_id is not None  # checked by the generator
    before = torch.empty((rows, 0), dtype=torch.int64) if before is None else before
    context, before = (x.repeat_interleave(count, 0) for x in (context, before))
    generator = torch.Generator().manual_seed(options.seed)
    current = trellis.repeat(count)
    given = torch.from_numpy(current.fixed)  # the model sees it from the first pass on
    tokens, committed = given.clamp_min(0), given != OPEN
    log_weight = torch.zeros((rows, count), dtype=torch.float64)
    left = torch.zeros(rows * count, dtype=torch.float64)  # mass behind what is committed, as the last pass saw it
    for index in range(1, options.passes + 1):
        logits = denoiser_logits(model, context, before, torch.where(committed, tokens, mask_id)).cpu()
        logits = _settled(logits / options.temperature, tokens, committed)
        posterior = current.posterior(logits, draw=True, generator=generator)
        if index > 1:
            log_weight = _weighed(log_weight, posterior.log_mass.view(rows, count), left.view(rows, count))
        drawn = posterior.sample
        assert drawn is not None
        chosen = _surest(logits, committed, options.passes - index + 1)
        tokens, committed = torch.where(committed, tokens, drawn), committed | chosen
        done = index == options.passes or bool(committed.all())
        shown = torch.multinomial(log_weight.softmax(1), 1, generator=generator)[:, 0] + torch.arange(rows) * count
        yield DenoisingStep(index, tokens[shown], committed[shown], posterior.log_mass[shown], done)
        if done:
            return
        current = current.fix(torch.where(committed, tokens, OPEN))
        left = current.log_mass(_settled(logits, tokens, committed))
        kept = _resampled(log_weight, generator)
        tokens, committed, left = tokens[kept], committed[kept], left[kept]
        current = current.rows_of(kept.tolist())
        log_weight = _after(log_weight, kept)


def _settled(logits: torch.Tensor, tokens: torch.Tensor, committed: torch.Tensor) -> torch.Tensor:
    """Logits under which what is committed is certain, so that it does not count in the mass."""
    certain = torch.full_like(logits, -torch.inf).scatter(2, tokens[:, :, None], 0.0)
    return torch.where(committed[:, :, None], certain, logits)


def _surest(logits: torch.Tensor, committed: torch.Tensor, passes_left: int) -> torch.Tensor:
    """An even share of the open positions of each row: those where the model, unconstrained, is surest. Logits count as
    in the trellis: NaN as -inf, nothing but -inf as equals."""
    clean = logits.nan_to_num(nan=-torch.inf, neginf=-torch.inf)
    sure = clean.log_softmax(-1).amax(-1).nan_to_num(nan=-math.log(logits.shape[-1]))
    order = sure.masked_fill(committed, -torch.inf).argsort(dim=1, descending=True, stable=True)
    quota = -(-(~committed).sum(1) // passes_left)
    return (order.argsort(dim=1, stable=True) < quota[:, None]) & ~committed


def _weighed(log_weight: torch.Tensor, mass: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
    """Log weights float64 [rows, K] after a pass that found the log mass `mass` where the one before had `left`.

    Where nothing was left there is no ratio, and the mass itself counts, as of a particle that begins. -inf is a weight
    of 0; no row is all -inf.
    """
    weighed = log_weight + torch.where(left == -torch.inf, mass, mass - left)
    return torch.where(weighed.amax(1, keepdim=True) == -torch.inf, 0.0, weighed)


def _resampled(log_weight: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Particles to go on with, int64 [rows * K]: drawn by weight, systematically, where the effective number of
    particles has fallen below half."""
    rows, count = log_weight.shape
    weight = log_weight.softmax(1)
    poor = 1 / weight.square().sum(1) < count / 2
    offsets = torch.rand((rows, 1), dtype=torch.float64, generator=generator)
    places = (torch.arange(count, dtype=torch.float64) + offsets) / count
    picked = torch.searchsorted(weight.cumsum(1).contiguous(), places).clamp_max(count - 1)
    kept = torch.where(poor[:, None], picked, torch.arange(count))
    return (kept + torch.arange(rows)[:, None] * count).flatten()


def _after(log_weight: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """Weights after resampling: equal in rows that were resampled."""
    rows, count = log_weight.shape
    same = (kept.view(rows, count) == torch.arange(rows * count).view(rows, count)).all(1, keepdim=True)
    return torch.where(same, log_weight, torch.zeros_like(log_weight))
