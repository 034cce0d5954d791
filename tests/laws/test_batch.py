"""A batch of different constraints says row by row what the trellises say alone."""

from __future__ import annotations

import pytest
import torch

import structfill as sf
from structfill.errors import VocabMismatch

VOCAB = sf.Vocab.bytes()
PATTERNS = ("[ab]{2,5}", "(0|1)+x?", "x{3}[yz]*")
LENGTH = 7


def trellis(pattern: str, **more: object) -> sf.Trellis:
    return sf.Trellis(sf.compile(sf.regex(pattern), VOCAB), LENGTH, **more)  # type: ignore[arg-type]


@pytest.fixture(name="parts")
def _parts() -> list[sf.Trellis]:
    return [trellis(PATTERNS[0]), trellis(PATTERNS[1], rows=2), trellis(PATTERNS[2])]


def logits(rows: int = 4) -> torch.Tensor:
    return torch.randn(rows, LENGTH, len(VOCAB), generator=torch.Generator().manual_seed(5)) * 3


def test_every_call_agrees(parts: list[sf.Trellis]) -> None:
    batch, x = sf.TrellisBatch(parts), logits()
    each = [x[0:1], x[1:3], x[3:4]]
    assert batch.rows == 4
    assert torch.equal(batch.masks(), torch.cat([p.masks() for p in parts]))
    kept = torch.zeros_like(batch.masks())
    assert batch.masks(out=kept) is kept and torch.equal(kept, batch.masks())
    assert [len(row) for row in batch.class_lists()] == [LENGTH] * 4
    assert torch.equal(batch.best(x), torch.cat([p.best(y) for p, y in zip(parts, each, strict=True)]))
    assert torch.equal(batch.marginals(x), torch.cat([p.marginals(y) for p, y in zip(parts, each, strict=True)]))
    found = batch.posterior(x)
    assert found.sample is None
    for name in ("best", "confidence", "entropy", "log_mass"):
        alone = torch.cat([getattr(p.posterior(y), name) for p, y in zip(parts, each, strict=True)])
        assert torch.equal(getattr(found, name), alone), name


def test_texts_obey_their_own_constraint(parts: list[sf.Trellis]) -> None:
    batch, generator = sf.TrellisBatch(parts), torch.Generator().manual_seed(1)
    patterns = [PATTERNS[0], PATTERNS[1], PATTERNS[1], PATTERNS[2]]
    for _ in range(5):
        drawn = batch.posterior(logits(), draw=True, generator=generator).sample
        for tokens in (batch.sample(logits(), generator), drawn):
            for pattern, text in zip(patterns, batch.text(tokens), strict=True):
                assert sf.regex(pattern).accepts(text)


def test_fix_and_reopen(parts: list[sf.Trellis]) -> None:
    batch, x = sf.TrellisBatch(parts), logits()
    path = batch.best(x)
    fixed = batch.fix(torch.where(torch.arange(LENGTH) < 3, path, -1))
    assert torch.equal(fixed.best(x), path)
    mask = torch.zeros(4, LENGTH, dtype=torch.bool)
    mask[:, :3] = True
    for opened in (fixed.reopen([0, 1, 2]), fixed.reopen(mask)):
        assert torch.equal(opened.masks(), batch.masks())


def test_what_does_not_fit_together_is_refused(parts: list[sf.Trellis]) -> None:
    longer = sf.Trellis(parts[0].graph, LENGTH + 1)
    with pytest.raises(ValueError, match="same length"):
        sf.TrellisBatch([parts[0], longer])
    with pytest.raises(ValueError, match="same length"):
        sf.TrellisBatch([])
    other = sf.Vocab.of_tokens([b"a", b"b", None], eos_ids=(2,))
    with pytest.raises(VocabMismatch):
        sf.TrellisBatch([parts[0], sf.Trellis(sf.compile(sf.regex("[ab]+"), other), LENGTH)])
    with pytest.raises(ValueError, match="4 rows"):
        sf.TrellisBatch(parts).best(logits(3))
