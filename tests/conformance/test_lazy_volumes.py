"""The lazy engine in numbers: Lark parses what it samples, fixed text leaves a text, queries are filled in the middle.

Grammars of the project, random logits of three temperatures, bytes for tokens. ``STRUCTFILL_ALL=1``: 10,000 samples,
10,000 canvases with fixed tokens, 300 queries.
"""

from __future__ import annotations

import json
import lzma
import random
import re
from functools import cache
from pathlib import Path

import lark
import pytest
import torch

import structfill as sf
from tests.data import MANY, data_folder

GRAMMARS = Path(__file__).resolve().parents[2] / "grammars"
NAMES = ["json", "arithmetic", "sqlite", "postgres", "duckdb", "mysql"]
TABLES = {"users": {"id": "int", "name": "text", "age": "int"}, "orders": {"id": "int", "user_id": "int"}}
SAMPLES, CANVASES, QUERIES = (1667, 1667, 300) if MANY > 24 else (20, 12, 40)
pytestmark = pytest.mark.slow


@cache
def graph(name, tables=False):
    if name in ("json", "arithmetic"):
        return sf.LazyGraph(sf.lark((GRAMMARS / f"{name}.lark").read_text(), engine="lazy"), sf.Vocab.bytes())
    return sf.LazyGraph(sf.sql(name, TABLES if tables else None).written, sf.Vocab.bytes())


def noise(length, seed):
    """Logits [N, 257], flat to peaked."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(length, len(sf.Vocab.bytes()), generator=generator) * (1.0, 4.0, 20.0)[seed % 3]


@pytest.mark.parametrize("name", NAMES)
def test_lark_parses_what_is_sampled(name):
    for tables in (False, True) if name not in ("json", "arithmetic") else (False,):
        constraint = graph(name, tables).constraint
        parser = lark.Lark(constraint.text, parser="lalr", lexer="contextual", start=constraint.start,
                           maybe_placeholders=False)
        for seed in range(0, SAMPLES, 10):
            trellis = sf.LazyTrellis(graph(name, tables), (12, 24, 40, 64)[seed // 10 % 4])
            logits, generator = noise(trellis.length, seed), torch.Generator().manual_seed(seed)
            for _ in range(10):
                parser.parse(trellis.text(trellis.sample(logits, generator)))


def hidden(rng, length):
    """The positions that are open: one gap, some of them anywhere, or all on the left."""
    kind, first = rng.randrange(3), rng.randrange(length)
    if kind == 0:
        return set(range(first, rng.randrange(first, length) + 1))
    return {i for i in range(length) if rng.random() < 0.5} if kind == 1 else set(range(first))


@pytest.mark.parametrize("name", NAMES)
def test_fixed_tokens_of_a_text_leave_a_text(name):
    rng = random.Random(len(name))
    for seed in range(0, CANVASES, 4):
        length = (12, 20, 32, 48, 64)[seed // 4 % 5]
        written = sf.LazyTrellis(graph(name), length).sample(noise(length, seed)).reshape(-1).tolist()
        for turn in range(4):
            open_ones = hidden(rng, length)
            fixed = {i: token for i, token in enumerate(written) if i not in open_ones}
            trellis = sf.LazyTrellis(graph(name), length, fixed)  # knows nothing of the first one
            found = trellis.best(noise(length, seed + turn)).reshape(-1).tolist()
            assert all(found[i] == token for i, token in fixed.items())
            assert graph(name).constraint.accepts(trellis.text(torch.tensor(found)))


PARTS = [r"\bFROM\b.*?(?=\b(?:WHERE|GROUP|ORDER)\b)", r"(?<=WHERE ).*?(?=\b(?:GROUP|ORDER)\b|\))",
         r"(?<=\()SELECT.*?(?=\))"]


def test_queries_are_filled_in_their_middle():
    """FROM behind a list, WHERE in the middle, a subquery: what stands on both sides stays, and the whole is valid."""
    constraint = graph("sqlite").constraint
    with lzma.open(data_folder() / "sql" / "spider_dev_half.jsonl.xz", "rt") as lines:
        queries = [json.loads(line)["sql"].strip().rstrip(";") for line in lines]
    places = [(sql, place) for sql in queries for part in PARTS if (place := re.search(part, sql, re.I | re.S))]
    random.Random(0).shuffle(places)
    for seed, (sql, place) in enumerate(places[:QUERIES]):
        left, right = sql[: place.start()].encode(), sql[place.end() :].encode()
        length = len(sql.encode()) + (0, 2, 6)[seed % 3]
        fixed = dict(enumerate(left)) | {length - len(right) + i: byte for i, byte in enumerate(right)}
        trellis = sf.LazyTrellis(graph("sqlite"), length, fixed)
        text = trellis.text(trellis.best(noise(length, seed)))
        assert text.startswith(left.decode()) and text.endswith(right.decode()) and constraint.accepts(text)
    assert len(places) >= QUERIES
