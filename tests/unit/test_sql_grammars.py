"""The grammars of the SQL dialects: what they accept, that they are LALR(1), and that SQLite agrees."""

from __future__ import annotations

import io
import json
import logging
import random
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import lark
import pytest

import structfill as sf
from structfill.front.sql import compose
from tests.grammar_sampler import Sampler

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = [json.loads(line) for line in (ROOT / "tests/golden/sql.jsonl").read_text().splitlines()]
CASES = [(row["dialect"], frozenset(row.get("statements", ["select"])), text, wanted)
         for row in GOLDEN for wanted in ("accepted", "rejected") for text in row.get(wanted, [])]
SPELLED = {"NAME": [f"n{i}" for i in range(300)], "QUOTED": [f"[q{i}]" for i in range(99)] + ["`a`", '"b"'],
           "STRING": [f"'s{i}'" for i in range(99)], "NUMBER": ["1", "2.5"], "MINUS": ["-"], "BLOB": ["x'ab'"],
           "PARAMETER": ["?", ":x"]}


@pytest.mark.parametrize(("dialect", "statements", "text", "wanted"), CASES)
def test_golden(dialect: str, statements: frozenset[str], text: str, wanted: str) -> None:
    constraint = sf.sql(dialect, statements=statements, read_only=statements == {"select"})
    assert constraint.accepts(text) == (wanted == "accepted")
    if wanted == "accepted":
        assert constraint.accepts_prefix(text)
        assert all(constraint.accepts_prefix(text[:cut]) for cut in range(0, len(text), 7))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler, level = logging.StreamHandler(written), lark.logger.level
    lark.logger.addHandler(handler)
    lark.logger.setLevel(logging.DEBUG)
    yield written
    lark.logger.removeHandler(handler)
    lark.logger.setLevel(level)


@pytest.mark.parametrize("dialect", list(compose.FILES))
def test_no_conflicts(dialect: str, log: io.StringIO) -> None:
    text = compose.dialect_grammar(dialect, frozenset(compose.STATEMENTS), reading=True)
    lark.Lark(text, parser="lalr", lexer="contextual", debug=True)  # reduce/reduce conflicts raise
    assert "Reduce conflict" not in log.getvalue()


def test_the_conflict_check_can_fail(log: io.StringIO) -> None:
    lark.Lark('start: e\ne: e "+" e | "1"', parser="lalr", debug=True)
    assert "Reduce conflict" in log.getvalue()


@pytest.mark.parametrize("dialect", list(compose.FILES))
def test_names_are_what_is_not_reserved(dialect: str) -> None:
    """Both spellings of NAME are the same words, and no shorter ones, but for spaces beyond ASCII."""
    reserved = compose.reserved_words(dialect)
    assert reserved <= compose.unwritten_words(dialect)
    terminals = [compose.complemented(compose.name_terminal(reserved, far)) for far in (False, True)]
    patterns = [re.compile(terminal.removeprefix("NAME: /")[:-1]) for terminal in terminals]
    assert [bool(pattern.match("a\u2003b")) for pattern in patterns] == [False, True]
    words = [form for word in reserved for form in (word, word.lower(), word + "x", word[:-1], word + "_", word[1:])]
    for word in [*filter(None, words), "a", "_", "\u00e9t\u00e9", "a$1", "K\u212aEY"]:
        wanted = word.upper() not in reserved or not word.isascii()
        for pattern in patterns:
            found = pattern.match(word + " ")
            assert (found is not None and found[0] == word) == (wanted and not word[0].isdigit()), word


@pytest.mark.parametrize("kinds", [{"select"}, set(compose.STATEMENTS) - {"select"}])
def test_sqlite_calls_no_sampled_text_a_syntax_error(kinds: set[str]) -> None:
    parser = lark.Lark(compose.dialect_grammar("sqlite", frozenset(kinds)), parser="lalr", lexer="contextual")
    sampler, database = Sampler(parser, SPELLED, seed=7, long=40), sqlite3.connect(":memory:")
    for _ in range(600):
        text = sampler.text()
        parser.parse(text)
        try:
            database.execute(f"EXPLAIN {text}")
        except sqlite3.Error as error:
            assert not re.search("syntax|incomplete|unrecognized", str(error)), text


NAMED = ["SELECT {} FROM x", "SELECT x.{} FROM x", "SELECT a FROM {}", "SELECT {}.a FROM {}",
         "SELECT a AS {} FROM x", "SELECT a {} FROM x", "SELECT a FROM x AS {}", "SELECT a FROM x {}",
         "SELECT a FROM x WHERE {} = 1 ORDER BY {} DESC", "SELECT {}.* FROM y JOIN {} USING ({})",
         "WITH {} AS (SELECT 1) SELECT count({}) FROM {} GROUP BY {}", "SELECT CASE WHEN {} THEN {} ELSE {} END",
         "SELECT a FROM (SELECT 1) AS {}", "SELECT CAST({} AS {}), {}(a)",
         "SELECT sum({}) OVER (PARTITION BY {} ORDER BY {}) FROM x"]


def test_a_keyword_is_a_name_where_sqlite_has_it_so() -> None:
    """No more than SQLite takes, and all of it but for 4 %: aliases without AS that begin what could go on."""
    constraint, database, missed, seen = sf.sql("sqlite"), sqlite3.connect(":memory:"), 0, 0
    for word in sorted(compose.keywords(compose.sources("sqlite"))):
        for frame in NAMED:
            text = frame.replace("{}", word)
            try:
                database.execute(f"EXPLAIN {text}")
                valid = True
            except sqlite3.Error as error:
                valid = re.search("syntax error|incomplete|JOIN clause", str(error)) is None
            assert valid or not constraint.accepts(text), text
            seen, missed = seen + valid, missed + (valid and not constraint.accepts(text))
    assert seen > 900
    assert missed <= 0.04 * seen


def test_what_sqlite_calls_a_syntax_error_is_rejected() -> None:
    """Words and signs left out, doubled and exchanged in the accepted texts."""
    chance, database, constraint, wrong = random.Random(5), sqlite3.connect(":memory:"), sf.sql("sqlite"), 0
    texts = [text for dialect, kinds, text, wanted in CASES
             if dialect == "sqlite" and wanted == "accepted" and kinds == {"select"} and "--" not in text]
    for text in texts:
        parts = re.findall(r"'[^']*'|\"[^\"]*\"|\w+|\S", text)
        for _ in range(20):
            changed, place = list(parts), chance.randrange(len(parts))
            changed[place:place + chance.randrange(2)] = chance.sample(parts, chance.randrange(2))
            try:
                database.execute("EXPLAIN " + " ".join(changed))
            except sqlite3.Error as error:
                if re.search("syntax|incomplete|unrecognized", str(error)):
                    wrong += 1
                    assert not constraint.accepts(" ".join(changed)), changed
    assert wrong > 100
