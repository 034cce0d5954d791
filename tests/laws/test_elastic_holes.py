"""Holes that grow and shrink: lengths by enumeration, and every pass a valid text whatever the model wants."""

from __future__ import annotations

import itertools
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import structfill as sf
from structfill.errors import BudgetTooSmall, EmptyLanguage, ModelError, SpecError
from structfill.samplers.elastic import elastic
from structfill.tokengraph import build
from structfill.trellis import OPEN, gaps
from tests import oracle
from tests.strategies import automata, law, vocabularies

VOCAB = sf.Vocab.of_tokens([*(bytes([b]) for b in range(256)), None, None, None, None], eos_ids=(256,), pad_id=257,
                           mask_id=258)
EXPAND, DELETE, COLUMNS = 259, 256, 264
NONE = torch.empty((1, 0), dtype=torch.int64)


class Wilful:
    """Logits from a hash of the canvas; `expand` and `delete` are added to those of the two special tokens."""

    vocab, canvas_length, expand_id, delete_id = VOCAB, 64, EXPAND, DELETE

    def __init__(self, expand=0.0, delete=0.0, scale=3.0):
        self.expand, self.delete, self.scale, self.seen = expand, delete, scale, []

    def encode(self, text, outline):
        return list(text.encode())

    def __call__(self, context, canvas):
        self.seen.append(canvas[0].tolist())
        seed = hash(tuple(canvas[0].tolist())) % 2**31
        logits = torch.randn(1, canvas.shape[1], COLUMNS, generator=torch.Generator().manual_seed(seed)) * self.scale
        logits[..., EXPAND] += self.expand
        logits[..., DELETE] += self.delete
        return logits


class Speller:
    """Knows the text of the hole, as DreamOn might: too few masks make it expand, too many delete, else it spells."""

    vocab, canvas_length, expand_id, delete_id = VOCAB, 64, EXPAND, DELETE

    def __init__(self, left, text, right, seed=0):
        self.left, self.text, self.right, self.calls = left, text, right, 0
        self.noise = random.Random(seed)

    def encode(self, text, outline):
        return list(text.encode())

    def __call__(self, context, canvas):
        self.calls += 1
        width = canvas.shape[1] - len(self.left) - len(self.right)
        logits = torch.zeros(1, canvas.shape[1], COLUMNS)
        for i in range(width):
            at = len(self.left) + i
            if width != len(self.text):
                logits[0, at, EXPAND if width < len(self.text) else DELETE] = 9.0 + self.noise.random()
            else:
                logits[0, at, self.text[i]] = 8.0 + self.noise.random()
        return logits


@law(200)
@given(automata(states=4), vocabularies(most=4), st.integers(1, 4), st.data())
def test_gaps_are_those_that_enumeration_finds(automaton, vocab, length, data):
    fillers = [t for t in range(len(vocab)) if vocab.tokens[t] and t not in vocab.eos_ids]
    texts = [c for c in itertools.product(fillers, repeat=length) if oracle.is_valid(c, automaton, vocab)]
    if not texts:
        return
    text, more = data.draw(st.sampled_from(texts)), data.draw(st.integers(0, 2))
    shown = data.draw(st.lists(st.booleans(), min_size=length, max_size=length))
    layout = [token if keep else OPEN for token, keep in zip(text, shown, strict=True)]
    found = gaps(build(automaton, vocab), layout, more)
    assert [p for gap in found for p in range(gap.first, gap.first + gap.length)] == [
        p for p in range(length) if layout[p] == OPEN]
    for gap in found:
        for n in range(gap.length + more + 1):
            cells = [*layout[: gap.first], *[OPEN] * n, *layout[gap.first + gap.length :]]
            choices = [fillers if token == OPEN else [token] for token in cells]
            assert (n in gap.possible) == any(oracle.is_valid(c, automaton, vocab) for c in itertools.product(*choices))


def _steps(constraint, model, left="", right="", **arguments):
    graph = sf.compile(constraint, VOCAB)
    return list(elastic(model, NONE, graph, list(left.encode()), list(right.encode()), **arguments))


@pytest.mark.parametrize("options", [
    sf.SamplerOptions(passes=1), sf.SamplerOptions(passes=5, rule="entropy"),
    sf.SamplerOptions(passes=9, rule="margin"),
    sf.SamplerOptions(passes=6, temperature=1.0, seed=4), sf.SamplerOptions(passes=60, threshold=0.5),
    sf.SamplerOptions(passes=4, temperature=0.7, rule="margin")], ids=str)
@pytest.mark.parametrize("expand, delete", [(0, 0), (9, 0), (0, 9), (9, 9), (1e9, -1e9), (-1e9, 1e9),
                                            (float("inf"), 0)])
def test_every_pass_is_valid_whatever_the_model_wants(options, expand, delete):
    constraint = sf.template('x = [{{a}}];  # "done"', a=sf.regex(r"[0-9]{2}(, [0-9]{2})*"))  # lengths 2, 6, 10, ...
    model = Wilful(expand, delete)
    steps = _steps(constraint, model, "x = [", '];  # "done"', options=options, most=15, begin=7)
    assert [s.index for s in steps] == list(range(1, len(steps) + 1)) and [s.done for s in steps].index(True) == len(
        steps) - 1
    for step in steps:
        text = VOCAB.decode(step.tokens)
        assert constraint.accepts(text) and text.startswith("x = [") and text.endswith('];  # "done"')
        assert step.hole in (2, 6, 10, 14) and step.hole + len('x = [];  # "done"') == len(text)
    assert steps[-1].changes <= 30 and len(steps) <= options.passes + 30
    assert steps[-1].committed == steps[-1].hole
    if expand == 1e9:
        assert steps[-1].hole == 14 and steps[-1].changes >= 2
    if delete == 1e9:
        assert steps[-1].hole == 2


@pytest.mark.parametrize("begin", [1, 4, 9, 16])
@pytest.mark.parametrize("text", ["7", "[1, 22]", "[333, 4, 5]", "[[1], [], 2]"])
def test_a_model_that_knows_the_text_finds_its_length(begin, text):
    schema = {"$ref": "#/$defs/v", "$defs": {"v": {"anyOf": [{"type": "integer"}, {
        "type": "array", "items": {"$ref": "#/$defs/v"}}]}}}
    constraint = sf.template('{"k": {{v}}}', v=sf.json_schema(schema))
    left, right = b'{"k": ', b"}"
    model = Speller(left, text.encode(), right)
    steps = _steps(constraint, model, left.decode(), right.decode(), most=20, begin=begin,
                   options=sf.SamplerOptions(passes=30))
    assert VOCAB.decode(steps[-1].tokens) == '{"k": ' + text + "}"
    assert steps[-1].changes <= abs(begin - len(text)) + 4


def test_expanding_is_forbidden_at_the_longest_and_deleting_at_the_shortest():
    constraint = sf.template("<{{a}}>", a=sf.regex("[ab]{3,5}"))
    longest = _steps(constraint, Wilful(expand=1e9, delete=-1e9), "<", ">", most=50)
    shortest = _steps(constraint, Wilful(expand=-1e9, delete=1e9), "<", ">", most=50)
    assert longest[-1].hole == 5 and longest[-1].changes == 1
    assert shortest[-1].hole == 3 and shortest[-1].changes == 1


def test_the_right_side_may_end_with_end_of_text():
    graph = sf.compile(sf.regex("a{2,6}b"), VOCAB)
    last = list(elastic(Wilful(expand=5), NONE, graph, [97], [98, 256], most=9))[-1]
    assert VOCAB.decode(last.tokens).startswith("aa") and last.tokens[-2:] == (98, 256)


def test_a_hole_for_nothing_takes_no_pass():
    model = Wilful()
    steps = _steps(sf.regex("ab"), model, "a", "b", most=5)
    assert [VOCAB.decode(s.tokens) for s in steps] == ["ab"] and steps[0].done and not model.seen
    assert [s.done for s in _steps(sf.regex(""), model, most=3)] == [True]


def test_what_does_not_fit_is_named():
    with pytest.raises(BudgetTooSmall) as caught:
        _steps(sf.regex("<a{7}>"), Wilful(), "<", ">", most=3)
    assert (caught.value.given, caught.value.needed) == (3, 7)
    with pytest.raises(EmptyLanguage):
        _steps(sf.regex("<a{7}>"), Wilful(), "(", ">", most=30)
    for arguments in ({"options": sf.SamplerOptions(remask=0.5)}, {"most": -1}, {"most": True},
                      {"options": sf.SamplerOptions(temperature=1.0, particles=4)},
                      {"options": sf.SamplerOptions(entropy_bound=0.5)}):
        with pytest.raises(SpecError):
            _steps(sf.regex("a*"), Wilful(), **{"most": 4} | arguments)
    plain = Wilful()
    plain.expand_id = None
    with pytest.raises(ModelError, match="expand_id"):
        _steps(sf.regex("a*"), plain, most=4)
    for expand in (EXPAND, DELETE, -1, len(VOCAB)):
        plain.expand_id, plain.delete_id = expand, DELETE
        if expand != EXPAND:
            with pytest.raises(ModelError, match="three tokens of the vocabulary"):
                _steps(sf.regex("a*"), plain, most=4)
