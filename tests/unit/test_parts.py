"""Large logits are read in parts, on several threads: what comes out is that of one thread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.trellis import parts

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["age"]}


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logits of the bytes' vocabulary count as large."""
    monkeypatch.setattr(parts, "CHUNK", 1_000)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("lazy", [False, True])
def test_threads_do_not_matter(dtype: torch.dtype, lazy: bool) -> None:
    vocab, length, found = sf.Vocab.bytes(), 61, list[list[torch.Tensor]]()
    logits = (torch.randn(length, len(vocab), generator=torch.Generator().manual_seed(2)) * 4).to(dtype)
    for count in (1, 3):
        torch.set_num_threads(count)
        trellis: sf.Trellis | sf.LazyTrellis = sf.Trellis(sf.compile(sf.json_schema(SCHEMA), vocab), length)
        if lazy:
            grammar = sf.lark('start: "[" [start ("," start)*] "]"', engine="lazy")
            trellis = sf.LazyTrellis(sf.LazyGraph(grammar, vocab), length)  # it remembers what it has found
        posterior = trellis.posterior(logits, draw=True, generator=torch.Generator().manual_seed(1))
        assert posterior.sample is not None
        found.append([posterior.best, posterior.confidence, posterior.entropy, posterior.log_mass, posterior.sample,
                      trellis.constrain(logits).logits, trellis.marginals(logits)])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("mixed", [False, True])
def test_rows_side_by_side_are_rows_one_by_one(mixed: bool) -> None:
    vocab, length = sf.Vocab.bytes(), 40
    graphs = [sf.compile(sf.json_schema(schema), vocab) for schema in (SCHEMA, {"enum": ["a", 17, None]})]
    parts_of = [sf.Trellis(graph, length, rows=2) for graph in graphs]
    trellis = sf.TrellisBatch(parts_of) if mixed else sf.Trellis(graphs[0], length, rows=4)
    logits, found = torch.randn(4, length, len(vocab), generator=torch.Generator().manual_seed(3)) * 4, []
    for count in (1, 2, 3, 16):
        torch.set_num_threads(count)
        for draw in (False, True):
            a, b = (call(logits, draw=draw, generator=torch.Generator().manual_seed(1))
                    for call in (trellis.posterior, trellis.constrain))
            found.append([a.best, a.entropy, a.log_mass, b.logits, b.path, *([a.sample, b.sample] if draw else [])])
    for other in found[2:]:
        assert all(torch.equal(x, y) for x, y in zip(found[len(other) > 5], other, strict=True))


def test_parts_are_all_of_it_in_order_and_errors_come_through() -> None:
    torch.set_num_threads(4)
    logits = torch.arange(77 * 100, dtype=torch.bfloat16).reshape(77, 100)
    for x in (logits, logits.float().numpy(), logits.double()[:, ::2]):
        seen = parts.in_parts(x, lambda a, b, part: (a, b, part))
        assert [a for a, _, _ in seen[1:]] == [b for _, b, _ in seen[:-1]] and seen[-1][1] == 77 and len(seen) > 4
        whole = np.concatenate([part for _, _, part in seen])
        assert np.array_equal(whole, torch.as_tensor(x).double().numpy())
        assert all(part.flags.c_contiguous and part.flags.writeable for _, _, part in seen)

    def fails(a: int, b: int, part: object) -> None:
        if a:
            raise ValueError(f"part {a}")

    with pytest.raises(ValueError, match="part"):
        parts.in_parts(logits, fails)
