"""What the generation loop asks of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

    from ..vocab import Vocab


@runtime_checkable
class Model(Protocol):
    """A denoiser that starts from mask tokens (an absorbing diffusion model).

    Attributes:
        vocab: the tokens it writes; `vocab.mask_id` stands at open positions of the canvas.
        canvas_length: how many positions a canvas has unless the caller says otherwise.
    """

    vocab: Vocab
    canvas_length: int

    def encode(self, text: str, outline: str | None) -> list[int]:
        """Token ids of the context: the prompt, and the outline of what is to be written."""
        ...

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        """Logits float [B, N, V] of every canvas position.

        `context` int64 [B, P] is padded on the right with `vocab.pad_id`; `canvas` int64 [B, N] holds `vocab.mask_id`
        where it is open.
        """
        ...
