"""Given SQL as it would be written: what a filling of the one is, is one of the other."""

from __future__ import annotations

import pytest

import structfill as sf

TABLES = {"users": {"id": "int", "größe": "real", "type": "text", "left": "int"}, "order items": {"user id": "int"}}


@pytest.mark.parametrize(("dialect", "given", "written"), [
    ("sqlite", ("SELECT -- x\n", " FROM users -- y"), [("SELECT  \n", " FROM users  ")]),
    ("sqlite", ("SELECT /* -- */ 'a -- b', ", ""), [("SELECT   'a -- b', ", "")]),
    ("sqlite", ("SELECT [id], ", "from [order items]"), [("SELECT id, ", 'from "order items"')]),
    ("sqlite", ('SELECT "id"', '"id" FROM t'), [("SELECT id ", " id FROM t")]),
    ("sqlite", ("SELECT Größe, ", ""), [('SELECT "größe", ', "")]),
    ("sqlite", ("SELECT type, ", ""), [('SELECT "type", ', ""), ("SELECT type, ", "")]),
    ("sqlite", ("SELECT type(1), ", ""), [("SELECT type(1), ", "")]),
    ("sqlite", ("SELECT `na", "me` FROM users -- x"), [("SELECT `na", "me` FROM users  ")]),
    ("sqlite", ("SELECT 'it", "' -- x"), [("SELECT 'it", "'  ")]),
    ("sqlite", ("SELECT 'a -- ", "' -- x"), [("SELECT 'a -- ", "'  ")]),
    ("sqlite", ("SELECT 'it", " -- x"), [("SELECT 'it", " -- x")]),
    ("sqlite", ("SELECT id AS [sum], id AS [a b]", ""), [("SELECT id AS sum, id AS [a b]", "")]),
    ("sqlite", ('SELECT id FROM users WHERE type = "it\'s"', ""), [
        ("SELECT id FROM users WHERE \"type\" = 'it''s' ", ""), ("SELECT id FROM users WHERE type = 'it''s' ", "")]),
    ("postgres", ("SELECT [id], ", ""), [("SELECT [id], ", "")]),
    ("postgres", ('SELECT "Id", "id", ', ""), [('SELECT "Id", id, ', "")]),
    ("postgres", ("SELECT 1 FROM users LEFT JOIN ", ""), [("SELECT 1 FROM users LEFT JOIN ", "")]),
    ("mysql", ('SELECT "i\'d", `id`, ', ""), [("SELECT 'i''d', id, ", "")]),
    ("duckdb", ("SELECT $$ -- $$, ", ""), [("SELECT $$ -- $$, ", "")]),
])
def test_respelled(dialect: str, given: tuple[str, str], written: list[tuple[str, str]]) -> None:
    assert list(sf.sql(dialect, TABLES).respelled(*given)) == written


def test_without_tables_names_stay_as_they_are() -> None:
    assert list(sf.sql("sqlite").respelled("SELECT [a] -- x\n, ", "")) == [("SELECT [a]  \n, ", "")]
