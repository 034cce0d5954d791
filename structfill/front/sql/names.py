"""Do the names of a query belong to the tables in scope? For dialects without an engine in the standard library."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from .catalogue import Catalogue
from .dialects import Dialect

_UPPER = "\x01"
_TOO_DEEP = "the statement nests too deep to be checked"


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
            return self._unknown(tree)
        except ParseError as error:
            return f"sqlglot, which looks for the names, cannot read it: {str(error).splitlines()[0]}"
        except SqlglotError as error:
            return _shown(str(error).splitlines()[0])
        except RecursionError:
            return _TOO_DEEP

    def _unknown(self, tree: Any) -> str | None:
        tree = self._folded(tree)
        written = frozenset(cte.alias for cte in tree.find_all(exp.CTE) if not isinstance(cte.this, exp.Query))
        for query in self._queries(tree):
            strange = self._strange_table(query, written)
            if strange is not None:
                return strange
            if written:  # what RETURNING gives is not known
                continue
            qualify(query.copy(), schema=self._schema, dialect=self.dialect.sqlglot or None, quote_identifiers=False,
                    identify=False, expand_stars=False, validate_qualify_columns=True)
        return None

    def _queries(self, tree: Any) -> list[Any]:
        """The queries to resolve: the statement itself, or those inside a statement that writes."""
        if isinstance(tree, exp.Query):
            return [tree]
        source = tree.args.get("expression")
        return [source] if isinstance(source, exp.Query) else []

    def _folded(self, tree: Any) -> Any:
        """All names as the catalogue's keys have them."""
        if self.dialect.fold_columns == "any":
            for identifier in tree.find_all(exp.Identifier):
                folds = self.dialect.fold_tables == "any" or _names_column(identifier)
                identifier.set("this", self.dialect.folded(identifier.name) if folds else _marked(identifier.name))
            return tree
        tree = normalize_identifiers(tree, dialect=self.dialect.sqlglot or None)
        for identifier in tree.find_all(exp.Identifier):  # qualify folds some of them again
            identifier.set("this", _marked(identifier.name))
        return tree

    def _strange_table(self, query: Any, written: frozenset[str]) -> str | None:
        for scope in traverse_scope(query):
            for source in scope.sources.values():
                if isinstance(source, exp.Table) and source.name not in written and not self._known(source):
                    return _shown(f"no such table: {source.sql(dialect=self.dialect.sqlglot or None)}")
        return None

    def _known(self, table: exp.Table) -> bool:
        if not isinstance(table.this, exp.Identifier):
            return True  # a function that makes rows
        name, schema = table.name, table.db  # folded
        return any(name == key and (not schema or schema == where) for key, where in self._keys)

    @cached_property
    def _keys(self) -> frozenset[tuple[str, str]]:
        key = self._table_key
        return frozenset((key(table.name), key(table.schema)) for table in self.catalogue.tables)

    def _table_key(self, name: str) -> str:
        return _kept(self.dialect.table_key(name), self.dialect.fold_tables)

    @cached_property
    def _schema(self) -> MappingSchema:
        deep = any(table.schema for table in self.catalogue.tables)
        mapping: dict[str, Any] = {}
        for table in self.catalogue.tables:
            columns = {_kept(self.dialect.column_key(c.name), self.dialect.fold_columns): "text" for c in table.columns}
            place = mapping.setdefault(self._table_key(table.schema), {}) if deep else mapping
            place[self._table_key(table.name)] = columns
        return MappingSchema(mapping, dialect=self.dialect.sqlglot or None, normalize=False)


def _shown(message: str) -> str:
    """A message with names as they were before `_marked`."""
    return re.sub(f"{_UPPER}(.)", lambda found: found[1].upper(), message)


def _kept(key: str, fold: str) -> str:
    """A key that sqlglot cannot fold."""
    return key if fold == "any" else _marked(key)


def _marked(name: str) -> str:
    """The name in lower case, with a mark before each letter that was not."""
    return "".join(char if char == char.lower() else f"{_UPPER}{char.lower()}" for char in name)


def _names_column(identifier: exp.Identifier) -> bool:
    """Does it name a column, or a result?"""
    parent, part = identifier.parent, identifier.arg_key
    if isinstance(parent, exp.Column):
        return part == "this"
    return isinstance(parent, exp.Alias) or (isinstance(parent, exp.TableAlias) and part == "columns")
