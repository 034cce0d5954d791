"""The read for a beam: cpu against reference on awkward sizes, poisoned logits and ties."""

from __future__ import annotations

import numpy as np
import pytest
from structfill_kernels import likeliest
from structfill_kernels.likeliest import cpu, reference

from tests.strategies import HARD

B = cpu.BLOCK
SIZES = [(1, 1, 1), (3, 7, 5), (2, B - 1, B - 1), (2, B, B), (2, B + 1, 3), (3, 9 * B + 5, 9 * B - 2),
         (2, 40 * B, 40 * B)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["noise", "hard", "ties", "impossible", "nan", "steep"])
@pytest.mark.parametrize(("k", "j"), [(0, 0), (1, 3), (16, 16), (600, 2)])
def test_reads_agree(size, kind, k, j):
    rows, width, columns = size
    rng = np.random.default_rng([rows, width, columns, k])
    x = (rng.standard_normal((rows, width)) * (80 if kind == "steep" else 4)).astype(np.float32)
    if kind == "hard":
        where = rng.random(x.shape) < 0.3
        x[where] = rng.choice(np.array(HARD, np.float32), where.sum())
    if kind == "ties":
        x = np.round(x / 8) + np.float32(0)  # no negative zeros: they would come behind the others
    if kind in ("impossible", "nan"):
        x[-1] = -np.inf if kind == "impossible" else np.nan
    chosen = np.flatnonzero(rng.random(columns) < 0.3).astype(np.int64)
    want, got = (one.likeliest(x, columns, k, chosen, j) for one in (reference, likeliest))
    assert np.array_equal(want.peak, got.peak) and np.array_equal(want.ids, got.ids)
    np.testing.assert_allclose(got.norm, want.norm, atol=1e-5)
    np.testing.assert_allclose(got.entropy, want.entropy, atol=1e-4)
