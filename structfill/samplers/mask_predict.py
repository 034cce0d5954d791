"""Decoding for absorbing models: start from mask tokens, commit the surest positions of one valid path at each pass.

Every pass ends in a complete valid canvas, and whatever is committed lies on one path of the trellis, so there is
always a completion: the path itself (MaskGIT, Chang et al. 2022, with the posterior in place of the raw softmax).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..errors import ModelError
from ..trellis import OPEN, Posterior, Trellis
from .options import SamplerOptions

if TYPE_CHECKING:
    from ..models.protocol import Model

DECIDED = 1 - 1e-6  # a position this sure has no choice left


@dataclass(frozen=True)
class DenoisingStep:
    """The state after one pass.

    Attributes:
        index: 1 for the first pass.
        tokens: int64 [B, N], a valid canvas a row.
        committed: bool [B, N], positions that the next pass takes as given.
        log_mass: float64 [B], log probability that the model unaided would have drawn a valid canvas at this pass.
        done: is this the last one?
    """

    index: int
    tokens: torch.Tensor
    committed: torch.Tensor
    log_mass: torch.Tensor
    done: bool


def mask_predict(model: Model, context: torch.Tensor, trellis: Trellis, options: SamplerOptions,
                 before: torch.Tensor | None = None) -> Iterator[DenoisingStep]:
    """Fill the open positions of `trellis`, yielding after every pass.

    `context` is int64 [B, P]; `before` int64 [B, M] holds the canvases that this one goes on from: the model sees them
    in front of it.
    """
    mask_id = model.vocab.mask_id
    assert mask_id is not None  # checked by the generator
    rows, length = trellis.rows, trellis.length
    before = torch.empty((rows, 0), dtype=torch.int64) if before is None else before
    tokens = torch.full((rows, length), mask_id, dtype=torch.int64)
    committed = torch.zeros((rows, length), dtype=torch.bool)
    sureness = torch.zeros((rows, length))
    generator = torch.Generator().manual_seed(options.seed)
    current = trellis
    vocab = model.vocab
    end_of_text = torch.tensor([*vocab.eos_ids, *([] if vocab.pad_id is None else [vocab.pad_id])], dtype=torch.int64)
    for index in range(1, options.passes + 1):
        logits = denoiser_logits(model, context, before, torch.where(committed, tokens, mask_id))
        posterior = current.posterior(logits, draw=options.temperature > 0, generator=generator,
                                      temperature=options.temperature or 1.0)
        tokens, confidence = _path(posterior)
        entropy = posterior.entropy
        if options.horizon is not None and current.exact and not options.temperature and index < options.passes:
            tokens, confidence, entropy = _near(current, logits, posterior, committed, options)
        ended = torch.isin(tokens, end_of_text)
        chosen = _choose(confidence, entropy, committed, ended, options, options.passes - index + 1)
        sureness = torch.where(chosen, confidence, sureness)
        committed = committed | chosen
        settled = bool((committed | (confidence >= DECIDED)).all())
        done = index == options.passes or settled
        if not done:
            committed = committed & ~_reopened(sureness, committed, options.remask)
            current = trellis.fix(torch.where(committed, tokens, OPEN))
        yield DenoisingStep(index, tokens, committed, posterior.log_mass, done)
        if done:
            return


def denoiser_logits(model: Model, context: torch.Tensor, before: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
    """Logits [B, N, V] of `canvas` [B, N], which the model sees behind the tokens `before` [B, M]."""
    whole = torch.cat([before, canvas], 1)
    logits = model(context, whole)
    if logits.dim() != 3 or logits.shape[:2] != whole.shape:
        raise ModelError(f"the model returned logits of shape {tuple(logits.shape)} for a canvas of shape "
                         f"{tuple(whole.shape)}; expected ({len(whole)}, {whole.shape[1]}, vocabulary)")
    return logits[:, before.shape[1]:]


def _path(posterior: Posterior) -> tuple[torch.Tensor, torch.Tensor]:
    """The canvas to commit from, and how sure each of its tokens is: the draw if there is one, else the best."""
    if posterior.sample is not None and posterior.sample_confidence is not None:
        return posterior.sample, posterior.sample_confidence
    return posterior.best, posterior.confidence


def _near(current: Trellis, logits: torch.Tensor, whole: Posterior, committed: torch.Tensor,
          options: SamplerOptions) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Path, confidence and entropy as `whole` has them, but for the next positions of each row, up to the horizon.

    There the path is the best one under logits that fade with the distance to the first open position, and its
    confidence is local.
    """
    length = min(options.horizon or current.length, current.length)
    opened = (~committed).double().argmax(dim=1)
    first = opened.clamp_max(current.length - length)
    places = first[:, None] + torch.arange(length)
    window, near = current.window(first.tolist(), length), logits.take_along_dim(places[:, :, None], 1)
    faded = window.posterior(near * (options.fade ** (places - opened[:, None]).clamp_min(0))[:, :, None])
    confidence = window.local_confidence(near, faded.best)
    tokens = whole.best.scatter(1, places, faded.best)
    behind, graph = (first + length).tolist(), current.graph
    fits = [graph.run(new[:end], start) == graph.run(old[:end], start)
            for new, old, end, start in zip(tokens, whole.best, behind, current.starts, strict=True)]
    tokens = torch.where(torch.tensor(fits)[:, None], tokens, current.finish(tokens, behind))
    return tokens, whole.confidence.scatter(1, places, confidence), whole.entropy.scatter(1, places, faded.entropy)


def _choose(confidence: torch.Tensor, entropy: torch.Tensor, committed: torch.Tensor, ended: torch.Tensor,
            options: SamplerOptions, passes_left: int) -> torch.Tensor:
    """The open positions to commit: an even share of the unsure text that is left, the surest first, and what is sure.

    With a window, only positions in it are committed, and sure ones only where all before them are settled too. Once
    all text is committed, so is the end-of-text behind it.
    """
    open_text = ~committed & ~ended
    sure = confidence > options.threshold
    unsure = open_text & ~sure
    quota = -(-unsure.sum(1, keepdim=True) // passes_left)
    eligible = unsure & _in_window(committed, options.window, quota)
    score = (confidence if options.rule == "confidence" else -entropy).double().masked_fill(~eligible, -torch.inf)
    rank = score.argsort(dim=1, descending=True, stable=True).argsort(dim=1, stable=True)
    chosen = (rank < quota) & eligible
    chosen = chosen | (sure & ~committed if options.window is None else _run(committed | chosen | sure) & ~committed)
    finished = ~(open_text & ~chosen).any(1, keepdim=True)
    return chosen | (finished & ~committed)


def _in_window(committed: torch.Tensor, window: int | None, quota: torch.Tensor) -> torch.Tensor:
    """Positions less than `window` behind the first open one of their row, or less than `quota` where that is more."""
    if window is None:
        return torch.ones_like(committed)
    first = (~committed).double().argmax(dim=1, keepdim=True)
    return torch.arange(committed.shape[1])[None] < first + quota.clamp_min(window)


def _run(settled: torch.Tensor) -> torch.Tensor:
    """The settled positions with nothing but settled ones before them."""
    return settled.long().cumprod(1).bool()


def _reopened(sureness: torch.Tensor, committed: torch.Tensor, share: float) -> torch.Tensor:
    """The least sure `share` of the committed positions of each row; decided ones stay."""
    doubtful = committed & (sureness < DECIDED)
    count = (doubtful.sum(1) * share).long()
    rank = sureness.masked_fill(~doubtful, torch.inf).argsort(dim=1, stable=True).argsort(dim=1, stable=True)
    return (rank < count[:, None]) & doubtful
