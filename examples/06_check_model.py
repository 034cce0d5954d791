"""Is your own model ready? The kit calls it some 25 times and says what is wrong, and what to do."""

import torch

import structfill as sf
from structfill.models.testkit import check_model


class Bigrams:
    """A "model" over bytes: what stands next to a letter in the prompt may stand next to it in the text."""

    def __init__(self, sees_padding: bool) -> None:
        self.vocab, self.canvas_length, self.sees_padding = sf.Vocab.bytes(), 32, sees_padding

    def encode(self, text: str, outline: str | None) -> list[int]:
        return list(text.encode())

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        counts = torch.zeros(len(canvas), len(self.vocab), len(self.vocab))
        for row, ids in enumerate(context):
            known = ids if self.sees_padding else ids[ids != self.vocab.pad_id]
            counts[row].index_put_((known[:-1], known[1:]), torch.tensor(10.0 / max(1, len(known))), accumulate=True)
        before = torch.nn.functional.pad(canvas, (1, 0))[:, :-1]
        return counts[torch.arange(len(canvas))[:, None], before]


print(", ".join(check_model(Bigrams(sees_padding=False))))
try:
    check_model(Bigrams(sees_padding=True))
except sf.ModelError as error:
    print(error)
