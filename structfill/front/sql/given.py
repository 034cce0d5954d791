"""What is given around a hole, spelled as it would be written: without comments, and names as the grammar has them.

A filling of the one is a filling of the other. Only lexemes are looked at, as the grammar of given text has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ...errors import SpecError
from .compose import reserved_words
from .dialects import WORDS, Dialect
from .parsing import terminals

COMMENT, QUOTED, WORD, OTHER = "COMMENT", "QUOTED", "WORD", "OTHER"
_WHOLE = (COMMENT, "DOLLARS", "ESCAPED", "UNICODE_STRING", "INTRODUCED", "HEX", "BITS", "BLOB", "BINARY_STRING",
          "STRING", QUOTED, "NUMBER")
_WORD = r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*"
_QUOTES = {"'": "'", '"': '"', "`": "`", "[": "]"}


class Piece(NamedTuple):
    """A lexeme, or a character of none."""

    kind: str
    text: str
    start: int


class Spellings(NamedTuple):
    """How names are written, by their keys in the dialect: those of tables and schemas, and those of columns."""

    tables: Mapping[str, str]
    columns: Mapping[str, str]


class Given:
    """Respells given text of a dialect. Without `spellings` names stay as they are."""

    def __init__(self, dialect: Dialect, statements: frozenset[str], spellings: Spellings | None) -> None:
        self.dialect, self.spellings = dialect, spellings
        found = terminals(dialect.name, statements)
        shapes = {name: found[name] for name in _WHOLE if name in found}
        quoted = re.compile("|".join(f"(?:{shapes[name]})" for name in ("STRING", QUOTED)))
        self._closing = {first: last for first, last in _QUOTES.items() if quoted.fullmatch(f"{first}x{last}")}
        parts = [f"(?P<{name}>{shape})" for name, shape in shapes.items()]
        self._lexeme = re.compile("|".join([*parts, f"(?P<{WORD}>{_WORD})", f"(?P<{OTHER}>.)"]), re.DOTALL)

    def around(self, prefix: str, suffix: str) -> Iterator[tuple[str, str]]:
        """The texts on both sides of a hole: first with names in quotes where only these are written, then, if that
        makes a difference, with all plain words of ASCII as they are. Raises `SpecError` for a hole in a comment."""
        before, opened = self._closed(prefix)
        end = suffix.find(self._closing[opened[0]]) + 1 if opened else 0
        after = self._pieces(suffix[end:]) if end or not opened else []
        kept = suffix[:end] if after or not opened else suffix
        found = []
        for in_quotes in (True, False):
            sides = self._spelled(before, in_quotes), self._spelled(after, in_quotes)
            left = self._joined(*sides[0], hole_behind=not opened)
            found.append((left + opened, kept + self._joined(*sides[1], hole_before=not kept)))
        yield from dict.fromkeys(found)

    def _closed(self, prefix: str) -> tuple[list[Piece], str]:
        """The lexemes before a hole, and what has begun with a quote that is not closed."""
        pieces = self._pieces(prefix)
        for place, piece in enumerate(pieces):
            if piece.kind == OTHER and prefix.startswith("/*", piece.start):
                raise _in_comment(prefix[piece.start :], "close it before the hole")
            if piece.kind == OTHER and piece.text in self._closing:
                return pieces[:place], prefix[piece.start :]
        if pieces and pieces[-1].kind == COMMENT and not pieces[-1].text.endswith("*/"):
            raise _in_comment(pieces[-1].text, "end its line before the hole")
        return pieces, ""

    def _pieces(self, text: str) -> list[Piece]:
        return [Piece(found.lastgroup or OTHER, found[0], found.start()) for found in self._lexeme.finditer(text)]

    def _spelled(self, pieces: list[Piece], in_quotes: bool) -> tuple[list[Piece], list[str]]:
        """The lexemes, and the text of each as it is written."""
        spelled = []
        for place, (kind, text, _) in enumerate(pieces):
            if kind == COMMENT:
                text = " "
            elif kind == QUOTED:
                text = self._in_quotes(text, pieces[:place])
            elif kind == "STRING" and text[0] == '"' and "\\" not in text:
                text = _string(_unquoted(text))
            elif kind == WORD and (not text.isascii() or in_quotes and self._may_be_name(text, pieces[place + 1 :])):
                name = self._name(text, False)
                text = name if name is not None and not WORDS.fullmatch(name) else text
            spelled.append(text)
        return pieces, spelled

    def _joined(self, pieces: list[Piece], spelled: list[str], hole_before: bool = False,
                hole_behind: bool = False) -> str:
        """One text, in which what was a closed name beside the hole does not grow into it."""
        text = "".join(spelled)
        if hole_before and pieces and spelled[0] != pieces[0].text:
            text = f" {text}"
        if hole_behind and pieces and spelled[-1] != pieces[-1].text:
            text = f"{text} "
        return text

    def _in_quotes(self, text: str, before: list[Piece]) -> str:
        """A quoted name as it is written; SQLite takes one that it does not know for a string."""
        name = _unquoted(text)
        found = self._name(name, True)
        if found is None and self.spellings is not None:
            last = next((piece.text for piece in reversed(before) if not piece.text.isspace()), "")
            if last.upper() == "AS" and WORDS.fullmatch(name):
                same = self.dialect.column_key(name, True) == self.dialect.column_key(name, False)
                found = name if same else None
            elif self.dialect.name == "sqlite" and text[0] == '"':
                found = _string(name)
        return text if found is None else found

    def _may_be_name(self, word: str, rest: list[Piece]) -> bool:
        """May a word before these lexemes be a name: no reserved one, no function, not the type of a literal?"""
        behind = next((piece for piece in rest if piece.kind != COMMENT and not piece.text.isspace()), None)
        called = behind is not None and (behind.text == "(" or behind.kind == "STRING")
        return not called and word.upper() not in reserved_words(self.dialect.name)

    def _name(self, name: str, quoted: bool) -> str | None:
        """A name as it is written; None where that is not known."""
        if self.spellings is None:
            return None
        found = [self.spellings.tables.get(self.dialect.table_key(name, quoted)),
                 self.spellings.columns.get(self.dialect.column_key(name, quoted))]
        known = [spelling for spelling in found if spelling is not None]
        return name if name in known else next(iter(known), None)


def _in_comment(comment: str, hint: str) -> SpecError:
    return SpecError(f"the hole stands in a comment: {comment!r:.80}", hint=hint)


def _string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[-1] * 2, text[-1]) if text[0] != "[" else text[1:-1]

