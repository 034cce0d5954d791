"""Models: the embedded default, and the protocol for others."""

from __future__ import annotations

import os
from functools import lru_cache
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ModelError

if TYPE_CHECKING:
    from ..vocab import Vocab
    from .protocol import AnyModel, BaseModel, RemoteModel

__all__ = ["embedded_vocab", "load"]

REMOTE = ("mercury-2", "mercury-3")  # written by a service (`mercury.py`)


@lru_cache(maxsize=1)
def _embedded() -> BaseModel:
    from .embedded import EmbeddedModel

    return EmbeddedModel.load()


def embedded_vocab() -> Vocab:
    """The vocabulary of the default model, without its weights."""
    from ..vocab import Vocab

    return Vocab.from_file(Path(__file__).parent / "default" / "tokenizer.json")


def load(model: AnyModel | os.PathLike[str] = "default", **options: Any) -> BaseModel | RemoteModel:
    """The model of a name: "default", the one in the package; "mercury-2" or "mercury-3", a remote one, with the
    `options` of `structfill.models.mercury.Mercury`; else a repository of the Hugging Face hub ("google/...") or a
    folder, with the `options` of `structfill.models.transformers.load_pretrained`. An object that follows one of the
    protocols of `structfill.models.protocol` is given back.

    Raises `ModelError` for what cannot be found or loaded, `VocabMismatch` for a tokenizer that is not the model's, and
    `SpecError` for one that cannot be understood or an option that cannot be right. A lack of memory is not disguised.
    """
    from .protocol import BaseModel, RemoteModel

    if isinstance(model, str) and model == "default" and not options:
        return _embedded()
    if isinstance(model, str) and model in REMOTE:
        return _remote(model, options)
    if isinstance(model, os.PathLike) or (isinstance(model, str) and ("/" in model or os.path.isdir(model))):
        from .transformers import load_pretrained

        return load_pretrained(model, **options)
    if options:
        raise ModelError(f"the model {model!r:.80} takes no options such as {next(iter(options))}")
    if isinstance(model, RemoteModel) and not isinstance(model, type):
        return model
    if isinstance(model, str | type) or not isinstance(model, BaseModel) or not callable(model):
        raise _no_model(model)
    _check(model)
    return model


def _remote(name: str, options: dict[str, Any]) -> RemoteModel:
    from .mercury import Mercury

    known = [each.name for each in signature(Mercury).parameters.values() if each.kind is each.KEYWORD_ONLY]
    if unknown := [option for option in options if option not in known]:
        raise ModelError(f"the model {name!r} takes no options such as {unknown[0]}; it takes "
                         f"{', '.join(known)}")
    return Mercury(name, **options)


def _no_model(given: object) -> ModelError:
    if not isinstance(given, type) and hasattr(given, "forward") and hasattr(given, "config"):
        return ModelError(f"{type(given).__name__} is a module of transformers, which has no tokenizer: pass "
                          "structfill.models.transformers.wrap(model, tokenizer)")
    return ModelError(f"there is no model {given!r:.200}: pass \"default\", a name such as "
                      "\"google/diffusiongemma-26B-A4B-it\" or \"mercury-2\", a folder, or an object that follows "
                      "structfill.Model (vocab, canvas_length, encode, __call__)")


def _check(model: BaseModel) -> None:
    from ..vocab import Vocab

    if not isinstance(model.vocab, Vocab):
        raise ModelError(f"{type(model).__name__}.vocab must be a structfill.Vocab, not {model.vocab!r:.80}")
    length = model.canvas_length
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise ModelError(f"{type(model).__name__}.canvas_length must be a positive integer, not {length!r:.80}")
