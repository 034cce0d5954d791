"""Exact constrained generation for diffusion language models.

The names below are the door; each is loaded on first use, so that `import structfill` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "BudgetTooSmall": "errors", "EmptyLanguage": "errors", "ModelError": "errors", "SpecError": "errors",
    "RefusedValue": "errors", "StructfillError": "errors", "TooLarge": "errors", "UnsupportedFeature": "errors",
    "VocabMismatch": "errors", "NotFound": "errors", "Narrowed": "errors",
    "Limits": "limits",
    "Vocab": "vocab",
    "Constraint": "front.constraint", "json_schema": "front.json_schema.constraint",
    "sql": "front.sql.constraint",
    "regex": "front.text", "choice": "front.text", "template": "front.template", "bounded": "front.template",
    "lark": "front.lark.constraint",
    "TokenGraph": "tokengraph", "compile": "compilation",
    "compile_or_explore": "compilation", "LazyGraph": "lazy", "LazyTrellis": "lazy",
    "Blocks": "blocks", "Trellis": "trellis", "TrellisBatch": "trellis", "apply": "trellis",
    "feasible_lengths": "trellis",
    "LeftToRightOptions": "samplers.options", "RemoteOptions": "samplers.options",
    "RenoiseOptions": "samplers.options",
    "SamplerOptions": "samplers.options",
    "Model": "models.protocol", "load": "models",
    "Generator": "generator", "Result": "generator", "Snapshot": "generator", "generate": "generator",
    "infill": "filling",
}

__all__ = [
    "Blocks", "BudgetTooSmall", "Constraint", "EmptyLanguage", "Generator", "LazyGraph", "LazyTrellis",
    "LeftToRightOptions", "Limits", "Model", "ModelError", "Narrowed", "NotFound", "RefusedValue", "RemoteOptions",
    "RenoiseOptions", "Result", "SamplerOptions", "Snapshot", "SpecError", "StructfillError", "TokenGraph",
    "TooLarge", "Trellis", "TrellisBatch", "UnsupportedFeature", "Vocab", "VocabMismatch", "apply", "bounded",
    "choice", "compile", "compile_or_explore", "feasible_lengths", "generate", "infill", "json_schema", "lark",
    "load", "regex", "sql", "template",
]

if TYPE_CHECKING:
    from .blocks import Blocks
    from .compilation import compile, compile_or_explore
    from .errors import (
        BudgetTooSmall,
        EmptyLanguage,
        ModelError,
        Narrowed,
        NotFound,
        RefusedValue,
        SpecError,
        StructfillError,
        TooLarge,
        UnsupportedFeature,
        VocabMismatch,
    )
    from .filling import infill
    from .front.constraint import Constraint
    from .front.json_schema.constraint import json_schema
    from .front.lark.constraint import lark
    from .front.sql.constraint import sql
    from .front.template import bounded, template
    from .front.text import choice, regex
    from .generator import Generator, Result, Snapshot, generate
    from .lazy import LazyGraph, LazyTrellis
    from .limits import Limits
    from .models import load
    from .models.protocol import Model
    from .samplers.options import LeftToRightOptions, RemoteOptions, RenoiseOptions, SamplerOptions
    from .tokengraph import TokenGraph
    from .trellis import Trellis, TrellisBatch, apply, feasible_lengths
    from .vocab import Vocab


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'structfill' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
