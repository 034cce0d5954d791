"""The patterns that Pydantic hands to Rust's regex engine, or to Python's, as patterns of ECMA-262."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Literal

from pydantic_core import SchemaValidator, core_schema

from ....automaton.charset import CharSet
from ....errors import Span, SpecError, UnsupportedFeature

Engine = Literal["rust-regex", "python-re"]
RUST: Engine = "rust-regex"
PYTHON: Engine = "python-re"
_FLAGS = r"\(\?[a-zA-OQ-Z-]+[:)]"
_TOKENS: dict[Engine, re.Pattern[str]] = {
    RUST: re.compile(r"\\(?:[pPxuU]\{[^}]*\}|[pP].|x..|u.{4}|U.{8}|b\{[a-z-]+\}|.)|\(\?P?<[^>]+>"
                     rf"|{_FLAGS}|[\[.]", re.S),
    PYTHON: re.compile(r"\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|0[0-7]{0,2}|[1-3][0-7]{2}|.)|\(\?P<\w+>|\(\?\#[^)]*\)"
                       rf"|{_FLAGS}|\{{,\d*\}}|[\[.$]", re.S)}
_PLAIN_CLASS = re.compile(r"\[(?:[\w ,.:;/@+]|[0-9a-zA-Z]-[0-9a-zA-Z])+\]", re.ASCII)
_BOUNDARY, _NO_BOUNDARY = "(?<!{0})(?={0})|(?<={0})(?!{0})", "(?<!{0})(?!{0})|(?<={0})(?={0})"
_BEGIN, _END = "(?<!{0})(?={0})", "(?<={0})(?!{0})"
_PLACES: dict[Engine, dict[str, str]] = {  # {0} is the class of what belongs to words
    RUST: {r"\A": "^", r"\z": "$", r"\b": _BOUNDARY, r"\B": _NO_BOUNDARY, r"\<": _BEGIN, r"\>": _END,
           r"\b{start}": _BEGIN, r"\b{end}": _END, r"\b{start-half}": "(?<!{0})", r"\b{end-half}": "(?!{0})"},
    PYTHON: {r"\A": "^", r"\Z": "$", "$": r"(?=\n?$)", r"\b": _BOUNDARY, r"\B": f"(?!^$)(?:{_NO_BOUNDARY})"}}
_WORD = r"\w"
_BLOCK = 0x400  # of characters that are looked at together


def translated(pattern: str, engine: Engine) -> str:
    """A pattern with the same meaning in ECMA-262. What has none there is left as it is, to be refused there by name.
    Raises `UnsupportedFeature` for flags."""
    found, at = [], 0
    while token := _TOKENS[engine].search(pattern, at):
        if re.fullmatch(_FLAGS, token[0]):
            raise UnsupportedFeature("inline flag", span=Span(pattern, *token.span()),
                                     hint="write a pattern that needs no flag, as [Aa] for either case")
        text = token[0] if token[0] != "[" else _class(pattern, token.start(), engine)
        found += [pattern[at:token.start()], _spelled(text, engine)]
        at = token.start() + len(text)
    return "".join([*found, pattern[at:]])


def _class(pattern: str, start: int, engine: Engine) -> str:
    """The class that begins at `start`: the shortest text that the engine takes for one."""
    end = start
    while end := pattern.find("]", end) + 1:
        if _compiles(pattern[start:end], engine):
            return pattern[start:end]
    raise SpecError("this class is never closed", span=Span(pattern, start, start + 1))


def _spelled(token: str, engine: Engine) -> str:
    """A part of a pattern in ECMA-262."""
    if place := _PLACES[engine].get(token):
        return f"(?:{place.format(_chars(_WORD, engine))})"
    if token.startswith("(?"):
        return "" if token.startswith("(?#") else "(?:"
    if token.startswith("{,"):
        return "{0" + token[1:]
    means_the_same = re.fullmatch(r"\\(?:[!-/:-@\[-`{-~nrtfv]|[1-9])", token) or _PLAIN_CLASS.fullmatch(token)
    return token if means_the_same else _chars(token, engine)


@lru_cache(maxsize=256)
def _chars(token: str, engine: Engine) -> str:
    """The characters that a class or an escape stands for, as the engine itself tells them, in a class of ranges."""
    some, every = _matcher(token, engine), _matcher(rf"\A(?:{token})+\{'z' if engine == RUST else 'Z'}", engine)
    waiting = [(first, first + _BLOCK - 1) for first in range(0x110000 - _BLOCK, -1, -_BLOCK)
               if not 0xD800 <= first <= 0xDFFF]
    ranges: list[tuple[int, int]] = []
    while waiting:
        first, last = waiting.pop()
        text = _everything()[first:last + 1]
        if not some(text):
            continue
        if not every(text):
            middle = (first + last) // 2
            waiting += [(middle + 1, last), (first, middle)]
        else:
            ranges.append((first, last))
    spelled = (_character(first) + (f"-{_character(last)}" if first < last else "")
               for first, last in CharSet.of(ranges).ranges)
    return f"[{''.join(spelled)}]"


@cache
def _everything() -> str:
    return "".join(map(chr, range(0x110000)))


def _character(code: int) -> str:
    return chr(code) if chr(code).isascii() and chr(code).isalnum() else rf"\u{{{code:x}}}"


def _matcher(pattern: str, engine: Engine) -> Callable[[str], bool]:
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # Pydantic has given it for the pattern
        validator = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine=engine))
    return validator.isinstance_python


def _compiles(pattern: str, engine: Engine) -> bool:
    try:
        _matcher(pattern, engine)
    except Exception:
        return False
    return True
