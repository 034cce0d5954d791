"""Decoding for causal models: token by token, each of those that some valid canvas goes on with.

The right-hand side and the budget count at every token, so there is no dead end. Where the constraint leaves no choice
about the text, its tokens are put before the model as a draft and judged in one pass (speculative decoding, Leviathan
et al. 2023, with a draft that costs nothing); the result is distributed as without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..trellis import Trellis
from .options import LeftToRightOptions
from .step import DenoisingStep, checked, joined

if TYPE_CHECKING:
    from ..models.protocol import CausalModel

FEW = 64  # tokens: with more to choose from, the text is not forced


def left_to_right(model: CausalModel, context: torch.Tensor, trellis: Trellis, options: LeftToRightOptions,
                  before: torch.Tensor | None = None) -> Iterator[DenoisingStep]:
    """Fill `trellis` from the left, yielding after every pass of the model a whole valid canvas.

    `context` is int64 [B, P]; `before` int64 [B, M] holds the canvases that this one goes on from.
    """
    writer = _Writer(trellis, options)
    context = joined(context, before, model.vocab.pad_id)
    for index in range(1, trellis.length + 1):
        drafts = [writer.draft(row) for row in range(trellis.rows)]
        count = min(map(len, drafts))
        draft = torch.tensor([ids[:count] for ids in drafts], dtype=torch.int64).view(trellis.rows, count)
        writer.judge(draft, _logits(model, context, torch.cat([writer.written, draft], 1), count + 1))
        done = writer.done
        tokens = trellis.finish(writer.canvas, [writer.at] * trellis.rows)
        committed = torch.arange(trellis.length).expand_as(tokens) < writer.at
        yield DenoisingStep(index, tokens, committed | done, writer.log_mass.clone(), done)
        if done:
            return


def _logits(model: CausalModel, context: torch.Tensor, written: torch.Tensor, last: int) -> torch.Tensor:
    return checked(model, "__call__", model(context, written, last), len(written), last,
                   "each of the last places that it is asked for")


class _Writer:
    """All rows, written up to the same place."""

    def __init__(self, trellis: Trellis, options: LeftToRightOptions) -> None:
        self.trellis, self.options = trellis, options
        self.canvas = torch.zeros((trellis.rows, trellis.length), dtype=torch.int64)
        self.at = 0
        self.states: list[Any] = trellis.begins
        self.log_mass = torch.zeros(trellis.rows, dtype=torch.float64)
        self._generator = torch.Generator().manual_seed(options.seed)

    @property
    def written(self) -> torch.Tensor:
        """int64 [B, at]."""
        return self.canvas[:, : self.at]

    @property
    def done(self) -> bool:
        """Is every canvas full, or its text ended?"""
        return self.at == self.trellis.length or all(map(self.trellis.language.ended, self.states))

    def draft(self, row: int) -> list[int]:
        """Tokens of what the constraint leaves no choice about from here on: the longest spelling, at most
        ``options.drafts`` and fewer than there are places."""
        state, graph, tokens = self.states[row], self.trellis.language, list[int]()
        while len(tokens) < min(self.options.drafts, self.trellis.length - self.at - 1):
            token = self._forced(row, state, self.at + len(tokens))
            if token is None:
                break
            tokens.append(token)
            state = graph.run([token], state)
        return tokens

    def _forced(self, row: int, state: Any, at: int) -> int | None:
        """The longest token that may come next, if all others that may are beginnings of it."""
        graph = self.trellis.language
        if graph.ended(state):
            pad: int | None = graph.vocab.pad_id
            return pad
        ids = self._allowed(row, state, at)
        if len(ids) > FEW:
            return None
        spellings = [graph.vocab.tokens[token] for token in ids]
        longest = max(range(len(ids)), key=lambda i: len(spellings[i]))
        forced = all(text and spellings[longest].startswith(text) for text in spellings)
        return int(ids[longest]) if forced else None

    def _allowed(self, row: int, state: Any, at: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """int32: the tokens that may stand at position `at`, not all of them where there are more than `FEW`."""
        fixed = int(self.trellis.fixed[row, at])
        return np.array([fixed], np.int32) if fixed >= 0 else self.trellis.next_tokens(row, state, at, FEW + 1)

    def judge(self, draft: torch.Tensor, logits: torch.Tensor) -> None:
        """Go on along `draft` [B, k] as far as the model agrees in every row, by its logits [B, k + 1, V], and then
        with one token of its own."""
        for step in range(logits.shape[1]):
            agreed = True
            for row in range(len(logits)):
                wanted = int(draft[row, step]) if step < draft.shape[1] else None
                token = self._choose(row, logits[row, step])
                self.canvas[row, self.at] = token
                self.states[row] = self.trellis.language.run([token], self.states[row])
                agreed = agreed and token == wanted
            self.at += 1
            if not agreed:
                return

    def _choose(self, row: int, logits: torch.Tensor) -> int:
        """The next token of a row by logits [V]: the best or a draw."""
        graph, fixed = self.trellis.language, int(self.trellis.fixed[row, self.at])
        if graph.ended(self.states[row]) and fixed < 0:
            pad: int | None = graph.vocab.pad_id
            return int(graph.vocab.eos_ids[0]) if pad is None else pad
        masked = self._masked(row, logits.double(), fixed)
        self.log_mass[row] += torch.logsumexp(masked, 0).cpu() - torch.logsumexp(logits.double(), 0).cpu()
        if not self.options.temperature:
            return int(masked.argmax())
        odds = ((masked - masked.amax()) / self.options.temperature).exp().cpu()
        return int(torch.multinomial(odds, 1, generator=self._generator))

    def _masked(self, row: int, logits: torch.Tensor, fixed: int) -> torch.Tensor:
        """float64 [V], -inf for what may not come next; equal odds where the model finds all else impossible."""
        may = self.trellis.next_columns(row, self.states[row], self.at, len(logits), logits.device)
        if fixed >= 0:
            may = torch.zeros_like(may).index_fill_(0, torch.tensor([fixed], device=may.device), True)
        clean = torch.nan_to_num(logits, nan=-torch.inf, posinf=torch.finfo(torch.float64).max, neginf=-torch.inf)
        masked = clean.masked_fill(~may, -torch.inf)
        return masked if bool((masked > -torch.inf).any()) else torch.where(may, 0.0, -torch.inf).double()
