"""Decoding for absorbing models: start from mask tokens, commit the surest positions of one valid path at each pass.

Every pass ends in a complete valid canvas, and whatever is committed lies on one path of the trellis, so there is
always a completion: the path itself (MaskGIT, Chang et al. 2022, with the posterior in place of the raw softmax).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch

from ..trellis import OPEN, Posterior, Trellis
from .options import SamplerOptions
from .step import DenoisingStep, denoiser_logits

if TYPE_CHECKING:
    from ..models.protocol import Model

DECIDED = 1 - 1e-6  # a position this sure has no choice left


def mask_predict(model: Model, context: torch.Tensor, trellis: Trellis, options: SamplerOptions,
                 before: torch.Tensor | None = None) -> Iterator[DenoisingStep]:
    """Fill the open positions of `trellis`, yielding after every pass.

    `context` is int64 [B, P]; `before` int64 [B, M] holds the canvases that this one goes on from: the model sees them
    in front of it.
    """
    mask_id = model.vocab.mask_id
    assert mask_id is not None  # checked by the generator
    before = torch.empty((trellis.rows, 0), dtype=torch.int64) if before is None else before
    tokens = torch.from_numpy(trellis.fixed)  # what is given the model sees from the first pass on
    committed = tokens != OPEN
    sureness = committed.float()
    generator = torch.Generator().manual_seed(options.seed)
    current = trellis
    vocab = model.vocab
    end_of_text = torch.tensor([*vocab.eos_ids, *([] if vocab.pad_id is None else [vocab.pad_id])], dtype=torch.int64)
    for index in range(1, options.passes + 1):
        logits = denoiser_logits(model, context, before, torch.where(committed, tokens, mask_id))
        found = _posterior(current, logits, options, generator)
        near = options.horizon is not None and current.exact and not options.temperature and index < options.passes
        sight = _near(current, logits, found, committed, options) if near else _sight(found, options.rule)
        tokens = sight.tokens
        ended = torch.isin(tokens, end_of_text)
        chosen = _choose(sight, committed, ended, options, options.passes - index + 1)
        sureness = torch.where(chosen, sight.confidence, sureness)
        committed = committed | chosen
        settled = bool((committed | (sight.confidence >= DECIDED)).all())
        done = index == options.passes or settled
        if not done:
            committed = committed & ~_reopened(sureness, committed, options.remask)
            current = trellis.fix(torch.where(committed, tokens, OPEN))
        yield DenoisingStep(index, tokens, committed, found.log_mass, done)
        if done:
            return


class _Sight(NamedTuple):
    """A pass as the rule sees it, [B, N] each: the path, how sure its tokens are, what comes first, and nats."""

    tokens: torch.Tensor
    confidence: torch.Tensor
    score: torch.Tensor
    entropy: torch.Tensor


def _posterior(current: Trellis, logits: torch.Tensor, options: SamplerOptions,
              generator: torch.Generator) -> Posterior:
    """The posterior, on the CPU wherever the logits are."""
    found = current.posterior(logits, draw=options.temperature > 0, generator=generator,
                              temperature=options.temperature or 1.0, margin=options.rule == "margin")
    return _on_cpu(found)


def _on_cpu(found: Posterior) -> Posterior:
    return Posterior(**{name: value.cpu() for name, value in vars(found).items() if value is not None})


def _sight(found: Posterior, rule: str) -> _Sight:
    """Of the draw if there is one, else of the best canvas."""
    tokens, confidence = found.best, found.confidence
    if found.sample is not None and found.sample_confidence is not None:
        tokens, confidence = found.sample, found.sample_confidence
    return _Sight(tokens, confidence, _score(found, confidence, rule), found.entropy)


def _score(found: Posterior, confidence: torch.Tensor, rule: str) -> torch.Tensor:
    if rule == "margin" and found.margin is not None:
        return found.margin
    return confidence if rule == "confidence" else -found.entropy


def _near(current: Trellis, logits: torch.Tensor, whole: Posterior, committed: torch.Tensor,
          options: SamplerOptions) -> _Sight:
    """As `whole` has it, but for the next positions of each row, up to the horizon.

    There the path is the best one under logits that fade with the distance to the first open position, and its
    confidence is local.
    """
    length = min(options.horizon or current.length, current.length)
    opened = (~committed).double().argmax(dim=1)
    first = opened.clamp_max(current.length - length)
    places = first[:, None] + torch.arange(length)
    window = current.window(first.tolist(), length)
    near = logits.take_along_dim(places[:, :, None].to(logits.device), 1)
    fade = options.fade ** (places - opened[:, None]).clamp_min(0)
    faded = _on_cpu(window.posterior(near * fade[:, :, None].to(near.device), margin=options.rule == "margin"))
    confidence = window.local_confidence(near, faded.best).cpu()
    tokens = whole.best.scatter(1, places, faded.best)
    behind, graph = (first + length).tolist(), current.graph
    fits = [graph.run(new[:end], start) == graph.run(old[:end], start)
            for new, old, end, start in zip(tokens, whole.best, behind, current.starts, strict=True)]
    tokens = torch.where(torch.tensor(fits)[:, None], tokens, current.finish(tokens, behind))
    score = _score(whole, whole.confidence, options.rule).scatter(1, places, _score(faded, confidence, options.rule))
    return _Sight(tokens, whole.confidence.scatter(1, places, confidence), score,
                  whole.entropy.scatter(1, places, faded.entropy))


def _choose(sight: _Sight, committed: torch.Tensor, ended: torch.Tensor, options: SamplerOptions,
            passes_left: int) -> torch.Tensor:
    """The open positions to commit: an even share of the unsure text that is left, the surest first, and what is sure.

    With a window, only positions in it are committed, and sure ones only where all before them are settled too. Once
    all text is committed, so is the end-of-text behind it.
    """
    open_text = ~committed & ~ended
    sure = sight.confidence > options.threshold
    unsure = open_text & ~sure
    quota = -(-unsure.sum(1, keepdim=True) // passes_left)
    eligible = unsure & _in_window(committed, options.window, quota)
    order = sight.score.double().masked_fill(~eligible, -torch.inf).argsort(dim=1, descending=True, stable=True)
    within = order.argsort(dim=1, stable=True) < quota
    if options.entropy_bound is not None:
        within = within | _bounded(sight.entropy, eligible, order, options.entropy_bound)
    chosen = within & eligible
    chosen = chosen | (sure & ~committed if options.window is None else _run(committed | chosen | sure) & ~committed)
    finished = ~(open_text & ~chosen).any(1, keepdim=True)
    return chosen | (finished & ~committed)


def _bounded(entropy: torch.Tensor, eligible: torch.Tensor, order: torch.Tensor, bound: float) -> torch.Tensor:
    """bool [B, N]: positions, taken in `order`, before which the entropies of the eligible ones sum up to `bound` at
    most."""
    sorted_entropy = entropy.double().masked_fill(~eligible, 0.0).gather(1, order)
    fits = sorted_entropy.cumsum(1) - sorted_entropy <= bound
    return torch.zeros_like(fits).scatter(1, order, fits)


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
