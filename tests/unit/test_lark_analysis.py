"""The LALR(1) tables made here are those that Lark makes, but for the numbers of their states."""

from __future__ import annotations

import random
from typing import Any

import lark
import pytest
from lark.exceptions import GrammarError

from structfill.errors import TooLarge
from structfill.front.lark.analysis import TablesParser, analyse
from structfill.front.sql.compose import dialect_grammar, folder
from tests.small_grammars import GRAMMARS

SHIPPED = {name: (folder() / f"{name}.lark").read_text() for name in ("json", "arithmetic")}
TEXTS = {**{name: text for name, (text, *_) in GRAMMARS.items()}, **SHIPPED,
         "sqlite": dialect_grammar("sqlite", frozenset({"select", "insert"}))}
# In state `x . n`, a rule of n that is under way meets a transition by n: Lark lets it see what may follow there, too.
UNDER_WAY = 'start: n "!" | "(" n ")"\nn: "x" n "?" | "x" | "x" n m\nm: | "y" m'
PRIORITIES = 'start: a "x" | b "x" "y"\na.2: "t"\nb: "t"'


def built(text: str, **options: Any) -> Any:
    return lark.Lark(text, parser="lalr", lexer="contextual", maybe_placeholders=False, **options)


def made(text: str) -> tuple[Any, Any]:
    """Lark's table and ours."""
    ours = built(text, _plugins={"LALR_Parser": TablesParser})
    return built(text).parser.parser._parse_table, ours.parser.parser._parse_table


def check_equal(theirs: Any, ours: Any) -> None:
    number, todo = {theirs.start_states["start"]: ours.start_states["start"]}, [theirs.start_states["start"]]
    while todo:
        state = todo.pop()
        row, same = theirs.states[state], ours.states[number[state]]
        assert set(row) == set(same)
        for symbol, (action, where) in row.items():
            kind, here = same[symbol]
            assert kind is action
            if action.name == "Reduce":
                assert here == where
            elif where not in number:
                number[where] = here
                todo.append(where)
            assert action.name == "Reduce" or number[where] == here
    assert len(number) == len(theirs.states) == len(ours.states)
    assert number[theirs.end_states["start"]] == ours.end_states["start"]


@pytest.mark.parametrize("text", [*TEXTS.values(), UNDER_WAY, PRIORITIES], ids=[*TEXTS, "under way", "priorities"])
def test_tables_are_those_of_lark(text: str) -> None:
    check_equal(*made(text))


def random_grammar(seed: int) -> str:
    """Up to five rules over three letters, many of them ambiguous or empty."""
    draw = random.Random(seed)
    names = ["start", *"nmkl"[: draw.randint(0, 4)]]
    rules = []
    for name in names:
        bodies = {" ".join(draw.choices([*names[1:], '"a"', '"b"', '"c"'], k=draw.randint(0, 3)))
                  for _ in range(draw.randint(1, 3))}
        priority = f".{draw.randint(1, 3)}" if draw.random() < 0.4 else ""
        rules.append(f"{name}{priority}: {' | '.join(sorted(bodies))}")
    return "\n".join(rules)


def test_random_grammars() -> None:
    kinds = {"equal": 0, "refused": 0}
    for seed in range(600):
        text = random_grammar(seed)
        try:
            theirs = built(text).parser.parser._parse_table
        except GrammarError as error:
            with pytest.raises(GrammarError) as caught:
                built(text, _plugins={"LALR_Parser": TablesParser})
            theirs, ours = ({line for line in str(one).splitlines() if line} for one in (error, caught.value))
            assert ours <= theirs  # Lark tells all conflicts, in any order
            kinds["refused"] += 1
        else:
            check_equal(theirs, built(text, _plugins={"LALR_Parser": TablesParser}).parser.parser._parse_table)
            kinds["equal"] += 1
    assert min(kinds.values()) > 50


def test_too_many_states() -> None:
    rules = built(TEXTS["json"]).rules
    terminals = {symbol.name for rule in rules for symbol in rule.expansion if symbol.is_term}
    with pytest.raises(TooLarge, match="states would reach 11"):
        analyse(rules, terminals, "start", 10)
