"""Left-to-right models of transformers."""

from __future__ import annotations

from typing import Any

import torch

from ...samplers.options import LeftToRightOptions
from ...vocab import Vocab
from . import caches
from .prompts import encode, left_padded


class Causal:
    """Any `AutoModelForCausalLM` behind `structfill.models.protocol.CausalModel`.

    The key-value cache is kept between calls as far as the tokens before are the same.
    """

    canvas_length = 256
    default_options = LeftToRightOptions()

    def __init__(self, model: Any, tokenizer: Any, vocab: Vocab) -> None:
        self.model, self.tokenizer, self.vocab = model.eval(), tokenizer, vocab
        self._seen: torch.Tensor | None = None  # int64 [B, L], what the cache holds
        self._mask: torch.Tensor | None = None  # of the prompt in it
        self._cache: Any = None

    def encode(self, text: str, outline: str | None) -> list[int]:
        """See the protocol."""
        return encode(self.tokenizer, text, outline)

    @torch.no_grad()
    def __call__(self, context: torch.Tensor, written: torch.Tensor, last: int) -> torch.Tensor:
        """See the protocol."""
        prompt, mask = left_padded(context, self.vocab.pad_id or 0)
        ids = torch.cat([prompt, written], 1)
        known = self._known(ids, mask, ids.shape[1] - last)
        attention = torch.cat([mask, torch.ones_like(written, dtype=torch.bool)], 1).long()
        positions = (attention.cumsum(1) - 1).clamp_min(0)[:, known:]
        device = self.model.device
        found = self.model(input_ids=ids[:, known:].to(device), attention_mask=attention.to(device),
                           position_ids=positions.to(device), use_cache=True, logits_to_keep=last,
                           **caches.named(self.model.forward, self._cache))
        self._seen, self._mask, self._cache = ids, mask, caches.of_output(found)
        logits: torch.Tensor = found.logits[:, -last:]
        return logits

    def _known(self, ids: torch.Tensor, mask: torch.Tensor, most: int) -> int:
        """How many columns of `ids` [B, L] the cache holds, `most` at most; the rest is dropped from it."""
        seen = self._seen
        if seen is None or self._mask is None or not torch.equal(self._mask, mask) or len(seen) != len(ids):
            return self._forget()
        width = min(seen.shape[1], ids.shape[1])
        differ = (seen[:, :width] != ids[:, :width]).any(0).nonzero()
        known = min(int(differ[0]) if len(differ) else width, most)
        if known == seen.shape[1]:
            return known
        if known == 0 or any(getattr(layer, "is_sliding", False) for layer in self._cache.layers):
            return self._forget()  # a sliding window has dropped what it would have to go back to
        self._cache.crop(known - seen.shape[1])  # negative: so many fewer
        return known

    def _forget(self) -> int:
        from transformers import DynamicCache

        self._cache = DynamicCache(config=self.model.config.get_text_config(decoder=True))
        return 0
