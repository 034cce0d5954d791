"""The grammar of queries whose names are bound to the tables: what it writes is right, and what it can write."""

from __future__ import annotations

from itertools import product

import lark
import pytest
import torch

import structfill as sf
from structfill.front.sql import compose
from tests.grammar_sampler import Sampler

TABLES = {"singer": {"singer_id": "int", "name": "text", "age": "int"}, "concert": ["id", "singer_id", "year"]}
ODD = {"odd name": ["a b", "select", "é\"x", "it's", "a.b[c]"], "order": ["abs", "Name"], "t": ["x/y", "back\\slash"]}
KEYWORDS = {"t": sorted(map(str.lower, compose.PLAIN))}
PLAIN = {"odd name": ["a b", "select", "\u00e9 x"], "Order": ["abs", "Name"], "t": ["x-y", "n"]}
SPELLED = {"NAME": ["x1", "foo"], "NUMBER": ["1", "2.5"], "INTEGER": ["1", "2"], "STRING": ["'a'", "'it''s'"],
           "MINUS": ["-"]}
THREE = {"singer": ["id", "name"], "concert": ["id", "singer_id", "year"], "stadium": ["id", "city", "concert_id"],
         "cte": ["x"]}
CONCERTS = "concert LEFT JOIN singer ON singer.id = concert.singer_id JOIN stadium ON stadium.concert_id = concert.id"
NUMBERED = {"singer": ["id", "name", "country"], "concert": ["id", "singer_id", "year"], "band": ["id", "concert_id"]}
CONCERTS_OF = "singer AS T1 JOIN concert AS T2 ON T1.id = T2.singer_id"


@pytest.mark.parametrize(("dialect", "tables"), [("sqlite", TABLES), ("sqlite", ODD), ("sqlite", {}), ("postgres", ODD),
                                                 ("duckdb", TABLES), ("sqlite", NUMBERED), ("mysql", ODD),
                                                 ("snowflake", ODD), ("bigquery", PLAIN), ("postgres", KEYWORDS),
                                                 ("duckdb", KEYWORDS), ("snowflake", KEYWORDS)])
def test_what_the_bound_grammar_writes_is_right(dialect: str, tables: dict[str, list[str]]) -> None:
    constraint = sf.sql(dialect, tables)
    parser = lark.Lark(constraint.bound_grammar, parser="lalr", lexer="contextual")
    spelled = SPELLED | ({"STRING": ["'a'", "'b c'"]} if dialect == "bigquery" else {})
    sampler = Sampler(parser, spelled, seed=3, long=40)
    for _ in range(60):
        text = sampler.text()
        parser.parse(text)
        assert constraint.accepts(text), (text, constraint.check(text))


def test_keywords_that_tables_like_as_names_need_no_quotes() -> None:
    assert sf.sql("postgres", KEYWORDS).written.accepts("SELECT version, content FROM t WHERE search = 'x'")


@pytest.mark.parametrize("dialect", ["sqlite", "mysql"])
def test_joins_of_three_and_common_table_expressions_are_written(dialect: str) -> None:
    constraint = sf.sql(dialect, THREE)
    for text in (f"SELECT singer.name FROM {CONCERTS} WHERE stadium.city = 'x' OR concert.year < 2",
                 f"SELECT singer.name, concert.year, stadium.city FROM {CONCERTS} GROUP BY concert.year",
                 f"SELECT stadium.city, concert.year AS y, singer.name FROM {CONCERTS} ORDER BY singer.id DESC LIMIT 3",
                 "SELECT singer.name, concert.year FROM concert CROSS JOIN singer ORDER BY concert.year",
                 "WITH cte1 (x) AS (SELECT singer.name FROM singer) SELECT cte1.x, COUNT(*) FROM cte1 GROUP BY cte1.x"):
        assert constraint.written.accepts(text) and constraint.accepts(text), (text, constraint.check(text))
    for text in ("SELECT singer.name FROM concert CROSS JOIN stadium", "SELECT cte1.x FROM cte1",
                 f"SELECT cte.x FROM {CONCERTS}", f"SELECT singer.city FROM {CONCERTS}",
                 "WITH cte1 (x) AS (SELECT cte1.x FROM cte1) SELECT cte1.x FROM cte1",
                 "WITH cte1 (x) AS (SELECT singer.name, singer.id FROM singer) SELECT cte1.x FROM cte1"):
        assert not constraint.written.accepts(text), text


@pytest.mark.parametrize("dialect", ["sqlite", "postgres", "snowflake", "bigquery"])
def test_columns_may_be_bare_and_tables_have_aliases(dialect: str) -> None:
    constraint = sf.sql(dialect, THREE)
    for text in ("SELECT name FROM singer WHERE id > 20", "SELECT id, city FROM stadium", "SELECT id FROM concert",
                 "SELECT id, COUNT(*) FROM stadium GROUP BY id HAVING COUNT(*) BETWEEN 1 AND 2",
                 "SELECT city FROM stadium GROUP BY city ORDER BY COUNT(*) DESC, city LIMIT 1",
                 "SELECT id FROM concert ORDER BY year DESC, singer_id", "SELECT * FROM concert ORDER BY year LIMIT 3",
                 "SELECT singer.name FROM singer WHERE name <> 'x'", "SELECT MAX(year) FROM concert",
                 "SELECT name FROM singer WHERE id = (SELECT singer_id FROM concert ORDER BY year DESC LIMIT 1)",
                 "SELECT s.name, c.year FROM singer AS s JOIN concert AS c ON s.id = c.singer_id WHERE c.year != 2000",
                 "SELECT s.name FROM singer s", "SELECT COUNT(*) FROM singer s JOIN concert c ON s.id = c.singer_id"):
        assert constraint.written.accepts(text) and constraint.accepts(text), (text, constraint.check(text))
    for text in ("SELECT city FROM singer", "SELECT id, city FROM singer", "SELECT s.year FROM singer s",
                 "SELECT s.name FROM singer", "SELECT singer.name FROM singer s", "SELECT name, city FROM stadium",
                 "SELECT id FROM concert JOIN singer ON singer.id = concert.singer_id",
                 "SELECT name FROM singer ORDER BY COUNT(*)", "SELECT COUNT(*) AS name FROM singer GROUP BY name"):
        assert not constraint.written.accepts(text), text


@pytest.mark.parametrize("dialect", ["sqlite", "postgres", "mysql", "duckdb", "snowflake", "bigquery"])
def test_tables_may_be_called_by_their_places(dialect: str) -> None:
    constraint = sf.sql(dialect, NUMBERED)
    for text in (f"SELECT T1.id, T2.year FROM {CONCERTS_OF} WHERE T1.name = 'x' AND country = 'y'",
                 f"SELECT COUNT(*), T1.name FROM {CONCERTS_OF} GROUP BY T1.id HAVING COUNT(*) > 2",
                 f"SELECT T2.id, T3.id FROM {CONCERTS_OF} JOIN band AS T3 ON T2.id = T3.concert_id ORDER BY T1.name",
                 "SELECT T1.id, T2.name FROM concert AS T1 JOIN singer T2 ON T1.singer_id = T2.id WHERE year > 3",
                 "SELECT AVG(T2.year), COUNT(DISTINCT T1.country) FROM singer T1 CROSS JOIN concert T2 LIMIT 3",
                 f"SELECT * FROM {CONCERTS_OF} WHERE T2.year IN (SELECT MAX(T1.year) FROM concert AS T1)",
                 "SELECT T1.id FROM band AS T1 ORDER BY T1.concert_id", "SELECT DISTINCT T1.id FROM singer AS T1",
                 f"SELECT name FROM singer UNION ALL SELECT T1.name FROM {CONCERTS_OF}"):
        assert constraint.written.accepts(text) and constraint.accepts(text), (text, constraint.check(text))
    for text in ("SELECT T1.year FROM singer AS T1", f"SELECT T1.year FROM {CONCERTS_OF}",
                 "SELECT T2.id FROM band AS T1", f"SELECT T1.id, T1.year, T1.name FROM {CONCERTS_OF}",
                 f"SELECT T3.id FROM {CONCERTS_OF}",
                 f"SELECT T1.id FROM {CONCERTS_OF} WHERE id > 2", "SELECT T1.id FROM singer",
                 "SELECT T1.name FROM singer AS T1 JOIN concert AS T2 ON id = T2.singer_id"):
        assert not constraint.written.accepts(text), text


def test_names_of_places_are_left_to_those_who_have_them() -> None:
    assert "from_t_0" in sf.sql("sqlite", {"s": ["a"]}).bound_grammar
    for tables in ({"t1": ["a"]}, {"s": ["a", "T2"]}):
        assert "from_t_0" not in sf.sql("sqlite", tables).bound_grammar


def test_foreign_keys_join_tables() -> None:
    keys = {"p": " references r(r_)", "q": "", "r": "", "s": " references s", "u": ""}
    script = "".join(f"CREATE TABLE {name} ({name}_ int, x{name} int{key});" for name, key in keys.items())
    listed = {name: {f"{name}_": "int", f"x{name}": f"int{key}"} for name, key in keys.items()}
    for dialect, tables in product(("sqlite", "mysql"), (script, listed)):
        constraint = sf.sql(dialect, tables)
        for text in ("SELECT p.xp, r.xr FROM p JOIN r ON p.xp = r.r_",
                     "SELECT T2.r_ FROM p T1 JOIN r T2 ON T1.xp = T2.r_",
                     "SELECT T1.s_, T2.s_ FROM s AS T1 JOIN s AS T2 ON T1.xs = T2.s_"):
            assert constraint.written.accepts(text) and constraint.accepts(text), text
        assert not constraint.written.accepts("SELECT p.xp FROM p CROSS JOIN q")


def test_what_all_tables_share_joins_none_of_many() -> None:
    constraint = sf.sql("sqlite", {f"t{i}": ["id", f"k{i // 2}"] for i in range(18)})
    for text in ("SELECT t0.k0, t1.id FROM t0 JOIN t1 ON t0.k0 = t1.k0", "SELECT t17.id FROM t17 WHERE id > 1"):
        assert constraint.written.accepts(text) and constraint.accepts(text), text
    assert not constraint.written.accepts("SELECT t0.id, t2.id FROM t0 JOIN t2 ON t0.id = t2.id")


def test_columns_called_after_a_table_join_it() -> None:
    constraint = sf.sql("sqlite", {"countries": ["CountryId", "Continent"], "continents": ["ContId"], "s": ["sid"],
                                   "car_makers": ["Id", "Country"], "cars": ["x"], "people": ["y"]})
    for text in ("SELECT countries.Continent, continents.ContId FROM countries JOIN continents "
                 "ON countries.Continent = continents.ContId",
                 "SELECT c.CountryId FROM car_makers cm JOIN countries c ON cm.Country = c.CountryId"):
        assert constraint.written.accepts(text) and constraint.accepts(text), text
    assert not constraint.written.accepts("SELECT s.sid, people.y FROM s CROSS JOIN people")


@pytest.mark.parametrize(("dialect", "words"), [
    ("sqlite", ["raise"]), ("postgres", ["xor", "system_user", "if", "lock"]), ("duckdb", ["at", "show", "force"]),
    ("mysql", ["charset", "current_user", "_utf8", "grouping", "json_table"]), ("snowflake", ["qualify", "minus"]),
    ("bigquery", ["hash", "unnest"])])
def test_words_that_are_no_names_are_quoted(dialect: str, words: list[str]) -> None:
    constraint = sf.sql(dialect, {"t": ["id", *words]})
    for word in words:
        quoted = constraint.dialect.quoted(word)
        assert not constraint.written.accepts(f"SELECT {word} FROM t")
        assert constraint.written.accepts(f"SELECT {quoted} FROM t") and constraint.accepts(f"SELECT {quoted} FROM t")


def test_aliases_are_no_other_names() -> None:
    tables = {"order_items": ["oi", "id"], "OrderInfo": ["id", "b"], "select": ["s"], "stadium": ["id"], "ss2": ["z"]}
    constraint = sf.sql("sqlite", tables)
    for alias, table in (("oi2", "order_items"), ("oi3", "OrderInfo"), ("s2", '"select"'), ("s3", "stadium")):
        column = {"order_items": "id", "OrderInfo": "b", '"select"': "s", "stadium": "id"}[table]
        text = f"SELECT {alias}.{column} FROM {table} {alias}"
        assert constraint.written.accepts(text) and constraint.accepts(text), text
    assert not constraint.written.accepts("SELECT oi.id FROM order_items oi")


def test_tables_and_columns_of_one_name_in_mysql() -> None:
    """Columns are found in any case, tables in theirs only, and one text is either."""
    constraint = sf.sql("mysql", {"name": ["name", "id"], "s": ["s", "Name"]})
    for text in ("SELECT name.name FROM name", "SELECT name, id FROM name", "SELECT id, name FROM name"):
        assert constraint.written.accepts(text) and constraint.accepts(text), text


def test_grammars_of_many_tables_have_qualified_columns_only() -> None:
    few, many = (sf.sql("sqlite", {f"t{i}": [f"c{i}"] for i in range(n)}).bound_grammar for n in (3, 61))
    assert "\nbare_2: " in few and "\nbare_60: " not in many and "\ncolumn_60: " in many


def test_many_tables_are_too_large_to_bind() -> None:
    constraint = sf.sql("sqlite", {f"t{i}": ["id"] for i in range(121)})
    with pytest.raises(sf.TooLarge):
        constraint.bound_grammar  # noqa: B018


def test_bigquery_is_written_without_tables() -> None:
    constraint = sf.sql("bigquery")
    graph = sf.compile_or_explore(constraint, sf.Vocab.bytes())
    trellis = sf.LazyTrellis(graph, 24)
    for seed in range(5):
        logits = torch.randn(24, 259, generator=torch.Generator().manual_seed(seed))
        assert constraint.accepts(trellis.text(trellis.best(logits)))
