"""Lark's own parser, kept on disk: Lark takes seconds to build one for a grammar like SQL's.

Lark's serialised form is stored as JSON, not pickled as Lark does it, so that a file from elsewhere runs no code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from structfill.cache import Cache

if TYPE_CHECKING:  # Lark is loaded with the first grammar
    from lark import Lark

# What Lark raises over an entry that is not one of its parsers: it is a miss.
_FOREIGN = ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError


def lalr_parser(text: str, cache: Cache | None) -> Lark:
    """``Lark(text, parser="lalr", lexer="contextual")``, from the cache if it has it."""
    import lark

    key = hashlib.sha256(f"parser\0{lark.__version__}\0{text}".encode()).hexdigest()
    known = None if cache is None else cache.load(key)
    if known is not None:
        with contextlib.suppress(*_FOREIGN):
            return _loaded(known["parser"].tobytes())
    from .analysis import TablesParser

    made = lark.Lark(text, parser="lalr", lexer="contextual", _plugins={"LALR_Parser": TablesParser})
    made.options.options["_plugins"] = {}  # else they would be stored
    if cache is not None:
        cache.store(key, {"parser": np.frombuffer(_dumped(made), np.uint8)})
    return made


def _dumped(parser: Lark) -> bytes:
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    return json.dumps(parser.memo_serialize([TerminalDef, Rule])).encode()


def _loaded(content: bytes) -> Lark:
    from lark import Lark

    data, memo = json.loads(content, object_hook=_numbered)
    found: Lark = Lark._load_from_dict(data, memo)
    return found


def _numbered(found: dict[str, Any]) -> dict[Any, Any]:
    """With numbers for keys again, which are strings in JSON."""
    return {int(key) if key.isdigit() else key: value for key, value in found.items()}
