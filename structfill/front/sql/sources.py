"""Where a catalogue comes from: a dict, DDL text, a SQLite file, a SQLAlchemy engine, a sqlglot schema."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from ...errors import SpecError, UnsupportedFeature, warn_caller
from .catalogue import Catalogue, Column, Table, from_mapping
from .dialects import Dialect

_MAGIC = b"SQLite format 3\0"
_DDL_ROUNDS, _DDL_STEPS = 10_000, 10_000  # instructions of SQLite that DDL text may take: a few seconds


def read_catalogue(source: Any, dialect: Dialect) -> Catalogue:
    """The catalogue of a source. Raises `SpecError` naming what is wrong with it."""
    if isinstance(source, Mapping):
        found = from_mapping(source)
    elif isinstance(source, os.PathLike):
        found = _from_file(Path(source), dialect)
    elif isinstance(source, str):
        found = _from_text(source, dialect)
    elif _is_engine(source):
        found = _from_engine(source)
    elif hasattr(source, "mapping") and hasattr(source, "column_names"):
        found = _from_mapping_schema(source)
    else:
        raise SpecError(f"tables cannot be read from {type(source).__name__}",
                        hint="pass a dict, DDL text, the path of a SQLite file, a SQLAlchemy engine or a sqlglot "
                             "MappingSchema")
    return found.check(dialect)


def _from_text(text: str, dialect: Dialect) -> Catalogue:
    if _is_file(text):
        return _from_file(Path(text), dialect)
    if "create" in text.lower():
        return _from_ddl(text, dialect)
    raise SpecError(f"tables: neither DDL (CREATE TABLE ...) nor a file: {text!r:.80}",
                    hint="pass CREATE statements, or the path of a SQLite file or of a file of CREATE statements")


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long a name, or one with a NUL
        return False


def _from_file(path: Path, dialect: Dialect) -> Catalogue:
    try:
        with path.open("rb") as file:
            is_database = file.read(len(_MAGIC)) == _MAGIC
        if not is_database:
            return _from_ddl(path.read_text(encoding="utf-8-sig"), dialect)
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"tables cannot be read from {str(path)!r}: {error}") from None
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return read_database(database)
        finally:
            database.close()
    except sqlite3.Error as error:
        raise SpecError(f"the SQLite file {str(path)!r} cannot be read: {error}") from None


def read_database(database: sqlite3.Connection) -> Catalogue:
    """Tables and views of an open SQLite database, and the statements that made them.

    Those whose columns SQLite cannot tell are left out, with a warning; `SpecError` if that leaves none. Statistics
    that ANALYZE left are no tables to write queries over; the copy has them for given text.
    """
    rows = database.execute("SELECT name, type FROM sqlite_master ORDER BY rowid").fetchall()
    analyzed = ("ANALYZE",) * any(name.startswith("sqlite_stat") for name, _ in rows)
    tables, unread = list[Table](), dict[str, str]()
    for name in (name for name, kind in rows if kind in ("table", "view") and not name.startswith("sqlite_stat")):
        try:
            tables.append(Table(name, _pragma_columns(database, name), references=_pragma_references(database, name)))
        except sqlite3.Error as error:  # a view over a table that is gone, a module that is not loaded
            unread[name] = f"the columns of {name!r} cannot be read: {error}"
    if unread and not tables:
        raise SpecError("; ".join(unread.values()), hint="pass a dict of the tables that matter")
    for told in unread.values():
        warn_caller(UserWarning(f"{told} (it is left out; pass a dict of the tables if it matters)"))
    return Catalogue(tuple(tables), (*_statements(database, unread), *analyzed))


def _statements(database: sqlite3.Connection, but: Container[str] = ()) -> list[str]:
    """Of the user's tables, without those of `but`, virtual ones first: they make tables of their own, which must not
    be there yet."""
    rows = database.execute("SELECT sql, tbl_name FROM sqlite_master WHERE sql <> '' "
                            "AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid").fetchall()
    return sorted((sql for sql, table in rows if table not in but), key=_is_plain)


def _is_plain(sql: str) -> bool:
    return not sql[:20].upper().startswith("CREATE VIRTUAL TABLE")


def _pragma_columns(database: sqlite3.Connection, table: str) -> tuple[Column, ...]:
    rows = database.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1", (table,)).fetchall()
    return tuple(Column(name, kind or "") for name, kind in rows)


def _pragma_references(database: sqlite3.Connection, table: str) -> tuple[str, ...]:
    rows = database.execute('SELECT "table" FROM pragma_foreign_key_list(?) ORDER BY id', (table,)).fetchall()
    return tuple(name for (name,) in rows)


def _from_ddl(text: str, dialect: Dialect) -> Catalogue:
    if dialect.name != "sqlite":
        from .ddl import read_ddl

        return read_ddl(text, dialect)
    database = sqlite3.connect(":memory:")
    database.set_authorizer(_no_files)
    rounds = iter(range(_DDL_ROUNDS))
    database.set_progress_handler(lambda: next(rounds, None) is None, _DDL_STEPS)
    try:
        database.executescript(text.removeprefix("\ufeff"))
        script = _statements(database)
        return read_database(database) if all(map(_is_plain, script)) else _made_again(script)
    except sqlite3.Error as error:
        raise SpecError(f"SQLite refuses the DDL text: {error}",
                        hint="for another dialect's DDL name that dialect, or pass a dict") from None
    finally:
        database.close()


def _made_again(script: list[str]) -> Catalogue:
    """The tables of statements: dumps write virtual tables into the schema, and SQLite does not see them there."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        for statement in script:
            try:
                database.execute(statement)
            except sqlite3.OperationalError as error:
                if "already exists" not in str(error):  # of those that virtual tables made
                    raise
        return read_database(database)


def _no_files(action: int, *_: object) -> int:
    """DDL text may make tables, in memory; it may not open files."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _is_engine(source: Any) -> bool:
    return hasattr(source, "dialect") and hasattr(source, "connect")


def _from_engine(engine: Any) -> Catalogue:
    from sqlalchemy import inspect  # the caller has it: the engine is one of its objects
    from sqlalchemy.exc import SQLAlchemyError

    try:
        inspector = inspect(engine)
        names = inspector.get_table_names()
        keys = {name: inspector.get_foreign_keys(name) for name in names}
        columns = {name: inspector.get_columns(name) for name in [*names, *inspector.get_view_names()]}
    except SQLAlchemyError as error:
        raise SpecError(f"the tables cannot be read from the engine: {error}") from None
    return Catalogue(tuple(Table(name, tuple(Column(c["name"], str(c["type"])) for c in found),
                                 references=tuple(key["referred_table"] for key in keys.get(name, ())))
                           for name, found in columns.items()))


def _from_mapping_schema(schema: Any) -> Catalogue:
    mapping, depth = schema.mapping, schema.depth() if schema.mapping else 1
    if depth > 2:
        raise UnsupportedFeature("a schema of catalogues", "tables below more than one level of schemas",
                                 hint="pass the schemas of one database")
    return from_mapping(mapping)

