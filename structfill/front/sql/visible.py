"""What a place in a query sees: relations with their columns, results, and the levels around it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from .rules import Rules

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")

Columns = tuple[str, ...] | None
"""The names of columns: None where they are not known; "" for a name that is not known, "?" for one that is no word."""


class Unresolved(Exception):
    """A name that is not in scope; its text says which."""


@dataclass(frozen=True)
class Relation:
    """A table, or what stands for one, under the name that it has here: "" has none, None may have any.

    `schemas` are those in which it may be, if they may stand before its name.
    """

    name: str | None
    columns: Columns
    schemas: frozenset[str] = frozenset()

    def has(self, column: str) -> bool | None:
        """Has it this column? None if that is not known."""
        if self.columns is None:
            return None
        if column in self.columns:
            return True
        odd = "?" in self.columns and not _PLAIN.fullmatch(column.lower())
        return None if odd or "" in self.columns else False

    def called(self, name: str, schema: str) -> bool:
        """May it be named like this?"""
        return self.name is None or (self.name == name and (not schema or schema in self.schemas))

    def renamed(self, name: str | None, columns: tuple[str, ...]) -> Relation:
        """Under an alias, the first columns with names of their own."""
        rest = None if self.columns is None else self.columns[len(columns):]
        return Relation(name, None if rest is None else (*columns, *rest))


@dataclass(frozen=True)
class View:
    """What a clause sees of its level: relations, names of results and windows; and the levels around.

    `below` are results that only subqueries see, `bound` the parameters of lambdas. `merged` are columns that joins
    have made one; None may be all.
    """

    relations: tuple[Relation, ...] = ()
    results: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()
    merged: frozenset[str] | None = frozenset()
    windows: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()
    outer: View | None = None

    def within(self) -> View:
        """The same level, as its subqueries see it."""
        return replace(self, results=self.results | self.below)

    def plus(self, other: View) -> View:
        """With the relations of another."""
        merged = None if self.merged is None or other.merged is None else self.merged | other.merged
        return replace(self, relations=self.relations + other.relations, merged=merged)


def argument(node: Any, name: str) -> Any:
    """An argument of a node of sqlglot's that is a word of Python's: `with` before version 28, `with_` since."""
    return node.args.get(f"{name}_") or node.args.get(name)


def resolve(column: Any, view: View, rules: Rules) -> list[Relation]:
    """The relations that a column of sqlglot's tree, or t.*, may be of. Raises `Unresolved` where there are none.

    None of them for what is no column: a result, a field of a column, a parameter.
    """
    table, schema = column.args.get("table"), column.args.get("db")
    if table is None:
        return _bare(column.name, view, rules)
    return _path(column.name, table.name, "" if schema is None else schema.name, view, rules)


def _bare(name: str, view: View, rules: Rules) -> list[Relation]:
    level: View | None = view
    while level is not None:
        if name in level.results or name in level.bound:
            return []
        found = [relation for relation in level.relations if relation.has(name)]
        if len(found) > 1 and level.merged is not None and name not in level.merged:
            raise Unresolved(f"ambiguous column: {name}")
        found = found or [relation for relation in level.relations if relation.has(name) is None]
        if found or (rules.rows and any(relation.name == name for relation in level.relations)):
            return found
        level = level.outer
    if name.lower() in rules.words or "$" in name:  # METADATA$...
        return []
    raise Unresolved(f"no such column: {name}")


def _path(name: str, table: str, schema: str, view: View, rules: Rules) -> list[Relation]:
    level: View | None = view
    while level is not None:
        called = [relation for relation in level.relations if relation.called(table, schema)]
        if called:
            return _called(name, table, called, rules)
        if table in level.bound or schema in level.bound or (rules.structs and _is_field(table, schema, level)):
            return []
        level = level.outer
    raise Unresolved(f"no such table in scope: {schema}.{table}" if schema else f"no such table in scope: {table}")


def _called(name: str, table: str, called: list[Relation], rules: Rules) -> list[Relation]:
    if len(called) > 1 and all(relation.name for relation in called):
        raise Unresolved(f"ambiguous table: {table}")
    if name == "*" or name.lower() in rules.words or "$" in name:
        return called
    found = [relation for relation in called if relation.has(name) is not False]
    if not found:
        raise Unresolved(f"no such column: {table}.{name}")
    return found


def _is_field(table: str, schema: str, level: View) -> bool:
    """Is one of these a column here, so that what follows is a field of it?"""
    names = {table, schema} - {""}
    if names & level.results or any(relation.has(part) is not False for part in names for relation in level.relations):
        return True
    return bool(schema) and any(relation.called(schema, "") for relation in level.relations)
