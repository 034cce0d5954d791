"""What one pass tells a sampler."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Posterior:
    """What a sampler needs of one pass; torch tensors, without the batch axis B for logits without one.

    Attributes:
        best: int64 [B, N], the most probable valid canvas.
        confidence: float32 [B, N], constrained probability of each token of `best` at its position.
        entropy: float32 [B, N], nats, of the constrained token marginal of each position.
        log_mass: float64 [B], log probability that an unconstrained independent draw is valid.
        sample: int64 [B, N], an exact draw, or None where none was asked for.
        sample_confidence: as `confidence`, of `sample`.
        margin: float32 [B, N], by how much each token of the path leads the next best one of its position, or None.
    """

    best: torch.Tensor
    confidence: torch.Tensor
    entropy: torch.Tensor
    log_mass: torch.Tensor
    sample: torch.Tensor | None = None
    sample_confidence: torch.Tensor | None = None
    margin: torch.Tensor | None = None


KINDS = {"best": torch.int64, "confidence": torch.float32, "entropy": torch.float32, "log_mass": torch.float64,
         "sample": torch.int64, "sample_confidence": torch.float32, "margin": torch.float32}
