"""Grammars through the door: whatever the model says, the text parses."""

from __future__ import annotations

from pathlib import Path

import lark
import pytest
import torch

import structfill as sf
from tests.fake_models import RandomModel

FOLDER = Path(__file__).resolve().parents[2] / "grammars"
CALLS = """
start: call
call: NAME "(" (arg ("," arg)*)? ")"
arg: call | NAME | INT | "[" arg* "]"
%import common.CNAME -> NAME
%import common (INT, WS)
%ignore WS
"""


def _parses(grammar: str, text: str) -> bool:
    try:
        lark.Lark(grammar, parser="lalr", lexer="contextual").parse(text)
    except lark.exceptions.LarkError:
        return False
    return True


@pytest.mark.parametrize("options", [
    sf.SamplerOptions(passes=4), sf.SamplerOptions(passes=3, temperature=1.0, remask=0.3),
    sf.SamplerOptions(passes=3, temperature=1.0, particles=3), sf.SamplerOptions(passes=4, window=None,
    rule="entropy")])
def test_lazy_grammars_generate(options: sf.SamplerOptions) -> None:
    constraint = sf.lark(CALLS, engine="lazy")
    generator = sf.Generator(constraint=constraint, model=RandomModel(canvas_length=24), options=options, cache=None,
                             max_tokens=60)
    results = generator.batch(["one", "two", "three"])
    for result in results:
        assert _parses(CALLS, result.text) and not result.exact and len(result.tokens) <= 60
        assert result.value == result.text
    assert len({result.text for result in results}) > 1
    for snapshot in generator.stream("four"):
        assert _parses(CALLS, snapshot.text)


def test_small_grammars_are_enumerated_and_exact() -> None:
    result = sf.Generator(constraint=sf.lark('start: "a" | "b" "c"'), model=RandomModel(), cache=None)("x")
    assert result.exact and result.text in ("a", "bc")


def test_budgets_are_kept() -> None:
    constraint = sf.lark('start: "(" start ")" | "abc"', engine="lazy")
    with pytest.raises(sf.BudgetTooSmall):
        sf.Generator(constraint=constraint, model=RandomModel(), max_tokens=2, cache=None)
    tight = sf.Generator(constraint=constraint, model=RandomModel(), max_tokens=3, cache=None)
    assert tight("x").text == "abc"


@pytest.mark.parametrize("name", ["json", "arithmetic"])
def test_shipped_grammars(name: str) -> None:
    text = (FOLDER / f"{name}.lark").read_text()
    assert "Source:" in text and "Licence:" in text
    constraint = sf.lark(text)
    good = {"json": ['{"a": [1, -2.5e3, "x\\"\\u00e9"], "b": {}}', "null", "[[]]"],
            "arithmetic": ["1 + 2 * (3 - x) ^ 2", "-x", "sin(1.5, y)"]}[name]
    bad = {"json": ["[1,]", "01", "{a: 1}", "'a'", '"\n"'], "arithmetic": ["1 +", "(2", "2 3", ""]}[name]
    assert all(map(constraint.accepts, good)) and not any(map(constraint.accepts, bad))
    assert all(constraint.accepts_prefix(one[:i]) for one in good for i in range(len(one)))
    trellis = sf.LazyTrellis(sf.LazyGraph(constraint, sf.Vocab.bytes()), 24)
    generator = torch.Generator().manual_seed(2)
    for _ in range(30):
        assert _parses(text, trellis.text(trellis.best(torch.randn((24, 259), generator=generator) * 3)))
