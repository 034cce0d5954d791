"""Tables out of DDL text of dialects other than SQLite, which reads its own."""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp

from ...errors import SpecError, UnsupportedFeature
from .catalogue import Catalogue, Column, Table
from .dialects import Dialect, ascii_lower

# Statements beside CREATE TABLE and CREATE VIEW that change no table's columns.
_HARMLESS = (exp.Insert, exp.Update, exp.Delete, exp.Comment, exp.Set, exp.Transaction, exp.Commit, exp.Grant,
             exp.Use, exp.Semicolon, exp.Analyze)


def read_ddl(text: str, dialect: Dialect) -> Catalogue:
    """The tables that a script makes. Raises `SpecError` if it does not parse, `UnsupportedFeature` for statements
    whose effect on the columns is not known (`ALTER`, `DROP`)."""
    try:
        statements = sqlglot.parse(text, dialect=dialect.sqlglot or None)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise SpecError(f"the DDL text does not parse as {dialect.name}: {str(error).splitlines()[0]}") from None
    tables = []
    for statement in statements:
        if statement is None or isinstance(statement, _HARMLESS):
            continue
        if not isinstance(statement, exp.Create):
            raise UnsupportedFeature(f"DDL statement {statement.key.upper()}", _told(statement), hint=_WAY_OUT)
        if statement.kind in ("TABLE", "VIEW"):
            tables.append(_table(statement, dialect))
    if not tables:
        raise SpecError("the DDL text creates no table")
    return Catalogue(tuple(tables))


_WAY_OUT = "pass the CREATE statements of the tables as they are now, or a dict"


def _table(statement: exp.Create, dialect: Dialect) -> Table:
    target = statement.this
    named = target.this if isinstance(target, exp.Schema) else target
    name, schema = _name(named.this, dialect), named.args.get("db")
    listed = target.expressions if isinstance(target, exp.Schema) else []
    columns = [_column(part, dialect) for part in listed if isinstance(part, (exp.ColumnDef, exp.Identifier))]
    if not columns and statement.expression is not None:
        columns = _selected(statement)
    if not columns:
        raise UnsupportedFeature("a table without columns", f"the columns of {name!r} are not in the DDL text",
                                 hint=_WAY_OUT)
    return Table(name, tuple(columns), _name(schema, dialect) if schema else "")


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
