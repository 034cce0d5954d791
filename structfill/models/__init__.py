"""Models: the embedded default, and the protocol for others."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ModelError

if TYPE_CHECKING:
    from ..vocab import Vocab
    from .protocol import Model

__all__ = ["embedded_vocab", "load"]


@lru_cache(maxsize=1)
def _embedded() -> Model:
    from .embedded import EmbeddedModel

    return EmbeddedModel.load()


def embedded_vocab() -> Vocab:
    """The vocabulary of the default model, without its weights."""
    from ..vocab import Vocab

    return Vocab.from_file(Path(__file__).parent / "default" / "tokenizer.json")


def load(model: str | Model = "default") -> Model:
    """The model of a name ("default": the one in the package), or `model` itself if it follows the protocol."""
    from .protocol import Model

    if model == "default":
        return _embedded()
    if isinstance(model, str) or not isinstance(model, Model):
        raise ModelError(f"there is no model {model!r}: pass \"default\" or an object that follows structfill.Model "
                         "(vocab, canvas_length, encode, __call__)")
    return model
