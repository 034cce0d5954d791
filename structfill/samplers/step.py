"""What every decoding rule gives after a pass, and how it asks the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..errors import ModelError, VocabMismatch

if TYPE_CHECKING:
    from ..models.protocol import BaseModel, Model

FLOATS = torch.float16, torch.bfloat16, torch.float32, torch.float64  # what logits may be
ON_CANVAS = "every position of the canvas, none for the prompt"


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
        return checked(model, "behind", model.behind(context, before, canvas), *canvas.shape)
    whole = torch.cat([before, canvas], 1)
    return checked(model, "__call__", model(context, whole), *whole.shape)[:, before.shape[1]:]


def checked(model: BaseModel, method: str, logits: object, rows: int, positions: int,
            place: str = ON_CANVAS) -> torch.Tensor:
    """What `method` of `model` gave, as it is: float [rows, positions, Vl].

    Raises `ModelError` as `floats` does, `VocabMismatch` where Vl is smaller than the vocabulary.
    """
    found = floats(model, method, logits, rows, positions, place)
    if found.shape[2] < model.vocab.width:
        raise VocabMismatch(f"{_name(model, method)} gave logits of {found.shape[2]} columns, the vocabulary needs "
                            f"{model.vocab.width}; give the vocabulary of the model's own tokenizer")
    return found


def floats(model: BaseModel, method: str, logits: object, rows: int, positions: int,
           place: str = ON_CANVAS) -> torch.Tensor:
    """What `method` of `model` gave, as it is. Raises `ModelError` unless it is a dense float tensor [rows, positions,
    Vl] of one of the `FLOATS`; `place` says what the rows of logits are for."""
    if not isinstance(logits, torch.Tensor) or not _is_plain(logits):
        kinds = ", ".join(map(str, FLOATS))
        raise ModelError(f"{_name(model, method)} gave {_kind(logits)}; give a float tensor of logits, dense and of "
                         f"one of {kinds}")
    if logits.dim() != 3 or logits.shape[:2] != (rows, positions):
        raise ModelError(f"{_name(model, method)} gave logits of shape {tuple(logits.shape)}; give ({rows}, "
                         f"{positions}, columns): one row of logits for {place}")
    return logits


def _is_plain(x: torch.Tensor) -> bool:
    """Are there floats side by side, with data?"""
    return x.dtype in FLOATS and x.layout == torch.strided and not x.is_nested and not x.is_meta


def _kind(found: object) -> str:
    if not isinstance(found, torch.Tensor):
        return type(found).__name__
    return f"a{' nested' if found.is_nested else ''} tensor ({found.dtype}, {found.layout}, {found.device})"


def _name(model: BaseModel, method: str) -> str:
    return f"{type(model).__name__}.{method}"
