"""How many columns: what stars give, and what IN compares."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from .rules import Rules
from .visible import Columns, Relation, Unresolved, View, argument, resolve

_SPREADING = (exp.Columns, exp.Unnest, exp.Explode, exp.Posexplode, exp.Inline, exp.Dot)
_WORDLESS = (exp.Binary, exp.AggFunc, exp.Window)
_SINGLE = (exp.Column, exp.Literal, exp.Binary, exp.Cast, exp.AggFunc)


def result_columns(select: Any, view: View, rules: Rules) -> Columns:
    """The names of the results of a SELECT."""
    if select.args.get("kind"):
        return ("",)  # SELECT AS STRUCT
    found: list[str] = []
    for item in select.expressions:
        columns = _result(item, view, rules)
        if columns is None:
            return None
        found.extend(columns)
    return tuple(found)


def _result(item: Any, view: View, rules: Rules) -> Columns:
    star = item.this if isinstance(item, exp.Column) else item
    if isinstance(star, exp.Star):
        return star_columns(item, view, rules)
    if isinstance(item, exp.Column):
        return (item.name,)
    if isinstance(item, exp.Aliases) or item.find(*_SPREADING) is not None:
        return None
    if isinstance(item, exp.Alias):
        return (item.alias,)
    return ("?",) if isinstance(item, _WORDLESS) and not rules.named else ("",)


def star_columns(item: Any, view: View, rules: Rules) -> Columns:
    """What `*` or `t.*` stands for. Raises `Unresolved` for no such t, and for a name that it leaves out or replaces
    and does not have."""
    qualified = isinstance(item, exp.Column)
    relations = resolve(item, view, rules) if qualified else list(view.relations)
    star = item.this if qualified else item
    for key in ("except", "replace") if rules.renames else ("except", "replace", "rename"):
        for part in argument(star, key) or ():
            _check_part(key.upper(), part.this if key == "rename" else part, relations)
    plain = {key.strip("_") for key, value in star.args.items() if value} <= {"except", "replace", "rename"}
    if not plain or not relations or (not qualified and view.merged != frozenset()):
        return None
    known: list[str] = []
    for relation in relations:
        if relation.columns is None:
            return None
        known.extend(relation.columns)
    return _changed(star, known)


def _check_part(kind: str, part: Any, relations: list[Relation]) -> None:
    table = part.args.get("table") if isinstance(part, exp.Column) else None
    asked = [r for r in relations if table is None or r.called(table.name, "")]
    name = part.alias_or_name
    if not any(relation.has(name) is not False for relation in asked) and (relations or table is not None):
        raise Unresolved(f"no such column in {kind}: {name}")


def _changed(star: Any, columns: list[str]) -> Columns:
    """Columns without those that a star leaves out, under the names that it gives."""
    gone = {part.name for part in argument(star, "except") or ()}
    if gone and "" in columns:
        return None
    names = {part.this.name: part.alias for part in star.args.get("rename") or ()}
    return tuple(names.get(name, name) for name in columns if name not in gone)


def check_in(left: Any, columns: Columns, view: View, rules: Rules) -> None:
    """Raises `Unresolved` where `left IN (a query with these results)`, or `left =`, compares different numbers of
    columns."""
    if columns is None:
        return
    if isinstance(left, exp.Tuple):
        width, fits = len(left.expressions), {1} if rules.structs else set()
    elif isinstance(left, _SINGLE) and not _is_row(left, view):
        width, fits = 1, set()
    else:
        return
    if len(columns) not in fits | {width}:
        raise Unresolved(f"{width} compared with a query of {len(columns)} columns")


def _is_row(left: Any, view: View) -> bool:
    level: View | None = view
    while level is not None and isinstance(left, exp.Column):
        if any(relation.name == left.name for relation in level.relations):
            return True
        level = level.outer
    return isinstance(left, (exp.Cast, exp.Dot))
