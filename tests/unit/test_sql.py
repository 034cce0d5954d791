"""structfill.sql: tables from every source, names in scope, read-only, the check on the way out, the bound grammar."""

from __future__ import annotations

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lark
import pytest
import torch
from sqlglot.schema import MappingSchema

import structfill as sf
from structfill.errors import UnsupportedFeature
from structfill.front.sql import compose
from structfill.front.sql.sources import read_catalogue
from tests.grammar_sampler import Sampler

TABLES = {"singer": {"singer_id": "int", "name": "text", "age": "int"}, "concert": ["id", "singer_id", "year"]}
DDL = 'CREATE TABLE singer (singer_id INT, name TEXT, age INT); CREATE TABLE concert (id INT, singer_id INT, year INT);'
ODD = {"odd name": ["a b", "select", "é\"x", "it's", "a.b[c]"], "order": ["abs", "Name"], "t": ["x/y", "back\\slash"]}
KEYWORDS = {"t": sorted(map(str.lower, compose.PLAIN))}
PLAIN = {"odd name": ["a b", "select", "\u00e9 x"], "Order": ["abs", "Name"], "t": ["x-y", "n"]}
RIGHT = ["SELECT name FROM singer", "SELECT s.age FROM singer AS s JOIN concert c ON c.singer_id = s.singer_id",
         "WITH x AS (SELECT age AS a FROM singer) SELECT a FROM x", "SELECT name AS n FROM singer ORDER BY n",
         "SELECT id FROM concert WHERE EXISTS (SELECT 1 FROM singer WHERE singer.singer_id = concert.singer_id)",
         "SELECT age, count(*) FROM singer GROUP BY age HAVING count(*) > 1", "SELECT 1"]
WRONG = ["SELECT nam FROM singer", "SELECT s.name FROM singer", "SELECT name FROM nothing", "SELECT year FROM singer",
         "WITH x AS (SELECT age AS a FROM singer) SELECT b FROM x", "SELECT singer_id FROM singer, concert",
         "SELECT c.name FROM concert c"]
SPELLED = {"NAME": ["x1", "foo"], "NUMBER": ["1", "2.5"], "INTEGER": ["1", "2"], "STRING": ["'a'", "'it''s'"],
           "MINUS": ["-"]}
DIALECTS = ["sqlite", "postgres", "duckdb", "mysql", "snowflake", "bigquery"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_in_scope(dialect: str) -> None:
    constraint = sf.sql(dialect, TABLES)
    for text in RIGHT:
        assert constraint.accepts(text) and constraint.check(text) is None, text
    for text in WRONG:
        assert not constraint.accepts(text) and constraint.check(text), text


def test_every_source_gives_the_same_tables(tmp_path: Path) -> None:
    path = tmp_path / "a b#1.db"
    with sqlite3.connect(path) as database:
        database.executescript(DDL)
    (tmp_path / "tables.sql").write_text(DDL)
    for dialect in DIALECTS:
        for source in (TABLES, DDL, path, str(path), tmp_path / "tables.sql", MappingSchema(
                {"singer": TABLES["singer"], "concert": dict.fromkeys(TABLES["concert"], "int")})):
            tables = read_catalogue(source, sf.sql(dialect).dialect).tables
            assert {t.name: [c.name for c in t.columns] for t in tables} == {
                name: list(columns) for name, columns in TABLES.items()}


def test_sqlalchemy_engine() -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE t (a INT)"))
    assert sf.sql("sqlite", engine).accepts("SELECT a FROM t")
    assert not sf.sql("sqlite", engine).accepts("SELECT b FROM t")


def test_schemas_views_and_folding() -> None:
    duck = sf.sql("duckdb", {"main": {"T": ["A"]}, "other": {"u": ["b"]}})
    assert duck.accepts("SELECT a FROM t") and duck.accepts("SELECT b FROM other.u")
    assert not duck.accepts("SELECT b FROM main.u")
    exact = sf.sql("postgres", 'CREATE TABLE "Mixed" ("Col" int, Plain int)')
    assert exact.accepts('SELECT "Col", PLAIN FROM "Mixed"') and not exact.accepts("SELECT plain FROM mixed")
    view = sf.sql("sqlite", "CREATE TABLE t (a); CREATE VIEW v AS SELECT a AS b FROM t")
    assert view.accepts("SELECT b FROM v") and not view.accepts("SELECT a FROM v")
    assert sf.sql("sqlite", {"sqlite_sequence": ["name", "seq"], "t": ["a"]}).accepts("SELECT seq FROM sqlite_sequence")


def test_strings_in_double_quotes() -> None:
    text = 'SELECT name FROM singer WHERE name = "USA"'
    assert sf.sql("sqlite", TABLES).accepts(text)
    strict = sf.sql("sqlite", TABLES, strings="strict")
    assert not strict.accepts(text) and strict.accepts('SELECT "name" FROM singer WHERE name = \'a "b"\'')


def test_read_only() -> None:
    for text in ("DELETE FROM singer", "SELECT load_extension('x')", "SELECT [load_extension]('x')"):
        assert not sf.sql("sqlite", TABLES).accepts(text)
    writing = sf.sql("sqlite", TABLES, statements={"delete", "select"}, read_only=False)
    assert writing.accepts("DELETE FROM singer WHERE age = 1")
    assert not writing.accepts("DELETE FROM singer WHERE id = 1")
    assert writing.accepts("SELECT load_extension('x')") and not writing.accepts("INSERT INTO singer DEFAULT VALUES")


def test_empty_and_unknown_tables() -> None:
    assert sf.sql("sqlite").accepts("SELECT anything FROM anywhere")
    for dialect in DIALECTS:
        empty = sf.sql(dialect, {})
        assert empty.accepts("SELECT 1 + 1") and not empty.accepts("SELECT a FROM t")


@pytest.mark.parametrize(("arguments", "told"), [
    (("oracle",), "sqlite"), ((None,), "sqlite"), (("sqlite", TABLES, {"insert"}), "read_only"),
    (("sqlite", TABLES, set()), "empty"), (("sqlite", TABLES, {"merge"}), "merge"), (("sqlite", 7), "int"),
    (("sqlite", {"t": 3}), "/t"), (("sqlite", {"t": ["a", "A"]}), "'A'"), (("sqlite", {"t": ["a"], "T": ["b"]}), "'T'"),
    (("sqlite", {"t": [""]}), "empty"), (("sqlite", {"t": ["a\ud800"]}), "surrogate"),
    (("sqlite", {f"s{i}": {"t": ["a"]} for i in range(11)}), "attached"),
    (("sqlite", {"a\0": ["b"]}), "NUL"), (("bigquery", {"t": ["a.b"]}), "'.'"), (("sqlite", {"t": [1]}), "str"),
    (("sqlite", "CREATE TABLE t ("), "SQLite"), (("postgres", "CREATE TABLE ("), "postgres"),
    (("postgres", "CREATE TABLE t (a int); DROP TABLE t"), "DROP"), (("sqlite", "no/such/file"), "no/such/file"),
    (("sqlite", Path("no/such/file")), "no/such/file"), (("sqlite", {"sqlite_master2": ["a"]}), "sqlite_master2"),
])
def test_errors(arguments: tuple[object, ...], told: str) -> None:
    with pytest.raises(sf.SpecError, match=".*") as caught:
        sf.sql(*arguments)  # type: ignore[arg-type]
    assert told in str(caught.value)


def test_duplicates_by_case_are_two_names_where_case_counts() -> None:
    found = sf.sql("postgres", {"T": ["a", "A"], "t": ["a"]})
    assert found.accepts('SELECT "A", a FROM "T"') and not found.accepts('SELECT "A" FROM t')


@pytest.mark.parametrize(("dialect", "tables"), [("sqlite", TABLES), ("sqlite", ODD), ("sqlite", {}), ("postgres", ODD),
                                                 ("duckdb", TABLES), ("mysql", ODD), ("snowflake", ODD),
                                                 ("bigquery", PLAIN), ("postgres", KEYWORDS), ("duckdb", KEYWORDS),
                                                 ("snowflake", KEYWORDS)])
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


def test_without_tables_the_grammar_decides() -> None:
    """sqlglot, which would look for the names, does not read this."""
    text = "SELECT a FROM t ORDER BY a USING >"
    assert sf.sql("postgres").check(text) is None
    assert "sqlglot" in (sf.sql("postgres", {"t": ["a"]}).check(text) or "")


def test_statements_in_with_are_looked_into() -> None:
    tables, text = {"t": ["a"]}, "WITH w AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM {}"
    found = sf.sql("postgres", tables, {"select", "insert"}, read_only=False)
    assert found.accepts(text.format("w")) and not found.accepts(text.format("v"))
    assert not sf.sql("postgres", tables).accepts(text.format("w"))


def test_methods_that_write_are_known() -> None:
    found = sf.sql("duckdb")
    assert found.accepts("SELECT (a).b.lower().len()")
    for text in ("SELECT 's'.nextval()", "SELECT f(x).nextval()", "SELECT a.b.c.nextval()", "SELECT a[1].nextval()"):
        assert "read_only" in (found.check(text) or ""), text


THREE = {"singer": ["id", "name"], "concert": ["id", "singer_id", "year"], "stadium": ["id", "city", "concert_id"],
         "cte": ["x"]}
CONCERTS = "concert LEFT JOIN singer ON singer.id = concert.singer_id JOIN stadium ON stadium.concert_id = concert.id"


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


def test_postgres_tells_quoted_names_by_case() -> None:
    constraint = sf.sql("postgres", {"Users": ["id", "createdAt"], "t": ["a"], "T": ["b"]})
    for text in ('SELECT "Users"."createdAt" FROM "Users"', 'SELECT * FROM "T" CROSS JOIN t',
                 'SELECT u."createdAt" FROM "Users" u'):
        assert constraint.written.accepts(text) and constraint.value(text) == text
    for text in ("SELECT users.id FROM users", 'SELECT "Users"."createdat" FROM "Users"', 'SELECT b FROM t'):
        assert not constraint.accepts(text)
    assert '"Nope"' in str(constraint.check('SELECT 1 FROM "Nope"'))


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


def test_results_of_common_table_expressions_have_no_case_in_mysql() -> None:
    constraint = sf.sql("mysql", TABLES)
    assert constraint.accepts("WITH t (X) AS (SELECT age FROM singer) SELECT t.x FROM t")
    assert not constraint.accepts("WITH t (X) AS (SELECT age FROM singer) SELECT T.x FROM t")
    assert not constraint.accepts("WITH t (X) AS (SELECT age FROM singer) SELECT t.age FROM t")


def test_many_tables_are_too_large_to_bind() -> None:
    constraint = sf.sql("sqlite", {f"t{i}": ["id"] for i in range(121)})
    with pytest.raises(sf.TooLarge):
        constraint.bound_grammar  # noqa: B018


def test_identity_and_outline() -> None:
    assert sf.sql("sqlite", TABLES).identity != sf.sql("sqlite", TABLES, strings="strict").identity
    assert sf.sql("sqlite", TABLES).identity == sf.sql("sqlite", TABLES).identity
    assert "singer(singer_id int" in sf.sql("sqlite", TABLES).outline


def test_many_threads_ask_one_database() -> None:
    constraint = sf.sql("sqlite", {"users": ["id", "name"]})
    texts = ["SELECT name FROM users", "SELECT age FROM users", "SELECT u.id FROM users u"] * 60
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(constraint.accepts, texts)) == [True, False, True] * 60


def test_an_operator_may_be_a_function_of_ones_own() -> None:
    constraint = sf.sql("sqlite", {"users": ["id", "name"]})
    assert constraint.check("SELECT name FROM users WHERE name REGEXP 'a' AND name MATCH 'b'") is None
    assert "surrogate" in (constraint.check("SELECT '\ud800'") or "")
    assert "no such function" in (constraint.check(f"SELECT {'f' * 300}(1)") or "")


@pytest.mark.parametrize("between", [",", "+", " OR "])
def test_long_texts_are_continued(between: str) -> None:
    constraint = sf.sql("sqlite", {"users": ["id", "name"]})
    assert constraint.accepts_prefix("SELECT " + between.join(["id"] * 1_500))
    assert not constraint.accepts_prefix("SELECT " + between.join(["id"] * 1_500) + between + ")")


def test_a_query_is_no_part_of_a_text() -> None:
    query = sf.sql("sqlite", {"users": ["id"]})
    with pytest.raises(UnsupportedFeature, match="whole="):
        sf.infill("SQL: ", ";", query)
    with pytest.raises(UnsupportedFeature, match="whole="):
        sf.Generator(constraint=sf.template("SQL: {{query}}", query=query))


def test_a_file_is_one_whatever_its_name(tmp_path) -> None:
    path = tmp_path / "created.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE users (id INT)")
    assert sf.sql("sqlite", str(path)).accepts("SELECT id FROM users")
    with pytest.raises(sf.SpecError, match="neither DDL"):
        sf.sql("sqlite", "x" * 5_000)


def test_ddl_that_computes_without_an_end() -> None:
    numbers = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
    with pytest.raises(sf.SpecError, match="interrupted"):
        sf.sql("sqlite", f"create table t as {numbers}")


@pytest.mark.parametrize(("given", "name"), [("SQLite", "sqlite"), ("postgresql", "postgres"), ("MySQL", "mysql")])
def test_names_of_dialects(given, name) -> None:
    assert sf.sql(given).dialect.name == name


def test_bigquery_is_written_without_tables() -> None:
    constraint = sf.sql("bigquery")
    graph = sf.compile_or_explore(constraint, sf.Vocab.bytes())
    trellis = sf.LazyTrellis(graph, 24)
    for seed in range(5):
        logits = torch.randn(24, 259, generator=torch.Generator().manual_seed(seed))
        assert constraint.accepts(trellis.text(trellis.best(logits)))
