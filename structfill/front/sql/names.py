"""Do the names of a query belong to the tables in scope? For dialects without an engine in the standard library."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

from .catalogue import Catalogue
from .dialects import Dialect
from .rules import RULES
from .scopes import Scopes
from .visible import Unresolved, argument

_TOO_DEEP = "the statement nests too deep to be checked"
_CONDITIONS = ("on", "using", "kind", "method", "side")


class Names:
    """Resolves the tables and columns of statements against a catalogue."""

    def __init__(self, catalogue: Catalogue, dialect: Dialect) -> None:
        self.catalogue, self.dialect = catalogue, dialect

    def error(self, statement: str) -> str | None:
        """What is wrong with one statement, or None: sqlglot cannot parse it, or a name is not in scope."""
        try:
            tree = sqlglot.parse_one(statement, dialect=self.dialect.sqlglot or None)
            if isinstance(tree, exp.Command):
                return "sqlglot does not know this statement"
            scopes = Scopes(self._found, RULES[self.dialect.name], self._bare_joins(statement, tree))
            self._check(self._folded(tree), scopes)
        except ParseError as error:
            return f"sqlglot, which looks for the names, cannot read it: {str(error).splitlines()[0]}"
        except (SqlglotError, Unresolved) as error:
            return str(error).splitlines()[0]
        except RecursionError:
            return _TOO_DEEP
        return None

    def _check(self, tree: Any, scopes: Scopes) -> None:
        """Checks the statement, if it is a query, or the query inside a statement that writes."""
        source = tree.args.get("expression")
        if isinstance(tree, exp.Query):
            scopes.check(tree)
        elif isinstance(source, exp.Query):
            scopes.check(source, argument(tree, "with"))

    def _bare_joins(self, statement: str, tree: Any) -> bool:
        """May a join without a condition be a JOIN? sqlglot's tree does not tell it from a comma; the words do."""
        words = [token.token_type for token in sqlglot.tokenize(statement, dialect=self.dialect.sqlglot or None)]
        told = sum(any(join.args.get(key) for key in _CONDITIONS) for join in tree.find_all(exp.Join))
        return words.count(TokenType.JOIN) + words.count(TokenType.STRAIGHT_JOIN) > told

    def _folded(self, tree: Any) -> Any:
        """All names as the catalogue's keys have them."""
        if self.dialect.fold_columns != "any":
            return normalize_identifiers(tree, dialect=self.dialect.sqlglot or None)
        for identifier in tree.find_all(exp.Identifier):
            if self.dialect.fold_tables == "any" or _names_column(identifier):
                identifier.set("this", self.dialect.folded(identifier.name))
        return tree

    def _found(self, name: str, schema: str) -> dict[str, tuple[str, ...]]:
        """The columns of the tables of this name by their schemas: of the one schema, or of all for ""."""
        found = self._tables.get(name, {})
        return {where: columns for where, columns in found.items() if not schema or schema == where}

    @cached_property
    def _tables(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Columns by table and schema, all under their folded names."""
        tables: dict[str, dict[str, tuple[str, ...]]] = {}
        key = self.dialect.table_key
        for table in self.catalogue.tables:
            columns = tuple(self.dialect.column_key(column.name) for column in table.columns)
            tables.setdefault(key(table.name), {})[key(table.schema)] = columns
        return tables


def _names_column(identifier: exp.Identifier) -> bool:
    """Does it name a column, or a result?"""
    parent, part = identifier.parent, identifier.arg_key
    if isinstance(parent, exp.Column):
        return part == "this"
    return isinstance(parent, exp.Alias) or part == "using" or (
        isinstance(parent, exp.TableAlias) and part == "columns")
