"""Names, columns and queries out of the tokens of CREATE and ALTER statements: sqlglot's parser, and what it lacks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlglot
from sqlglot import exp

from ...errors import UnsupportedFeature
from .catalogue import Column
from .dialects import WORDS, Dialect, ascii_lower
from .dumps import Cursor, Token, joined, not_parsed, outermost, parts

Path = tuple[str, str]  # schema, or "", and name
WAY_OUT = "pass the CREATE statements of the tables as they are now, or a dict"
# Words of constraints, as sqlglot does not know them all; those that a name or value follows; those inside types.
_BEGIN_CONSTRAINTS = frozenset("CONSTRAINT PRIMARY UNIQUE FOREIGN CHECK EXCLUDE".split())
_BEGIN_INDEXES = frozenset("KEY INDEX FULLTEXT SPATIAL PERIOD".split())  # in MySQL
_OF_CONSTRAINTS = _BEGIN_CONSTRAINTS | frozenset(
    "NOT NULL DEFAULT REFERENCES GENERATED ALWAYS BY AS IDENTITY STORED VIRTUAL PERSISTENT COLLATE COMPRESSION STORAGE "
    "SRID OPTIONS COMMENT KEY ON UPDATE DELETE CASCADE RESTRICT SET NO ACTION MATCH FULL PARTIAL SIMPLE DEFERRABLE "
    "INITIALLY DEFERRED IMMEDIATE VALID ENFORCED INHERIT AUTO_INCREMENT VISIBLE INVISIBLE CHARACTER CHARSET USING "
    "BTREE HASH INCLUDE WITH WHERE NULLS DISTINCT INDEX TABLESPACE COLUMN_FORMAT FIXED DYNAMIC KEY_BLOCK_SIZE PARSER "
    "RELY NORELY VARYING PRECISION WITHOUT TIME ZONE WITHIN".split())
_NAME_FOLLOWS = frozenset(": . DEFAULT CONSTRAINT REFERENCES COLLATE COMPRESSION STORAGE KEY INDEX UNIQUE SET CHARSET "
                          "USING TABLESPACE COLUMN_FORMAT PARSER = NULL UPDATE".split())
_OF_TYPES = frozenset("VARYING PRECISION WITH WITHOUT TIME ZONE UNSIGNED SIGNED ZEROFILL ARRAY YEAR MONTH DAY HOUR "
                      "MINUTE SECOND TO CHAR CHARACTER VARCHAR VARCHARACTER . [ ] %".split())
_END_OF_QUERIES = (("WITH", "NO", "DATA"), ("WITH", "DATA"), ("WITH", "CHECK", "OPTION"), ("WITH", "READ", "ONLY"),
                   ("WITH", "CASCADED", "CHECK", "OPTION"), ("WITH", "LOCAL", "CHECK", "OPTION"),
                   ("WITH", "NO", "SCHEMA", "BINDING"))


def path_of(tokens: Sequence[Token], dialect: Dialect) -> Path:
    """Schema and name as the database keeps them, of a name that may have a catalogue before them."""
    names = [""]
    for token in tokens:
        if token.text == ".":
            names.append("")
        else:
            names[-1] += _unquoted(token, dialect)
    if dialect.name == "bigquery":  # `my-project.sales.orders` in one pair of quotes
        names = [part for name in names for part in name.split(".")]
    if not all(names):
        raise not_parsed(dialect, f"no name: {joined(tokens)!r:.60}")
    return (names[-2] if len(names) > 1 else ""), names[-1]


def name_of(tokens: Sequence[Token], dialect: Dialect) -> str:
    """A single name as the database keeps it."""
    if len(tokens) != 1:
        raise not_parsed(dialect, f"no name: {joined(tokens)!r:.60}")
    return _unquoted(tokens[0], dialect)


def _unquoted(token: Token, dialect: Dialect) -> str:
    quote = token.text[0]
    if quote in "\"`":
        return token.text[1:-1].replace(quote * 2, quote)
    if not (token.text[0].isalnum() or quote in "_-"):
        raise not_parsed(dialect, f"no name: {token.text!r:.60}")
    return ascii_lower(token.text) if dialect.fold_tables == "lower" else token.text


def references_of(tokens: Sequence[Token], dialect: Dialect) -> tuple[Path, ...]:
    """The tables that foreign keys refer to."""
    places = [at for at, token in enumerate(tokens) if token.word == "REFERENCES"]
    return tuple(path_of(Cursor(tokens, at + 1).name(), dialect) for at in places if at + 1 < len(tokens))


def columns_of(tokens: Sequence[Token], dialect: Dialect) -> list[Column | Path]:
    """What a list of columns and constraints holds: columns, and paths of tables that LIKE copies. Raises `SpecError`.
    """
    found = _parsed_columns(tokens, dialect)
    if found is None:
        found = [one for part in parts(tokens) for one in _one_column(part, dialect)]
    return found


def _parsed_columns(tokens: Sequence[Token], dialect: Dialect) -> list[Column | Path] | None:
    """The same by sqlglot, or None where it cannot parse them, or does not know a part."""
    tree = _parsed(f"CREATE TABLE x ({joined(tokens)})", dialect)
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        return None
    found: list[Column | Path] = []
    for part in tree.this.expressions:
        if isinstance(part, exp.ColumnDef):
            kind = part.args.get("kind")
            found.append(Column(_name(part.this, dialect), kind.sql(dialect.sqlglot or None) if kind else ""))
        elif isinstance(part, exp.Identifier):
            found.append(Column(_name(part, dialect)))
        elif isinstance(part, exp.LikeProperty):
            schema = part.this.args.get("db")
            found.append((_name(schema, dialect) if schema else "", _name(part.this.this, dialect)))
        elif not isinstance(part, (exp.Constraint, exp.ColumnConstraintKind, exp.PrimaryKey, exp.ForeignKey)):
            return None
    return found


def _one_column(tokens: Sequence[Token], dialect: Dialect) -> list[Column | Path]:
    """One column by its words. Nothing for a constraint."""
    found = _parsed_columns(tokens, dialect)
    if found is not None:
        return found
    indexes = _BEGIN_INDEXES if dialect.name in ("mysql", "generic") else frozenset()
    if tokens[0].word in _BEGIN_CONSTRAINTS | indexes and _are_constraints(tokens):
        return []
    end = next((at for at, word in outermost(tokens) if at > 1 and word in _OF_CONSTRAINTS - _OF_TYPES), len(tokens))
    kind = tokens[1:end]
    if not all(word in _OF_TYPES or at == 0 or word == "(" or kind[at - 1].text in ".(" or _is_prefix(kind[at - 1])
               for at, word in outermost(kind)) or not _are_constraints(tokens[end:]):
        raise not_parsed(dialect, f"no column: {joined(tokens):.100}")
    return [Column(name_of(tokens[:1], dialect), joined(kind))]


def _is_prefix(token: Token) -> bool:
    return token.word in ("NATIONAL", "LONG")  # of a type


def _are_constraints(tokens: Sequence[Token]) -> bool:
    """Is no word here that could be a column behind a comma that is missing?"""
    words = dict(outermost(tokens))
    return all(word in _OF_CONSTRAINTS or not WORDS.fullmatch(word) or tokens[at - 1].word in _NAME_FOLLOWS
               for at, word in words.items())


def selected(tokens: Sequence[Token], dialect: Dialect, listed: Sequence[str] = ()) -> list[str]:
    """The columns of CREATE ... AS query: those that are `listed`, then those that the query names. Raises `SpecError`,
    `UnsupportedFeature` for one that has no name there."""
    query = _query(tokens, dialect)
    if isinstance(query, exp.Values):
        width = len(query.expressions[0].expressions)
        return [*listed, *(f"column{at + 1}" for at in range(len(listed), width))]
    outputs = query.selects
    stars = any(output.is_star for output in outputs)
    if query.find(exp.Union) and any(union.args.get("by_name") for union in query.find_all(exp.Union)):
        raise UnsupportedFeature("UNION BY NAME", f"columns cannot be read from: {joined(tokens):.100}", hint=WAY_OUT)
    if stars and (not listed or dialect.name == "postgres"):  # there the names of the last ones may be left out
        raise UnsupportedFeature("CREATE ... AS SELECT *", "columns cannot be read from * in: "
                                 f"{joined(tokens):.100}", hint="name the columns in the query; or " + WAY_OUT)
    return [*listed, *(_output(output, tokens, dialect) for output in outputs[len(listed):] if not stars)]


def _query(tokens: Sequence[Token], dialect: Dialect) -> Any:
    words = tuple(token.word for token in tokens)
    ends = [end for end in _END_OF_QUERIES if words[-len(end):] == end]
    tokens = tokens[:len(tokens) - max(map(len, ends), default=0)]
    tree = _parsed(joined(tokens), dialect)
    while isinstance(tree, exp.Subquery):
        tree = tree.this
    if tree is None:
        raise not_parsed(dialect, f"the query {joined(tokens):.100}")
    if isinstance(tree, exp.Values) and dialect.name == "postgres":
        return tree
    if not isinstance(tree, (exp.Select, exp.SetOperation)) or not tree.selects:
        raise UnsupportedFeature("CREATE ... AS without SELECT", f"columns cannot be read from: {joined(tokens):.100}",
                                 hint=WAY_OUT)
    return tree


def _output(output: Any, tokens: Sequence[Token], dialect: Dialect) -> str:
    """The name of a column that a query gives."""
    named = output.args.get("alias") if isinstance(output, exp.Alias) else output.this
    if not isinstance(output, (exp.Alias, exp.Column)) or not isinstance(named, exp.Identifier):
        told = output.sql(dialect.sqlglot or None)
        raise UnsupportedFeature("CREATE ... AS SELECT without names",
                                 f"a column without a name, {told:.60}, in: {joined(tokens):.100}",
                                 hint="name it with AS; or " + WAY_OUT)
    return _name(named, dialect)


def _name(identifier: Any, dialect: Dialect) -> str:
    """The name as the database keeps it."""
    lowered = dialect.fold_tables == "lower" and not identifier.args.get("quoted")
    return ascii_lower(identifier.name) if lowered else str(identifier.name)


def _parsed(text: str, dialect: Dialect) -> Any:
    """The tree of one statement, or None if sqlglot does not parse it."""
    try:
        with _quiet():
            trees = sqlglot.parse(text, dialect=dialect.sqlglot or None)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    return trees[0] if len(trees) == 1 and not isinstance(trees[0], exp.Command) else None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without sqlglot's warnings of statements that it does not parse, in this thread."""
    here, log = threading.get_ident(), logging.getLogger("sqlglot")

    def others(record: logging.LogRecord) -> bool:
        return record.thread != here

    log.addFilter(others)
    try:
        yield
    finally:
        log.removeFilter(others)


