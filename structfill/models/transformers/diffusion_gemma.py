"""DiffusionGemma: uniform noise, blocks of 256, self-conditioning."""

from __future__ import annotations

from typing import Any

import torch

from ...samplers.options import RenoiseOptions
from ...vocab import Vocab
from . import caches
from .prompts import encode, left_padded


class DiffusionGemma:
    """`DiffusionGemmaForBlockDiffusion` behind `structfill.models.protocol.RenoisingModel`.

    The encoder reads the context once; denoising steps read its key-value cache. `default_options` are those of the
    checkpoint's generation config.
    """

    def __init__(self, model: Any, tokenizer: Any, vocab: Vocab) -> None:
        self.model, self.tokenizer, self.vocab = model.eval(), tokenizer, vocab
        self.canvas_length = int(model.config.canvas_length)
        self.default_options = _options(model.generation_config)
        self._context: torch.Tensor | None = None
        self._cache: Any = None
        self._attention = torch.empty(0)

    def encode(self, text: str, outline: str | None) -> list[int]:
        """See the protocol."""
        return encode(self.tokenizer, text, outline)

    @torch.no_grad()
    def __call__(self, context: torch.Tensor, canvas: torch.Tensor, conditioning: torch.Tensor | None) -> torch.Tensor:
        """See the protocol."""
        self._read(context)
        inner, device, length = self.model.model, self.model.device, canvas.shape[1]
        mask = torch.nn.functional.pad(self._attention, (0, length), value=True)
        make_mask = inner.decoder.create_diffusion_decoder_attention_mask
        mapping = make_mask(config=self.model.config, inputs_embeds=canvas[:, :, None].to(device),
                            decoder_attention_mask=mask, **caches.named(make_mask, self._cache))
        first = self._attention.shape[1]
        if conditioning is not None:
            conditioning = conditioning.to(device, inner.decoder.embed_tokens.weight.dtype)
        logits: torch.Tensor = self.model(
            decoder_input_ids=canvas.to(device), self_conditioning_logits=conditioning, decoder_attention_mask=mapping,
            decoder_position_ids=torch.arange(first, first + length, device=device)[None],
            **caches.named(self.model.forward, self._cache)).logits
        return logits

    def _read(self, context: torch.Tensor) -> None:
        """Let the encoder read the context, unless it is the one it read last."""
        if self._context is not None and torch.equal(self._context, context):
            return
        from transformers import DynamicCache

        device = self.model.device
        ids, mask = left_padded(context, self.vocab.pad_id or 0)
        ids, self._attention = ids.to(device), mask.to(device)
        cache = DynamicCache(config=self.model.config.get_text_config(decoder=True))
        positions = torch.arange(ids.shape[1], device=device)[None]
        encoder = self.model.model.encoder
        masks = encoder.create_masks_for_generate(
            config=self.model.config, inputs_embeds=torch.empty((*ids.shape, 0), dtype=self.model.dtype, device=device),
            attention_mask=self._attention, position_ids=positions,
            **caches.named(encoder.create_masks_for_generate, cache))
        self._cache = caches.of_output(encoder(input_ids=ids, attention_mask=masks, position_ids=positions,
                                               **caches.named(encoder.forward, cache)))
        self._context = context.clone()


def _options(config: Any) -> RenoiseOptions:
    """The checkpoint's own settings, where it has them."""
    ours, found = RenoiseOptions(), dict[str, Any]()
    sampler = getattr(config, "sampler_config", None)
    given = {"passes": config.max_denoising_steps, "stability": config.stability_threshold,
             "confidence": config.confidence_threshold, "entropy_bound": getattr(sampler, "entropy_bound", None)}
    found = {name: value for name, value in given.items() if value is not None}
    if config.t_max is not None and config.t_min is not None:
        found["temperature"] = (float(config.t_max), float(config.t_min))
    return RenoiseOptions(**{**vars(ours), **found})
