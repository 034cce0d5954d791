"""A hole between two given texts, where the language is explored lazily: how long it is, and what stands in it.

What is given is fixed on the canvas, so the hole has as many tokens as are left open between. Which number fits is
read off one pass over the open canvas: the one with which the model would most probably write what is given there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from .errors import BudgetTooSmall, EmptyLanguage, NotFound, TooLarge, UnsupportedFeature, VocabMismatch
from .front.between import no_beginning
from .lazy import LazyGraph, LazyTrellis
from .samplers import Options, sampler_for
from .samplers.options import LeftToRightOptions
from .trellis import OPEN
from .vocab import Vocab


class _Layout(NamedTuple):
    """A hole of some length on a canvas."""

    hole: int
    trellis: LazyTrellis


def fill(graph: LazyGraph, model: Any, options: Options, context: torch.Tensor, prefix: str, suffix: str,
         max_tokens: int, canvas_length: int) -> str:
    """The text between `prefix` and `suffix`, of at least one token, so that all three are in the language of `graph`.

    `context` int64 [1, P] is what the model reads first; behind it stands the prefix, and the canvas holds the rest.
    Raises `EmptyLanguage` where no text begins as given, `BudgetTooSmall` where nothing but what is given fits,
    `NotFound` where no filling was found.
    """
    sample, options = sampler_for(model, options)
    if isinstance(options, LeftToRightOptions):
        raise UnsupportedFeature("infill of a whole text", "a left-to-right model does not write between fixed tokens "
                                 "in a language that is explored lazily", hint="use one that fills whole canvases")
    before, after = (_spelled(graph.vocab, text) for text in (prefix, suffix))
    start = graph.run(before)
    if graph.lost(start):
        raise no_beginning(prefix.encode("utf-8", "surrogatepass"), _good(graph, before))
    length = min(canvas_length, max_tokens - len(before))
    if (room := length - len(after) - 1) < 1:
        raise BudgetTooSmall(max_tokens, max_tokens - room + 1)
    written = torch.tensor([before], dtype=torch.int64)
    layouts = list(_layouts(graph, start, after, room))
    if not layouts:
        raise NotFound(f"no filling of at most {room} tokens was found between what is given; one may exist")
    listening = _Listening(model)
    next(sample(listening, context, LazyTrellis(graph, length, start=[start]), options, written))
    seen = listening.logits[:, -length:]
    best = max(layouts, key=lambda one: float(one.trellis.log_mass(seen[:, : one.trellis.length])[0]))
    tokens = deque(sample(model, context, best.trellis, options, written), maxlen=1)[0].tokens[0].tolist()
    return graph.vocab.decode(tokens[: best.hole])


class _Listening:
    """A model whose last logits are kept."""

    def __init__(self, model: Any) -> None:
        self._model = model
        if hasattr(model, "behind"):
            self.behind = self._kept(model.behind)
        self.call = self._kept(model)

    def _kept(self, call: Any) -> Any:
        def kept(*args: Any) -> Any:
            self.logits = call(*args)
            return self.logits
        return kept

    def __call__(self, *args: Any) -> Any:
        return self.call(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


def _layouts(graph: LazyGraph, start: Any, after: list[int], room: int) -> Iterator[_Layout]:
    """Canvases that begin with a hole and hold `after` behind it, for lengths of the hole that have a filling."""
    for hole in _lengths(room):
        fixed = [*[OPEN] * hole, *after, graph.vocab.eos_ids[0]]
        try:
            yield _Layout(hole, LazyTrellis(graph, len(fixed), fixed, start=[start]))
        except (EmptyLanguage, NotFound, TooLarge):
            continue


def _lengths(most: int) -> Iterator[int]:
    """1 to 8, 10, 12, 14, 16, 20, ... up to `most`: steps of a quarter of the power of two below."""
    length = 1
    while length <= most:
        yield length
        length += max(1, 1 << max(0, length.bit_length() - 3))


def _spelled(vocab: Vocab, text: str) -> list[int]:
    found = vocab.spell(text.encode("utf-8", "surrogatepass"))
    if found is None:
        raise VocabMismatch(f"the model's vocabulary does not spell {text!r:.80}")
    return found


def _good(graph: LazyGraph, tokens: list[int]) -> int:
    """Bytes of the longest beginning, in whole tokens, that some text has."""
    way = graph.follow(graph.number(graph.start), np.asarray(tokens, np.int64))
    return len(graph.vocab.decode_bytes(tokens[: int((way < 0).argmax()) - 1]))
