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
    arguments = bits, class_ptr, class_token, positions, vocabulary
    got = cpu.token_masks(*arguments)
    assert got.dtype == np.int32 and got.shape == (positions, -(-vocabulary // 32))
    assert np.array_equal(got, reference.token_masks(*arguments))
    assert vocabulary < 5003 or np.bincount(of_token[of_token >= 0]).max() > cpu.WHOLE
