"""The SQL front-end: `sql` and the constraint it returns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from ...automaton.byte_automaton import ByteAutomaton
from ...cache import Cache
from ...errors import SpecError, StructfillError, UnsupportedFeature
from ...limits import Limits
from ..constraint import Constraint, check_text
from ..lark.constraint import LarkGrammar
from .bound import bound_grammar, spellings
from .catalogue import Catalogue
from .compose import STATEMENTS, dialect_grammar
from .database import Database
from .dialects import Dialect, ascii_lower, find_dialect
from .given import Given
from .names import Names
from .parsing import calls, continuable, failure, parse, tokens_of
from .sources import read_catalogue


class Sql(Constraint):
    """Single statements of a SQL dialect over known tables. Made by `sql`."""

    given_as = ("what is given has to be spelled as it would be written: of SQL over tables a part, which "
                "`structfill.sql(...).bound_grammar` shows; comments, and names in any quotes, are taken as well")

    def __init__(self, dialect: Dialect, catalogue: Catalogue | None, statements: frozenset[str], read_only: bool,
                 strings: str) -> None:
        self.dialect, self.catalogue, self.statements = dialect, catalogue, statements
        self.read_only, self.strings = read_only, strings
        self._written: LarkGrammar | None = None

    @property
    def identity(self) -> str:
        """The dialect, the tables and the options."""
        tables = None if self.catalogue is None else [
            [t.schema, t.name, [[c.name, c.type] for c in t.columns], t.references] for t in self.catalogue.tables]
        script = None if self.catalogue is None else list(self.catalogue.script)
        return "sql:" + json.dumps([self.dialect.name, tables, script, sorted(self.statements), self.read_only,
                                    self.strings])

    @property
    def outline(self) -> str:
        """The dialect and its tables in one line, for the prompt of a model."""
        tables = () if self.catalogue is None else self.catalogue.tables
        shown = "; ".join(f"{t.path}({', '.join(f'{c.name} {c.type}'.strip() for c in t.columns)})" for t in tables)
        return f"SQL ({self.dialect.name}): {shown}" if shown else f"SQL ({self.dialect.name})"

    @property
    def grammar(self) -> str:
        """The text of a Lark grammar (LALR, contextual lexer, start rule `start`) of the dialect's statements.

        It knows the syntax only; names are words of any spelling. `accepts` also knows the tables.
        """
        return dialect_grammar(self.dialect.name, self.statements)

    @cached_property
    def bound_grammar(self) -> str:
        """The text of a Lark grammar for writing: queries of this dialect whose names are bound to the tables.

        A part of the language (see `bound.py`), and none of it is refused by `accepts`. Without known tables, or where
        "select" is not among the statements, there is none: `SpecError`. Raises `TooLarge` for too many tables.
        """
        if self.catalogue is None or "select" not in self.statements:
            raise SpecError("a grammar with bound names needs tables and the statement kind 'select'",
                            hint="pass tables={...}; {} writes queries without tables")
        if self.dialect.name == "generic":
            raise UnsupportedFeature("writing SQL of no dialect", hint="name the dialect that is to read the text")
        return bound_grammar(self.catalogue, self.dialect)

    def accepts(self, text: str) -> bool:
        """Is this text a statement of the dialect, of an allowed kind, that names known tables and columns?

        Given text may hold comments. The grammar decides the syntax; then, if tables are known, the names are checked
        on the whole text: with SQLite by preparing it, which also counts columns and arguments, and with the other
        dialects clause by clause on sqlglot's tree, with the numbers of columns: of queries (also those that INSERT and
        CREATE read), not of the targets and conditions of statements that write. Types are checked nowhere.
        """
        check_text(text)
        return self._syntax_error(text) is None and self._name_error(text) is None

    def accepts_prefix(self, text: str) -> bool:
        """Can this text be continued into the dialect's grammar? Names are not looked at before the text is whole."""
        check_text(text)
        return continuable(text, self.dialect.name, self.statements)

    def check(self, text: str) -> str | None:
        """What is wrong with a text, or None: the check on the way out, which asks more than the grammar.

        SQLite prepares the text on a copy of the tables in memory; for other dialects sqlglot parses it, and its names
        are looked for. Without known tables neither is asked: SQLite would miss them, and of syntax the grammar knows
        more than sqlglot.
        """
        check_text(text)
        return self._syntax_error(text) or self._name_error(text)

    @property
    def written(self) -> LarkGrammar:
        """What is generated: the `bound_grammar` where tables are known, else the `grammar`; always explored lazily."""
        return self.lazily(Limits(), Cache.default())

    def lazily(self, limits: Limits, cache: Cache | None = None) -> LarkGrammar:
        """`written`: SQL nests without end."""
        if self._written is None:
            text = self.grammar if self.catalogue is None else self.bound_grammar
            self._written = LarkGrammar(text, "start", Limits(), "lazy", cache)
        return self._written

    def respelled(self, prefix: str, suffix: str) -> Iterator[tuple[str, str]]:
        """As `Constraint.respelled`: without comments, and names as the grammar has them."""
        return self._given.around(prefix, suffix)

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """There is none: raises `UnsupportedFeature`, as SQL cannot be a part of what has to be enumerated."""
        raise UnsupportedFeature("SQL inside another text", "SQL nests without end, so it cannot be enumerated, as "
                                 "holes of templates and of infill(prefix, suffix, constraint) are",
                                 hint="let it be all of the text: infill(prefix, suffix, whole=structfill.sql(...))")

    def value(self, text: str) -> str:
        """The text, checked on the way out: where `check` finds fault with what was generated, that is an error of
        structfill's, raised with the text."""
        error = self.check(text)
        if error is not None:
            raise StructfillError(f"structfill wrote SQL that does not pass its own check, please report it: {error}\n"
                                  f"{text}")
        return text

    def _syntax_error(self, text: str) -> str | None:
        tree = parse(text, self.dialect.name, self.statements)
        if tree is None:
            place = failure(text, self.dialect.name, self.statements)
            return f"not in the grammar of {self.dialect.name} from character {place}: {text[place:place + 30]!r}"
        if self.read_only:
            writing = sorted(name for name in calls(tree) if self.dialect.writers.fullmatch(ascii_lower(name)))
            if writing:
                return f"{writing[0]} may write, or run text as SQL, and read_only is set"
        return None

    def _name_error(self, text: str) -> str | None:
        if self.catalogue is None:
            return None
        if self.dialect.name == "sqlite":
            return self._database.error(self._strict(text))
        return self._names.error(text)

    def _strict(self, text: str) -> str:
        """The text, with "quoted" names in brackets if they may not be strings: SQLite takes those for names only."""
        if self.strings == "dialect":
            return text
        for token in reversed(tokens_of(text, "sqlite", self.statements, "QUOTED")):
            if token.startswith('"'):
                name = token[1:-1].replace('""', '"').replace("`", "``")
                text = f"{text[:token.start_pos]}`{name}`{text[token.end_pos:]}"
        return text

    @cached_property
    def _given(self) -> Given:
        names = None if self.catalogue is None else spellings(self.catalogue, self.dialect)
        return Given(self.dialect, self.statements, names)

    @cached_property
    def _database(self) -> Database:
        assert self.catalogue is not None
        return Database(self.catalogue)

    @cached_property
    def _names(self) -> Names:
        assert self.catalogue is not None
        return Names(self.catalogue, self.dialect)


def sql(dialect: str, tables: Any = None, statements: Iterable[str] = frozenset({"select"}), read_only: bool = True, *,
        strings: str = "dialect") -> Sql:
    """Single statements of a SQL dialect.

    Args:
        dialect: "sqlite", "postgres", "duckdb", "mysql"; or "generic", a superset for texts of an unknown dialect.
        tables: what may be named: {table: {column: type}} or {table: [columns]} (also below schemas), DDL text, the
            path of a SQLite file or of DDL text, a SQLAlchemy engine, a sqlglot `MappingSchema`; None allows any names,
            an empty dict allows no tables. Foreign keys, in a dict as the type "int REFERENCES users(id)", say which
            tables are joined first in what is written.
        statements: the kinds allowed: "select", "insert", "update", "delete", "create", "drop", "alter".
        read_only: refuses everything that writes: kinds other than "select", and functions known to write, to change
            settings, to read files or to run text as SQL (by name; functions of your own are not known to it).
        strings: "dialect", or "strict" for strings in single quotes only: SQLite itself takes "x" for a string where
            no column x is in scope.

    Raises `UnsupportedFeature` for an unknown dialect, `SpecError` for options or tables that cannot be used.
    """
    found = find_dialect(dialect)
    kinds = _kinds(statements, read_only)
    if strings not in ("dialect", "strict"):
        raise SpecError(f"strings must be one of 'dialect', 'strict', not {strings!r}")
    catalogue = None if tables is None else read_catalogue(tables, found)
    made = Sql(found, catalogue, kinds, bool(read_only), strings)
    if catalogue is not None and found.name == "sqlite":
        made._database  # noqa: B018 (names that SQLite cannot have are refused here, not at the first text)
    return made


def _kinds(statements: Iterable[str], read_only: bool) -> frozenset[str]:
    if not isinstance(statements, Iterable):
        raise SpecError(f"statements must be names of kinds of statements, not {statements!r:.80}",
                        hint='pass {"select"}')
    listed = [statements] if isinstance(statements, str) else list(statements)
    for kind in listed:
        if not isinstance(kind, str) or kind not in STATEMENTS:
            raise SpecError(f"statements: {kind!r} is none of {', '.join(map(repr, STATEMENTS))}")
    if not listed:
        raise SpecError("statements is empty: no text could be written", hint='pass {"select"}')
    writing = sorted(set(listed) - {"select"})
    if read_only and writing:
        raise SpecError(f"statements: {writing[0]!r} writes, and read_only is set",
                        hint="pass read_only=False to allow it")
    return frozenset(listed)
