"""Token masks, cpu against reference: tails, word boundaries, classes large enough for a mask of their own."""

from __future__ import annotations

import numpy as np
import pytest
from structfill_kernels.bitmask import cpu, reference
from structfill_kernels.token_walk.reference import csr


@pytest.mark.parametrize("vocabulary", [1, 31, 32, 33, 64, 1000, 5003])
@pytest.mark.parametrize("positions", [1, 63, 64, 65, 130])
def test_token_masks(vocabulary, positions):
    rng = np.random.default_rng([vocabulary, positions])
    classes = 4
    of_token = np.where(rng.random(vocabulary) < 0.6, 0, rng.integers(-1, classes, vocabulary)).astype(np.int32)
    class_ptr, class_token = csr(of_token, classes)
    bits = rng.integers(0, 2**64, (classes, positions // 64 + 1), dtype=np.uint64)
    got, want = np.full((2, positions, -(-vocabulary // 32)), -7, np.int32)  # whatever was there before
    for masks, out in ((cpu.token_masks, got), (reference.token_masks, want)):
        masks(bits, class_ptr, class_token, out)
    assert np.array_equal(got, want)
    assert vocabulary < 5003 or np.bincount(of_token[of_token >= 0]).max() > cpu.WHOLE


@pytest.mark.parametrize("positions", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("dense", [True, False])
def test_class_lists(positions, dense):
    """Changes at every position, and runs that cross words."""
    rng = np.random.default_rng([positions, dense])
    bits = rng.integers(0, 2**64, (9, positions // 64 + 1), dtype=np.uint64)
    if not dense:
        bits[:] = np.where(rng.random(bits.shape) < 0.7, np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0))
    for got, want in zip(cpu.class_lists(bits, positions), reference.class_lists(bits, positions), strict=True):
        assert np.array_equal(got, want) and got.dtype == want.dtype
