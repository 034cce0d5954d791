"""The loop of ours on absorbing models and 120 public schemas: every output valid, within the budget; unconstrained
beside it. Interfaces of the real architectures, random weights; validity is judged by jsonschema."""

from __future__ import annotations

from functools import cache

import pytest
import torch

import structfill as sf
from structfill.samplers.mask_predict import mask_predict
from tests.data import MANY
from tests.schemas import Case, sample
from tests.tiny_absorbing import KINDS, MASK, absorbing

CANVAS = 32
pytestmark = pytest.mark.slow


@cache
def cases() -> list[Case]:
    return sample(MANY, 2 * CANVAS)


def write(model, graph, rows, budget, passes, **options):
    """The tokens [B, M] of a text for every row, canvas after canvas."""
    context = torch.nn.utils.rnn.pad_sequence([torch.tensor(model.encode("prompt " + "x" * i, None))
                                               for i in range(rows)], batch_first=True, padding_value=257)
    blocks = [sf.Blocks(graph, budget) for _ in range(rows)]
    written = torch.empty((rows, 0), dtype=torch.int64)
    chosen = sf.SamplerOptions(**{"passes": passes, "horizon": None, "window": None} | options)
    size = min(model.canvas_length, CANVAS)
    while blocks[0].left or not written.shape[1]:
        length = min(size, budget - written.shape[1])
        trellis = sf.Trellis(graph, length, rows=rows, start=[b.state for b in blocks],
                             more=budget - written.shape[1] - length)
        for block in blocks:
            block.trellis(length)
        *_, step = mask_predict(model, context, trellis, chosen, written)
        for block, row in zip(blocks, step.tokens, strict=True):
            block.advance(row)
        written = torch.cat([written, step.tokens], 1)
    return written


def texts(graph, rows):
    return [graph.vocab.decode(row[: row.index(256) if 256 in row else None]) for row in rows.tolist()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("passes, rule", [(1, "confidence"), (4, "margin"), (16, "entropy")])
@pytest.mark.parametrize("rows, budget", [(1, CANVAS), (4, 2 * CANVAS + 21)])
def test_every_text_is_valid(kind, passes, rule, rows, budget):
    model, count = absorbing(kind), 0
    fitting = [case for case in cases() if case.graph.shortest[0] <= budget]
    for case in fitting[KINDS.index(kind) :: 6] if passes > 1 else fitting:
        found = write(model, case.graph, rows, budget, passes, rule=rule)
        assert found.shape == (rows, budget)
        for text in texts(case.graph, found):
            case.check(text)
            assert len(text.encode()) <= budget
            count += 1
    print(f"{kind.__name__}: {count} texts, {passes} passes, {rows} rows, {budget} tokens")
    assert count >= rows


@pytest.mark.parametrize("kind", KINDS)
def test_unconstrained_nothing_is_valid(kind):
    """The same loop under a constraint that any text satisfies."""
    model = absorbing(kind)
    anything = sf.compile(sf.regex("[^\u0000]*"), sf.Vocab.bytes())
    found = texts(anything, write(model, anything, 4, 2 * CANVAS, 4))
    assert MASK not in found and not any(case.is_valid(text) for case in cases() for text in found)
