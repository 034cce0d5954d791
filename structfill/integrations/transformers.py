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
from ..errors import BudgetTooSmall, ModelError, SpecError, VocabMismatch
from ..trellis import TrellisBatch
from ..versions import require

require("transformers", "5.23", "6", extra="transformers")

from transformers import LogitsProcessor  # noqa: E402 - the version is checked first


class ConstraintProcessor(LogitsProcessor):
    """Makes what `generate()` writes a text of the constraint, at every denoising step and within the budget.

    With DiffusionGemma the logits [B, N, V] of a step become those of the exact constrained distribution, with the best
    canvas on top: the canvas that `generate` shows and emits (the argmax) is valid whatever the step, and entropies,
    stopping and self-conditioning follow the constrained distribution. With a causal model, logits [B, V], what the
    constraint or the rest of the budget rules out becomes -inf; beams, sampling and assisted generation work.

    Args:
        graph: the constraint compiled for the model's vocabulary; or one a row of the batch, None for a free row.
        max_new_tokens: the number given to `generate`. The text ends within it, on however many canvases. None: on the
            first canvas; for causal models, no bound, so `generate` may stop in mid-text.
        fixed: tokens that are given, by position behind the prompt ({position: id} or a sequence with -1 where open),
            for all rows; or a list of such, one a row. DiffusionGemma only.
        assisted: the drafts of assisted generation (prompt lookup, an assistant) are judged by this processor, and one
            that breaks the constraint is no error. Causal models only.

    Raises `BudgetTooSmall` or `EmptyLanguage` at the first step, `VocabMismatch` where the logits are too narrow,
    `ModelError` where something else changed tokens behind its back.
    """

    def __init__(self, graph: Graph | Sequence[Graph | None], max_new_tokens: int | None = None,
                 fixed: Any = None, *, assisted: bool = False) -> None:
        self.graphs = list(graph) if isinstance(graph, Sequence) else [graph]
        if not self.graphs or not all(g is None or is_graph(g) for g in self.graphs):
            raise SpecError("graph must be made by structfill.compile or structfill.compile_or_explore, or be a list "
                            "of such graphs (and None) by row")
        self.max_new_tokens, self.assisted = max_new_tokens, assisted
        self._fixed = fixed
        self._prompt: NDArray[np.int64] | None = None  # [B, P] of the generation under way
        self._seen = 0  # the longest input so far
        self._blocks: list[Blocks | None] = []
        self._canvas: TrellisBatch | None = None
        self._states: dict[tuple[int, bytes], Any] = {}

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Constrained scores, float32: `input_ids` int64 [B, P], `scores` [B, N, V] of a canvas or [B, V]."""
        ids = input_ids.cpu().numpy()
        return self._denoising(ids, scores) if scores.dim() == 3 else self._next_token(ids, scores)

    def texts(self, sequences: torch.Tensor) -> list[str | None]:
        """What `generate` wrote behind the prompt: the text of every row of `sequences` int64 [B, P + M], None for a
        row without a constraint. Raises `ModelError` where a text is not finished or was changed."""
        if self._prompt is None:
            raise ModelError("this processor was in no generation yet")
        written = sequences[:, self._prompt.shape[1]:].cpu().numpy()
        return [None if graph is None else _text(graph, ids, row)
                for row, (graph, ids) in enumerate(zip(self._by_row(len(written)), written, strict=True))]

    def _denoising(self, ids: NDArray[np.int64], scores: torch.Tensor) -> torch.Tensor:
        length = scores.shape[1]
        if self._continues(ids, length):
            if ids.shape[1] > self._seen:
                self._advance(ids[:, -length:])
        else:
            self._begin(ids)
            self._blocks = [None if graph is None else Blocks(graph, self.max_new_tokens, fixed)
                            for graph, fixed in zip(self._by_row(len(ids)), self._fixed_by_row(len(ids)), strict=True)]
            self._canvas = None
        self._seen = ids.shape[1]
        bound = [row for row, blocks in enumerate(self._blocks) if blocks]
        if not bound:
            return scores
        if self._canvas is None:
            self._canvas = TrellisBatch([blocks.trellis(length) for blocks in self._blocks if blocks])
        if len(bound) == len(scores):
            return self._canvas.constrain(scores).logits
        constrained = self._canvas.constrain(scores[bound]).logits
        return scores.to(constrained.dtype).index_copy(0, torch.tensor(bound, device=scores.device), constrained)

    def _advance(self, canvas: NDArray[np.int64]) -> None:
        """A canvas is finished: int64 [B, N]."""
        for blocks, tokens in zip(self._blocks, canvas, strict=True):
            if blocks:
                blocks.advance(tokens)
        self._canvas = None

    def _next_token(self, ids: NDArray[np.int64], scores: torch.Tensor) -> torch.Tensor:
        if self._fixed is not None:
            raise SpecError("fixed tokens need a model that writes whole canvases",
                            hint="put them into the constraint: structfill.template")
        if not self._continues(ids, 1):
            self._begin(ids)
            self._states = {}
        self._seen = max(self._seen, ids.shape[1])
        assert self._prompt is not None
        out, written = scores.clone(), ids[:, self._prompt.shape[1]:]
        graphs = self._by_row(len(ids))
        states = [None if graph is None else self._state(graph, tokens)
                  for graph, tokens in zip(graphs, written, strict=True)]
        lost = [graph is not None and graph.lost(state) for graph, state in zip(graphs, states, strict=True)]
        if all(lost) and not self.assisted:  # some may be: beams without a chance, refused drafts
            raise ModelError("the tokens written so far break the constraint: something changed them after structfill "
                             "had chosen (drafts need ConstraintProcessor(assisted=True))")
        for graph, state, astray, tokens, row in zip(graphs, states, lost, written, out, strict=True):
            if graph is not None and not astray:
                self._mask(graph, state, tokens, row)
        return out

    def _mask(self, graph: Graph, state: Any, written: NDArray[np.int64], scores: torch.Tensor) -> None:
        """Forbid, in place, what may not follow the tokens `written`, which lead to `state`: scores [V]."""
        if len(scores) < graph.vocab.width:
            raise VocabMismatch(f"logits have {len(scores)} columns, the vocabulary {graph.vocab.width} tokens")
        left = None if self.max_new_tokens is None else self.max_new_tokens - len(written)
        allowed = graph.next_columns(state, left, len(scores), scores.device)
        if not bool(allowed.any()):
            raise BudgetTooSmall(self.max_new_tokens or 0, len(written) + (graph.needed(state) or 1))
        scores.masked_fill_(~allowed, -torch.inf)
        if not bool((scores > -torch.inf).any()):  # the model finds all of them impossible
            scores[allowed.long().argmax()] = 0.0

    def _state(self, graph: Graph, written: NDArray[np.int64]) -> Any:
        """Where `graph` stands behind the tokens `written`, from where it stood before the last of them."""
        before = id(graph), written[:-1].tobytes()
        known = self._states.get(before) if len(written) else None
        tokens, start = (written, graph.start) if known is None else (written[-1:], known)
        state = start if graph.lost(start) else graph.run(tokens, start)
        self._states[id(graph), written.tobytes()] = state
        return state

    def _begin(self, ids: NDArray[np.int64]) -> None:
        self._prompt, self._seen = ids.copy(), ids.shape[1]

    def _continues(self, ids: NDArray[np.int64], step: int) -> bool:
        """Do these tokens go on with the generation under way, at most `step` beyond what was seen of it?"""
        prompt = self._prompt
        return prompt is not None and len(ids) == len(prompt) and prompt.shape[1] < ids.shape[1] <= self._seen + step \
            and np.array_equal(ids[:, : prompt.shape[1]], prompt)

    def _by_row(self, rows: int) -> list[Graph | None]:
        """The graph of every row; beams of a text stand side by side."""
        if rows % len(self.graphs):
            raise SpecError(f"{len(self.graphs)} constraints for a batch of {rows} rows")
        return [graph for graph in self.graphs for _ in range(rows // len(self.graphs))]

    def _fixed_by_row(self, rows: int) -> list[Any]:
        each = isinstance(self._fixed, Sequence) and len(self._fixed) > 0 and not isinstance(self._fixed[0], int)
        if each and len(self._fixed) != rows:
            raise SpecError(f"fixed tokens for {len(self._fixed)} rows in a batch of {rows}")
        return list(self._fixed) if each else [self._fixed] * rows


def _text(graph: Graph, ids: NDArray[np.int64], row: int) -> str:
    text = graph.vocab.before_end(ids)
    state = graph.run(text)
    if graph.lost(state) or not graph.may_end(state):
        raise ModelError(f"the text of row {row} is {'broken' if graph.lost(state) else 'not finished'}: "
                         f"{graph.vocab.decode(text)!r:.200}")
    return graph.vocab.decode(text)


__all__ = ["ConstraintProcessor"]
