"""LALR(1) tables of the rules that Lark's loader makes of a grammar: those that Lark would make of them, much sooner.

Lark's own analysis takes minutes for the thousands of states of a grammar that binds names to many tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from lark.exceptions import GrammarError
from lark.grammar import NonTerminal, Rule, Terminal
from lark.lexer import ContextualLexer
from lark.parsers.lalr_analysis import IntParseTable, Reduce, Shift
from lark.parsers.lalr_parser import LALR_Parser, _Parser
from numpy.typing import NDArray

from structfill.errors import TooLarge

from . import lr_kernels

Int32 = NDArray[np.int32]
END = "$END"
ENDLESS = 1 << 40  # states, where there is no limit


@dataclass(frozen=True)
class Analysis:
    """The tables of a grammar, its rules and symbols numbered in the order of their names.

    Attributes:
        rules: Lark's; the first one is the root's. terminals: names, T; the end of the text is the T-th.
        nonterminals: names.
        symbols: what each rule derives: a terminal's number, or T + 1 + a nonterminal's.
        lefts: the nonterminal of each rule.
        kernels: (rule, dot) of every item of every state, int32 [.., 2], from ``kernel_ptr[state]`` on.
        act: int32 [S, T + 1]: 1 + the state shifted to, -1 - the rule reduced, or 0.
        goto: int32 [S, N], or -1.
        last: the state in which the end of the text is accepted; the first one is 0.
    """

    rules: list[Rule]
    terminals: list[str]
    nonterminals: list[str]
    symbols: list[tuple[int, ...]]
    lefts: list[int]
    kernel_ptr: NDArray[np.int64]
    kernels: Int32
    act: Int32
    goto: Int32
    last: int


def analyse(rules: Sequence[Rule], terminals: Iterable[str], start: str, most_states: int = ENDLESS) -> Analysis:
    """All tables. Raises Lark's `GrammarError` where Lark does, `TooLarge` for too many states."""
    root = Rule(NonTerminal(f"$root_{start}"), [NonTerminal(start)])
    rules = [root, *sorted(rules, key=spelled)]
    _check(rules)
    words, nonterminals = sorted(terminals), [root.origin.name, *sorted({rule.origin.name for rule in rules[1:]})]
    first = len(words) + 1
    terminal = {name: i for i, name in enumerate([*words, END])}
    nonterminal = {name: i for i, name in enumerate(nonterminals)}
    symbols = [tuple(terminal[s.name] if s.is_term else first + nonterminal[s.name] for s in rule.expansion)
               for rule in rules]
    lefts = [nonterminal[rule.origin.name] for rule in rules]
    made = lr_kernels.Rules(
        np.array(lefts, np.int32), np.cumsum([0, *map(len, symbols)]).astype(np.int64),
        np.array([s for right in symbols for s in right], np.int32),
        np.searchsorted(lefts, np.arange(len(nonterminals) + 1)).astype(np.int32),
        np.array([rule.options.priority or 0 for rule in rules], np.int64), _nullable(symbols, lefts, first), first - 1)
    rule_of, ahead = lr_kernels.items(made)
    complete, states = lr_kernels.lr0(made, ahead, most_states)
    if not complete:
        raise TooLarge("states", most_states + 1, most_states)
    act, goto, conflicts = lr_kernels.tables(made, states, rule_of)
    if len(conflicts):
        raise GrammarError(_collision(rules, [*words, END], conflicts.tolist()))
    rule = rule_of[states.kernel]
    kernels = np.column_stack([rule, states.kernel - made.ptr[rule] - rule]).astype(np.int32)
    last = int(goto[0, symbols[0][0] - first])
    return Analysis(rules, words, nonterminals, symbols, lefts, states.kernel_ptr, kernels, act, goto, last)


def spelled(rule: Rule) -> tuple[str, tuple[tuple[bool, str], ...], int]:
    """What tells a rule from the others, in an order that does not depend on how Lark came to it."""
    return rule.origin.name, tuple((s.is_term, s.name) for s in rule.expansion), rule.options.priority or 0


def _check(rules: Sequence[Rule]) -> None:
    known = {rule.origin for rule in rules}
    for rule in rules:
        for symbol in rule.expansion:
            if not symbol.is_term and symbol not in known:
                raise GrammarError(f"Using an undefined rule: {symbol}")
    twice = [str(a) for a, b in pairwise(rules) if a == b]
    if twice:
        raise GrammarError(f"Rules defined twice: {', '.join(twice)}")


def _nullable(symbols: Sequence[tuple[int, ...]], lefts: Sequence[int], first: int) -> NDArray[np.bool_]:
    """bool [N]: the nonterminals that derive the empty text."""
    found, changed = np.zeros(lefts[-1] + 1, np.bool_), True
    while changed:
        changed = False
        for right, n in zip(symbols, lefts, strict=True):
            if not found[n] and all(s >= first and found[s - first] for s in right):
                found[n] = changed = True
    return found


def _collision(rules: Sequence[Rule], terminals: Sequence[str], conflicts: Sequence[list[int]]) -> str:
    """Lark's message of the first conflict between reductions."""
    state, terminal, _ = min(conflicts)
    numbers = sorted({rule for *where, rule in conflicts if where == [state, terminal]})
    shown = "".join(f"\n\t- {rules[rule]}" for rule in numbers)
    return f"Reduce/Reduce collision in {Terminal(terminals[terminal])} between the following rules: {shown}"


class TablesParser(LALR_Parser):
    """Lark's own parser with the tables made here, to be plugged in."""

    def __init__(self, parser_conf: Any, debug: bool = False, strict: bool = False) -> None:
        (start,) = parser_conf.start
        terminals = {symbol.name for rule in parser_conf.rules for symbol in rule.expansion if symbol.is_term}
        self._parse_table = _lark_table(analyse(parser_conf.rules, terminals, start), start)
        self.parser_conf = parser_conf
        self.parser = _Parser(self._parse_table, parser_conf.callbacks, debug)


def _lark_table(found: Analysis, start: str) -> Any:
    """The tables as Lark has them."""
    states: dict[int, dict[str, tuple[Any, Any]]] = {state: {} for state in range(len(found.act))}
    names = [*found.terminals, END]
    for state, terminal in np.argwhere(found.act).tolist():
        action = int(found.act[state, terminal])
        states[state][names[terminal]] = (Shift, action - 1) if action > 0 else (Reduce, found.rules[-1 - action])
    for state, n in np.argwhere(found.goto >= 0).tolist():
        states[state][found.nonterminals[n]] = Shift, int(found.goto[state, n])
    return IntParseTable(states, {start: 0}, {start: found.last})


class NoParser:
    """In the place of Lark's parser, where only what Lark reads of a grammar is wanted."""

    def __init__(self, parser_conf: Any, debug: bool = False, strict: bool = False) -> None:
        self._parse_table = IntParseTable({}, {}, {})


class OneLexer(ContextualLexer):
    """In the place of Lark's lexers, one for each state: one over all terminals, which it checks."""

    def __init__(self, conf: Any, states: Any, always_accept: Any = ()) -> None:
        self.lexers: dict[int, Any] = {}
        self.root_lexer = self.BasicLexer(conf)
