"""Wrong arguments of the engine: an error of ours that names the argument, never silence and never a bare exception."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.blocks import trellis_of
from structfill.distinct import DistinctTrellis
from structfill.errors import BudgetTooSmall, EmptyLanguage, SpecError
from structfill.trellis import gaps

VOCAB = sf.Vocab.bytes()
GRAPH = sf.compile(sf.regex("[0-9]{1,3}"), VOCAB)
COUNTED = sf.compile(sf.json_schema({"type": "string", "maxLength": 100}), VOCAB)
LAZY = sf.LazyGraph(sf.lark('start: "(" start ")" | "x"'), VOCAB)
DISTINCT = sf.compile_or_explore(sf.json_schema(
    {"type": "array", "items": {"type": "string", "maxLength": 2}, "uniqueItems": True, "maxItems": 3}), VOCAB)
X = torch.randn(4, len(VOCAB), generator=torch.Generator().manual_seed(0))


def trellises() -> list:
    return [sf.Trellis(GRAPH, 4), sf.LazyTrellis(LAZY, 4), DistinctTrellis(DISTINCT, 4)]


KINDS = pytest.mark.parametrize("kind", range(3), ids=["exact", "lazy", "distinct"])
MAKERS = (lambda **given: sf.Trellis(GRAPH, **{"length": 4} | given),
          lambda **given: sf.LazyTrellis(LAZY, **{"length": 4} | given),
          lambda **given: DistinctTrellis(DISTINCT, **{"length": 4} | given))


@KINDS
@pytest.mark.parametrize("wrong", [
    {"length": 4.5}, {"length": -1}, {"length": "4"}, {"length": None}, {"length": True}, {"length": 10**5000},
    {"rows": 0}, {"rows": -1}, {"rows": 2.5}, {"start": []}, {"start": "x"}, {"start": 10**6}, {"start": 1.5},
    {"start": ((0, 10**6), -1)}, {"start": ((0,), 10**6)}, {"start": ((0, 0), -1)}, {"start": ((-1,), -1)},
    {"more": -1}, {"more": 1.5}, {"more": "x"}, {"more": [[49]]}, {"more": {0: 49}}, {"more": [49.5]},
    {"fixed": {0: 53.9}}, {"fixed": [49.9, -1, -1, -1]}, {"fixed": [math.nan] * 4}, {"fixed": [math.inf] * 4},
    {"fixed": np.zeros((0, 4))}, {"fixed": "abcd"}, {"fixed": 5}, {"fixed": [[1], [1, 2]]}, {"fixed": {"a": 1}},
    {"fixed": {0: None}}, {"fixed": {0: 2**64}}, {"fixed": [2**64] * 4}, {"fixed": {1.0: 50}}, {"fixed": {4: 50}},
    {"fixed": [True] * 4}, {"fixed": torch.zeros(4, device="meta")}])
def test_arguments_of_a_trellis(kind, wrong):
    with pytest.raises(SpecError, match=f"{next(iter(wrong))}|positions? "):
        MAKERS[kind](**wrong)


def test_a_start_off_the_language():
    for start in (GRAPH.run([97]), -1, [0, -1], torch.tensor(-1)):
        with pytest.raises(EmptyLanguage, match="start"):
            sf.Trellis(GRAPH, 4, start=start)
    for graph in (GRAPH, COUNTED, LAZY, DISTINCT):
        with pytest.raises(EmptyLanguage, match="start"):
            trellis_of(graph, 4, start=[graph.run([122])])


def test_starts_that_do_not_fit():
    with pytest.raises(SpecError, match="start has 2 values for 3 rows"):
        sf.Trellis(GRAPH, 4, start=[0, 0], rows=3)
    for state in (10**6, COUNTED.states * 200, 10**30):
        with pytest.raises(SpecError, match="start"):
            sf.Trellis(COUNTED, 4, start=state)
    for start in (5, "x", None):
        with pytest.raises(SpecError, match="start"):
            trellis_of(GRAPH, 4, start=[start])


def test_every_state_and_configuration_can_begin_a_canvas():
    for state in range(GRAPH.states):
        assert sf.Trellis(GRAPH, 4, start=np.int64(state)).begins == [state]
    text = list(b'"abc"')
    for graph, tokens in ((COUNTED, text), (LAZY, list(b"((x))")), (DISTINCT, list(b'["a", "b"]'))):
        for count in range(len(tokens) + 1):
            state = graph.run(tokens[:count])
            assert trellis_of(graph, 20, start=[state]).rows == 1
    ended = LAZY.run([*b"x", VOCAB.eos_ids[0]])
    assert sf.LazyTrellis(LAZY, 4, start=ended).text(sf.LazyTrellis(LAZY, 4, start=ended).best(X)) == ""


def test_what_is_no_graph():
    constraint = sf.regex("a")
    for make in (sf.Trellis, sf.LazyTrellis, DistinctTrellis, trellis_of, sf.Blocks):
        for wrong in (constraint, "x", None, {}):
            with pytest.raises(SpecError, match="compile the constraint first"):
                make(wrong, 4)
    with pytest.raises(SpecError, match="trellis_of"):
        sf.Trellis(LAZY, 4)
    with pytest.raises(SpecError, match="feasible_lengths"):
        sf.feasible_lengths(constraint, [], [], 3)


def test_an_empty_canvas_is_a_budget():
    with pytest.raises(BudgetTooSmall):
        sf.Trellis(GRAPH, 0)


@KINDS
def test_numbers_of_other_libraries_are_numbers(kind):
    made = MAKERS[kind](length=np.int64(4), rows=torch.tensor(2), more=np.int32(1))
    assert (made.length, made.rows, made.more) == (4, 2, 1)
    trellis = trellises()[kind]
    path = trellis.best(X)
    for position in (0, np.int64(0), torch.tensor(0)):
        assert trellis.fix({position: path[0]}).fixed[0, 0] == path[0]
    assert trellis.fix(path.numpy().astype(np.float64)).fixed.tolist() == [path.tolist()]


@KINDS
@pytest.mark.parametrize("positions", [[10], [-1], 5, None, [1.5], ["a"], np.ones(3, bool), np.ones((0, 4), bool),
                                       np.ones((2, 2, 4), bool)], ids=str)
def test_positions(kind, positions):
    trellis = trellises()[kind]
    for part in (trellis, sf.TrellisBatch([trellis])):
        with pytest.raises(SpecError, match="position"):
            part.reopen(positions)


@KINDS
def test_a_row_becomes_many(kind):
    trellis = trellises()[kind]
    path = trellis.best(X).tolist()
    several = trellis.fix([path, [-1] * 4]).reopen([[False] * 4, [True] * 4])
    assert several.rows == 2 and several.best(torch.stack([X, X])).tolist()[0] == path
    assert trellis.reopen([[True] * 4] * 3).rows == 3


@KINDS
def test_rows(kind):
    trellis = trellises()[kind]
    for rows in ([5], [-1], [], 3, ["a"], None):
        with pytest.raises(SpecError, match="row"):
            trellis.rows_of(rows)
    for times in (0, -1, 1.5):
        with pytest.raises(SpecError, match="times"):
            trellis.repeat(times)


@KINDS
@pytest.mark.parametrize("temperature", [-1, 1e-300, 1e300, math.nan, math.inf, 10**400, "0.7", None, True, [1, 2],
                                         torch.tensor([1.0, 2.0]), 1j], ids=repr)
def test_temperatures(kind, temperature):
    trellis = trellises()[kind]
    for part, x in ((trellis, X), (sf.TrellisBatch([trellis]), X[None])):
        for call in (part.sample, part.posterior, part.constrain):
            with pytest.raises(SpecError, match="temperature must be a number in 1e-30"):
                call(x, temperature=temperature)


@KINDS
def test_temperatures_of_any_type(kind):
    trellis = trellises()[kind]
    for temperature in (0.7, torch.tensor(0.7, dtype=torch.float64), np.float64(0.7)):
        drawn = trellis.sample(X, torch.Generator().manual_seed(1), temperature)
        assert drawn.tolist() == trellis.sample(X, torch.Generator().manual_seed(1), 0.7).tolist()
    for zero in (0, 0.0, torch.tensor(0.0), np.float32(0)):
        assert trellis.sample(X, temperature=zero).tolist() == trellis.best(X).tolist()


@KINDS
def test_generators(kind):
    trellis = trellises()[kind]
    for wrong in (3, "x", np.random.default_rng(0)):
        for call in (lambda g: trellis.sample(X, g), lambda g: trellis.posterior(X, draw=True, generator=g),
                     lambda g: trellis.constrain(X, draw=True, generator=g)):
            with pytest.raises(SpecError, match="generator must be"):
                call(wrong)


@pytest.mark.filterwarnings("ignore")
@KINDS
def test_logits_that_are_no_plain_tensor(kind):
    trellis = trellises()[kind]
    quantised = torch.quantize_per_tensor(X, 0.1, 0, torch.qint8)
    nested = torch.nested.nested_tensor([X, X])
    for wrong in (X.to_sparse(), X.to_sparse_csr(), X.to("meta"), X.to(torch.complex64), quantised, nested, "x", None,
                  [[1], [2, 3]], [[object()]], X.numpy().astype(complex)):
        for call in (trellis.best, trellis.posterior, trellis.constrain, trellis.marginals):
            with pytest.raises(SpecError, match="logits"):
                call(wrong)


@KINDS
def test_a_negative_view_is_read_as_what_it_shows(kind):
    trellis = trellises()[kind]
    view = torch._neg_view(-X)
    assert trellis.best(view).tolist() == trellis.best(X).tolist()
    assert torch.equal(trellis.posterior(view).confidence, trellis.posterior(X).confidence)


@KINDS
@pytest.mark.parametrize("rows", [slice(None), slice(1, 2)], ids=["everywhere", "at one position"])
def test_nan_counts_as_never(kind, rows):
    trellis, nan, never = trellises()[kind], X.clone(), X.clone()
    nan[rows], never[rows] = math.nan, -math.inf
    assert trellis.best(nan).tolist() == trellis.best(never).tolist()
    one, other = trellis.posterior(nan), trellis.posterior(never)
    for name in ("best", "confidence", "entropy", "log_mass"):
        assert torch.equal(getattr(one, name), getattr(other, name)) and not getattr(one, name).isnan().any()
    assert torch.equal(trellis.constrain(nan).logits, trellis.constrain(never).logits)


@KINDS
def test_where_results_go(kind):
    trellis = trellises()[kind]
    for out in (5, torch.zeros(3), X.numpy().copy(), torch.zeros(4, len(VOCAB), dtype=torch.int32), X.to("meta")):
        with pytest.raises(SpecError, match="out must be"):
            trellis.constrain(X, out=out)
    kept = torch.empty_like(X)
    assert trellis.constrain(X, out=kept).logits is kept
    if kind != 1:
        for out in (5, np.zeros(3)):
            with pytest.raises(SpecError, match="masks are filled into"):
                trellis.masks(out=out)


def test_local_confidence_of_what_is_no_canvas():
    trellis = sf.Trellis(GRAPH, 4)
    end = VOCAB.eos_ids[0]
    for wrong in ([50], [65, 66, 67, 68], [999] * 4, [-1] * 4, [[50, 51, 52, end]] * 2, [50.5, 51, 52, end], [50] * 4):
        with pytest.raises(SpecError, match="tokens"):
            trellis.local_confidence(X, wrong)
    with pytest.raises(SpecError, match="fixed there"):
        trellis.fix({0: 51}).local_confidence(X, [50, 51, 52, end])
    assert trellis.local_confidence(X, [50, 51, 52, end]).shape == (4,)
    never = X.clone()
    never[0, 50] = -math.inf
    assert trellis.local_confidence(never, [50, 51, 52, end])[0] == 0


def test_windows_and_ends():
    trellis = sf.Trellis(GRAPH, 4)
    for first, length in (([0, 0], 2), ([3], 4), ([0], -2), ([0], 0), ([0], 2.5), ([-1], 2), (["a"], 2)):
        with pytest.raises(SpecError, match="first|length"):
            trellis.window(first, length)
    for tokens, first in (([48] * 4, [0]), ([[65] * 4], [2]), ([[48] * 4], [7]), ([[48] * 3], [1]), ([[48] * 4], [4]),
                          ([[48.5] * 4], [1]), ([[48] * 4], [0, 0]), ([[48] * 4], None)):
        with pytest.raises(SpecError, match="tokens|first"):
            trellis.finish(tokens, first)
    with pytest.raises(SpecError, match="not the beginning"):
        sf.LazyTrellis(LAZY, 4).finish([[65] * 4], [2])


@KINDS
def test_texts(kind):
    trellis = trellises()[kind]
    for wrong in ([49.5], "x", torch.zeros(1, 1, 4), None, [[1], [2, 3]]):
        with pytest.raises(SpecError, match="tokens"):
            trellis.text(wrong)


def test_batches():
    trellis = sf.Trellis(GRAPH, 4)
    for wrong in (trellis, [], [1, 2], "x", None, 5, [sf.TrellisBatch([trellis])], [GRAPH]):
        with pytest.raises(SpecError, match="batch"):
            sf.TrellisBatch(wrong)
    batch = sf.TrellisBatch([trellis, trellis])
    for call in (batch.best, batch.marginals, lambda x: batch.posterior(x).best, lambda x: batch.constrain(x).path):
        assert torch.equal(call([X, X]), call(torch.stack([X, X])))
        with pytest.raises(SpecError, match="batch of 2 rows"):
            call([X, X, X])
    with pytest.raises(SpecError, match="out must be"):
        batch.masks(out=5)
    with pytest.raises(SpecError, match="out must be"):
        batch.constrain([X, X], out=5)
    with pytest.raises(SpecError, match="batch of 1 rows"):
        sf.TrellisBatch([trellis]).reopen(np.ones((2, 4), bool))
    with pytest.raises(SpecError, match="token fixed at 0"):
        batch.fix({0: 53.9})


def test_blocks():
    for fixed in ({0: 53.9}, [49.9], [[1, 2]], 5, {"a": 1}, {0: 2**64}, "ab"):
        with pytest.raises(SpecError, match="fixed"):
            sf.Blocks(GRAPH, fixed=fixed)
    for length in (4.5, -1, 0, None, "4"):
        with pytest.raises(SpecError, match="length"):
            sf.Blocks(GRAPH).trellis(length)
    for tokens in ([49.5], [[49]], "x", None):
        with pytest.raises(SpecError, match="tokens"):
            sf.Blocks(GRAPH).advance(tokens)
    with pytest.raises(SpecError, match="position -1"):
        sf.Blocks(GRAPH, fixed={-1: 50}).trellis(4)


def test_lengths_and_masks():
    for left, most in (([49.5], 3), ([[49]], 3), ([49], -1), ([49], 2.5), ("1", 3)):
        with pytest.raises(SpecError, match="left|most"):
            sf.feasible_lengths(GRAPH, left, [], most)
    for layout, more in (([49.5], 1), ([[49]], 1), ([49], -1)):
        with pytest.raises(SpecError, match="layout|more"):
            gaps(GRAPH, layout, more)
    masks = sf.Trellis(GRAPH, 4).masks()[0]
    across = X.T.contiguous().T
    for logits, given in ((X.numpy(), masks), (X.long(), masks), (across, masks), (X, 5), (X, masks.long())):
        with pytest.raises(SpecError, match="logits|masks"):
            sf.apply(logits, given)
