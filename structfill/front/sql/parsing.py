"""Reading a text with the grammar of its dialect."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import LarkError, UnexpectedInput

from ...automaton.char_dfa import CharDFA
from ...cache import Cache
from ..lark.stored_parser import lalr_parser
from ..regex import fullmatch_dfa
from .compose import dialect_grammar, keywords, sources

_WORD = re.compile(r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*")
_ESCAPE = re.compile(r"\\(?:\\|([0-9A-Fa-f]{4})|\+(0[0-9A-Fa-f]{5}|10[0-9A-Fa-f]{4}))")


@cache
def _parser(dialect: str, statements: frozenset[str]) -> Lark:
    """The parser of given text, kept for the process and on disk."""
    return lalr_parser(dialect_grammar(dialect, statements, reading=True), Cache.default())


def terminals(dialect: str, statements: frozenset[str]) -> dict[str, str]:
    """The terminals of given text, with their patterns for `re`."""
    return {found.name: found.pattern.to_regexp() for found in _parser(dialect, statements).terminals}


def parse(text: str, dialect: str, statements: frozenset[str]) -> Tree[Token] | None:
    """The tree of a text, or None if the grammar refuses it."""
    try:
        return _parser(dialect, statements).parse(text)
    except LarkError:
        return None


def failure(text: str, dialect: str, statements: frozenset[str]) -> int:
    """Where a refused text leaves the grammar, in characters; its length if it only ends too soon."""
    try:
        _parser(dialect, statements).parse(text)
    except UnexpectedInput as error:
        place = error.pos_in_stream
        ended = place is None or getattr(getattr(error, "token", None), "type", "") == "$END"
        return len(text) if ended or place is None else place
    return len(text)


def calls(tree: Tree[Token]) -> set[str]:
    """The functions that a tree calls: the last name of each, without quotes and escapes.

    What may be a call without parentheses is among them: tables as `FROM name`, columns behind a dot as `.name`.
    """
    found = set()
    for node in tree.iter_subtrees():
        if node.data in ("function_name", "method"):
            found.add(_name(node))
        elif node.data == "table_function":
            found |= {_name(part) for part in node.children if isinstance(part, Tree) and part.data == "member"}
        elif node.data == "table_name":
            found.add(f"FROM {_name(node)}")
        elif node.data == "column" and _token(node, 0) is not _token(node, -1):
            found.add(f".{_name(node)}")
    return found


def _name(node: Tree[Token]) -> str:
    """The last part of a dotted name, without quotes. `U&"..."` is read as an operation on a column U, so escapes are
    undone in all names."""
    return _ESCAPE.sub(_meant, _token(node, -1).strip('"`[]').replace('""', '"'))


def _token(node: Tree[Token] | Token, at: int) -> Token:
    """The first or last token of a tree, which may be deep."""
    while isinstance(node, Tree):
        node = node.children[at]
    return node


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1] or escape[2], 16)) if escape[0] != r"\\" else "\\"


def tokens_of(text: str, dialect: str, statements: frozenset[str], kind: str) -> list[Token]:
    """The tokens of one kind in a text of the grammar, in its order."""
    tree = parse(text, dialect, statements)
    found = [] if tree is None else list(tree.scan_values(lambda t: isinstance(t, Token) and t.type == kind))
    return sorted(found, key=lambda token: token.start_pos or 0)


def continuable(text: str, dialect: str, statements: frozenset[str]) -> bool:
    """Can this text be continued into the grammar's language?

    It can if the parser takes all its tokens (an LALR parser that shifts stands before a valid rest), or if the last
    one, whole or in pieces, is the beginning of a terminal that may stand there.
    """
    parser = _parser(dialect, statements)
    interactive = parser.parse_interactive(text)
    before, tokens = [(0, _stack(interactive))], interactive.lexer_thread.lex(interactive.parser_state)
    try:
        for token in tokens:
            before = [*before[-1:], (token.start_pos or 0, _stack(interactive))]
            interactive.feed_token(token)
        return True
    except UnexpectedInput as error:
        start = error.pos_in_stream or 0
        if start != before[-1][0]:  # the lexer's error: the parser has seen nothing of this token
            before = [*before[-1:], (start, interactive)]
    words = keywords(sources(dialect))
    return any(_begun(parser, state, text[start:], words) for start, state in before)


def _stack(interactive: Any) -> Any:
    """A copy whose trees are shared: to copy them, too, takes as long as the text is, and recursion."""
    return interactive.copy(deepcopy_values=False)


def _begun(parser: Lark, state: Any, tail: str, words: frozenset[str]) -> bool:
    """Is `tail` the beginning of a terminal that this state of the parser takes, or of an ignored one?

    Words need no automaton: any can be continued to one that is not reserved, and keywords are known by their name.
    """
    names = {name for name in state.accepts() if name != "$END"} | set(parser.lexer_conf.ignore)
    if _WORD.fullmatch(tail) and "NAME" in names:
        return True
    if any(word.startswith(tail.upper()) for word in names & words):
        return True
    patterns = [parser.get_terminal(name).pattern.to_regexp() for name in sorted(names - words - {"NAME"})]
    return any(_prefix(pattern, tail) for pattern in patterns)


@cache
def _dfa(pattern: str) -> CharDFA:
    return fullmatch_dfa(pattern)


def _prefix(pattern: str, text: str) -> bool:
    automaton, state = _dfa(pattern), 0
    for char in text:
        state = automaton.step(state, ord(char))
        if state < 0:
            return False
    return True
