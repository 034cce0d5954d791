"""Tables out of DDL text of dialects other than SQLite, which reads its own."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlglot
from sqlglot import exp

from ...errors import SpecError, UnsupportedFeature
from .catalogue import Catalogue, Column, Table
from .dialects import Dialect, ascii_lower

_WITH_COLUMNS = ("TABLE", "VIEW")
# Statements that change no table's columns.
_HARMLESS = (exp.Select, exp.Insert, exp.Update, exp.Delete, exp.Comment, exp.Set, exp.Transaction, exp.Commit,
             exp.Grant, exp.Use, exp.Semicolon, exp.Analyze, exp.Copy)
_HARMLESS_ACTIONS = (exp.AddConstraint, exp.AlterColumn, exp.ModifyColumn)  # of ALTER TABLE
# The same of those that sqlglot does not parse, as dumps of a whole database have them.
_HARMLESS_COMMANDS = re.compile(
    r"(?:UN)?LOCK TABLES\b.*"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?(?:DEFINER\S*\s+)?(?:CONSTRAINT\s+)?(?:EXTENSION|FUNCTION|PROCEDURE|TRIGGER|EVENT"
    r"|POLICY|PUBLICATION|AGGREGATE|OPERATOR|CAST|COLLATION|DOMAIN|ROLE|USER|SERVER|RULE|TEXT|STATISTICS)\b.*"
    r"|ALTER\s+(?!TABLE|VIEW|MATERIALIZED|FOREIGN)\w+.*"
    r"|ALTER\s+(?:TABLE|VIEW|MATERIALIZED\s+VIEW)\s+(?:IF\s+EXISTS\s+|ONLY\s+)*\S+\s+(?:OWNER\s+TO|ENABLE|DISABLE|FORCE"
    r"|REPLICA\s+IDENTITY|CLUSTER\s+ON|SET\s+TABLESPACE|SET\s*\()[^,]*",
    re.IGNORECASE | re.DOTALL)
# What stands in dumps for the client that reads them: rows, commands of psql, bodies behind another delimiter.
_FOR_CLIENTS = re.compile(r"^COPY [^;\n]* FROM stdin;\n.*?^\\\.$|^\\[^\n]*$|^DELIMITER (?!;$)\S+$.*?^DELIMITER ;$",
                          re.MULTILINE | re.DOTALL)
_WAY_OUT = "pass the CREATE statements of the tables as they are now, or a dict"


def read_ddl(text: str, dialect: Dialect) -> Catalogue:
    """The tables that a script leaves, such as a dump of a schema. Raises `SpecError` if it does not parse,
    `UnsupportedFeature` for statements whose effect on the columns is not known (`ALTER TABLE ... RENAME`)."""
    try:
        with _quiet():
            statements = sqlglot.parse(_FOR_CLIENTS.sub("", text), dialect=dialect.sqlglot or None)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise SpecError(f"the DDL text does not parse as {dialect.name}: {str(error).splitlines()[0]}") from None
    tables: list[Table] = []
    for statement in statements:
        tables = _after(statement, tables, dialect)
    if not tables:
        raise SpecError("the DDL text leaves no table")
    return Catalogue(tuple(tables))


def _after(statement: Any, tables: list[Table], dialect: Dialect) -> list[Table]:
    """The tables that there are behind a statement."""
    if isinstance(statement, exp.Create):
        return [*tables, _table(statement, dialect)] if statement.kind in _WITH_COLUMNS else tables
    if isinstance(statement, exp.Drop):
        dropped = [_path(one, dialect) for one in statement.find_all(exp.Table)]
        kept = [table for table in tables if (table.schema, table.name) not in dropped]
        return kept if statement.args.get("kind") in _WITH_COLUMNS else tables
    if isinstance(statement, exp.Alter) and all(isinstance(a, _HARMLESS_ACTIONS) for a in statement.args["actions"]):
        altered, references = _path(statement.this, dialect), _references(statement, dialect)
        return [replace(table, references=(*table.references, *references))
                if (table.schema, table.name) == altered else table for table in tables]
    if not _is_harmless(statement):
        raise UnsupportedFeature(f"DDL statement {statement.key.upper()}", _told(statement), hint=_WAY_OUT)
    return tables


def _is_harmless(statement: Any) -> bool:
    if isinstance(statement, exp.Command):
        return _HARMLESS_COMMANDS.fullmatch(f"{statement.this} {statement.expression or ''}".strip()) is not None
    return statement is None or isinstance(statement, _HARMLESS)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without sqlglot's warnings of statements that it does not parse, in this thread."""
    here, log = threading.get_ident(), logging.getLogger("sqlglot")

    def others(record: logging.LogRecord) -> bool:
        return record.thread != here

    log.addFilter(others)
    try:
        yield
    finally:
        log.removeFilter(others)


def _table(statement: exp.Create, dialect: Dialect) -> Table:
    target = statement.this
    schema, name = _path(target.this if isinstance(target, exp.Schema) else target, dialect)
    listed = target.expressions if isinstance(target, exp.Schema) else []
    columns = [_column(part, dialect) for part in listed if isinstance(part, (exp.ColumnDef, exp.Identifier))]
    if not columns and statement.expression is not None:
        columns = _selected(statement)
    if not columns:
        raise UnsupportedFeature("a table without columns", f"the columns of {name!r} are not in the DDL text",
                                 hint=_WAY_OUT)
    return Table(name, tuple(columns), schema, _references(statement, dialect))


def _path(named: exp.Table, dialect: Dialect) -> tuple[str, str]:
    """Schema and name of a table."""
    schema = named.args.get("db")
    return _name(schema, dialect) if schema else "", _name(named.this, dialect)


def _references(statement: Any, dialect: Dialect) -> tuple[str, ...]:
    """The tables that foreign keys in a statement refer to."""
    found = [reference.find(exp.Table) for reference in statement.find_all(exp.Reference)]
    return tuple(_path(table, dialect)[1] for table in found if table is not None)


def _column(part: Any, dialect: Dialect) -> Column:
    identifier = part.this if isinstance(part, exp.ColumnDef) else part
    kind = part.args.get("kind") if isinstance(part, exp.ColumnDef) else None
    return Column(_name(identifier, dialect), kind.sql(dialect.sqlglot or None) if kind else "")


def _selected(statement: exp.Create) -> list[Column]:
    """Columns of CREATE ... AS SELECT, where the query names them."""
    names = getattr(statement.expression, "named_selects", [])
    if not names or "*" in names or "" in names:
        raise UnsupportedFeature("CREATE ... AS SELECT without names", _told(statement), hint=_WAY_OUT)
    return [Column(name) for name in names]


def _name(identifier: Any, dialect: Dialect) -> str:
    """The name as the database keeps it."""
    lowered = dialect.fold_tables == "lower" and not identifier.args.get("quoted")
    return ascii_lower(identifier.name) if lowered else identifier.name


def _told(statement: Any) -> str:
    return f"columns cannot be read from: {statement.sql()[:100]}"
