"""What the generation loop asks of a model: one protocol for each way of writing.

Every model has a vocabulary, a canvas length and `encode`; they differ in the call. A model may carry
`default_options`, of the class that belongs to its rule: `SamplerOptions` (mask tokens), `RenoiseOptions` (random
tokens) or `LeftToRightOptions`. Without, it is taken for one with mask tokens. A `RemoteModel` has none of this: it
gives texts only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

    from ..front.constraint import Constraint
    from ..samplers.options import LeftToRightOptions, RemoteOptions, RenoiseOptions
    from ..vocab import Vocab


@runtime_checkable
class BaseModel(Protocol):
    """What all models have.

    Attributes:
        vocab: the tokens it writes.
        canvas_length: how many positions a canvas has unless the caller says otherwise.
    """

    vocab: Vocab
    canvas_length: int

    def encode(self, text: str, outline: str | None) -> list[int]:
        """Token ids of the context: the prompt, and the outline of what is to be written. A tuple, an integer array or
        an integer tensor on the CPU, [P], is taken as well; ids are those of `vocab`."""
        ...


@runtime_checkable
class Model(BaseModel, Protocol):
    """A denoiser that starts from mask tokens (an absorbing diffusion model): `vocab.mask_id` stands at open positions
    of the canvas."""

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        """Logits float [B, N, V] of every canvas position: a dense tensor of float16, bfloat16, float32 or float64, on
        any device.

        `context` int64 [B, P] is padded on the right with `vocab.pad_id`; `canvas` int64 [B, N] holds `vocab.mask_id`
        where it is open. Where a text takes several canvases, the finished ones stand before the open one, and their
        logits are not used: a model that offers ``behind(context, before, canvas)`` is given those int64 [B, M] apart
        and returns logits of `canvas` alone, so that it can keep what it read of them.
        """
        ...


class ElasticModel(Model, Protocol):
    """One that can make a mask into two (`expand_id`) and into none (`delete_id`), as DreamOn."""

    expand_id: int
    delete_id: int


class RenoisingModel(BaseModel, Protocol):
    """A denoiser that starts from random tokens (a uniform-noise diffusion model)."""

    default_options: RenoiseOptions

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor,
                 conditioning: torch.Tensor | None) -> torch.Tensor:
        """Logits float [B, N, V] of every canvas position.

        `context` int64 [B, P] is padded on the right with `vocab.pad_id` and holds the canvases before this one;
        `conditioning` [B, N, V] are the constrained logits of the pass before, None at the first.
        """
        ...


class CausalModel(BaseModel, Protocol):
    """A left-to-right model."""

    default_options: LeftToRightOptions

    def __call__(self, context: torch.Tensor, written: torch.Tensor, last: int) -> torch.Tensor:
        """Logits float [B, last, V]: entry j is for the token behind ``written[:, : M - last + 1 + j]``.

        `context` int64 [B, P] is padded on the right with `vocab.pad_id`; `written` is int64 [B, M].
        """
        ...


class Written(NamedTuple):
    """What a remote model wrote: a text that its constraint accepts, its value, and how many answers it took."""

    text: str
    value: Any
    answers: int


@runtime_checkable
class RemoteModel(Protocol):
    """A model behind a network interface that gives texts and no logits.

    Nothing can be masked there, so nothing is valid by construction: what it writes is judged when it has arrived.
    """

    default_options: RemoteOptions

    def write(self, prompt: str, constraint: Constraint, options: RemoteOptions) -> Written:
        """A text that `constraint` accepts and whose value it reads, asked for again as often as the options say.

        Raises `ModelError` where there is none in the end or the model cannot be asked, `RefusedValue` where the type's
        own validators refuse the last one.
        """
        ...


AnyModel = str | BaseModel | RemoteModel  # what callers may name or give
