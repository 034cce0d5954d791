"""SQL that is written: SQLite prepares it, names included; the budget is kept, whatever the logits."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.errors import SpecError, StructfillError, UnsupportedFeature
from structfill.lazy.bridging import bridged
from structfill.lazy.first import QUICK, STUBBORN
from tests.fake_models import RandomModel

TABLES = {"users": {"id": "int", "full name": "text", "age": "int"}, "orders": {"id": "int", "user_id": "int"}}


@pytest.fixture(scope="module")
def constraint():
    return sf.sql("sqlite", TABLES)


@pytest.fixture(scope="module")
def database():
    connection = sqlite3.connect(":memory:")
    connection.execute('create table users (id, "full name", age)')
    connection.execute("create table orders (id, user_id)")
    return connection


@pytest.mark.parametrize("scale", [0.0, 2.0, 30.0])
@pytest.mark.parametrize("budget", [16, 64])
def test_sqlite_prepares_what_random_models_write(constraint, database, scale, budget):
    model = RandomModel(scale=scale, canvas_length=budget)
    options = sf.SamplerOptions(passes=3, temperature=1.0 if scale else 0.0, seed=budget)
    generator = sf.Generator(constraint=constraint, model=model, options=options, max_tokens=budget)
    for prompt in ("one", "two", "three"):
        result = generator(prompt)
        database.execute(f"EXPLAIN {result.text}")
        assert result.value == result.text and not result.exact
        assert len(result.text.encode()) <= budget


@pytest.mark.slow
def test_texts_without_tables_are_in_the_grammar():
    constraint = sf.sql("postgres")
    generator = sf.Generator(constraint=constraint, model=RandomModel(canvas_length=48), max_tokens=48)
    assert constraint.accepts(generator("any").text)


@pytest.mark.parametrize("given", [
    "·" * 32 + ")sElEct-e",                                    # ends a subquery that no other text begins
    "With " + "·" * 39 + "Ct?\t",                              # the rest of a keyword, behind a common table expression
    "W··h`ã···\x80`A···E··c··\t·º)··L···*",                    # bytes here and there
    "SELECT name FROM ····················) ORDER BY n",
    "SELECT name FROM shop WHERE " + "·" * 47 + ") FROM shop)",  # two brackets, the outer one of a query
    "SELECT a FROM city WHERE " + "·" * 37 + ") FROM city) GROUP BY b",  # that is met, and goes on, above what is given
])
def test_fixed_text_that_only_some_structure_leads_to(given):
    """What is fixed begins inside a word, or inside what has to be opened first: a text is found, and keeps it."""
    completed(sf.sql("sqlite"), given)


def completed(constraint, given):
    fixed = {i: byte for i, byte in enumerate(given.encode("latin-1")) if chr(byte) != "·"}
    trellis = sf.LazyTrellis(sf.LazyGraph(constraint.written, sf.Vocab.bytes()), len(given), fixed)
    tokens = trellis.best(torch.randn(len(given), len(sf.Vocab.bytes()), generator=torch.Generator().manual_seed(1)))
    assert all(int(tokens[i]) == byte for i, byte in fixed.items())
    assert constraint.accepts(trellis.text(tokens))


@pytest.mark.slow
@pytest.mark.parametrize(("dialect", "given"), [("postgres", "··········TABLE a))))))"),
                                                ("mysql", "··················TABLE a))))))))")])
def test_brackets_that_only_fixed_text_closes_are_opened(dialect, given):
    """So many of one kind that a bridge has to go on from several stacks alike on top."""
    constraint = sf.sql(dialect)
    completed(constraint, given)
    graph = sf.LazyGraph(constraint.written, sf.Vocab.bytes())
    fixed = np.array([-1 if char == "·" else ord(char) for char in given])
    start = graph.number(sf.LazyTrellis(graph, len(given))._rows[0].start)
    assert bridged(graph, start, fixed, 0, QUICK) is None
    path = bridged(graph, start, fixed, 0, STUBBORN)
    assert path is not None and constraint.accepts(graph.vocab.decode(path.tolist()))


def test_what_cannot_be_written_is_told(constraint):
    with pytest.raises(UnsupportedFeature, match="no dialect"):
        sf.Generator(constraint=sf.sql("generic", TABLES), model=RandomModel())
    with pytest.raises(SpecError, match="select"):
        sf.Generator(constraint=sf.sql("sqlite", TABLES, {"delete"}, read_only=False), model=RandomModel())
    with pytest.raises(StructfillError, match="please report it.*no such table"):
        constraint.value("SELECT 1 FROM nowhere")


@pytest.mark.slow
@pytest.mark.parametrize("tables", [TABLES, {}])
@pytest.mark.parametrize("dialect", ["sqlite", "postgres", "duckdb", "mysql", "snowflake", "bigquery"])
def test_many_draws(dialect, tables):
    """Draws under peaked and flat logits on canvases of 16 to 256 bytes pass the check on the way out."""
    constraint = sf.sql(dialect, tables)
    graph = sf.LazyGraph(constraint.written, sf.Vocab.bytes())
    for seed in range(25):
        length = (16, 32, 64, 128, 256)[seed % 5]
        generator = torch.Generator().manual_seed(seed)
        logits = torch.randn(length, len(graph.vocab), generator=generator) * (1.0, 8.0, 30.0)[seed % 3]
        trellis = sf.LazyTrellis(graph, length)
        for tokens in (trellis.best(logits), trellis.sample(logits, generator)):
            text = trellis.text(tokens)
            assert constraint.check(text) is None, text
            assert len(text.encode()) <= length


def test_the_command_line_writes_and_runs(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("create table users (id int, name text)")
    connection.execute("insert into users values (1, 'Ada')")
    connection.commit()
    command = [sys.executable, "-m", "structfill", "sql", "--question", "who?", "--run", "--max-tokens", "24", "--db"]
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr  # 1: the query is valid and fails on its data
    connection.execute("EXPLAIN " + done.stdout.splitlines()[0])
    missing = subprocess.run([*command, str(tmp_path / "none.db")], capture_output=True, text=True, timeout=300)
    assert missing.returncode == 2 and "there is no database" in missing.stderr
