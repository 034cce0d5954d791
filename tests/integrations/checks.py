"""What the tests of the integrations share: constraints of random schemas over bytes, and the check of an output."""

from __future__ import annotations

import functools
import random

import structfill as sf
from tests.random_schemas import random_schema

VOCAB = sf.Vocab.bytes()
EOS, PAD, MASK = 256, 257, 258


@functools.cache
def random_constraints(count: int, seed: int = 0, most: int = 60):
    """(constraint, graph, budget): schemas whose shortest text has at most `most` tokens, the budget not far above."""
    rng, found = random.Random(seed), []
    while len(found) < count:
        try:
            constraint = sf.json_schema(random_schema(rng, rng.randint(0, 3)))
            graph = sf.compile(constraint, VOCAB, limits=sf.Limits(states=20_000, edges=400_000))
        except (sf.EmptyLanguage, sf.TooLarge, sf.UnsupportedFeature):
            continue
        shortest = int(graph.shortest[0])
        if shortest <= most:
            found.append((constraint, graph, shortest + rng.randint(1, 24)))
    return found


def text_of(tokens) -> tuple[str, int]:
    """The text before the first end-of-text token, and how many tokens it has."""
    ids = list(map(int, tokens))
    ids = ids[: ids.index(EOS)] if EOS in ids else ids
    return VOCAB.decode(ids), len(ids)


def assert_valid(constraint, budget: int, tokens) -> None:
    """The tokens spell a text of the language within the budget; nothing but end-of-text and padding follows."""
    ids = list(map(int, tokens))
    text, used = text_of(ids)
    assert constraint.accepts(text), text
    assert used <= budget and set(ids[used:]) <= {EOS, PAD, MASK}, (used, budget, ids[used:])
    assert all(i < 256 for i in ids[:used])
