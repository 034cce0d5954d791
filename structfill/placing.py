"""A hole between two given texts, where the language is explored lazily: how long it is, and what stands in it.

What is given is fixed on the canvas, so the hole has as many tokens as are left open between. Which number fits is
read off one pass over the open canvas: the one with which the model would most probably write what is given there.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch

from .errors import BudgetTooSmall, EmptyLanguage, NotFound, SpecError, TooLarge, UnsupportedFeature, VocabMismatch
from .front.between import no_beginning
from .lazy import LazyGraph, LazyTrellis, NothingFollows
from .samplers import Options, sampler_for
from .samplers.options import LeftToRightOptions
from .trellis import OPEN
from .vocab import Vocab

FINE = 24  # tokens: up to here every length is asked for
LATEST = 6  # lengths that tell how likely longer holes may be
FLOOR = -1e9  # nats
LOST = 6  # searches in a row that find no filling


class _Layout(NamedTuple):
    """A hole of some length on a canvas."""

    hole: int
    fixed: list[int]
    trellis: LazyTrellis

    def mass(self, logits: torch.Tensor) -> float:
        """The log probability of a valid canvas, by logits [1, N, V] of positions from the hole on."""
        return float(self.trellis.log_mass(logits[:, : len(self.fixed)])[0])

    def of_given(self, log_odds: torch.Tensor) -> float:
        """The log probability of what is fixed, by those [N, V] of all tokens; none of them counts as impossible."""
        behind = torch.arange(self.hole, len(self.fixed))
        return float(log_odds[behind, self.fixed[self.hole :]].clamp_min(FLOOR).sum())


class Given(NamedTuple):
    """The tokens on both sides of a hole."""

    before: list[int]
    after: list[int]

    @classmethod
    def of(cls, vocab: Vocab, prefix: str, suffix: str) -> Given:
        """In the fewest tokens. Raises `VocabMismatch` where the vocabulary does not spell them."""
        return cls(_spelled(vocab, prefix), _spelled(vocab, suffix))

    @property
    def needed(self) -> int:
        """Tokens of a text with the shortest hole."""
        return len(self.before) + 1 + len(self.after)


def fill(graph: LazyGraph, model: Any, options: Options, context: torch.Tensor, given: Given, max_tokens: int,
         canvas_length: int, given_as: str) -> str:
    """The text of at least one token between what is given, so that all is in the language of `graph`.

    `context` int64 [1, P] is what the model reads first; behind it stands what comes before the hole, and the canvas
    holds the rest; `given_as` is what messages say of given text. Raises `EmptyLanguage` where no text begins or ends
    as given, `BudgetTooSmall` and `SpecError` where the budget or the canvas has no room for a hole, `NotFound` where
    no filling was found.
    """
    sample, options = sampler_for(model, options)
    if isinstance(options, LeftToRightOptions):
        raise UnsupportedFeature("infill of a whole text", "a left-to-right model does not write between fixed tokens "
                                 "in a language that is explored lazily", hint="use one that fills whole canvases")
    before, after = given
    start = graph.run(before)
    if graph.lost(start):
        raise no_beginning(graph.vocab.decode_bytes(before), _good(graph, before), given_as)
    if max_tokens < given.needed:
        raise BudgetTooSmall(max_tokens, given.needed)
    if canvas_length <= len(after):
        raise SpecError(f"the canvas has {canvas_length} positions, and {len(after)} tokens stand behind the hole",
                        hint=f"pass canvas_length={len(after) + 1} or more")
    length = min(canvas_length, max_tokens - len(before))
    written = torch.tensor([before], dtype=torch.int64)
    coarse, rest = _lengths(length - len(after))
    try:
        layouts, hopeless = _layouts(graph, start, after, length, coarse)
        if not layouts and not hopeless:
            layouts, _ = _layouts(graph, start, after, length, rest)
    except NothingFollows:
        raise EmptyLanguage("nothing makes a valid text of what is given on both sides", hint=given_as) from None
    if not layouts:
        raise _not_found(length - len(after), given_as)
    listening = _Listening(model)
    next(sample(listening, context, LazyTrellis(graph, length, start=[start]), options, written))
    seen = listening.logits[:, -length:]
    best = _likeliest(layouts, seen)
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


def _layouts(graph: LazyGraph, start: Any, after: list[int], length: int,
             holes: Iterable[int]) -> tuple[list[_Layout], bool]:
    """Canvases of at most `length` positions that begin with a hole and hold `after` behind it, for those lengths of
    the hole that have a filling; and is it hopeless to look further, as searches for many lengths found none?

    After `LOST` of these in a row lengths grow by half. Raises `NothingFollows` where no length has a filling.
    """
    found, lost, least = list[_Layout](), 0, 0
    for hole in holes:
        if hole < least:
            continue
        fixed = [*[OPEN] * hole, *after, graph.vocab.eos_ids[0]][:length]
        try:
            found.append(_Layout(hole, fixed, LazyTrellis(graph, len(fixed), fixed, start=[start])))
            lost = 0
        except NothingFollows:
            raise  # whatever the length
        except EmptyLanguage:
            continue
        except (NotFound, TooLarge):
            lost += 1
            least = hole + hole // 2 if lost >= LOST else 0
    return found, lost >= LOST


def _not_found(most: int, given_as: str) -> NotFound:
    return NotFound(f"no filling of at most {most} tokens was found between what is given; one may exist ({given_as})")


def _likeliest(layouts: list[_Layout], logits: torch.Tensor) -> _Layout:
    """The likeliest one by logits [1, N, V], of layouts by the length of their holes.

    A longer hole is less likely by itself, so what comes behind is not looked at once even holes as likely as the best
    of the last few would lose.
    """
    log_odds = torch.log_softmax(logits[0].float(), -1).cpu()
    given = [one.of_given(log_odds) for one in layouts]
    best, most, inside = layouts[0], -math.inf, deque[float](maxlen=LATEST)
    for place, one in enumerate(layouts):
        mass = one.mass(logits)
        if mass > most:
            best, most = one, mass
        inside.append(mass - given[place])
        if max(inside) + max(given[place + 1 :], default=-math.inf) < most:
            break
    return best


def _lengths(most: int) -> tuple[list[int], list[int]]:
    """1 to `FINE` and some of the longer ones up to `most`, in steps of a quarter of the power of two below; and the
    others."""
    coarse, length = list[int](), 1
    while length <= most:
        coarse.append(length)
        length += 1 if length < FINE else 1 << (length.bit_length() - 3)
    return coarse, sorted(set(range(1, most + 1)) - set(coarse))


def _spelled(vocab: Vocab, text: str) -> list[int]:
    found = vocab.spell(text.encode("utf-8", "surrogatepass"))
    if found is None:
        raise VocabMismatch(f"the model's vocabulary does not spell {text!r:.80}")
    return found


def _good(graph: LazyGraph, tokens: list[int]) -> int:
    """Bytes of the longest beginning, in whole tokens, that some text has."""
    way = graph.follow(graph.number(graph.start), np.asarray(tokens, np.int64))
    return len(graph.vocab.decode_bytes(tokens[: int((way < 0).argmax()) - 1]))
