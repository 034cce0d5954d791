"""A grammar as named arrays, for the cache on disk: Lark takes seconds for one that binds names to many tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import lalr

from structfill import __version__
from structfill.limits import Limits

from .grammar import Grammar
from .scanner import Scanner
from .tables import lengths

FORMAT = 2
_NAMES = ("terminals", "nonterminals", "digest", "last")
_SCANNER = ("bounds", "classes", "delta", "ends")
_DENSE = {"act": 0, "goto": -1}  # large, and nearly all of it is this
_KERNELS = "kernel_ptr", "kernels"
_SHARED = "act", "goto", "rule"  # with the grammar
_TABLES = [name for name in lalr.Tables._fields if name not in _SHARED]
Arrays = dict[str, NDArray[Any]]


def key(text: str, start: str, limits: Limits) -> str:
    """The name of what `to_arrays` gives of a grammar that this text makes."""
    parts = f"{FORMAT} {__version__} {_lark_version()}", text, start, repr((limits.states, limits.work))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def to_arrays(grammar: Grammar, tables: lalr.Tables) -> Arrays:
    """Everything of both."""
    names = {name: getattr(grammar, name) for name in _NAMES} | {"ignored": sorted(grammar.ignored)}
    arrays: Arrays = {"names": np.frombuffer(json.dumps(names).encode(), np.uint8), "context": _ints(grammar.context)}
    arrays |= _nested("rules", [[left, *right] for left, right in grammar.rules])
    for name, mostly in _DENSE.items():
        arrays |= _sparse(name, getattr(grammar, name), mostly)
    arrays |= {name: getattr(grammar, name) for name in _KERNELS}
    arrays |= {f"scanner_{name}": getattr(grammar.scanner, name) for name in _SCANNER}
    arrays["scanner_starts"] = _ints(grammar.scanner.starts)
    return arrays | {f"table_{name}": getattr(tables, name) for name in _TABLES}


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> tuple[Grammar, lalr.Tables]:
    """What `to_arrays` was given."""
    names = json.loads(arrays["names"].tobytes())
    scanner = Scanner(**{name: arrays[f"scanner_{name}"] for name in _SCANNER},
                      starts=arrays["scanner_starts"].tolist())
    rules = [(row[0], tuple(row[1:])) for row in _rows(arrays, "rules")]
    act, goto = (_dense(name, arrays, mostly) for name, mostly in _DENSE.items())
    grammar = Grammar(names["terminals"], frozenset(names["ignored"]), rules, names["nonterminals"], act, goto,
                      arrays["kernel_ptr"], arrays["kernels"], names["last"], arrays["context"].tolist(), scanner,
                      names["digest"])
    return grammar, lalr.Tables(act=act, goto=goto, rule=lengths(grammar),
                                **{name: arrays[f"table_{name}"] for name in _TABLES})


def _ints(values: Iterable[int]) -> NDArray[np.int32]:
    return np.array(list(values), np.int32)


def _nested(name: str, rows: Sequence[Sequence[int]]) -> Arrays:
    """CSR of some lists."""
    ptr = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return {f"{name}_ptr": ptr, name: _ints(x for row in rows for x in row)}


def _rows(arrays: Mapping[str, NDArray[Any]], name: str) -> list[list[int]]:
    ptr, values = arrays[f"{name}_ptr"].tolist(), arrays[name].tolist()
    return [values[a:b] for a, b in zip(ptr[:-1], ptr[1:], strict=True)]


def _sparse(name: str, array: NDArray[np.int32], mostly: int) -> Arrays:
    at = np.flatnonzero(array != mostly)
    return {f"{name}_shape": np.array(array.shape), f"{name}_at": at, name: array.ravel()[at]}


def _dense(name: str, arrays: Mapping[str, NDArray[Any]], mostly: int) -> NDArray[np.int32]:
    found = np.full(arrays[f"{name}_shape"], mostly, np.int32)
    found.ravel()[arrays[f"{name}_at"]] = arrays[name]
    return found


def _lark_version() -> str:
    import lark

    return str(lark.__version__)
