"""The user's tables: names of tables and their columns, as the database knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import SpecError
from .dialects import Dialect

_NAME = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|[^\s."`(),]+)'
_REFERENCES = re.compile(rf"\bREFERENCES\s+(?:{_NAME}\.)?({_NAME})", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A column; `type` is what the source called it, or "" where it did not say."""

    name: str
    type: str = ""


@dataclass(frozen=True)
class Table:
    """A table or view; `schema` is "" where it is named without one.

    `references` are the names of the tables that its foreign keys refer to, where the source told.
    """

    name: str
    columns: tuple[Column, ...]
    schema: str = ""
    references: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Schema and name, for messages."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True)
class Catalogue:
    """Tables that may be named, and `script`: statements that make a copy of them in SQLite, where those are known."""

    tables: tuple[Table, ...]
    script: tuple[str, ...] = ()

    def check(self, dialect: Dialect) -> Catalogue:
        """Itself. Raises `SpecError` if a name is unusable, or two names are one for the dialect."""
        _distinct(((dialect.table_key(t.schema), dialect.table_key(t.name)) for t in self.tables),
                  [t.path for t in self.tables], "tables", "")
        for table in self.tables:
            for name, kind in ((table.schema, "schema"), (table.name, "table")):
                if name or kind == "table":
                    _check_name(name, kind, "/" + _token(table.path), dialect)
            for column in table.columns:
                _check_name(column.name, "column", f"/{_token(table.path)}/{_token(column.name)}", dialect)
            _distinct((dialect.column_key(c.name) for c in table.columns), [c.name for c in table.columns],
                      f"columns of {table.path!r}", "/" + _token(table.path))
        return self


def from_mapping(tables: Mapping[Any, Any]) -> Catalogue:
    """From {table: {column: type}}, {table: [columns]}, or either below the name of a schema.

    A type may say to which table a foreign key refers, as in "int REFERENCES users(id)".
    """
    found: list[Table] = []
    for name, columns in tables.items():
        pointer = f"/{_token(name)}"
        if _is_schema(columns):
            found += [_table(inner, listed, f"{pointer}/{_token(inner)}", name) for inner, listed in columns.items()]
        else:
            found.append(_table(name, columns, pointer))
    known = {table.name.casefold() for table in found}
    for table in found:
        for name in table.references:
            if name.casefold() not in known:
                raise SpecError(f"{table.path!r} refers to a table {name!r} that is not there",
                                pointer="/" + _token(table.path), hint="add the table, or leave the reference out")
    return Catalogue(tuple(found))


def _table(name: Any, columns: Any, pointer: str, schema: Any = "") -> Table:
    found = _columns(columns, pointer)
    references = [_unquoted(key[1]) for column in found for key in _REFERENCES.finditer(column.type)]
    return Table(_text(name, pointer), found, _text(schema, pointer), tuple(dict.fromkeys(references)))


def _is_schema(columns: Any) -> bool:
    """Does this hold tables rather than columns?"""
    return isinstance(columns, Mapping) and bool(columns) and all(
        isinstance(value, (Mapping, list, tuple)) for value in columns.values())


def _columns(columns: Any, pointer: str) -> tuple[Column, ...]:
    if isinstance(columns, Mapping):
        return tuple(Column(_text(name, pointer), "" if kind is None else str(kind)) for name, kind in columns.items())
    if isinstance(columns, (list, tuple)):
        return tuple(Column(_text(name, pointer)) for name in columns)
    raise SpecError(f"the columns of a table must be a dict or a list, not {columns!r:.80}", pointer=pointer,
                    hint="pass {table: {column: type}} or {table: [columns]}")


def _unquoted(name: str) -> str:
    quote = name[0]
    return name[1:-1].replace(quote * 2, quote) if quote in "\"`" else name


def _text(name: Any, pointer: str) -> str:
    if not isinstance(name, str):
        raise SpecError(f"a name must be a str, not {name!r:.80}", pointer=pointer)
    return name


def _check_name(name: str, kind: str, pointer: str, dialect: Dialect) -> None:
    if not name:
        raise SpecError(f"the name of a {kind} is empty", pointer=pointer)
    if any(0xD800 <= ord(char) < 0xE000 for char in name):
        raise SpecError(f"the name {name!r} of a {kind} holds half a surrogate pair, which is no text", pointer=pointer)
    if "\0" in name:
        raise SpecError(f"the name of a {kind} holds a NUL character, which no dialect can write", pointer=pointer)
    if kind != "schema" and (wrong := next((char for char in name if char in dialect.no_names), None)):
        raise SpecError(f"the name {name!r} of a {kind} holds {wrong!r}, which no name in {dialect.name} may",
                        pointer=pointer)


def _distinct(keys: Iterable[Any], names: list[str], what: str, pointer: str) -> None:
    seen: dict[Any, str] = {}
    for key, name in zip(keys, names, strict=True):
        if key in seen:
            raise SpecError(f"two {what} have one name in this dialect: {seen[key]!r} and {name!r}", pointer=pointer,
                            hint="rename or leave out one of them")
        seen[key] = name


def _token(name: Any) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
