"""Hugging Face transformers: constraints for the stock `generate()` of DiffusionGemma and of every causal model.

    processor = ConstraintProcessor(graph, max_new_tokens=700)
    model.generate(**inputs, max_new_tokens=700, logits_processor=LogitsProcessorList([processor]))

Give `generate` a fresh list (DiffusionGemma's appends its own processors to it); the processor may be used again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..blocks import Blocks, Graph, is_graph
from ..distinct import DistinctGraph
from ..errors import BudgetTooSmall, ModelError, SpecError, VocabMismatch
from ..trellis import TrellisBatch
from ..trellis.arguments import LENGTH, is_one, shown, whole
from ..trellis.evidence import integers
from ..versions import require

require("transformers", "5.23", "6", extra="transformers")

from transformers import LogitsProcessor  # noqa: E402 - the version is checked first

Tokens = NDArray[np.int64]
SURE = 1e30  # what +inf counts as: temperatures divide it and it stays finite
_NEW_TEXT = "if a new text begins here, call texts() after the last one, or use another ConstraintProcessor"


class ConstraintProcessor(LogitsProcessor):
    """Makes what `generate()` writes a text of the constraint, at every denoising step and within the budget.

    With DiffusionGemma the logits [B, N, V] of a step become those of the exact constrained distribution, with the best
    canvas on top: the canvas that `generate` shows and emits (the argmax) is valid whatever the step, and entropies,
    stopping and self-conditioning follow the constrained distribution. With a causal model, logits [B, V], what the
    constraint or the rest of the budget rules out becomes -inf; beams, sampling and assisted generation work.

    A processor may be used again: a new text begins behind every input that does not go on from the last one by one
    token, or one canvas, of its own choice, and behind whatever comes after a call of `texts`. Only that call tells a
    prompt apart which is no more than the last prompt with the beginning of its text.

    Args:
        graph: the constraint compiled for the model's vocabulary; or one a row of the batch, None for a free row.
        max_new_tokens: the number given to `generate`. The text ends within it, on however many canvases. None: on the
            first canvas; for causal models, no bound, so `generate` may stop in mid-text.
        fixed: tokens that are given, by position behind the prompt ({position: id} or a sequence with -1 where open),
            for all rows; or a list of such, one a row. DiffusionGemma only.
        assisted: drafts (of prompt lookup, of an assistant with the same tokens) are judged by this processor and taken
            back, and one that breaks the constraint is no error. Causal models only; not needed for an assistant that
            `generate` lets write under this processor.

    Raises `SpecError` for other arguments, `BudgetTooSmall` or `EmptyLanguage` at the first step, `VocabMismatch` where
    the logits are too narrow, `ModelError` where something else changed tokens behind its back, or where it cannot be
    told whether a new text begins.
    """

    def __init__(self, graph: Graph | Sequence[Graph | None], max_new_tokens: int | None = None,
                 fixed: Any = None, *, assisted: bool = False) -> None:
        self.graphs = list(graph) if isinstance(graph, Sequence) else [graph]
        if not self.graphs or not all(g is None or is_graph(g) for g in self.graphs):
            raise SpecError("graph must be made by structfill.compile or structfill.compile_or_explore, or be a list "
                            "of such graphs (and None) by row")
        if fixed is not None and is_one(fixed):
            raise SpecError("fixed must be {position: token id}, a sequence of token ids with -1 where open, or a list "
                            f"of such, one a row, not {shown(fixed)}")
        self.max_new_tokens = None if max_new_tokens is None else whole(max_new_tokens, "max_new_tokens", 1, LENGTH)
        self.assisted, self._fixed = assisted, fixed
        self._prompt: Tokens | None = None  # [B, P] of the last generation
        self._last: Tokens | None = None  # [B, P + M], the last input; None where a new text begins whatever comes
        self._begin(0, 0)

    def _begin(self, rows: int, length: int) -> None:
        """A new text in each of the rows, on canvases of `length` positions; 0 for a causal model."""
        self._length = length
        self._blocks = [None if graph is None else Blocks(graph, self.max_new_tokens, fixed) for graph, fixed in
                        zip(self._by_row(rows), self._fixed_by_row(rows), strict=True)] if length else []
        self._canvas: TrellisBatch | None = None
        self._chosen: list[set[bytes]] = [set() for _ in self._blocks]  # the texts of the paths on the canvas at hand
        self._states: dict[tuple[int, bytes], Any] = {}
        self._accepted: Tokens | None = None  # [B, P + M], what drafts are taken back to, no less than the prompt
        self._drafts = self.assisted  # may they be?
        self._drafted: Tokens | None = None  # the last input of an assistant that may have begun this text before

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Constrained scores, float32 (float64 for float64): `input_ids` int64 [B, P], `scores` [B, N, V] of a canvas
        or [B, V], where NaN counts as -inf and +inf as a large number. Raises `SpecError` for other shapes."""
        ids = integers(input_ids, "input_ids")
        if ids.ndim != 2 or scores.dim() not in (2, 3) or len(scores) != len(ids):
            raise SpecError(f"scores must be [B, V], or [B, N, V] of canvases, for input_ids [B, P]: not of shape "
                            f"{tuple(scores.shape)} for {ids.shape}")
        return self._denoising(ids, scores) if scores.dim() == 3 else self._next_token(ids, scores)

    def texts(self, sequences: torch.Tensor, *, strict: bool = True) -> list[str | None]:
        """What the last `generate` wrote behind the prompt: the text of every row of `sequences` int64 [B, P + M], None
        for a row without a constraint. Whatever the processor is given next begins a new text.

        Raises `ModelError` where a text is not finished or was changed, and for other prompts. Beam search fills up
        with unfinished rows where there are fewer valid texts than `num_return_sequences`: with `strict=False` a row
        without a whole text is None.
        """
        if self._prompt is None:
            raise ModelError("this processor was in no generation yet")
        rows, prompts, self._last = integers(sequences, "sequences"), self._prompt, None
        width, known = prompts.shape[1], [prompt.tobytes() for prompt in prompts]
        if rows.ndim != 2 or not all(row[:width].tobytes() in known for row in rows):
            raise ModelError("the sequences do not begin with the prompts of the last generation")
        found: list[str | None] = []
        for row, (graph, ids) in enumerate(zip(self._by_row(len(rows)), rows, strict=True)):
            found.append(None if graph is None else _text(graph, ids[width:]))
            if strict and graph is not None and found[-1] is None:
                raise _no_text(graph, ids[width:], row, beams=known.count(ids[:width].tobytes()) > 1)
        return found

    def _denoising(self, ids: Tokens, scores: torch.Tensor) -> torch.Tensor:
        length = scores.shape[1]
        if not self._goes_on(ids, length):
            self._begin(len(ids), length)
            self._prompt = ids
        elif self._last is not None and ids.shape[1] > self._last.shape[1]:
            self._advance(ids[:, -length:])
        self._last = ids
        bound = [row for row, blocks in enumerate(self._blocks) if blocks]
        if not bound:
            return _floats(scores)
        if self._canvas is None:
            self._canvas = self._next_canvas()
        found = self._canvas.constrain(scores if len(bound) == len(scores) else scores[bound])
        for row, path in zip(bound, found.path.cpu().numpy(), strict=True):
            self._chosen[row].add(self._up_to_end(row, path).tobytes())
        if len(bound) == len(scores):
            return found.logits
        return _floats(scores).index_copy(0, torch.tensor(bound, device=scores.device), found.logits)

    def _goes_on(self, ids: Tokens, length: int) -> bool:
        """Are these tokens those of the last call, or these and a canvas?"""
        last = self._last
        return last is not None and length == self._length and len(ids) == len(last) \
            and ids.shape[1] - last.shape[1] in (0, length) and np.array_equal(ids[:, : last.shape[1]], last)

    def _next_canvas(self) -> TrellisBatch:
        try:
            return TrellisBatch([blocks.trellis(self._length) for blocks in self._blocks if blocks])
        except BudgetTooSmall as error:
            raise TooFewNewTokens(error.given, error.needed) from None

    def _advance(self, canvas: Tokens) -> None:
        """A canvas is finished: int64 [B, N]. Raises `ModelError` where a text on it is none that was chosen."""
        going = [(row, blocks) for row, blocks in enumerate(self._blocks) if blocks]
        for row, blocks in going:
            tokens, chosen = self._up_to_end(row, canvas[row]), self._chosen[row]
            if not blocks.ended and tokens.tobytes() not in chosen:
                at = max((_agreeing(tokens, np.frombuffer(path, np.int64)) for path in chosen), default=0)
                raise ModelError(f"the canvas behind the last input is not what structfill chose in row {row} at "
                                 f"position {at}: something changed its tokens ({_NEW_TEXT})")
        for row, blocks in going:
            blocks.advance(canvas[row])
        self._canvas, self._chosen = None, [set() for _ in self._blocks]

    def _up_to_end(self, row: int, canvas: Tokens) -> Tokens:
        """The tokens of a canvas [N] before end-of-text: `generate` pads behind it."""
        blocks = self._blocks[row]
        assert blocks is not None
        return blocks.graph.vocab.before_end(canvas)

    def _next_token(self, ids: Tokens, scores: torch.Tensor) -> torch.Tensor:
        if self._fixed is not None:
            raise SpecError("fixed tokens need a model that writes whole canvases",
                            hint="put them into the constraint: structfill.template")
        graphs = self._by_row(len(ids))
        if self._is_prompt(ids, graphs):
            drafted = self._last if self._prompt is not None and np.array_equal(ids, self._prompt) else None
            self._begin(len(ids), 0)
            self._prompt, self._accepted, self._drafted = ids, ids, drafted
        elif self._drafted is not None and np.array_equal(ids[:, :-1], self._drafted):
            self._drafts = True  # an assistant went the same way, but for the last token of its draft
        assert self._prompt is not None
        self._last, out = ids, _floats(scores, copy=True)
        for graph, written, row in zip(graphs, ids[:, self._prompt.shape[1]:], out, strict=True):
            if graph is not None:
                self._mask(graph, written, row)
        return out

    def _is_prompt(self, ids: Tokens, graphs: list[Graph | None]) -> bool:
        """Does a new text begin behind these tokens, int64 [B, P]?

        Within a text, an input has one token more than the last one; only where drafts are taken back has it fewer, but
        all of those that it had when they were taken back before. New tokens are of the constraint in at least one row:
        others are beams without a chance, and drafts. Raises `ModelError` where something else chose them, or drafts
        were not announced.
        """
        prompt, last = self._prompt, self._last
        if prompt is None or last is None or ids.shape[1] == prompt.shape[1] or not _extends(ids, self._accepted, last):
            return True
        lost = [graph.lost(self._state(graph, row[prompt.shape[1]:]))
                for graph, row in zip(graphs, ids, strict=True) if graph is not None]
        if ids.shape[1] <= last.shape[1]:
            if not all(lost) and not self._drafts:
                raise ModelError("the input goes back behind the last one: assisted generation needs "
                                 f"ConstraintProcessor(assisted=True) ({_NEW_TEXT})")
            self._accepted = ids
            return all(lost)
        if all(lost) and len(lost) == len(ids) and not self.assisted:
            raise ModelError("the tokens written so far break the constraint: something changed them after structfill "
                             f"had chosen (drafts need ConstraintProcessor(assisted=True); {_NEW_TEXT})")
        return False

    def _mask(self, graph: Graph, written: Tokens, scores: torch.Tensor) -> None:
        """Forbid, in place, what may not follow the tokens `written`: scores [V]. What follows tokens off the language,
        of a beam without a chance or a draft, is left as it is."""
        if len(scores) < graph.vocab.width:
            raise VocabMismatch(f"logits have {len(scores)} columns, the vocabulary {graph.vocab.width} tokens")
        state = self._state(graph, written)
        if graph.lost(state):
            return
        left = None if self.max_new_tokens is None else self.max_new_tokens - len(written)
        allowed = graph.next_columns(state, left, len(scores), scores.device)
        if not bool(allowed.any()):
            raise TooFewNewTokens(self.max_new_tokens or 0, len(written) + (graph.needed(state) or 1))
        scores.nan_to_num_(nan=-torch.inf, posinf=SURE, neginf=-torch.inf).masked_fill_(~allowed, -torch.inf)
        if not bool((scores > -torch.inf).any()):  # the model finds all of them impossible
            scores[allowed.long().argmax()] = 0.0

    def _state(self, graph: Graph, written: Tokens) -> Any:
        """Where `graph` stands behind the tokens `written`, from where it stood before the last of them."""
        before = id(graph), written[:-1].tobytes()
        known = self._states.get(before) if len(written) else None
        tokens, start = (written, graph.start) if known is None else (written[-1:], known)
        state = start if graph.lost(start) else graph.run(tokens, start)
        self._states[id(graph), written.tobytes()] = state
        return state

    def _by_row(self, rows: int) -> list[Graph | None]:
        """The graph of every row; beams of a text stand side by side."""
        if rows % len(self.graphs):
            raise SpecError(f"{len(self.graphs)} constraints for a batch of {rows} rows")
        return [graph for graph in self.graphs for _ in range(rows // len(self.graphs))]

    def _fixed_by_row(self, rows: int) -> list[Any]:
        if not _is_by_row(self._fixed):
            return [self._fixed] * rows
        if len(self._fixed) != rows:
            raise SpecError(f"fixed tokens for {len(self._fixed)} rows in a batch of {rows}")
        return list(self._fixed)


class TooFewNewTokens(BudgetTooSmall):
    """`BudgetTooSmall` in the words of `generate`."""

    def __str__(self) -> str:
        return (f"the token budget is too small: {self.given} given, the shortest valid text needs {self.needed} (pass "
                f"max_new_tokens={self.needed} or more, to ConstraintProcessor and to generate)")


def _extends(ids: Tokens, accepted: Tokens | None, last: Tokens) -> bool:
    """Do these tokens begin with those accepted, and are they rows of the last input or its beginning, and one more?"""
    before = ids.shape[1] - 1
    if accepted is None or len(ids) != len(accepted) or before > last.shape[1] \
            or not np.array_equal(ids[:, : accepted.shape[1]], accepted):
        return False
    known = {row.tobytes() for row in last[:, :before]}
    return all(row.tobytes() in known for row in ids[:, :-1])


def _floats(scores: torch.Tensor, copy: bool = False) -> torch.Tensor:
    """float64 as it is, everything else as float32."""
    return scores.to(torch.float64 if scores.dtype == torch.float64 else torch.float32, copy=copy)


def _is_by_row(fixed: Any) -> bool:
    """Are these fixed tokens of every row, rather than of all?"""
    if isinstance(fixed, np.ndarray | torch.Tensor):
        return fixed.ndim == 2
    return isinstance(fixed, Sequence) and any(one is None or not is_one(one) for one in fixed)


def _agreeing(a: Tokens, b: Tokens) -> int:
    """How many tokens two texts have in common at the beginning."""
    both = min(len(a), len(b))
    differ = np.flatnonzero(a[:both] != b[:both])
    return int(differ[0]) if len(differ) else both


def _text(graph: Graph, ids: Tokens) -> str | None:
    """The text that tokens [M] spell before end-of-text; None unless it is a whole one of the constraint."""
    tokens = graph.vocab.before_end(ids)
    state = graph.run(tokens)
    if graph.lost(state) or not graph.may_end(state):
        return None
    text = graph.vocab.decode(tokens)
    return None if isinstance(graph, DistinctGraph) and not graph.constraint.accepts(text) else text


def _no_text(graph: Graph, ids: Tokens, row: int, beams: bool) -> ModelError:
    """Of tokens [M] behind a prompt that spell no whole text; there may have been `beams` of it."""
    tokens = graph.vocab.before_end(ids)
    spelled = graph.vocab.decode(tokens[(tokens >= 0) & (tokens < len(graph.vocab))])
    few = "beam search ends rows so where there are fewer valid texts than num_return_sequences; " if beams else ""
    return ModelError(f"the text of row {row} is not finished or was changed: {spelled!r:.200} ({few}texts(..., "
                      "strict=False) gives None for such rows, and the texts of the others)")


__all__ = ["ConstraintProcessor"]
