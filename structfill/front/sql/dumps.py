"""A script or dump as plain statements: without comments, rows, and what is meant for the client that reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ...errors import SpecError
from .compose import FILES
from .dialects import Dialect

OTHER_DIALECT = ("for another dialect's DDL name that dialect (there are " + ", ".join(map(repr, FILES))
                 + "), or pass a dict of the tables")


class Token(NamedTuple):
    """A word, a quoted name, a string, or a single character; `spaced` tells of blanks before it."""

    text: str
    spaced: bool

    @property
    def word(self) -> str:
        """In capitals: no quoted name and no string equals a keyword."""
        return self.text.upper()


@dataclass(frozen=True)
class Statement:
    """The tokens of a statement without its end, and the line where it starts."""

    tokens: tuple[Token, ...]
    line: int

    def __str__(self) -> str:
        return f"{joined(self.tokens[:60]):.100}"


def joined(tokens: Sequence[Token]) -> str:
    """The text of tokens, comments and line ends as one blank."""
    return "".join(" " * token.spaced + token.text for token in tokens).strip()


def not_parsed(dialect: Dialect, told: str) -> SpecError:
    """The error of a text that is not of the dialect."""
    return SpecError(f"the DDL text does not parse as {dialect.name}: {told}", hint=OTHER_DIALECT)


def read_statements(text: str, dialect: Dialect) -> Iterator[Statement]:
    """The statements of a text; a command of psql such as `\\connect x` is one, too.

    Comments that MySQL executes are part of the statement around them. Bodies of routines end with their own END.
    Raises `SpecError` for strings, comments, parentheses and bodies without an end, and for T-SQL's GO.
    """
    return _Scanner(text.removeprefix("\ufeff").replace("\r\n", "\n"), dialect).statements()


_LIKE_MYSQL, _LIKE_POSTGRES = ("mysql", "generic"), ("postgres", "duckdb", "generic")
_ESCAPES = ("mysql", "bigquery", "snowflake")  # a backslash in a string hides what follows
_ROWS_FOLLOW = re.compile(r"\bFROM\s+P?STDIN\b", re.IGNORECASE)
_END_OF_ROWS = re.compile(r"^\\\.[ \t]*$", re.MULTILINE)
_DELIMITER = re.compile(r"[ \t]*DELIMITER[ \t]+(\S+)[^\n]*", re.IGNORECASE)
_OF_PSQL = re.compile(r"\\[^\n]*")
_OF_TSQL = re.compile(r"GO[ \t]*$", re.IGNORECASE | re.MULTILINE)
_NEXT_WORD = re.compile(r"\s*(\w+|;)?")
_KINDS = frozenset("TABLE VIEW INDEX TYPE SCHEMA DATABASE SEQUENCE RULE PROCEDURE FUNCTION TRIGGER EVENT TASK PACKAGE"
                   .split())
_WITH_BODIES = frozenset("PROCEDURE FUNCTION TRIGGER EVENT TASK PACKAGE".split())
_NO_BLOCKS = frozenset("TRANSACTION TRAN WORK ;".split())  # behind BEGIN
_OTHER_ENDS = frozenset("IF LOOP WHILE REPEAT FOR".split())  # behind END: of what is not counted


@cache
def _strings(name: str) -> str:
    """A pattern of the strings and quoted names of a dialect."""
    inside = r"(?:[^{0}\\]++|{0}{0}|\\.)*+{0}" if name in _ESCAPES else r"(?:[^{0}]++|{0}{0})*+{0}"
    strings = [r"'''(?:[^\\]|\\.)*?'''", r'"""(?:[^\\]|\\.)*?"""'] * (name == "bigquery")
    strings += [r"[eE]'(?:[^'\\]++|''|\\.)*+'"] * (name in _LIKE_POSTGRES)
    strings += ["'" + inside.format("'"), '"' + inside.format('"'), r"`(?:[^`]++|``)*+`"]
    strings += [r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"] * (name in _LIKE_POSTGRES)
    return "|".join(strings + [r"\$\$.*?\$\$"] * (name == "snowflake"))


@cache
def _lexer(name: str) -> re.Pattern[str]:
    """One token or gap of a dialect, by the group's name."""
    gaps = [r"\s+", r"--[^\n]*" if name != "mysql" else r"--(?=\s|\Z)[^\n]*"]
    gaps += [r"\#[^\n]*"] * (name in ("mysql", "bigquery")) + [r"//[^\n]*"] * (name == "snowflake")
    executed = [r"(?P<executed>/\*M?!(?!999999)\d*)"] * (name in _LIKE_MYSQL)
    return re.compile("|".join([f"(?P<gap>{'|'.join(gaps)})", *executed, r"(?P<comment>/\*)",
                                f"(?P<string>{_strings(name)})", r"(?P<open>['\"`]|\$(?:[^\W\d]\w*)?\$)",
                                r"(?P<word>\w[\w$]*)", "(?P<other>.)"]), re.DOTALL)


@cache
def _rows(name: str) -> re.Pattern[str]:
    """Much of an INSERT statement at once: dumps hold megabytes of them."""
    return re.compile(rf"(?:[^;'\"`$/\#\-*\w]++|-(?!-)|\*(?!/)|\w++(?!')|{_strings(name)})++", re.DOTALL)


class _Scanner:
    """One pass over a text."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text, self.dialect, self.at = text, dialect, 0
        self.lexer, self.delimiter = _lexer(dialect.name), ";"
        self.executed = 0  # comments of MySQL that are open
        self.counted, self.lines = 0, 1  # up to where lines are counted
        self._begin()

    def _begin(self) -> None:
        """A new statement."""
        self.tokens: list[Token] = []
        self.line, self.spaced, self.parens, self.blocks, self.declares = 0, False, 0, 0, False

    def statements(self) -> Iterator[Statement]:
        while self.at < len(self.text):
            if (self._at_line_start() or not self.tokens) and (found := self._for_clients()) is not None:
                yield from found
            elif self.text.startswith(self.delimiter, self.at) and not self._inside():
                self.at += len(self.delimiter)
                yield from self._ended()
            else:
                self._step()
        if self._inside() or self.executed:
            told = Statement(tuple(self.tokens), self.line)
            raise not_parsed(self.dialect, f"line {self.line}: the statement never ends: {told}")
        yield from self._ended()

    def _inside(self) -> bool:
        """Are semicolons part of the statement?"""
        return self.delimiter == ";" and (self.parens > 0 or self.blocks > 0)

    def _ended(self) -> Iterator[Statement]:
        if self.tokens:
            found = Statement(tuple(self.tokens), self.line)
            if found.tokens[0].word == "COPY" and _ROWS_FOLLOW.search(joined(found.tokens[-40:])):
                self._skip_rows()
            yield found
        self._begin()

    def _skip_rows(self) -> None:
        end = _END_OF_ROWS.search(self.text, self.at)
        self.at = end.end() if end else len(self.text)

    def _at_line_start(self) -> bool:
        return self.at == 0 or self.text[self.at - 1] == "\n"

    def _for_clients(self) -> list[Statement] | None:
        """A line for the client: nothing but a command of psql is told of it. None if it is no such line."""
        name = self.dialect.name
        starts = self._at_line_start()
        if starts and not self.tokens and name in _LIKE_MYSQL and (found := _DELIMITER.match(self.text, self.at)):
            self.delimiter, self.at = found[1], found.end()
            return []
        if name in ("postgres", "generic") and (found := _OF_PSQL.match(self.text, self.at)):
            words = tuple(Token(word, bool(at)) for at, word in enumerate(found[0].split()))
            line, self.at = self._line_here(), found.end()
            if words[0].word == "\\COPY" and _ROWS_FOLLOW.search(found[0]):
                self._skip_rows()
            return [Statement(words, line)]
        if starts and _OF_TSQL.match(self.text, self.at):
            raise not_parsed(self.dialect, f"line {self._line_here()}: GO is of T-SQL")
        return None

    def _line_here(self) -> int:
        self.lines += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.lines

    def _step(self) -> None:
        """The next token or gap, or many of them where nobody reads them."""
        if self.delimiter == ";" and self.tokens and self.tokens[0].word in ("INSERT", "REPLACE"):
            rows = _rows(self.dialect.name).match(self.text, self.at)
            if rows is not None:
                self.at, self.spaced = rows.end(), True
                return
        found = self.lexer.match(self.text, self.at)
        assert found is not None
        kind, text = found.lastgroup, found[0]
        if kind in ("open", "comment") and not (kind == "comment" and self._skip_comment()):
            raise not_parsed(self.dialect, f"line {self._line_here()}: nothing ends what {text} begins")
        if kind == "comment" or kind == "gap":
            self.spaced, self.at = True, max(self.at, found.end())
        elif kind == "executed" or (self.executed and self.text.startswith("*/", self.at)):
            self.executed += 1 if kind == "executed" else -1
            self.spaced, self.at = True, found.end() + (kind != "executed")
        else:
            self._token(text, found.end())

    def _skip_comment(self) -> bool:
        """Moves behind a comment; in PostgreSQL and DuckDB it may hold others. False if nothing ends it."""
        depth = 0
        for mark in re.compile(r"/\*|\*/").finditer(self.text, self.at):
            depth += 1 if mark[0] == "/*" and (depth == 0 or self.dialect.name in ("postgres", "duckdb")) else 0
            depth -= mark[0] == "*/"
            if depth == 0:
                self.at = mark.end()
                return True
        return False

    def _token(self, text: str, end: int) -> None:
        if not self.tokens:
            self.line = self._line_here()
        self.at = end
        self.parens = max(0, self.parens + (text == "(") - (text == ")"))
        self.tokens.append(Token(text, self.spaced))
        self.spaced = False
        if text.upper() in ("BEGIN", "CASE", "END", "DECLARE"):
            self._count_block(text.upper())

    def _count_block(self, word: str) -> None:
        """Counts BEGIN, CASE and END in the body of a routine."""
        kind = next((token.word for token in self.tokens[1:20] if token.word in _KINDS), "")
        if self.tokens[0].word != "CREATE" or kind not in _WITH_BODIES:
            return
        found = _NEXT_WORD.match(self.text, self.at)
        following = (found[1] or "").upper() if found else ""
        before = self.tokens[-2].word
        if word == "DECLARE" and self.dialect.name in ("snowflake", "generic") and not (self.blocks or self.parens):
            self.blocks, self.declares = 1, True
        elif word == "BEGIN" and self.declares:
            self.declares = False  # the block was opened by its declarations
        elif word == "BEGIN" and self._begins_block(following) or word == "CASE" and self.blocks and before != "END":
            self.blocks += 1
        elif word == "END" and self.blocks and following not in _OTHER_ENDS:
            self.blocks -= 1

    def _begins_block(self, following: str) -> bool:
        if self.dialect.name in ("postgres", "duckdb"):
            return following == "ATOMIC"
        return following not in _NO_BLOCKS and self.parens == 0  # in parentheses it is the name of an argument


class Cursor:
    """A place in the tokens of a statement, which moves on."""

    def __init__(self, tokens: Sequence[Token], at: int = 0) -> None:
        self.tokens, self.at = tokens, at

    def word(self, ahead: int = 0) -> str:
        """A token in capitals, or "" behind the last one."""
        return self.tokens[self.at + ahead].word if self.at + ahead < len(self.tokens) else ""

    def take(self, *words: str) -> bool:
        """Moves behind these words, if they are the next ones."""
        if any(self.word(ahead) != word for ahead, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def group(self) -> Sequence[Token]:
        """Moves behind a pair of parentheses; what is between them. Empty where there are none."""
        if self.word() != "(":
            return ()
        start, depth = self.at + 1, 0
        while self.word():
            depth += (self.word() == "(") - (self.word() == ")")
            self.at += 1
            if depth == 0:
                break
        return self.tokens[start:self.at - 1]

    def name(self) -> Sequence[Token]:
        """Moves behind a name with its schema; its tokens."""
        start = self.at
        self.at += 1
        while self.word() == "." or (self.word() == "-" and not self.tokens[self.at].spaced):  # BigQuery: my-project
            self.at += 2
        return self.tokens[start:self.at]

    def rest(self) -> Sequence[Token]:
        return self.tokens[self.at:]


def outermost(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Places and words of the tokens outside parentheses, the opening ones included."""
    depth = 0
    for at, token in enumerate(tokens):
        depth -= token.text == ")"
        if depth == 0 and token.text != ")":
            yield at, token.word
        depth += token.text == "("


def parts(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """What stands between commas outside parentheses."""
    cuts = [-1, *(at for at, word in outermost(tokens) if word == ","), len(tokens)]
    return [tokens[left + 1:right] for left, right in zip(cuts, cuts[1:], strict=False) if right > left + 1]
