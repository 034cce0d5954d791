"""structfill.sql: tables from every source, names in scope, read-only, the check on the way out."""

from __future__ import annotations

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlglot.schema import MappingSchema

import structfill as sf
from structfill.errors import UnsupportedFeature
from structfill.front.sql.sources import read_catalogue

TABLES = {"singer": {"singer_id": "int", "name": "text", "age": "int"}, "concert": ["id", "singer_id", "year"]}
DDL = 'CREATE TABLE singer (singer_id INT, name TEXT, age INT); CREATE TABLE concert (id INT, singer_id INT, year INT);'
RIGHT = ["SELECT name FROM singer", "SELECT s.age FROM singer AS s JOIN concert c ON c.singer_id = s.singer_id",
         "WITH x AS (SELECT age AS a FROM singer) SELECT a FROM x", "SELECT name AS n FROM singer ORDER BY n",
         "SELECT id FROM concert WHERE EXISTS (SELECT 1 FROM singer WHERE singer.singer_id = concert.singer_id)",
         "SELECT age, count(*) FROM singer GROUP BY age HAVING count(*) > 1", "SELECT 1"]
WRONG = ["SELECT nam FROM singer", "SELECT s.name FROM singer", "SELECT name FROM nothing", "SELECT year FROM singer",
         "WITH x AS (SELECT age AS a FROM singer) SELECT b FROM x", "SELECT singer_id FROM singer, concert",
         "SELECT c.name FROM concert c"]
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
    (("postgres", "CREATE TABLE t (a int); DROP TABLE t"), "no table"),
    (("postgres", "CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN a"), "DROP COLUMN"),
    (("sqlite", "no/such/file"), "no/such/file"),
    (("sqlite", Path("no/such/file")), "no/such/file"), (("sqlite", {"sqlite_master2": ["a"]}), "sqlite_master2"),
])
def test_errors(arguments: tuple[object, ...], told: str) -> None:
    with pytest.raises(sf.SpecError, match=".*") as caught:
        sf.sql(*arguments)  # type: ignore[arg-type]
    assert told in str(caught.value)


def test_duplicates_by_case_are_two_names_where_case_counts() -> None:
    found = sf.sql("postgres", {"T": ["a", "A"], "t": ["a"]})
    assert found.accepts('SELECT "A", a FROM "T"') and not found.accepts('SELECT "A" FROM t')


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


def test_postgres_tells_quoted_names_by_case() -> None:
    constraint = sf.sql("postgres", {"Users": ["id", "createdAt"], "t": ["a"], "T": ["b"]})
    for text in ('SELECT "Users"."createdAt" FROM "Users"', 'SELECT * FROM "T" CROSS JOIN t',
                 'SELECT u."createdAt" FROM "Users" u'):
        assert constraint.written.accepts(text) and constraint.value(text) == text
    for text in ("SELECT users.id FROM users", 'SELECT "Users"."createdat" FROM "Users"', 'SELECT b FROM t'):
        assert not constraint.accepts(text)
    assert '"Nope"' in str(constraint.check('SELECT 1 FROM "Nope"'))


def test_results_of_common_table_expressions_have_no_case_in_mysql() -> None:
    constraint = sf.sql("mysql", TABLES)
    assert constraint.accepts("WITH t (X) AS (SELECT age FROM singer) SELECT t.x FROM t")
    assert not constraint.accepts("WITH t (X) AS (SELECT age FROM singer) SELECT T.x FROM t")
    assert not constraint.accepts("WITH t (X) AS (SELECT age FROM singer) SELECT t.age FROM t")


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


@pytest.mark.parametrize(("given", "name"), [("SQLite", "sqlite"), ("postgresql", "postgres"), ("MySQL", "mysql")])
def test_names_of_dialects(given, name) -> None:
    assert sf.sql(given).dialect.name == name




@pytest.mark.parametrize("dialect", ["postgres", "duckdb"])
def test_comments_in_comments(dialect: str) -> None:
    constraint = sf.sql(dialect, {"t": ["a"]})
    assert sf.sql(dialect).accepts("/*/*/**/*/*/SELECT 1")
    for text in ("/* a /* b */ c */ SELECT 1", "SELECT a /* // /* /* x */ ** */ /**/ *** */ FROM t"):
        assert constraint.check(text) is None, text
        assert all(constraint.accepts_prefix(text[:cut]) for cut in range(len(text)))
        assert not any(sf.sql(other).accepts(text) for other in ("sqlite", "mysql", "generic"))
    for text in ("/* a /* b */ SELECT 1", "/* a */ b */ SELECT 1", "/*/* */ DELETE FROM t; /* */ SELECT 1"):
        assert not constraint.accepts(text), text
    assert list(constraint.respelled("SELECT a/*/* b */ c */ FROM ", "")) == [("SELECT a  FROM ", "")]


def test_names_may_be_long() -> None:
    name = "c" * 5_000
    constraint = sf.sql("sqlite", {"t": [name]})
    assert constraint.accepts(f"SELECT {name} FROM t") and constraint.bound_grammar.count("[Cc]") > 5_000
    assert sf.sql("sqlite", {"t": [name[:300]]}).written.accepts(f"SELECT {name[:300]} FROM t")
