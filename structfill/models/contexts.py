"""What models read first: the tokens of a prompt, checked where they come from."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import ModelError
from ..trellis.arguments import shown
from .protocol import BaseModel


def token_ids(model: BaseModel, prompt: str, outline: str | None) -> torch.Tensor:
    """int64 [P]: what ``model.encode(prompt, outline)`` gives, a list or any other sequence or array of integers.

    Raises `ModelError`, naming the method, for anything else and for ids that are not in the vocabulary.
    """
    given = model.encode(prompt, outline)
    ids = _integers(given)
    if ids is None:
        raise ModelError(f"{_called(model, prompt)} gave {shown(given)}; give a list of token ids")
    outside = ids[(ids < 0) | (ids >= len(model.vocab))]
    if len(outside):
        raise ModelError(f"{_called(model, prompt)} gave token {outside[0]}, which is not among the "
                         f"{len(model.vocab)} of the vocabulary; encode with the tokenizer that it is made of")
    return torch.from_numpy(ids.astype(np.int64))


def _integers(given: object) -> NDArray[Any] | None:
    """The integers of a sequence, of an array or of a tensor on the CPU; None where it holds anything else."""
    try:
        found = np.asarray(given)
    except Exception:  # whatever its own methods raise
        return None
    return found if found.ndim == 1 and (not len(found) or found.dtype.kind in "iu") else None


def _called(model: BaseModel, prompt: str) -> str:
    return f"{type(model).__name__}.encode({prompt!r:.40}, ...)"
