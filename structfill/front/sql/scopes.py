"""Clause by clause: which names does a query use, and are they in scope there?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlglot import exp

from .rules import Rules
from .visible import Columns, Relation, Unresolved, View, argument, resolve
from .widths import check_in, result_columns, star_columns

_CLAUSES = {"expressions": "select", "where": "where", "connect": "where", "prewhere": "where", "windows": "windows",
            "having": "having", "qualify": "qualify", "cluster": "order", "sort": "order", "distribute": "order",
            "limit": "order", "offset": "order"}
_LISTS = {"distinct": "order", "group": "group", "order": "order"}  # a result may be an item, in all dialects
_QUERIES = (exp.Query, exp.Values)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_GROUPS = (exp.Ordered, exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Paren)
_OPAQUE = (exp.DataType, exp.Identifier, exp.Literal, exp.Var, exp.TableAlias, exp.JSONPath, exp.Lock)

Ctes = dict[str, Columns]
Tables = Callable[[str, str], dict[str, tuple[str, ...]]]


class Scopes:
    """Resolves the names of queries, whose identifiers are folded.

    `tables` finds by name, and schema or "", {schema: columns}. With `bare_joins` a join without a condition may be no
    comma.
    """

    def __init__(self, tables: Tables, rules: Rules, bare_joins: bool) -> None:
        self._tables, self._rules = tables, rules
        self._commas = rules.commas or bare_joins

    def check(self, query: Any, around: Any = None) -> None:
        """Raises `Unresolved` for a name that is not in scope. `around` is the WITH of the statement, if any."""
        self._query(query, self._with(around, {}, None), None)

    # queries

    def _query(self, node: Any, ctes: Ctes, outer: View | None, anchor: Any = None) -> Columns:
        """Checks a query and gives the names of its results. `anchor` is the recursive CTE that it makes."""
        ctes = self._with(argument(node, "with"), ctes, outer)
        if isinstance(node, exp.Select):
            return self._select(node, ctes, outer)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, ctes, outer, anchor)
        if isinstance(node, exp.Subquery) and isinstance(node.this, _QUERIES):
            return self._query(node.this, ctes, outer, anchor)
        if isinstance(node, exp.Values):
            self._walk(node.expressions, View(outer=outer), ctes)
            return _values_columns(node)
        return None

    def _with(self, node: Any, ctes: Ctes, outer: View | None) -> Ctes:
        if node is None:
            return ctes
        names = [cte.alias for cte in node.expressions]
        for name in names:
            if names.count(name) > 1:
                raise Unresolved(f"duplicate name in WITH: {name}")
        ctes = {**ctes, **dict.fromkeys(names)} if node.args.get("recursive") else dict(ctes)
        for cte in node.expressions:
            ctes[cte.alias] = self._cte(cte, ctes, outer)
        return ctes

    def _cte(self, cte: Any, ctes: Ctes, outer: View | None) -> Columns:
        if not isinstance(cte.this, _QUERIES):
            return None  # it writes: what RETURNING gives is not known
        recursive = cte.alias in ctes and ctes[cte.alias] is None
        return _aliased(self._query(cte.this, ctes, outer, cte if recursive else None), cte)

    def _set_operation(self, node: Any, ctes: Ctes, outer: View | None, anchor: Any) -> Columns:
        operations = [node]
        while isinstance(operations[-1].this, exp.SetOperation):  # a long chain is deep on its left
            operations.append(operations[-1].this)
        first = self._query(operations[-1].this, ctes, outer)
        if anchor is not None:
            ctes = {**ctes, anchor.alias: _aliased(first, anchor)}
        others = [self._query(operation.expression, ctes, outer) for operation in reversed(operations)]
        if any(operation.args.get("by_name") for operation in operations):
            return None
        for columns in others:
            if first is not None and columns is not None and len(first) != len(columns):
                raise Unresolved(f"{node.key.upper()} of queries of {len(first)} and {len(columns)} columns")
        if first is not None and not self._rules.sorted_by:
            order = node.args.get("order")
            self._walk(order, View((Relation("", first),), outer=outer), ctes)
        return first

    def _select(self, node: Any, ctes: Ctes, outer: View | None) -> Columns:
        aliases = frozenset(item.alias for item in node.expressions if isinstance(item, exp.Alias))
        view = self._sources(node, aliases, ctes, outer)
        view = replace(view, windows=frozenset(window.name.lower() for window in node.args.get("windows") or ()))
        for part, clause in _CLAUSES.items():
            self._walk(node.args.get(part), self._seeing(clause, view, aliases), ctes)
        for part, clause in _LISTS.items():
            items = _other_items(node.args.get(part), aliases)
            self._walk(items, self._seeing(clause, view, aliases), ctes)
        return result_columns(node, view, self._rules)

    def _seeing(self, clause: str, view: View, aliases: frozenset[str]) -> View:
        if clause in self._rules.aliases:
            return replace(view, results=aliases)
        return replace(view, below=aliases) if clause == "select" and "below" in self._rules.aliases else view

    # what FROM gives

    def _sources(self, node: Any, aliases: frozenset[str], ctes: Ctes, outer: View | None) -> View:
        first, found = argument(node, "from"), self._seeing("on", View(outer=outer), aliases)
        if first is not None:
            found = self._joined(self._item(first.this, found, ctes), node.args.get("joins"), found, ctes)
        for lateral in node.args.get("laterals") or ():
            found = found.plus(self._lateral(lateral, found, ctes))
        if not self._rules.twice:
            _check_names(found.relations)
        strange = node.args.get("match") is not None or node.args.get("pivots")
        return found.plus(View((Relation(None, None),))) if strange else found

    def _item(self, node: Any, left: View, ctes: Ctes) -> View:
        """One item of FROM with the joins inside it; `left` is what stands before it, for LATERAL."""
        return self._joined(self._base(node, left, ctes), node.args.get("joins"), left, ctes)

    def _joined(self, found: View, joins: Iterable[Any] | None, left: View, ctes: Ctes) -> View:
        """A table, and what is joined to it."""
        found, group = replace(found, results=left.results, outer=left.outer), 0  # the first relation that ON sees
        for join in joins or ():
            how = {str(join.args.get(key) or "").upper() for key in ("kind", "method", "side")} - {""}
            using, on = [part.name for part in join.args.get("using") or ()], join.args.get("on")
            before = len(found.relations)
            if not (how or using or on is not None or self._commas):
                group = before
            found = found.plus(self._item(join.this, left.plus(found), ctes))
            merged = None if found.merged is None or "NATURAL" in how else found.merged.union(using)
            found = replace(found, merged=merged)
            around = left if self._rules.siblings else left.outer
            seen = replace(found, relations=found.relations[group:], outer=around)
            _check_using(using, seen.relations)
            self._walk(on, seen, ctes)
            if how & {"SEMI", "ANTI"}:
                found = replace(found, relations=found.relations[:before])
        return found

    def _base(self, node: Any, left: View, ctes: Ctes) -> View:
        """An item of FROM without the joins inside it."""
        found = View() if isinstance(node, exp.Pivot) else self._unpivoted(node, left, ctes)
        strange = isinstance(node, exp.Pivot) or node.args.get("pivots")
        return View((Relation(None, None),)) if strange else found

    def _unpivoted(self, node: Any, left: View, ctes: Ctes) -> View:
        alias = node.args.get("alias")
        name = "" if alias is None else alias.name
        if isinstance(node, exp.Subquery):
            return self._parenthesised(node, name, left, ctes)
        if isinstance(node, exp.Values):
            self._walk(node.expressions, left, ctes)
            return View((Relation(name or None, _values_columns(node)),))
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            return View((self._table(node, name, ctes),))
        return self._lateral(node, left, ctes)

    def _parenthesised(self, node: Any, name: str, left: View, ctes: Ctes) -> View:
        """A subquery, or a join in parentheses: its alias, if it has one, hides the names of its tables."""
        inner = node.this
        while isinstance(inner, exp.Subquery) and not inner.args.get("alias") and not inner.args.get("joins"):
            inner = inner.this
        if isinstance(inner, exp.Query) and not isinstance(inner, exp.Subquery):
            seen = left.within() if self._rules.siblings else left.outer
            return View((Relation(name or "unnamed_subquery", _aliased(self._query(node, ctes, seen), node)),))
        found = self._item(inner, left, ctes)
        return View((Relation(name, None),)) if name else found

    def _table(self, node: Any, alias: str, ctes: Ctes) -> Relation:
        if not node.db and node.name in ctes:
            return Relation(alias or node.name, _aliased(ctes[node.name], node))
        found = self._tables(node.name, node.db)
        if not found:
            raise Unresolved(f"no such table: {'.'.join(part.sql() for part in node.parts)}")
        columns = next(iter(found.values())) if len(found) == 1 else None
        return Relation(alias or node.name, _aliased(columns, node), frozenset() if alias else frozenset(found))

    def _lateral(self, node: Any, left: View, ctes: Ctes) -> View:
        """LATERAL, UNNEST, a function that makes rows: they see what stands to their left."""
        alias, columns = node.args.get("alias"), None
        name = "" if alias is None else alias.name
        if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            columns = _aliased(self._query(node.this, ctes, left.within()), node)
        else:
            parts = [part for part in (node.this, *node.expressions) if part and not isinstance(part, str)]
            self._walk(parts, left, ctes)
        named = [*_alias_columns(node), node.args.get("offset")] if isinstance(node, exp.Unnest) else []
        names = {part if isinstance(part, str) else part.name for part in named if part} - {name, ""}
        return View((Relation(name or None, columns), *(Relation(each, None) for each in names)))

    # expressions

    def _walk(self, start: Any, view: View, ctes: Ctes) -> None:
        """Checks all names in expressions; recursive only over the queries inside them."""
        nodes = start if isinstance(start, list) else [] if start is None else [start]
        stack = [(node, view) for node in reversed(nodes)]
        while stack:
            node, seen = stack.pop()
            if isinstance(node, exp.Query):
                columns = self._query(node, ctes, seen.within())
                check_in(_compared(node), columns, seen, self._rules)
            elif not isinstance(node, _OPAQUE):
                seen = self._entered(node, seen)
                stack.extend((child, seen) for child in reversed(_children(node)))

    def _entered(self, node: Any, view: View) -> View:
        """Checks the name that a node is, and gives what its children see."""
        if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
            star_columns(node, view, self._rules)
        elif isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
            resolve(node, view, self._rules)
        elif isinstance(node, exp.Window) and node.args.get("alias") is not None:
            if node.args["alias"].name.lower() not in view.windows:
                raise Unresolved(f"no such window: {node.args['alias'].name}")
        elif isinstance(node, (exp.Lambda, exp.Comprehension)):
            names = node.expressions if isinstance(node, exp.Lambda) else [node.expression]
            return replace(view, bound=view.bound.union(name.name for name in names))
        return view


def _compared(query: Any) -> Any:
    """What IN, ANY, ALL or a comparison compares with the results of a query; None if it stands elsewhere."""
    parent = query.parent
    if isinstance(parent, exp.In):
        return parent.this
    if isinstance(parent, (exp.Any, exp.All)):
        query, parent = parent, parent.parent
    if not isinstance(parent, _COMPARISONS):
        return None
    return parent.this if query is parent.expression else parent.expression


def _children(node: Any) -> list[Any]:
    """The parts of a node in which names are to be looked for."""
    if isinstance(node, exp.Column):
        node = node.this
        if not isinstance(node, exp.Star):
            return []
    if isinstance(node, exp.Star):
        return [part.this for part in node.args.get("replace") or () if isinstance(part, exp.Alias)]
    if isinstance(node, (exp.Kwarg, exp.PropertyEQ)):
        return [node.expression]
    return list(node.iter_expressions())


def _other_items(part: Any, aliases: frozenset[str]) -> list[Any]:
    """The items of DISTINCT ON, GROUP BY or ORDER BY that are not just the name of a result."""
    items, kept = [] if part is None else [part], []
    while items:
        item = items.pop()
        if item is part or isinstance(item, _GROUPS):
            items.extend(item.iter_expressions())
        elif not (isinstance(item, exp.Column) and item.args.get("table") is None and item.name in aliases):
            kept.append(item)
    return kept[::-1]


def _values_columns(node: Any) -> Columns:
    """Raises `Unresolved` for rows of different lengths."""
    widths = {len(row.expressions) if isinstance(row, exp.Tuple) else 1 for row in node.expressions}
    if len(widths) > 1:
        raise Unresolved("VALUES of rows that differ in length")
    return _aliased(("",) * widths.pop(), node) if widths else None


def _alias_columns(node: Any) -> tuple[str, ...]:
    alias = node.args.get("alias")
    return () if alias is None else tuple(part.name for part in alias.args.get("columns") or ())


def _aliased(columns: Columns, node: Any) -> Columns:
    """The columns under the names that an alias gives them."""
    return Relation("", columns).renamed("", _alias_columns(node)).columns


def _check_using(names: list[str], relations: tuple[Relation, ...]) -> None:
    for name in names:
        if sum(relation.has(name) is not False for relation in relations) < 2:
            raise Unresolved(f"no such column on both sides of USING: {name}")


def _check_names(relations: tuple[Relation, ...]) -> None:
    """Two items of FROM must not have one name, but for tables of two schemas under their own."""
    for place, relation in enumerate(relations):
        for other in relations[:place]:
            apart = relation.schemas and other.schemas and not relation.schemas & other.schemas
            if relation.name and relation.name == other.name and not apart:
                raise Unresolved(f"two tables are named {relation.name}")
