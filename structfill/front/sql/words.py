"""Terminals of the names of a catalogue, as a grammar for writing has them.

Names that no rule tells apart, such as the columns of one table that no other table has, share a terminal: a grammar's
tables grow with the number of its terminals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import sqlglot

from .catalogue import Table
from .compose import PLAIN, WORD, any_case, escaped, unwritten_words
from .dialects import Dialect, find_dialect

MOST_NAMES = 64  # of a terminal: Lark reads a pattern in time that grows with the square of its length


class Words:
    """The terminals of the names of some tables; `taken` are words, in capitals, that are written in quotes as names.

    A column's terminal tells which of the tables have one of that name; every other name has a terminal of its own.
    """

    def __init__(self, dialect: Dialect, tables: Sequence[Table], taken: Iterable[str]) -> None:
        self.dialect = dialect
        self.quoted = frozenset(taken) | quoted_words(dialect.name)
        self._named = {name.lower() for table in tables for name in (table.name, table.schema)}
        uses = dict[str, list[int | str]]()  # of a pattern: the tables that have the column, and itself for other names
        for number, table in enumerate(tables):
            for pattern in dict.fromkeys(self._column(column.name) for column in table.columns):
                uses.setdefault(pattern, []).append(number)
            for pattern in [self._table(name) for name in (table.schema, table.name) if name]:
                uses.setdefault(pattern, []).append(pattern)
        groups = dict[tuple[int | str, ...], list[str]]()
        for pattern, use in uses.items():
            groups.setdefault(tuple(use), []).append(pattern)
        self._patterns = dict[str, list[str]]()  # of a terminal
        self._terminal = dict[str, str]()  # of a pattern
        for patterns in groups.values():
            for at in range(0, len(patterns), MOST_NAMES):
                self._add(patterns[at : at + MOST_NAMES])

    def column(self, name: str) -> str:
        """A terminal that a column of the tables shares with others."""
        return self._terminal[self._column(name)]

    def table(self, name: str) -> str:
        """The terminal of a table, a schema or an alias."""
        pattern = self._table(name)
        return self._terminal[pattern] if pattern in self._terminal else self._add([pattern])

    def path(self, table: Table) -> str:
        """A table as it stands behind FROM, with its schema."""
        return f'{self.table(table.schema)} "." {self.table(table.name)}' if table.schema else self.table(table.name)

    def owners(self, tables: Sequence[Table]) -> dict[str, list[int]]:
        """By terminal of a column, the numbers of the tables that have it."""
        found: dict[str, list[int]] = {}
        for number, table in enumerate(tables):
            for word in dict.fromkeys(self.column(column.name) for column in table.columns):
                found.setdefault(word, []).append(number)
        return found

    @property
    def terminals(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self._patterns)

    def lines(self) -> list[str]:
        """Their definitions. They go before keywords and other names."""
        return [f"{terminal}.3: /{_any_of(patterns)}/" for terminal, patterns in self._patterns.items()]

    def _add(self, patterns: list[str]) -> str:
        terminal = f"WORD_{_letters(len(self._patterns))}"
        self._patterns[terminal] = patterns
        self._terminal.update(dict.fromkeys(patterns, terminal))
        return terminal

    def _column(self, name: str) -> str:
        return self._pattern(name, self.dialect.fold_columns)

    def _table(self, name: str) -> str:
        return self._pattern(name, self.dialect.fold_tables)

    def spelled(self, name: str, fold: str) -> str:
        """A name as it is written, but for the case of its letters."""
        plain = _PLAIN.fullmatch(name) is not None and (fold != "lower" or name == name.lower())
        introducer = self.dialect.name == "mysql" and name.startswith("_")  # of a string: _utf8'x'
        return self.dialect.quoted(name) if not plain or introducer or name.upper() in self.quoted else name

    def _pattern(self, name: str, fold: str) -> str:
        if (spelled := self.spelled(name, fold)) != name:
            return escaped(spelled)
        both = self.dialect.fold_tables == "exact" and name.lower() in self._named  # one text, one terminal
        spelled = escaped(name) if fold == "exact" or both else any_case(name)
        return f"{spelled}{_ENDS}"


_ENDS = f"(?![{WORD}])"


def _any_of(patterns: list[str]) -> str:
    plain = [pattern.removesuffix(_ENDS) for pattern in patterns if pattern.endswith(_ENDS)]
    quoted = [pattern for pattern in patterns if not pattern.endswith(_ENDS)]
    together = f"(?:{'|'.join(plain)}){_ENDS}" if len(plain) > 1 else "".join(f"{one}{_ENDS}" for one in plain)
    return "|".join([*filter(None, [together]), *quoted])


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words that some version of a dialect reserves, or reads as more than a name where names stand.
_ALWAYS_QUOTED = frozenset("KEY OFFSET ROW ROWS USER INDEXED WINDOW MATCH DATE TIME TIMESTAMP INTERVAL VALUE TYPE LEFT "
                           "RIGHT FULL NATURAL OUTER RANK LATERAL ROWID OID _ROWID_ TRUE FALSE DEFAULT".split())
# The same of one dialect: of the database, or of sqlglot, which judges what is written for it.
_QUOTED_IN = {
    "sqlite": "RAISE",
    "postgres": "SYSTEM_USER CONNECT_BY_ROOT DESCRIBE GLOB IF LOCK PARTITIONED_BY QUALIFY REGEXP REVOKE RLIKE ROLLBACK "
                "UNCACHE XOR",
    "duckdb": "AT SHOW DESCRIBE SUMMARIZE UNPACK PIVOT_LONGER PIVOT_WIDER CONNECT_BY_ROOT FORCE IF INSTALL LOCK "
              "PARTITIONED_BY REGEXP REVOKE RLIKE ROLLBACK UNCACHE XOR",
    "snowflake": "VIEW",
    "mysql": "CHARSET CONNECT_BY_ROOT ROLLUP DISTINCTROW GLOB ILIKE NOTNULL PARTITIONED_BY QUALIFY ROLLBACK "
             "TABLESAMPLE UNCACHE SYMMETRIC ASYMMETRIC SQL_BIG_RESULT SQL_SMALL_RESULT SQL_CALC_FOUND_ROWS",
}


@cache
def quoted_words(dialect: str) -> frozenset[str]:
    """The words, in capitals, that are written in quotes where they are names: sqlglot knows those of MySQL."""
    generator = sqlglot.Dialect.get_or_raise(find_dialect(dialect).sqlglot or None).generator_class
    more = {word.upper() for word in getattr(generator, "RESERVED_KEYWORDS", ())}
    return (unwritten_words(dialect) - PLAIN) | _ALWAYS_QUOTED | more | set(_QUOTED_IN.get(dialect, "").split())


def _letters(number: int) -> str:
    """A number in letters, as names of terminals hold no digits by the composer's rule."""
    return "".join(chr(ord("A") + int(digit)) for digit in str(number))
