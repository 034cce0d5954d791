"""Prompts for chat models, and batches as decoders want them: padded on the left."""

from __future__ import annotations

from typing import Any

import torch

from ...errors import ModelError
from ..surrogates import lone_surrogate

INSTRUCTION = "Answer with nothing but a text of this form:\n"


def encode(tokenizer: Any, text: str, outline: str | None) -> list[int]:
    """Token ids of a chat turn that asks for `text` and shows the `outline` of the answer, up to where the model is to
    go on; of the plain text for a tokenizer without a chat template. Raises `SpecError` for a lone surrogate."""
    message = text if outline is None else f"{text}\n\n{INSTRUCTION}{outline}"
    try:
        message.encode()
    except UnicodeEncodeError as error:
        raise lone_surrogate("the prompt cannot be read", error) from None
    if getattr(tokenizer, "chat_template", None):
        chat = [{"role": "user", "content": message}]
        message = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        found = tokenizer(message, add_special_tokens=False)["input_ids"]
    else:
        found = tokenizer(message + "\n")["input_ids"]
    ids = [int(i) for i in found]
    if not ids:
        raise ModelError("the tokenizer made no token of the prompt")
    return ids


def left_padded(context: torch.Tensor, pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`context` int64 [B, P], padded on the right, with the padding on the left; and a mask, True where text is."""
    used = (context != pad).long().flip(1).cummax(1).values.flip(1)  # padding inside a text is text
    width = int(used.sum(1).amax()) if context.shape[1] else 0
    rows = [row[: int(count)] for row, count in zip(context, used.sum(1), strict=True)]
    ids = torch.stack([torch.cat([row.new_full((width - len(row),), pad), row]) for row in rows])
    return ids, torch.stack([torch.arange(width) >= width - len(row) for row in rows])
