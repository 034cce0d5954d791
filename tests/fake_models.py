"""Models without weights, over single bytes."""

from __future__ import annotations

import torch

import structfill as sf


class RandomModel:
    """Logits from a hash of the canvas: deterministic, different at every pass, as peaked as `scale` says."""

    def __init__(self, scale: float = 4.0, canvas_length: int = 96, vocab: sf.Vocab | None = None) -> None:
        self.vocab = vocab or sf.Vocab.bytes()
        self.canvas_length, self.scale, self.calls = canvas_length, scale, 0

    def encode(self, text: str, outline: str | None) -> list[int]:
        return list(text.encode("utf-8", "replace"))[:64] or [0]

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        rows = []
        for prompt, row in zip(context, canvas, strict=True):
            weights = torch.arange(1, len(row) + 1)
            given = prompt[prompt != self.vocab.pad_id]
            seed = (int((row * weights).sum()) * 7919 + int(given.sum())) % 2**31
            generator = torch.Generator().manual_seed(seed)
            rows.append(torch.randn(len(row), len(self.vocab), generator=generator) * self.scale)
        return torch.stack(rows)


class ConstantModel(RandomModel):
    """The same logits, given by the test, whatever it sees."""

    def __init__(self, logits: torch.Tensor, vocab: sf.Vocab | None = None) -> None:
        super().__init__(canvas_length=len(logits), vocab=vocab)
        self.logits = logits

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.logits.expand(len(canvas), -1, -1).clone()
