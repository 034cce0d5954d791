"""Absorbing diffusion models (LLaDA, LLaDA2, Dream, DreamOn, SDAR, Fast-dLLM v2) through their own forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from ...errors import ModelError
from ...vocab import Vocab
from .cached import Columns, Memory, forward
from .families import Family, family_of
from .prompts import encode, left_padded

WHOLE_CANVAS = 256  # positions of a canvas for models without blocks


class AbsorbingModel:
    """A loaded module and its tokenizer behind `structfill.Model`.

    Rows of a batch whose prompts differ in length give what they give alone: padding stands on the left, is never
    looked at and does not count as a position (modules that build their masks themselves get rows of one length at a
    time). Models that write in blocks see the prompt, cut into blocks from its end so that the text begins one, and the
    finished blocks, whose keys and values are kept between passes and dropped when the prompts change.

    Args:
        model: the module, as `from_pretrained` gives it; it is set to evaluation.
        tokenizer: its tokenizer, or a `Vocab` (then prompts have to be given in tokens).
        family: how it is run, by default as its configuration says.

    Attributes:
        vocab: the tokenizer's tokens, with the family's special ids.
        canvas_length: the family's block, or 256.
        default_options: the family's decoding rule.
        expand_id, delete_id: tokens that grow and shrink a hole (DreamOn), or None.

    Raises `ModelError` for a module of no known family, `VocabMismatch` where the tokenizer has more tokens than the
    model, `SpecError` for a tokenizer that cannot be read.
    """

    def __init__(self, model: Any, tokenizer: Any, family: Family | None = None) -> None:
        family = family_of(model.config) if family is None else family
        if family is None:
            raise ModelError(f"{type(model).__name__} (model_type {getattr(model.config, 'model_type', None)!r}) is of "
                             "no family of absorbing models that structfill knows; pass family=Family(...)")
        self.model, self.tokenizer, self.family = model.eval(), tokenizer, family
        self.vocab = _vocab(tokenizer, family)
        width = getattr(model.config, "vocab_size", None)
        if width is not None:
            self.vocab.check_width(int(width))
        self.canvas_length = family.block or WHOLE_CANVAS
        self.default_options = family.options
        self.expand_id, self.delete_id = family.expand_id, family.delete_id
        self._memories: dict[tuple[int, ...], Memory] = {}

    def encode(self, text: str, outline: str | None) -> list[int]:
        """Token ids of a chat turn with `text` and the outline of what is to be written."""
        if isinstance(self.tokenizer, Vocab):
            raise ModelError("a model that was given a Vocab instead of a tokenizer cannot read text")
        return encode(self.tokenizer, text, outline)

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        """Logits [B, N, V] of canvases int64 [B, N] behind prompts int64 [B, P], which are padded on the right; on the
        model's device, in its type."""
        return self.behind(context, canvas[:, :0], canvas)

    @torch.no_grad()
    def behind(self, context: torch.Tensor, before: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        """The same for canvases that go on from the finished ones `before` int64 [B, M]."""
        groups = self._groups(context)
        self._memories = {rows: self._memories.get(rows, Memory()) for rows in groups}
        parts = [self._rows(rows, *(x[list(rows)] for x in (context, before, canvas))) for rows in groups]
        if len(parts) == 1:
            return parts[0]
        order = torch.tensor([row for rows in groups for row in rows], device=parts[0].device)
        return torch.cat(parts)[order.argsort()]

    def _groups(self, context: torch.Tensor) -> list[tuple[int, ...]]:
        """Rows that share a call: all of them, or those with prompts of one length."""
        if self.family.attention != "own":
            return [tuple(range(len(context)))]
        _, text = left_padded(context, self._pad)
        lengths = text.sum(1).tolist()
        return [tuple(i for i, n in enumerate(lengths) if n == length) for length in sorted(set(lengths))]

    def _rows(self, rows: tuple[int, ...], context: torch.Tensor, before: torch.Tensor,
              canvas: torch.Tensor) -> torch.Tensor:
        prompt, text = left_padded(context, self._pad)
        written = torch.cat([before, canvas], 1)
        columns = Columns(torch.cat([prompt, written], 1), torch.cat([text, torch.ones_like(written).bool()], 1),
                          prompt.shape[1], self.family.block)
        raw, first = forward(self.model, self.family, columns.to(self._device), self._memories[rows],
                             columns.start_of(prompt.shape[1] + before.shape[1]))
        begin = prompt.shape[1] + before.shape[1]
        if self.family.shift:
            return _shifted(raw, begin - first, self._memories[rows].last, columns.text[:, begin - 1 : begin])
        return raw[:, begin - first :]

    @property
    def _pad(self) -> int:
        return self.vocab.pad_id if self.vocab.pad_id is not None else 0

    @property
    def _device(self) -> torch.device:
        device = getattr(self.model, "device", None)
        return device if isinstance(device, torch.device) else next(self.model.parameters()).device


def _vocab(tokenizer: Any, family: Family) -> Vocab:
    if isinstance(tokenizer, Vocab):
        return replace(tokenizer, mask_id=family.mask_id) if tokenizer.mask_id != family.mask_id else tokenizer
    return Vocab.of(tokenizer, eos=_ids(family.eos_ids), pad=family.pad_id, mask=family.mask_id)


def _ids(ids: Sequence[int]) -> list[str | int]:
    return list(ids)


def _shifted(raw: torch.Tensor, begin: int, last: torch.Tensor | None, is_text: torch.Tensor) -> torch.Tensor:
    """Logits of the positions from `begin` on, where a module predicts each at the one before; `raw` [B, T, V].

    `last` [B, 1, V] is what it said before the first column of `raw`. A row with no text before `begin` (`is_text`
    [B, 1], or [B, 0]) takes its own first prediction twice, as the models' own loops do.
    """
    own = raw[:, begin : begin + 1]
    earlier = raw[:, begin - 1 : begin] if begin else last
    if earlier is None or not is_text.shape[1]:
        earlier = own
    elif not bool(is_text.all()):
        earlier = torch.where(is_text[:, :, None].to(raw.device), earlier, own)
    return torch.cat([earlier, raw[:, begin:-1]], 1)
