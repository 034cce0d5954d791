"""What every decoding rule gives after a pass, and how it asks the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..errors import ModelError

if TYPE_CHECKING:
    from ..models.protocol import Model


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


def joined(context: torch.Tensor, before: torch.Tensor | None, pad_id: int | None) -> torch.Tensor:
    """int64 [B, P + M]: the prompts `context` [B, P] with `before` [B, M] right behind each, padded on the right."""
    if before is None or not before.shape[1]:
        return context
    pad = pad_id or 0
    rows = [torch.cat([prompt[: used_length(prompt, pad)], more]) for prompt, more in zip(context, before, strict=True)]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad)


def used_length(row: torch.Tensor, pad: int) -> int:
    """Tokens of `row` [P] without the padding at its end."""
    used = (row != pad).nonzero()
    return int(used[-1]) + 1 if len(used) else 0


def denoiser_logits(model: Model, context: torch.Tensor, before: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
    """Logits [B, N, V] of `canvas` [B, N], which the model sees behind the tokens `before` [B, M].

    A model that keeps what it read of finished canvases offers ``behind(context, before, canvas)``.
    """
    if hasattr(model, "behind"):
        logits: torch.Tensor = model.behind(context, before, canvas)
        return checked(logits, canvas)
    whole = torch.cat([before, canvas], 1)
    return checked(model(context, whole), whole)[:, before.shape[1]:]


def checked(logits: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
    """`logits` as they are. Raises `ModelError` unless they are [B, N, V] for `canvas` [B, N]."""
    if logits.dim() != 3 or logits.shape[:2] != canvas.shape:
        raise ModelError(f"the model returned logits of shape {tuple(logits.shape)} for a canvas of shape "
                         f"{tuple(canvas.shape)}; expected ({len(canvas)}, {canvas.shape[1]}, vocabulary)")
    return logits
