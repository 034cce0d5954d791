"""A copy of the user's tables in memory, and what SQLite says of a statement over them. Nothing is ever executed."""

from __future__ import annotations

import re
import sqlite3
import threading

from ...errors import SpecError
from .catalogue import Catalogue, Table
from .dialects import find_dialect

_NO_FUNCTION = re.compile(r"no such function: (.*)")
_NO_COLLATION = re.compile(r"no such collation sequence: (.*)")
_BUILT_IN = {"sqlite_sequence": ("CREATE TABLE made_once(a INTEGER PRIMARY KEY AUTOINCREMENT)", "DROP TABLE made_once"),
             "sqlite_stat1": ("ANALYZE",)}


class Database:
    """An in-memory database with the tables of a catalogue, all of them empty."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._one_at_a_time = threading.Lock()
        self._copy(catalogue)

    def error(self, statement: str) -> str | None:
        """What is wrong with one statement, or None. It is prepared by `EXPLAIN`, which runs nothing.

        A function or collation that SQLite does not have is taken to be one of the user's own.
        """
        asked = set[str]()
        with self._one_at_a_time:
            while (message := self._refusal(statement)) is not None:
                if message in asked or not self._supplied(message):
                    return message
                asked.add(message)
        return None

    def _refusal(self, statement: str) -> str | None:
        """What SQLite says of a statement, with the functions and collations that it has by now."""
        try:
            self._connection.execute(f"EXPLAIN {statement}").fetchone()
        except sqlite3.ProgrammingError as error:  # prepared, but it has parameters, or it is more than one
            return None if "bindings" in str(error) else str(error)
        except (sqlite3.Error, sqlite3.Warning) as error:  # a warning: more than one statement
            return str(error)
        except UnicodeEncodeError:
            return "half a surrogate pair is no text"
        return None

    def _supplied(self, message: str) -> bool:
        """Makes the function or collation that a message asks for. False if it asks for none, or for an impossible one.
        """
        try:
            if found := _NO_FUNCTION.fullmatch(message):
                self._connection.create_function(found[1], -1, lambda *_: None)
            elif found := _NO_COLLATION.fullmatch(message):
                self._connection.create_collation(found[1], lambda a, b: 0)
        except sqlite3.Error:  # its name is too long
            return False
        return found is not None

    def _copy(self, catalogue: Catalogue) -> None:
        for statement in catalogue.script:
            try:
                self._connection.execute(statement)
            except sqlite3.Error:
                continue  # a module that is not loaded: the table is made from its columns below
        for table in catalogue.tables:
            if not self._has(table):
                self._create(table)

    def _has(self, table: Table) -> bool:
        if table.schema:
            return False
        query = "SELECT count(*) FROM sqlite_master WHERE lower(name) = lower(?)"
        return bool(self._connection.execute(query, (table.name,)).fetchone()[0])

    def _create(self, table: Table) -> None:
        quoted = find_dialect("sqlite").quoted
        if table.name.lower() in _BUILT_IN:
            for statement in _BUILT_IN[table.name.lower()]:
                self._connection.execute(statement)
            return
        where = f"{quoted(self._attached(table.schema))}." if table.schema else ""
        columns = ", ".join(quoted(column.name) for column in table.columns) or quoted("no columns")
        try:
            self._connection.execute(f"CREATE TABLE {where}{quoted(table.name)} ({columns})")
        except sqlite3.Error as error:
            raise SpecError(f"SQLite cannot have the table {table.path!r}: {error}", pointer=f"/{table.path}",
                            hint="rename the table, or leave it out") from None

    def _attached(self, schema: str) -> str:
        """The schema's name, once a database of that name is there."""
        names = {row[1].lower() for row in self._connection.execute("PRAGMA database_list")} | {"temp"}
        if schema.lower() not in names:
            try:
                self._connection.execute("ATTACH ':memory:' AS " + find_dialect("sqlite").quoted(schema))
            except sqlite3.Error as error:
                raise SpecError(f"SQLite cannot have the schema {schema!r}: {error}", pointer=f"/{schema}",
                                hint="leave out the tables of some schemas") from None
        return schema
