"""ALTER TABLE and ALTER VIEW: what they do to columns, names and foreign keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...errors import UnsupportedFeature
from .catalogue import Column
from .columns import WAY_OUT, columns_of, name_of, path_of, references_of
from .dumps import Cursor, Token, joined, outermost, parts
from .tables import Entry, Tables

# Actions that change no columns, by their first word.
_PASSED_OVER = frozenset(
    "OWNER ENABLE DISABLE FORCE NO REPLICA CLUSTER RESET VALIDATE ATTACH DETACH INHERIT NOT OPTIONS DEPENDS ENGINE "
    "AUTO_INCREMENT COMMENT DEFAULT CONVERT CHARACTER CHARSET COLLATE ROW_FORMAT ORDER KEY_BLOCK_SIZE TRUNCATE "
    "REORGANIZE COALESCE ANALYZE CHECK OPTIMIZE REBUILD REPAIR REMOVE EXCHANGE LOCK ALGORITHM DISCARD IMPORT UNSET "
    "SUSPEND RESUME REFRESH RECLUSTER TABLESPACE ENCRYPTION COMPRESSION CHECKSUM PACK_KEYS MAX_ROWS MIN_ROWS "
    "STATS_PERSISTENT STATS_AUTO_RECALC STATS_SAMPLE_PAGES DELAY_KEY_WRITE AVG_ROW_LENGTH INSERT_METHOD".split())
_CONSTRAINTS = (("CONSTRAINT",), ("PRIMARY", "KEY"), ("FOREIGN", "KEY"), ("UNIQUE", "("), ("CHECK", "("),
                ("EXCLUDE", "USING"), ("EXCLUDE", "("))
_OF_DIALECTS = {
    "mysql": (("KEY",), ("INDEX",), ("UNIQUE",), ("FULLTEXT",), ("SPATIAL",), ("CHECK",), ("PARTITION",), ("PERIOD",)),
    "snowflake": (("ROW", "ACCESS"), ("SEARCH", "OPTIMIZATION"), ("CLUSTERING", "KEY"), ("UNIQUE",)),
    "postgres": (("UNIQUE",),),
}


def alter(cursor: Cursor, tables: Tables) -> None:
    """Does to the tables what a statement does, from behind TABLE or VIEW. Raises `UnsupportedFeature` for actions
    whose effect is not known, and for tables that are not."""
    cursor.take("IF", "EXISTS")
    cursor.take("ONLY")
    path = path_of(cursor.name(), tables.dialect)
    cursor.take("*")
    for action in parts(cursor.rest()):
        _act(Cursor(action), tables, path, cursor.tokens)


def _act(action: Cursor, tables: Tables, path: tuple[str, str], statement: Sequence[Token]) -> None:
    """Does one action."""
    verb, entry = action.word(), tables.find(path)
    if verb == "ADD" and _is_constraint(action, tables, 1):
        if entry is not None:
            found = tuple((where or entry.home, name) for where, name in references_of(action.rest(), tables.dialect))
            tables.put(entry, replace(entry, references=(*entry.references, *found)))
        return
    if verb in ("ATTACH", "INHERIT"):
        _has_children(entry if verb == "ATTACH" else tables.find(path_of(action.tokens[1:], tables.dialect)), tables)
    if verb in _PASSED_OVER or _keeps_columns(action, tables):
        return
    if verb not in _CHANGES:
        raise _unknown(verb, "what it does to the columns is not known", statement)
    if entry is None:
        if statement[2].word == "IF" or statement[3].word == "IF":  # IF EXISTS
            return
        raise _unknown(verb, f"no CREATE statement before it made {path[1]!r}", statement)
    action.take(verb)
    if entry.has_children:
        raise _unknown(verb, f"other tables inherit from {path[1]!r}", statement)
    _CHANGES[verb](action, tables, entry)


def _has_children(entry: Entry | None, tables: Tables) -> None:
    if entry is not None:
        tables.put(entry, replace(entry, has_children=True))


def _unknown(action: str, why: str, told: Sequence[Token]) -> UnsupportedFeature:
    return UnsupportedFeature(f"ALTER TABLE ... {action}", f"ALTER TABLE ... {action}: {why}: {joined(told):.100}",
                              hint=WAY_OUT)


def _is_constraint(action: Cursor, tables: Tables, ahead: int) -> bool:
    """Is what is added or dropped no column?"""
    known = (*_CONSTRAINTS, *_OF_DIALECTS.get(tables.dialect.name, ()))
    return any(all(action.word(ahead + at) == word for at, word in enumerate(words)) for words in known)


def _keeps_columns(action: Cursor, tables: Tables) -> bool:
    """Is this an action that keeps all columns, of a verb that may change them?"""
    verb, second = action.word(), action.word(1)
    if verb == "DROP":
        return _is_constraint(action, tables, 1)
    if verb == "RENAME":
        return second == "CONSTRAINT" or second in ("INDEX", "KEY") and tables.dialect.name == "mysql"
    if verb == "ALTER":
        return not any(word == "TYPE" for _, word in outermost(action.tokens))
    return verb == "SET" and second != "SCHEMA"


def _add(action: Cursor, tables: Tables, entry: Entry) -> None:
    """ADD [COLUMN] [IF NOT EXISTS] column [FIRST | AFTER other], or several columns in parentheses."""
    action.take("COLUMN")
    keeps = action.take("IF", "NOT", "EXISTS")
    place, listed = _place(action.group() or action.rest(), entry, tables)
    added = columns_of(listed, tables.dialect)
    key = tables.dialect.column_key
    known = {key(column.name) for column in entry.table.columns}
    new = [column for column in added if isinstance(column, Column) and not (keeps and key(column.name) in known)]
    columns = entry.table.columns
    tables.put(entry, replace(entry, table=replace(entry.table, columns=(*columns[:place], *new, *columns[place:])),
                              references=(*entry.references, *((where or entry.home, name) for where, name in
                                                               references_of(listed, tables.dialect)))))


def _place(listed: Sequence[Token], entry: Entry, tables: Tables) -> tuple[int, Sequence[Token]]:
    """Where a column is put, and its tokens without FIRST or AFTER."""
    if len(listed) > 2 and listed[-1].word == "FIRST":
        return 0, listed[:-1]
    if len(listed) > 3 and listed[-2].word == "AFTER":
        return _index(listed[-1:], entry, tables) + 1, listed[:-2]
    return len(entry.table.columns), listed


def _index(named: Sequence[Token], entry: Entry, tables: Tables) -> int:
    """The number of a column. Raises `UnsupportedFeature` if there is none of this name."""
    name = name_of(named, tables.dialect)
    keys = [tables.dialect.column_key(column.name) for column in entry.table.columns]
    if tables.dialect.column_key(name) not in keys:
        raise UnsupportedFeature("ALTER TABLE of a column that is not there",
                                 f"{entry.table.path!r} has no column {name!r} to alter", hint=WAY_OUT)
    return keys.index(tables.dialect.column_key(name))


def _drop(action: Cursor, tables: Tables, entry: Entry) -> None:
    """DROP [COLUMN] [IF EXISTS] name [CASCADE | RESTRICT]"""
    action.take("COLUMN")
    exists = not action.take("IF", "EXISTS")
    named, end = action.name(), action.word()
    if end not in ("", "RESTRICT") and (end != "CASCADE" or any(other.is_view for other in tables.entries)):
        raise _unknown("DROP COLUMN", "what goes with it is not known", action.tokens)
    key = tables.dialect.column_key(name_of(named, tables.dialect))
    if exists:
        _index(named, entry, tables)
    columns = tuple(column for column in entry.table.columns if tables.dialect.column_key(column.name) != key)
    if not columns:
        raise UnsupportedFeature("a table without columns", f"DROP COLUMN leaves {entry.table.path!r} without columns",
                                 hint=WAY_OUT)
    tables.put(entry, replace(entry, table=replace(entry.table, columns=columns)))


def _rename(action: Cursor, tables: Tables, entry: Entry) -> None:
    """RENAME [TO] table, RENAME [COLUMN] old TO new"""
    is_column = action.take("COLUMN")
    if not is_column and (action.take("TO") or action.take("AS") or len(action.rest()) < 3 or action.word(1) == "."):
        schema, name = path_of(action.rest(), tables.dialect)
        tables.rename(entry, (schema or entry.table.schema, name))
        return
    old = action.name()
    if not action.take("TO"):
        raise _unknown("RENAME", "to what is not known", action.tokens)
    at = _index(old, entry, tables)
    _put_column(tables, entry, at, replace(entry.table.columns[at], name=name_of(action.rest(), tables.dialect)))


def _change(action: Cursor, tables: Tables, entry: Entry) -> None:
    """CHANGE [COLUMN] old column [FIRST | AFTER other]"""
    action.take("COLUMN")
    _define(_index(action.name(), entry, tables), action.rest(), tables, entry)


def _modify(action: Cursor, tables: Tables, entry: Entry) -> None:
    """MODIFY [COLUMN] column [FIRST | AFTER other]"""
    action.take("COLUMN")
    if tables.dialect.name != "mysql":  # Snowflake's is its ALTER COLUMN
        raise _unknown("MODIFY", "what it does to the columns is not known", action.tokens)
    _define(_index(action.tokens[action.at:action.at + 1], entry, tables), action.rest(), tables, entry)


def _define(at: int, listed: Sequence[Token], tables: Tables, entry: Entry) -> None:
    """Puts a new definition of a column at its place."""
    rest = replace(entry.table, columns=entry.table.columns[:at] + entry.table.columns[at + 1:])
    place, shorter = _place(listed, replace(entry, table=rest), tables)
    place = at if len(shorter) == len(listed) else place
    new = [column for column in columns_of(shorter, tables.dialect) if isinstance(column, Column)]
    tables.put(entry, replace(entry, table=replace(rest, columns=(*rest.columns[:place], *new, *rest.columns[place:]))))


def _alter_column(action: Cursor, tables: Tables, entry: Entry) -> None:
    """ALTER [COLUMN] name [SET DATA] TYPE type [COLLATE ...] [USING ...]"""
    action.take("COLUMN")
    named = action.name()
    action.take("SET", "DATA")
    if not action.take("TYPE"):
        return  # a default that is called TYPE
    kind = action.rest()
    end = next((at for at, word in outermost(kind) if word in ("COLLATE", "USING")), len(kind))
    at = _index(named, entry, tables)
    _put_column(tables, entry, at, replace(entry.table.columns[at], type=joined(kind[:end])))


def _set(action: Cursor, tables: Tables, entry: Entry) -> None:
    """SET SCHEMA name"""
    action.take("SCHEMA")
    tables.rename(entry, (name_of(action.rest(), tables.dialect), entry.table.name))


def _put_column(tables: Tables, entry: Entry, at: int, column: Column) -> None:
    columns = (*entry.table.columns[:at], column, *entry.table.columns[at + 1:])
    tables.put(entry, replace(entry, table=replace(entry.table, columns=columns)))


_CHANGES: dict[str, Callable[[Cursor, Tables, Entry], None]] = {
    "ADD": _add, "DROP": _drop, "RENAME": _rename, "CHANGE": _change, "MODIFY": _modify, "ALTER": _alter_column,
    "SET": _set}
