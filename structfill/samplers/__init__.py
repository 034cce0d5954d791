"""Decoding rules, one a file: each fills a trellis by a model and yields a valid canvas after every pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import ModelError, SpecError
from .left_to_right import left_to_right
from .mask_predict import mask_predict
from .options import LeftToRightOptions, Options, RenoiseOptions, SamplerOptions
from .particles import particle_steps
from .renoise import renoise
from .step import DenoisingStep

__all__ = ["DenoisingStep", "Options", "sampler_for"]

Sampler = Callable[..., Iterator[DenoisingStep]]
_RULES: dict[type[Any], Sampler] = {RenoiseOptions: renoise, LeftToRightOptions: left_to_right}


def sampler_for(model: Any, options: Options | None) -> tuple[Sampler, Options]:
    """The decoding rule of `model`, and the options: those given, by default the model's own.

    Raises `SpecError` for options of another rule, `ModelError` for a model that is to start from mask tokens and has
    none.
    """
    own: Options = getattr(model, "default_options", None) or SamplerOptions()
    options = own if options is None else options
    if type(options) is not type(own):
        raise SpecError(f"{type(model).__name__} takes {type(own).__name__}, not {type(options).__name__}")
    if not isinstance(options, SamplerOptions):
        return _RULES[type(options)], options
    if model.vocab.mask_id is None:
        raise ModelError("the model's vocabulary has no mask token, so its canvas cannot be opened")
    return (particle_steps if options.particles > 1 else mask_predict), options
