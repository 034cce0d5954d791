"""Masks as class lists and applied to logits say the same as bitmasks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given

import structfill as sf
from structfill.errors import VocabMismatch
from tests import oracle
from tests.laws.test_trellis_laws import cases
from tests.strategies import law


@law(120)
@given(cases())
def test_class_lists_are_the_masks(case):
    _, vocab, length, fixed, valid, trellis = case
    if not valid:
        return
    graph, want = trellis.graph, oracle.masks(valid, length, len(vocab))
    for i, classes in enumerate(trellis.class_lists()[0]):
        tokens = {int(t) for c in classes for t in graph.class_token[graph.class_ptr[c] : graph.class_ptr[c + 1]]}
        assert list(classes) == sorted(set(classes.tolist()))
        if i in fixed:
            assert fixed[i] in tokens and len(classes) == 1
        else:
            assert tokens == set(np.flatnonzero(want[i]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("columns", [5, 32, 33, 64, 100])
@pytest.mark.parametrize("words", [1, 2, 3])
def test_apply(dtype, columns, words):
    generator = torch.Generator().manual_seed(columns)
    logits = torch.randn(2, 7, columns, generator=generator).to(dtype)
    masks = torch.randint(-(2**31), 2**31, (2, 7, words), generator=generator).to(torch.int32)
    before, given_ = logits.clone(), masks.clone()
    out = sf.apply(logits, masks)
    assert out is logits and torch.equal(masks, given_)
    allowed = np.zeros((2, 7, columns), bool)
    for place in np.ndindex(2, 7, min(columns, 32 * words)):
        allowed[place] = int(masks[place[0], place[1], place[2] // 32]) >> (place[2] % 32) & 1
    allowed = torch.from_numpy(allowed)
    assert torch.equal(logits[allowed], before[allowed]) and (logits[~allowed] == -torch.inf).all()


def test_apply_wants_equal_shapes():
    with pytest.raises(VocabMismatch):
        sf.apply(torch.zeros(2, 3, 40), torch.zeros(3, 2, dtype=torch.int32))


def test_masks_fill_what_they_are_given():
    vocab = sf.Vocab.bytes()
    trellis = sf.Trellis(sf.compile(sf.regex("a+b?"), vocab), 9, {3: ord("a")}, rows=2)
    kept = torch.full((2, 9, -(-len(vocab) // 32)), -1, dtype=torch.int32)
    assert trellis.masks(out=kept) is kept and torch.equal(kept, trellis.masks())
    for wrong in (kept[:1], kept.long(), kept.transpose(0, 1)):
        with pytest.raises(ValueError, match="int32 tensor of shape"):
            trellis.masks(out=wrong)
