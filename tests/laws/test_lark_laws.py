"""The laws of grammars, enumerated: canvases judged by Lark itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

import structfill
from structfill.trellis import Trellis
from structfill.vocab import Vocab
from tests import oracle
from tests.small_grammars import GRAMMARS, LOSSY, reader


def vocabulary(alphabet):
    """Single characters, two pairs that may straddle terminals, end-of-text and padding."""
    pairs = [alphabet[0] + alphabet[-1], alphabet[-1] + alphabet[0]]
    spelled = list(dict.fromkeys([*alphabet[:4], *pairs]))
    n = len(spelled)
    return Vocab.of_tokens([*(s.encode() for s in spelled), None, None], eos_ids=[n], pad_id=n + 1)


def valid_canvases(accepts, vocab, length):
    """All canvases that spell a text that Lark parses, followed by end-of-text and padding."""
    found = []
    for canvas in itertools.product(range(len(vocab)), repeat=length):
        ends = [i for i, token in enumerate(canvas) if token >= len(vocab) - 2]
        if ends and (canvas[ends[0]] not in vocab.eos_ids or ends != list(range(ends[0], length))):
            continue
        if accepts(vocab.decode(canvas[: ends[0] if ends else length])):
            found.append(canvas)
    return found


@pytest.mark.parametrize("name", [name for name in GRAMMARS if name not in LOSSY])
def test_enumerated_grammars_are_exact(name):
    grammar, alphabet, _ = GRAMMARS[name]
    vocab, length = vocabulary(alphabet), 4
    valid = valid_canvases(reader(grammar), vocab, length)
    trellis = Trellis(structfill.compile(structfill.lark(grammar, engine="exact"), vocab), length)
    got, _ = oracle.unpack(trellis.masks()[0], len(vocab))
    assert valid and np.array_equal(got, oracle.masks(valid, length, len(vocab)))
    x = np.random.default_rng(7).standard_normal((length, len(vocab))).astype(np.float32) * 3
    exact, found = oracle.Exact(valid, x, len(vocab)), trellis.posterior(torch.tensor(x))
    np.testing.assert_allclose(trellis.marginals(x), exact.marginals, atol=1e-5)
    np.testing.assert_allclose(float(found.log_mass), exact.log_mass, atol=1e-5)
    assert exact.scores[valid.index(tuple(found.best.tolist()))] >= exact.scores.max() - 1e-6


def test_drawn_texts_parse():
    """Random canvases over 256 bytes: all that is drawn, Lark parses."""
    for name in ("ambiguous", "keywords", "strings", "unicode", "backing"):
        grammar = GRAMMARS[name][0]
        accepts = reader(grammar)
        trellis = Trellis(structfill.compile(structfill.lark(grammar, engine="exact"), Vocab.bytes()), 24)
        generator = torch.Generator().manual_seed(5)
        for _ in range(40):
            logits = torch.randn((24, 259), generator=generator) * 4
            assert accepts(trellis.text(trellis.sample(logits, generator)))
