"""The Lark grammar of a dialect, composed from the plain files in `grammars/`.

A dialect is a list of files; the first one is common to all, the later ones extend and override its rules. Keywords
are not written out there: every word in capitals that no line defines is one. Each becomes a terminal of its own,
spelt in any case and ending at a word's end, so `SELECTx` is none, and goes before NAME. NAME is every word that the
dialect does not reserve: in given text, a keyword that is not reserved is a name wherever the keyword cannot stand,
as the parsers of the databases have it, and where it can, if `name` says so. What is written holds no such names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from string import ascii_letters, digits

WORD = r"A-Za-z0-9_$\x80-\U0010ffff"
# Spaces beyond ASCII are parts of words for SQLite, and blanks for DuckDB and sqlglot: no name is written with them.
SPACES = r"\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NO_SPACES = "&&SPACES"  # at the end of a class of ours: without them
_BEYOND_ASCII = re.compile(rf"(?<!\\)\[([^\[\]\\^]*)\\x80-\\U0010ffff({_NO_SPACES})?\]")

FILES = {
    "sqlite": ("common", "sqlite"),
    "postgres": ("common", "postgres", "standard"),
    "duckdb": ("common", "postgres", "duckdb"),
    "mysql": ("common", "mysql"),
    "snowflake": ("common", "snowflake"),
    "bigquery": ("common", "bigquery"),
    "generic": ("common", "postgres", "duckdb", "standard", "generic"),
}

# Keywords of a rule or two, that no dialect reserves and tables like to have as names of columns.
PLAIN = frozenset("ACTION BREADTH CONTENT CYCLE DAY DAYS DEPTH DOCUMENT EMPTY ENCODING ERROR FIRST FORMAT HOUR "
                  "HOURS INCLUDE INDENT JSON KEEP KEYS LANGUAGE LAST MEMBER MINUTE MINUTES MODE MONTH MONTHS OMIT "
                  "PERCENT QUARTER QUERY QUOTES REF SEARCH SECOND SECONDS SOURCE STANDALONE STRIP SYSTEM TABLES "
                  "VERSION VIEW WEEK WEEKS WHITESPACE YEAR YEARS YES ZONE".split())

STATEMENTS = {name: f"{name}_statement" for name in ("select", "insert", "update", "delete", "create", "drop", "alter")}

RETURNING = ("insert", "update", "delete")

# What is written in a plainer way than it may be read: strings that three quotes might begin.
WRITTEN = {"bigquery": "%override STRING: /'[^'\\\\\\x00-\\x1f]*'(?!')/\n"}

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
def source(part: str) -> str:
    """One of the files."""
    return (folder() / f"sql_{part}.lark").read_text(encoding="utf-8")


@cache
def sources(dialect: str) -> str:
    """The files of a dialect, one behind the other."""
    return "\n".join(map(source, FILES[dialect]))


@cache
def reserved_words(dialect: str) -> frozenset[str]:
    """The words, in capitals, that are no names unless quoted: those that the last file says, if it says any."""
    lists = [_RESERVED.findall(source(part)) for part in FILES[dialect]]
    return frozenset(" ".join(next(filter(None, reversed(lists)))).split())


@cache
def unwritten_words(dialect: str) -> frozenset[str]:
    """The words, in capitals, that are not written as names without quotes: the reserved ones and most keywords."""
    return reserved_words(dialect) | (keywords(sources(dialect)) - PLAIN)


def keywords(text: str) -> frozenset[str]:
    """The words in capitals that a grammar uses and does not define."""
    rules = _STRING.sub('""', _TERMINAL.sub("", _COMMENT.sub("", text)))
    return frozenset(_KEYWORD.findall(rules)) - set(_DEFINED.findall(text)) - {"NAME", "ANY_WORD"}


@cache
def dialect_grammar(dialect: str, statements: frozenset[str], reading: bool = False) -> str:
    """The text of a Lark grammar (LALR, contextual lexer; start rule `start`) of single statements of these kinds.

    `reading` is for given text: comments are allowed, and NAME is spelt so that Python's `re` compiles it fast.
    """
    text = sources(dialect)
    kinds = " | ".join(STATEMENTS[name] for name in STATEMENTS if name in statements)
    lines = [text, f"%override statement: {kinds}", 'start: statement ";"?']
    if "cte_statement:" in text:  # WITH may hold statements that give rows back
        lines += [f"%extend cte_statement: {STATEMENTS[name]}" for name in RETURNING if name in statements]
    if not reading:
        lines += ["%override name: plain_name", WRITTEN.get(dialect, "")]
    lines += [name_terminal(reserved_words(dialect) if reading else unwritten_words(dialect), reading)]
    lines += [name_terminal(frozenset() if reading else unwritten_words(dialect), reading, "ANY_WORD")]
    lines += [keyword_terminal(word) for word in sorted(keywords(text))]
    return complemented("\n".join(lines) + "\n" + ("%ignore COMMENT\n" if reading else ""))


def complemented(text: str) -> str:
    """The same grammar, with classes that hold all characters beyond ASCII written as complements: Python's `re` takes
    a thousand times longer for such a range."""
    return _BEYOND_ASCII.sub(lambda found: _complement(found[1], SPACES if found[2] else ""), text)


@cache
def _complement(members: str, but: str) -> str:
    """The class of `members`, ranges of ASCII characters without escapes, and all beyond ASCII but those of `but`."""
    inside = re.compile(f"[{members}]") if members else re.compile("(?!)")
    others = [code for code in range(128) if not inside.match(chr(code))]
    runs = [[code for _, code in run] for _, run in groupby(enumerate(others), lambda one: one[1] - one[0])]
    return f"[^{''.join('-'.join(escaped(chr(code)) for code in sorted({run[0], run[-1]})) for run in runs)}{but}]"


def keyword_terminal(word: str) -> str:
    """A word in any case that ends where words end; it goes before NAME."""
    return f"{word}.2: /{any_case(word)}(?![{WORD}])/"


def name_terminal(reserved: frozenset[str], looking_far: bool = False, terminal: str = "NAME") -> str:
    """Every word without spaces beyond ASCII that is not reserved, unless a string follows at once: `x'ab'` is no name
    and a string.

    The pattern looks ahead by one character only: it is the trie of the reserved words, left at some place or ended
    between two words. `looking_far` gives those words by a lookahead over whole words, which compiles much faster, and
    with these spaces, for given text.
    """
    if looking_far:
        words = "|".join(any_case(word) for word in sorted(reserved))
        return f"{terminal}: /(?!(?:{words})(?![{WORD}]))[{ascii_letters}_\\x80-\\U0010ffff][{WORD}]*(?![{WORD}'])/"
    return f"{terminal}: /{_unreserved(sorted(reserved), 0)}(?![{WORD}'])/"


def _unreserved(words: list[str], depth: int) -> str:
    """What may follow the first `depth` characters that all `words` share, so that none of them comes out."""
    before, behind = "", ""
    while True:
        children: dict[str, list[str]] = {}
        for word in words:
            if len(word) > depth:
                children.setdefault(word[depth], []).append(word)
        if not children and depth:
            return f"{before}[{WORD}{_NO_SPACES}]+{behind}"
        before += f"(?:[{_others(children, depth == 0)}{_NO_SPACES}][{WORD}{_NO_SPACES}]*"
        behind = (")" if depth == 0 or any(len(word) == depth for word in words) else ")?") + behind
        if len(children) != 1:
            parts = [any_case(char) + _unreserved(longer, depth + 1) for char, longer in children.items()]
            return "|".join([before, *parts]) + behind
        (char, words), = children.items()  # in a loop: names may be longer than functions can nest
        before, depth = f"{before}|{any_case(char)}", depth + 1


def _others(children: Iterable[str], first: bool) -> str:
    """The characters of words, but for those in either case."""
    taken = {c for char in children for c in (char.upper(), char.lower())}
    kept = [c for c in f"{ascii_letters}_" if c not in taken]
    if not first:
        kept += [c for c in f"{digits}$" if c not in taken]
    return "".join(kept) + "\\x80-\\U0010ffff"


def any_case(word: str) -> str:
    """A pattern of the ASCII spellings of a word; the flag `i` would also take the Kelvin sign for a K."""
    return "".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else re.escape(c) for c in word)


def escaped(text: str) -> str:
    """The text as a pattern between slashes, also inside a class. Lark turns hexadecimal escapes into characters before
    `re` sees them, so signs are escaped by a backslash."""
    return "".join(map(_escaped_char, text))


def _escaped_char(char: str) -> str:
    if char.isalnum() or not char.isascii() or char in "_\"'` ":
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 32 or ord(char) == 127 else f"\\{char}"
