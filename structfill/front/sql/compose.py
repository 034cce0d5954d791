"""The Lark grammar of a dialect, composed from the plain files in `grammars/`.

A dialect is a list of files; the first one is common to all, the later ones extend and override its rules. Keywords are
not written out there: every word in capitals that no line defines is one. Each becomes a terminal of its own, spelt in
any case and ending at a word's end, and NAME is every other word. So a keyword is reserved wherever it stands, whatever
a contextual lexer would allow, and `SELECTx` is no keyword.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

WORD = r"A-Za-z0-9_$\x80-\U0010ffff"
WORD_START = r"A-Za-z_\x80-\U0010ffff"

FILES = {
    "sqlite": ("common", "sqlite"),
    "postgres": ("common", "postgres"),
    "duckdb": ("common", "postgres", "duckdb"),
    "mysql": ("common", "mysql"),
    "generic": ("common", "postgres", "duckdb", "generic"),
}

STATEMENTS = {name: f"{name}_statement" for name in ("select", "insert", "update", "delete", "create", "drop", "alter")}

_DEFINED = re.compile(r"^(?:%override |%extend )?\??([A-Za-z_]+)(?:\.\d+)?\s*:", re.M)
_COMMENT = re.compile(r"^\s*//.*$", re.M)
_TERMINAL = re.compile(r"^(?:%override |%extend )?[A-Z_]+(?:\.\d+)?\s*:.*$|^%(?:ignore|import|declare).*$", re.M)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"i?')
_KEYWORD = re.compile(r"\b[A-Z][A-Z_]*\b")
_RESERVED = re.compile(r"^// reserved: (.*)$", re.M)


def folder() -> Path:
    """Where the grammar files are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "grammars"
    return inside if inside.is_dir() else package.parent / "grammars"


@cache
def sources(dialect: str) -> str:
    """The files of a dialect, one behind the other."""
    return "\n".join((folder() / f"sql_{part}.lark").read_text(encoding="utf-8") for part in FILES[dialect])


@cache
def reserved_words(dialect: str) -> frozenset[str]:
    """The words, in capitals, that are no names unless quoted."""
    text = sources(dialect)
    soft = {word for rule in ("soft_word", "soft_alias") for word in _KEYWORD.findall(_body(text, rule))}
    listed = {word for line in _RESERVED.findall(text) for word in line.split()}
    return frozenset((listed | keywords(text)) - soft)


def keywords(text: str) -> frozenset[str]:
    """The words in capitals that a grammar uses and does not define."""
    rules = _STRING.sub('""', _TERMINAL.sub("", _COMMENT.sub("", text)))
    return frozenset(_KEYWORD.findall(rules)) - set(_DEFINED.findall(text))- {"NAME"}


@cache
def dialect_grammar(dialect: str, statements: frozenset[str], comments: bool = False) -> str:
    """The text of a Lark grammar (LALR, contextual lexer; start rule `start`) of single statements of these kinds.

    `comments` also allows `--` to the line's end and `/* */`.
    """
    text = sources(dialect)
    kinds = " | ".join(STATEMENTS[name] for name in STATEMENTS if name in statements)
    lines = [text, f"%override statement: {kinds}", 'start: statement ";"?', name_terminal(reserved_words(dialect))]
    lines += [keyword_terminal(word) for word in sorted(keywords(text))]
    return "\n".join(lines) + "\n" + ("%ignore COMMENT\n" if comments else "")


def keyword_terminal(word: str) -> str:
    """A word in any case that ends where words end; it goes before NAME."""
    return f"{word}.2: /{any_case(word)}(?![{WORD}])/"


def name_terminal(reserved: frozenset[str]) -> str:
    """Every word that is not reserved."""
    words = "|".join(any_case(word) for word in sorted(reserved))
    return f"NAME: /(?!(?:{words})(?![{WORD}]))[{WORD_START}][{WORD}]*/"


def any_case(word: str) -> str:
    """A pattern of the ASCII spellings of a word; the flag `i` would also take the Kelvin sign for a K."""
    return "".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else re.escape(c) for c in word)


def _body(text: str, rule: str) -> str:
    """All that the files say of a rule: its last definition and everything that extends it."""
    bodies: list[str] = []
    for found in re.finditer(rf"^(%override |%extend )?{rule}\s*:((?:.*\n)(?:[ \t]+\|.*\n)*)", text, re.M):
        bodies = [*bodies, found[2]] if found[1] == "%extend " else [found[2]]
    return "".join(bodies)
