"""Tables out of DDL text of dialects other than SQLite, which reads its own: what CREATE, DROP and ALTER leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...errors import SpecError, UnsupportedFeature
from .altering import alter
from .catalogue import Catalogue, Column
from .columns import WAY_OUT, Path, columns_of, path_of, references_of, selected
from .dialects import Dialect
from .dumps import OTHER_DIALECT, Cursor, Statement, Token, joined, not_parsed, outermost, parts, read_statements
from .tables import Entry, Tables

# Statements that change no table's columns, by their first word.
_PASSED_OVER = frozenset(
    "SELECT WITH VALUES INSERT UPDATE DELETE MERGE REPLACE TRUNCATE COPY PUT GET LIST LS RESET UNSET SHOW START COMMIT "
    "ROLLBACK SAVEPOINT RELEASE ABORT GRANT REVOKE COMMENT ANALYZE VACUUM CLUSTER REINDEX REFRESH LOCK UNLOCK DO CALL "
    "EXECUTE PREPARE DEALLOCATE DISCARD EXPLAIN DESCRIBE DESC CHECKPOINT LISTEN NOTIFY UNLISTEN SECURITY REASSIGN LOAD "
    "INSTALL PRAGMA FLUSH OPTIMIZE CHECK REPAIR CHANGE PURGE HANDLER ATTACH DETACH DECLARE FETCH CLOSE MOVE EXPORT "
    "ASSERT".split())
# Behind BEGIN and END.
_OF_TRANSACTIONS = frozenset(["", *"TRANSACTION TRAN WORK ISOLATION READ NOT DEFERRABLE AND".split()])
_BEFORE_TABLE = frozenset("TEMP TEMPORARY LOCAL GLOBAL UNLOGGED FOREIGN EXTERNAL MATERIALIZED RECURSIVE SECURE "
                          "TRANSIENT VOLATILE DYNAMIC HYBRID ICEBERG SNAPSHOT INTERACTIVE EVENT".split())
_COPIES = ("LIKE", "CLONE", "COPY")
# Behind the columns: of a statement that is not known, or of a next one whose semicolon is missing.
_STRANGE = frozenset("CREATE ALTER DROP INSERT TABLE VIEW GO PARTITIONED COLUMNS TEMPLATE SELECT".split())
_TAKES_TABLES = frozenset("TYPE DOMAIN EXTENSION FUNCTION ROUTINE AGGREGATE COLLATION SERVER LANGUAGE OPERATOR".split())


def read_ddl(text: str, dialect: Dialect) -> Catalogue:
    """The tables that a script leaves, such as a dump of a schema. Raises `SpecError` if it does not parse,
    `UnsupportedFeature` for statements whose effect on the columns is not known."""
    tables = Tables(dialect)
    for statement in read_statements(text, dialect):
        try:
            _apply(statement, tables)
        except SpecError as error:
            error.message = f"{error.message}; in line {statement.line} of the DDL text"
            raise
    if not tables.entries:
        raise SpecError("the DDL text leaves no table", hint=OTHER_DIALECT)
    return tables.catalogue()


def _apply(statement: Statement, tables: Tables) -> None:
    """Does to the tables what a statement does. Its first words say whether it is read at all."""
    cursor = Cursor(statement.tokens)
    verb = cursor.word()
    if verb in _READ:
        cursor.take(verb)
        _READ[verb](cursor, tables)
    elif verb.startswith("\\"):
        _client(cursor, tables)
    elif verb in ("SELECT", "WITH") and tables.dialect.name == "postgres" and _makes_table(statement.tokens):
        raise _unknown(statement.tokens, "SELECT INTO")
    elif verb in ("ROLLBACK", "ABORT") and tables.entries and tables.dialect.name in ("postgres", "duckdb"):
        raise _unknown(statement.tokens, verb)
    elif verb in ("BEGIN", "END"):
        if cursor.word(1) not in _OF_TRANSACTIONS:
            raise _unknown(statement.tokens, f"a block with {verb}")
    elif verb not in _PASSED_OVER:
        if not verb[0].isalpha():
            raise not_parsed(tables.dialect, f"no statement: {statement}")
        raise _unknown(statement.tokens, f"DDL statement {verb} {cursor.word(1)}".strip())


def _unknown(tokens: Sequence[Token], feature: str) -> UnsupportedFeature:
    return UnsupportedFeature(feature, f"{feature}: what it does to the tables is not known: {joined(tokens):.100}",
                              hint="take it out if it changes no columns; or " + WAY_OUT)


def _create(cursor: Cursor, tables: Tables) -> None:
    replaces = cursor.take("OR", "REPLACE") or cursor.take("OR", "ALTER")
    kind = _kind(cursor)
    if not kind:
        if cursor.word() == "SCHEMA" and any(token.word == "CREATE" for token in cursor.rest()):
            raise _unknown(cursor.tokens, "CREATE SCHEMA with what it holds")
        return
    keeps = cursor.take("IF", "NOT", "EXISTS")
    path = path_of(cursor.name(), tables.dialect)
    known = tables.find(path) if replaces or keeps else None
    if known is not None and keeps:
        return
    tables.put(known, _created(cursor, path, kind, tables))


def _kind(cursor: Cursor) -> str:
    """Moves behind TABLE or VIEW, which it returns; "" for statements that make something else."""
    while True:
        if cursor.take("DEFINER", "="):
            cursor.at += 1
            cursor.group()
            cursor.at += 2 * (cursor.word() == "@")
        elif cursor.take("ALGORITHM", "=") or cursor.take("SQL", "SECURITY") or cursor.word() in _BEFORE_TABLE:
            cursor.at += 1
        else:
            break
    kind = cursor.word()
    if kind in ("TABLE", "VIEW") and cursor.word(1) != "FUNCTION":
        cursor.at += 1
        return kind
    if cursor.word(1) in ("TABLE", "VIEW"):
        raise _unknown(cursor.tokens, f"{cursor.tokens[0].word} {kind} {cursor.word(1)}")
    return ""


def _created(cursor: Cursor, path: Path, kind: str, tables: Tables) -> Entry:
    """The table of a CREATE statement, from behind its name."""
    dialect = tables.dialect
    if cursor.take("PARTITION", "OF"):
        parent = tables.copied(path_of(cursor.name(), dialect), "PARTITION OF")
        tables.put(parent, replace(parent, has_children=True))
        return replace(tables.entry(path, parent.table.columns), references=parent.references)
    if cursor.word() in _COPIES and cursor.word(1) != "GRANTS":
        by = cursor.word()
        cursor.take(by)
        return tables.entry(path, tables.copied(path_of(cursor.name(), dialect), by).table.columns)
    listed = cursor.group()
    if listed and listed[0].word in ("SELECT", "WITH", "("):  # CREATE TABLE t (SELECT ...)
        listed, tail = (), (Token("AS", True), Token("(", True), *listed, Token(")", False), *cursor.rest())
    else:
        tail = tuple(cursor.rest())
    columns = _columns(listed, tail, kind, tables)
    if not columns:
        raise UnsupportedFeature("a table without columns", f"the columns of {path[1]!r} are not in the DDL text: "
                                 f"{joined(cursor.tokens):.100}", hint=WAY_OUT)
    return tables.entry(path, columns, references_of(listed, dialect), kind == "VIEW")


def _columns(listed: Sequence[Token], tail: Sequence[Token], kind: str, tables: Tables) -> list[Column]:
    """The columns of a list, with those of the tables that it copies or inherits from, or of a query."""
    own = list[Column]()
    for part in [listed] if kind == "TABLE" and listed else parts(listed):
        for one in columns_of(part if kind == "TABLE" else part[:1], tables.dialect):  # of a view's the names count
            own += [one] if isinstance(one, Column) else tables.copied(one, "LIKE").table.columns
    words = dict(outermost(tail))
    at = next((at for at, word in words.items() if word == "AS"), None)
    if at is None and tables.dialect.name in ("mysql", "generic"):  # there AS may be left out
        at = next((at - 1 for at, word in words.items() if word == "SELECT"), None)
    strange = [word for place, word in words.items() if word in _STRANGE and (at is None or place < at)]
    if strange:
        raise not_parsed(tables.dialect, f"{strange[0]} behind the columns: {joined(tail):.100}")
    if "INHERITS" in words.values():
        return _inherited(own, tail, tables)
    return own if at is None else _of_query(own, tail[at + 1:], kind, tables.dialect)


def _of_query(own: list[Column], query: Sequence[Token], kind: str, dialect: Dialect) -> list[Column]:
    """The columns of CREATE ... AS query; in MySQL a table's list stands beside those of the query."""
    if kind == "TABLE" and dialect.name == "mysql":
        keys = {dialect.column_key(column.name) for column in own}
        return own + [Column(name) for name in selected(query, dialect) if dialect.column_key(name) not in keys]
    names = selected(query, dialect, [column.name for column in own])
    return own + [Column(name) for name in names[len(own):]]


def _inherited(own: list[Column], tail: Sequence[Token], tables: Tables) -> list[Column]:
    """Columns of the parents, then those of the table's own; of two with one name the first."""
    at = next(at for at, word in outermost(tail) if word == "INHERITS")
    found = dict[str, Column]()
    for part in parts(Cursor(tail, at + 1).group()):
        parent = tables.copied(path_of(part, tables.dialect), "INHERITS")
        tables.put(parent, replace(parent, has_children=True))
        for column in parent.table.columns:
            found.setdefault(tables.dialect.column_key(column.name), column)
    for column in own:
        found.setdefault(tables.dialect.column_key(column.name), column)
    return list(found.values())


def _drop(cursor: Cursor, tables: Tables) -> None:
    kind, what = _kind(cursor), cursor.word()
    cascades = any(word == "CASCADE" for _, word in outermost(cursor.rest()))
    if not kind and what not in ("SCHEMA", "DATABASE"):
        if cascades and what in _TAKES_TABLES and tables.entries:
            raise _unknown(cursor.tokens, f"DROP {what} ... CASCADE")
        if what == "OWNED":
            raise _unknown(cursor.tokens, "DROP OWNED")
        return
    cursor.at += not kind
    cursor.take("IF", "EXISTS")
    for part in parts(cursor.rest()):
        named = path_of(Cursor(part).name(), tables.dialect)
        if not kind:
            tables.drop_schema(named[1])
        else:
            tables.drop(named)
    if cascades and tables.dialect.name == "postgres" and any(entry.is_view for entry in tables.entries):
        raise _unknown(cursor.tokens, "DROP ... CASCADE where there are views")


def _alter(cursor: Cursor, tables: Tables) -> None:
    if _kind(cursor):
        alter(cursor, tables)
    elif cursor.word() in ("SCHEMA", "DATABASE") and any(word == "RENAME" for _, word in outermost(cursor.rest())):
        raise _unknown(cursor.tokens, f"ALTER {cursor.word()} ... RENAME")


def _use(cursor: Cursor, tables: Tables) -> None:
    """USE of a schema, or of a database, which is the same in MySQL only."""
    kind = cursor.word()
    if kind in ("WAREHOUSE", "ROLE", "SECONDARY", "CATALOG") or kind == "":
        return
    cursor.at += kind in ("DATABASE", "SCHEMA")
    named = path_of(cursor.name(), tables.dialect)
    tables.use(tables.default if kind == "DATABASE" and tables.default else named[1])


def _set(cursor: Cursor, tables: Tables) -> None:
    is_local = cursor.take("LOCAL")
    cursor.take("SESSION")
    if not cursor.take("SEARCH_PATH") or tables.dialect.name not in ("postgres", "duckdb"):
        return
    if is_local:  # until the transaction ends
        raise _unknown(cursor.tokens, "SET LOCAL search_path")
    cursor.at += 1  # TO or =
    listed = [token.text.strip("'\"") for token in cursor.rest() if token.text != ","]
    schemas = [name for name in listed if name not in ("$user", "pg_catalog")]
    tables.use(schemas[0] if schemas and schemas[0].lower() != "default" else tables.default)


def _client(cursor: Cursor, tables: Tables) -> None:
    """A command of psql."""
    command = cursor.tokens[0].text
    if command in ("\\i", "\\ir", "\\include", "\\include_relative"):
        raise _unknown(cursor.tokens, f"{command}, another file")
    if command in ("\\c", "\\connect") and cursor.word(1) not in ("", "-"):
        if tables.entries:
            raise UnsupportedFeature("tables of several databases", f"another database: {joined(cursor.tokens):.100}",
                                     hint="pass the text of one of them")
        tables.use(tables.default)


def _makes_table(tokens: Sequence[Token]) -> bool:
    """Is this SELECT ... INTO?"""
    return any(word == "INTO" and tokens[at - 1].word not in ("INSERT", "MERGE") for at, word in outermost(tokens))


_READ = {"CREATE": _create, "DROP": _drop, "ALTER": _alter, "USE": _use, "SET": _set}
