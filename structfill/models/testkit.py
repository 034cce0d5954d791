"""A conformance kit for models: does yours keep the protocol that the decoding rules rely on?

    from structfill.models.testkit import check_model
    check_model(model)      # raises ModelError that says what is wrong and what to do
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..compilation import compile
from ..errors import ModelError
from ..front.text import regex
from ..samplers.mask_predict import mask_predict
from ..samplers.options import SamplerOptions
from ..samplers.step import floats
from ..trellis import Trellis
from ..vocab import Vocab
from .contexts import token_ids

PROMPTS = "Ada Lovelace, 1815", "", "Zoë \N{GRINNING FACE} 12,5 €\nsecond line", "a" * 40
OUTLINE = '{"name": string, "year": integer}'
TOLERANCE = {torch.float64: 1e-4, torch.float32: 1e-3}  # of a probability, relative to the largest of its position
HALF = 0.2  # the same for narrower types


def check_model(model: Any) -> list[str]:
    """The names of the checks that `model` passed, which are all there are.

    `model` is one with mask tokens (`structfill.Model`); it is called some 25 times with canvases of 1 to
    `canvas_length` positions. Raises `ModelError` at the first check that fails.
    """
    passed = []
    for check in CHECKS:
        check(model)
        passed.append(check.__name__.removeprefix("_").replace("_", " "))
    return passed


def _attributes(model: Any) -> None:
    vocab = getattr(model, "vocab", None)
    if not isinstance(vocab, Vocab):
        raise ModelError(f"model.vocab is {vocab!r:.80}; make it a structfill.Vocab, for example Vocab.of(tokenizer)")
    if vocab.mask_id is None:
        raise ModelError("model.vocab has no mask token; name it: Vocab.of(tokenizer, mask=\"<mask>\")")
    length = getattr(model, "canvas_length", None)
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise ModelError(f"model.canvas_length is {length!r:.80}; make it a positive integer")
    for name in ("encode", "__call__"):
        if not callable(getattr(model, name, None)):
            raise ModelError(f"the model has no method {name}")
    options = getattr(model, "default_options", None)
    if options is not None and not isinstance(options, SamplerOptions):
        raise ModelError(f"model.default_options is {options!r:.80}; make it SamplerOptions, or leave it out")


def _encoding(model: Any) -> None:
    for prompt in PROMPTS:
        for outline in (None, OUTLINE):
            ids = token_ids(model, prompt, outline)
            if model.vocab.mask_id in ids:
                raise ModelError(f"encode({prompt!r:.40}, ...) gave the mask token, which stands for what is to be "
                                 "written; let the tokenizer read special tokens as plain text")
            if not torch.equal(token_ids(model, prompt, outline), ids):
                raise ModelError(f"encode({prompt!r:.40}, ...) gave other tokens the second time; make it "
                                 "deterministic")


def _shapes_and_types(model: Any) -> None:
    for rows, length in ((1, model.canvas_length), (3, _short(model)), (2, 1)):
        canvas = _canvas(model, rows, length)
        logits = floats(model, "__call__", model(_context(model, *PROMPTS[:rows]), canvas), rows, length)
        if logits.shape[2] < model.vocab.width:
            raise ModelError(f"the logits have {logits.shape[2]} columns, the vocabulary needs {model.vocab.width}; "
                             "give the vocabulary of the model's own tokenizer")


def _numbers(model: Any) -> None:
    logits = _call(model, PROMPTS[:2], _canvas(model, 2, _short(model)))
    if bool(logits.isnan().any()):
        raise ModelError("the logits hold NaN; look for rows of attention that see nothing")
    if bool((logits == torch.inf).any()):
        raise ModelError("the logits hold +inf; give finite numbers, or -inf for what is impossible")
    if bool((logits == -torch.inf).all(-1).any()):
        raise ModelError("all logits of a position are -inf; leave at least one token possible")


def _no_gradients(model: Any) -> None:
    if _call(model, PROMPTS[:1], _canvas(model, 1, _short(model))).requires_grad:
        raise ModelError("the logits carry a graph for gradients, which keeps every pass in memory; decorate the call "
                         "with @torch.no_grad()")


def _arguments_left_alone(model: Any) -> None:
    context, canvas = _context(model, *PROMPTS[:2]), _canvas(model, 2, _short(model))
    before = context.clone(), canvas.clone()
    model(context, canvas)
    if not (torch.equal(context, before[0]) and torch.equal(canvas, before[1])):
        raise ModelError("the call changed its arguments; clone them before writing")


def _determinism(model: Any) -> None:
    canvas = _canvas(model, 2, _short(model))
    _same(model, _call(model, PROMPTS[:2], canvas), _call(model, PROMPTS[:2], canvas),
          "the same call gave other logits the second time; switch off dropout (module.eval()) and sampling")


def _no_memory_of_other_calls(model: Any) -> None:
    """Two prompts of one length, one after the other and in one call."""
    message = "a call gave other logits after a call with another prompt; drop what is kept when the prompt changes"
    canvas, one = _canvas(model, 1, _short(model)), _context(model, PROMPTS[0])
    both = torch.cat([one, one.flip(1)])
    singly = torch.cat([_checked(model(prompt[None], canvas)) for prompt in both])
    _same(model, singly, _checked(model(both, canvas.expand(2, -1))), message)
    _checked(model(one, _canvas(model, 1, _short(model), shown=0)))
    _same(model, singly[:1], _checked(model(one, canvas)), message)


def _independent_rows(model: Any) -> None:
    canvas = _canvas(model, 3, _short(model))
    together = _call(model, PROMPTS[:3], canvas)
    for row in range(3):
        alone = _call(model, PROMPTS[row : row + 1], canvas[row : row + 1])
        _same(model, together[row : row + 1], alone,
              f"row {row} of a batch gave other logits than alone; keep rows apart, and leave padding out of attention "
              "and positions")


def _padding_is_ignored(model: Any) -> None:
    canvas = _canvas(model, 1, _short(model))
    context = _context(model, PROMPTS[0])
    padded = torch.cat([context, context.new_full((1, 9), _pad(model))], 1)
    _same(model, _checked(model(context, canvas)), _checked(model(padded, canvas)),
          f"padding (token {_pad(model)}) on the right of the prompt changed the logits; leave it out of attention and "
          "of positions")


def _prompts_of_no_tokens(model: Any) -> None:
    canvas = _canvas(model, 1, _short(model))
    try:
        none = _checked(model(torch.empty((1, 0), dtype=torch.int64), canvas))
        padding = _checked(model(torch.full((1, 5), _pad(model)), canvas))
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"a prompt of no tokens (context of shape (1, 0), or of padding only) is not taken: "
                         f"{type(error).__name__}: {error}; let the model see the canvas alone") from error
    _same(model, none, padding, "a prompt of padding only gave other logits than one of no tokens; leave padding out "
          "of attention and of positions")


def _all_lengths(model: Any) -> None:
    for length in sorted({1, min(7, model.canvas_length), model.canvas_length}):
        try:
            got = _call(model, PROMPTS[:1], torch.full((1, length), model.vocab.mask_id))
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(f"a canvas of {length} positions is not taken: {type(error).__name__}: {error}; the last "
                             "canvas of a text has any length from 1 to canvas_length") from error
        if got.shape[1] != length:
            raise ModelError(f"a canvas of {length} positions gave logits for {got.shape[1]}")


def _finished_canvases(model: Any) -> None:
    """Models that offer `behind` give the same whatever they kept."""
    if not hasattr(model, "behind"):
        return
    length = min(model.canvas_length, 64)
    context, canvas = _context(model, PROMPTS[0], PROMPTS[0]), _canvas(model, 2, _short(model))
    before = _canvas(model, 2, 2 * length, shown=2 * length)
    together = _checked(model.behind(context, before, canvas))
    if together.dim() != 3 or together.shape[:2] != canvas.shape:
        raise ModelError(f"behind(context, before, canvas) gave shape {tuple(together.shape)} for canvases of shape "
                         f"{tuple(canvas.shape)}; give logits of the canvas alone")
    for end in (0, length, 2 * length):
        rows = [_checked(model.behind(context[row], before[row, :end], canvas[row]))
                for row in (slice(0, 1), slice(1, 2))]
        _same(model, torch.cat(rows), _checked(model.behind(context, before[:, :end], canvas)),
              "behind(context, before, canvas) gave other logits after calls with other canvases before; drop what is "
              "kept between calls when they change")


def _a_valid_text(model: Any) -> None:
    length = min(model.canvas_length, 12)
    graph = compile(regex("[a-z0-9 ]{0,2000}"), model.vocab)
    trellis = Trellis(graph, length, rows=2, more=2 * length)
    context = _context(model, *PROMPTS[:2])
    written = torch.empty((2, 0), dtype=torch.int64)
    options = SamplerOptions(passes=2, horizon=None)
    for step in mask_predict(model, context, trellis, options, written):
        if min(graph.run(row) for row in step.tokens) < 0:
            raise ModelError("a text against the constraint came out; please report this with the model")


CHECKS: tuple[Callable[[Any], None], ...] = (
    _attributes, _encoding, _shapes_and_types, _numbers, _no_gradients, _arguments_left_alone, _determinism,
    _no_memory_of_other_calls, _independent_rows, _padding_is_ignored, _prompts_of_no_tokens, _all_lengths,
    _finished_canvases, _a_valid_text,
)


def _short(model: Any) -> int:
    """An odd length above 1 where the canvas has room for it."""
    return min(7, int(model.canvas_length))


def _pad(model: Any) -> int:
    return int(model.vocab.pad_id or 0)


def _context(model: Any, *prompts: str) -> torch.Tensor:
    """int64 [B, P], padded on the right."""
    rows = [token_ids(model, prompt, None) for prompt in prompts]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=_pad(model))


def _canvas(model: Any, rows: int, length: int, shown: int | None = None) -> torch.Tensor:
    """Canvases of mask tokens with the first `shown` positions committed, by default up to 2 and not all; other tokens
    in every row."""
    shown = min(2, length - 1) if shown is None else shown
    canvas = torch.full((rows, length), model.vocab.mask_id)
    text = [i for i in token_ids(model, PROMPTS[0], None).tolist() if model.vocab.tokens[i]]
    text = text or [i for i, spelled in enumerate(model.vocab.tokens[: model.vocab.width]) if spelled]
    for row in range(rows):
        for place in range(shown):
            canvas[row, place] = text[(7 * row + 3 * place + 1) % len(text)]
    return canvas


def _call(model: Any, prompts: tuple[str, ...], canvas: torch.Tensor) -> torch.Tensor:
    return _checked(model(_context(model, *prompts), canvas))


def _checked(logits: Any) -> torch.Tensor:
    if not isinstance(logits, torch.Tensor):
        raise ModelError(f"the call gave {type(logits).__name__}; give a tensor of logits")
    return logits


def _same(model: Any, a: torch.Tensor, b: torch.Tensor, message: str) -> None:
    """Are the probabilities of two calls the same, up to rounding?"""
    if a.shape != b.shape:
        raise ModelError(f"{message} (shapes {tuple(a.shape)} and {tuple(b.shape)})")
    width = model.vocab.width
    p, q = (x[..., :width].double().cpu().softmax(-1) for x in (a, b))
    off = float(((p - q).abs().amax(-1) / p.amax(-1)).amax()) if p.numel() else 0.0
    if not off <= TOLERANCE.get(a.dtype, HALF):
        raise ModelError(f"{message} (largest difference {off:.2g} of the likeliest token's probability)")
