"""The network of the embedded model: what a position may see, and what training's streams and decoding share."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from structfill.models.copying import matches  # noqa: E402
from structfill.models.denoiser import Denoiser, DenoiserConfig  # noqa: E402
from structfill.models.layout import REACH, canvas_layout  # noqa: E402

streams = pytest.importorskip("training.streams", reason="the training code is not part of the wheel")
MASK = 1


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    """A small network with random weights, convolutions included."""
    torch.manual_seed(0)
    made = Denoiser(DenoiserConfig(vocab=50, width=16, layers=3, heads=2, hidden=24))
    for p in made.parameters():
        if p.dim() > 1 or p.abs().sum() == 0:
            torch.nn.init.normal_(p, std=0.3)
    return made.eval().requires_grad_(False)


def prompts(rows: int, length: int = 11) -> torch.Tensor:
    return torch.randint(3, 50, (rows, length), generator=torch.Generator().manual_seed(rows))


def canvas(rows: int, length: int, share: float, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(3, 50, (rows, length), generator=generator)
    return torch.where(torch.rand(rows, length, generator=generator) < share, MASK, tokens)


def scores(denoiser: Denoiser, prompt: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    memory = denoiser.encode(prompt, torch.ones_like(prompt, dtype=torch.bool))
    return denoiser.log_probs(*denoiser.decode(canvas_layout(tokens, MASK, 2), memory), memory)


def test_probabilities(denoiser: Denoiser) -> None:
    found = scores(denoiser, prompts(3), canvas(3, 9, 0.5, 1))
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(3, 9), atol=1e-4, rtol=0)


def test_what_stands_behind_matters_only_if_known(denoiser: Denoiser) -> None:
    """An open position sees known tokens on both sides, and open ones only before it: so a longer canvas changes
    nothing, and a token that becomes known on the right does."""
    tokens, prompt = canvas(1, 12, 0.0, 2), prompts(1)
    tokens[:, 5:] = MASK
    short = scores(denoiser, prompt, tokens[:, :8])
    torch.testing.assert_close(short, scores(denoiser, prompt, tokens)[:, :8], atol=1e-5, rtol=1e-4)
    tokens[:, 10] = 7
    assert not torch.allclose(short[:, 5:], scores(denoiser, prompt, tokens)[:, 5:8], atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_streams_see_what_decoding_sees(denoiser: Denoiser, seed: int) -> None:
    """Every block of a training stream has the hidden states that the canvas has whose prefix ends before the block."""
    rows, length, count = 2, 10, 3
    gold, prompt = canvas(rows, length, 0.0, seed), prompts(rows)
    rng = np.random.default_rng(seed)
    starts = torch.from_numpy(np.stack([streams.block_starts(rng, count, length) for _ in range(rows)]))
    memory = denoiser.encode(prompt, torch.ones_like(prompt, dtype=torch.bool))
    layout = streams.block_layout(gold, starts, torch.ones(rows, length, dtype=torch.bool), MASK, 2)
    together = denoiser.decode(layout, memory)[0].view(rows, count + 1, length, -1)
    for b in range(rows):
        one = denoiser.encode(prompt[b : b + 1], torch.ones(1, prompt.shape[1], dtype=torch.bool))
        known = denoiser.decode(canvas_layout(gold[b : b + 1], MASK, 2), one)[0][0]
        torch.testing.assert_close(together[b, 0], known, atol=1e-5, rtol=1e-4)
        for k in range(count):
            for start in set(starts[b, k].tolist()):
                tokens = gold[b : b + 1].clone()
                tokens[:, start:] = MASK
                alone = denoiser.decode(canvas_layout(tokens, MASK, 2), one)[0][0]
                inside = starts[b, k] == start
                torch.testing.assert_close(together[b, k + 1][inside], alone[inside], atol=1e-5, rtol=1e-4)


def test_matches_find_where_the_prompt_goes_on() -> None:
    prompt = torch.tensor([[9, 4, 5, 6, 7, 8, 4, 5]])
    tokens = torch.tensor([[4, 5, MASK, MASK, 8]])
    found = matches(canvas_layout(tokens, MASK, 2), prompt)
    assert found.shape == (1, 2 * REACH, 5, 8)
    assert found[0, 1, 2].nonzero().flatten().tolist() == [3]  # after "4 5" comes prompt position 3
    assert found[0, 0, 3].nonzero().flatten().tolist() == [4]  # and one further on position 4
    assert found[0, REACH, 3].nonzero().flatten().tolist() == [4]  # before "8" stands position 4
    assert not found[0, 2, 2].any()  # three known tokens are not there
