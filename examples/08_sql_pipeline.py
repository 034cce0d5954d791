"""Questions in a CSV -> SQL -> rows, over a SQLite file. The embedded model is not trained for SQL: valid, not clever.

    python examples/08_sql_pipeline.py [DATABASE QUESTIONS.csv]     (with a column `question`; else a small shop)
"""

import contextlib
import csv
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import structfill as sf

SHOP = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, total REAL);
INSERT INTO users VALUES (1, 'Ada', 36), (2, 'Tom', 41);
INSERT INTO orders VALUES (1, 1, 12.5), (2, 1, 3.0), (3, 2, 99.9);
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database, questions = map(Path, sys.argv[1:]) if len(sys.argv) == 3 else small_shop(Path(folder))
        generator = sf.Generator(sql=sf.sql("sqlite", database), max_tokens=32)
        with questions.open(newline="") as file:
            asked = [row["question"] for row in csv.DictReader(file)]
        for question, result in zip(asked, generator.batch(asked), strict=True):
            print(f"{question}\n  {result.text}")
            for row in rows(database, result.text):
                print("  ", *row)


def rows(database: Path, query: str) -> Iterator[tuple[object, ...]]:
    """What a query finds, read-only. A valid one may still fail on its data."""
    with contextlib.closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            yield from connection.execute(query)
        except sqlite3.Error as error:
            yield ("SQLite:", error)


def small_shop(folder: Path) -> tuple[Path, Path]:
    """A database with two tables, and two questions."""
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as connection:
        connection.executescript(SHOP)
    (folder / "questions.csv").write_text("question\nWhat are the names of all users?\nHow many orders are there?\n")
    return folder / "shop.db", folder / "questions.csv"


if __name__ == "__main__":
    main()
