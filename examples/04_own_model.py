"""Any denoiser with a mask token plugs in: a vocabulary, a canvas length, `encode` and a call that returns logits."""

import torch

import structfill as sf


class Echo:
    """A "model" over bytes that likes to write what the prompt says, from the left."""

    def __init__(self) -> None:
        self.vocab = sf.Vocab.bytes()
        self.canvas_length = 48

    def encode(self, text: str, outline: str | None) -> list[int]:
        return list(text.encode())

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(*canvas.shape, len(self.vocab))
        width = min(context.shape[1], canvas.shape[1])
        return logits.scatter(2, context[:, :width, None], 5.0)


generator = sf.Generator(constraint=sf.regex(r"[A-Z][a-z]+( [A-Z][a-z]+)*"), model=Echo())
print(generator("Ada Lovelace 1815").text)
