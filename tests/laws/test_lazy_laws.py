"""The laws of the lazy engine: equal to enumeration where the beam is wide, sound where it is not."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from structfill_kernels import lalr

import structfill
from structfill.errors import (
    BudgetTooSmall,
    EmptyLanguage,
    NotFound,
    SpecError,
    TooLarge,
    UnsupportedFeature,
    VocabMismatch,
)
from structfill.front.lark.machine import Machine
from structfill.lazy import LazyGraph, LazyTrellis
from structfill.vocab import Vocab
from tests import oracle
from tests.laws.test_lark_laws import valid_canvases, vocabulary
from tests.small_grammars import GRAMMARS, LOSSY, reader
from tests.threads import in_threads

LENGTH = 4
NAMES = [name for name in GRAMMARS if name not in LOSSY]


def made(name, **options):
    """(valid canvases, vocabulary, trellis)."""
    grammar, alphabet, _ = GRAMMARS[name]
    vocab = vocabulary(alphabet)
    graph = LazyGraph(structfill.lark(grammar, engine="lazy"), vocab)
    return valid_canvases(reader(grammar), vocab, LENGTH), vocab, LazyTrellis(graph, LENGTH, **options)


def logits(seed, vocab, scale=3.0):
    return (np.random.default_rng(seed).standard_normal((LENGTH, len(vocab))) * scale).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_wide_beams_are_exact(name):
    valid, vocab, trellis = made(name, width=4096)
    x = logits(7, vocab)
    exact, found = oracle.Exact(valid, x, len(vocab)), trellis.posterior(torch.tensor(x))
    assert exact.scores[valid.index(tuple(found.best.tolist()))] >= exact.scores.max() - 1e-6
    np.testing.assert_allclose(trellis.marginals(x), exact.marginals, atol=1e-5)
    np.testing.assert_allclose(found.entropy, exact.entropy, atol=1e-5)
    np.testing.assert_allclose(float(found.log_mass), exact.log_mass, atol=1e-5)
    np.testing.assert_allclose(found.confidence, exact.marginals[np.arange(LENGTH), list(found.best)], atol=1e-5)
    got, tail = oracle.unpack(trellis.masks()[0], len(vocab))
    assert np.array_equal(got, oracle.masks(valid, LENGTH, len(vocab))) and not tail.any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("temperature", [1.0, 0.4])
def test_constrained_logits_of_wide_beams_are_exact(name, temperature):
    """Those of the enumerated engine, where that knows the same texts; whatever the depth, those of enumeration."""
    valid, vocab, trellis = made(name, width=4096)
    x = logits(5, vocab)
    got = trellis.constrain(torch.tensor(x), draw=True, temperature=temperature)
    exact = oracle.Exact(valid, x / temperature, len(vocab))
    assert tuple(got.path.tolist()) in valid and tuple(got.sample.tolist()) in valid
    assert torch.equal(got.logits.argmax(-1), got.path) and torch.equal((got.logits * 7).argmax(-1), got.path)
    assert np.array_equal((got.logits > -torch.inf).numpy(), exact.marginals > 0)
    other = np.arange(len(vocab)) != got.path.numpy()[:, None]
    np.testing.assert_allclose(np.exp(got.logits.numpy())[other], exact.marginals[other], atol=1e-5)
    own = torch.distributions.Categorical(logits=torch.tensor(x) / temperature).entropy()
    np.testing.assert_allclose(got.entropy, np.minimum(exact.entropy, own.numpy()), atol=1e-5)
    np.testing.assert_allclose(float(got.log_mass), exact.log_mass, atol=1e-5)
    out = torch.full(x.shape, 3.0)
    assert trellis.constrain(x, temperature=temperature, out=out).logits is out
    np.testing.assert_array_equal(out, got.logits)


def test_constrained_logits_under_extremes():
    """No NaN, and the argmax stays a valid canvas, whatever a model says."""
    valid, vocab, trellis = made("ambiguous")
    rng = np.random.default_rng(0)
    for special in (np.nan, np.inf, -np.inf, 1e4, -1e4, 3e38):
        x = logits(1, vocab)
        x[rng.random(x.shape) < 0.4] = special
        x[1] = special
        got = trellis.constrain(torch.tensor(x))
        assert not got.logits.isnan().any() and torch.isfinite(got.entropy).all()
        assert torch.equal(got.logits.argmax(-1), got.path) and tuple(got.path.tolist()) in valid


@pytest.mark.parametrize("name", NAMES)
def test_what_may_come_next(name):
    """Behind every beginning of a valid canvas: the tokens that go on with one, no others; and the nearest end.

    Where a lookahead decides what a lexeme was, the way to the end is not always planned: such tokens are left out.
    """
    valid, vocab, trellis = made(name)
    graph, left_out = trellis.graph, 0
    for at in range(LENGTH):
        for begun in {c[:at] for c in valid}:
            state = graph.run(begun)
            if graph.needed(state) is None:
                continue
            possible = {c[at] for c in valid if c[:at] == begun}
            may = {token for token in possible if graph.needed(graph.run([*begun, token])) is not None}
            left_out += len(possible) - len(may)
            columns = trellis.next_columns(0, state, at, len(vocab) + 3, torch.device("cpu"))
            assert set(np.flatnonzero(columns)) == may
            assert set(trellis.next_tokens(0, state, at, 100).tolist()) == may
            assert len(trellis.next_tokens(0, state, at, 1)) == 1
            canvas = torch.tensor([[*begun, *[0] * (LENGTH - at)]])
            assert tuple(trellis.finish(canvas, [at])[0].tolist()) in valid
    assert not left_out or name == "lookahead"


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize("width", [1, 2, 5])
def test_narrow_beams_are_sound(name, width):
    """Any width, any logits, any part of a path fixed: what comes back is valid and agrees; nothing is over-promised.
    """
    valid, vocab, trellis = made(name, width=width)
    generator = torch.Generator().manual_seed(width)
    for seed in range(6):
        x = torch.tensor(logits(seed, vocab))
        if seed == 4:
            x[1], x[2, 0], x[3, 1] = torch.nan, torch.inf, -torch.inf
        found = trellis.posterior(x, draw=True, generator=generator, temperature=0.7)
        got, _ = oracle.unpack(trellis.masks(x)[0], len(vocab))
        assert not (got & ~oracle.masks(valid, LENGTH, len(vocab))).any()
        for path in (found.best, found.sample):
            assert tuple(path.tolist()) in valid
        assert torch.isfinite(found.entropy).all() and (found.confidence >= 0).all() and found.log_mass <= 0
        for size in range(LENGTH + 1):
            for chosen in itertools.combinations(range(LENGTH), size):
                fixed = {i: int(found.best[i]) for i in chosen}
                narrowed = trellis.fix(fixed)
                again = tuple(narrowed.best(logits(seed + 1, vocab)).tolist())
                assert again in valid and all(again[i] == t for i, t in fixed.items())
        assert trellis.fix({0: int(found.best[0])}).reopen([0]).fixed.tolist() == [[-1] * LENGTH]


@pytest.mark.parametrize("name", NAMES)
def test_a_first_canvas_is_found_whenever_there_is_one(name):
    """All pairs of tokens fixed anywhere, on small vocabularies: an error exactly where enumeration finds nothing."""
    grammar, alphabet, _ = GRAMMARS[name]
    vocab = vocabulary(alphabet)
    graph, valid = LazyGraph(structfill.lark(grammar, engine="lazy"), vocab), made(name)[0]
    for i, j in itertools.combinations(range(LENGTH), 2):
        for s, t in itertools.product(range(len(vocab)), repeat=2):
            there = any(c[i] == s and c[j] == t for c in valid)
            try:
                LazyTrellis(graph, LENGTH, fixed={i: s, j: t})
            except EmptyLanguage:
                assert not there
            else:
                assert there


def test_draws_follow_the_distribution():
    valid, vocab, trellis = made("nullable", width=4096)
    x, count = logits(3, vocab, 0.5), 5_000
    drawn = trellis.sample(torch.tensor(x).expand(count, -1, -1), torch.Generator().manual_seed(1))
    exact = oracle.Exact(valid, x, len(vocab))
    seen = {c: 0 for c in valid}
    for path in drawn.tolist():
        seen[tuple(path)] += 1
    share = np.array([seen[c] for c in valid]) / count
    assert np.abs(share - exact.probabilities).max() < 0.025


def test_the_path_is_never_lost():
    """Later canvases are at least as likely as the one before, under the same logits and whatever the width."""
    _, vocab, trellis = made("ambiguous", width=1)
    x = logits(11, vocab)
    wide = made("ambiguous", width=4096)[2].best(x)
    kept = trellis.fix({0: int(wide[0]), 1: int(wide[1]), 2: int(wide[2]), 3: int(wide[3])}).best(x)
    assert kept.tolist() == wide.tolist() == trellis.reopen([0]).best(x).tolist()


def test_budgets_and_longer_texts():
    vocab = Vocab.bytes()
    graph = LazyGraph(structfill.lark('start: "(" start ")" | "abc"', engine="lazy"), vocab)
    with pytest.raises(BudgetTooSmall) as caught:
        LazyTrellis(graph, 2)
    assert (caught.value.given, caught.value.needed) == (2, 3)
    x = np.zeros((8, len(vocab)), np.float32)
    x[:, ord("(")] = 5
    assert LazyTrellis(graph, 8).text(LazyTrellis(graph, 8).best(x)) == "((abc))"
    cut = LazyTrellis(graph, 8, more=12)
    first = cut.best(x)
    state = graph.run(first)
    assert LazyTrellis(graph, 12, start=state).best(np.zeros((12, len(vocab)))) is not None
    assert graph.constraint.accepts(cut.text(first) + vocab.decode(graph.shortest_from(state)))
    assert len(graph.shortest_from(state)) <= 12


def test_errors():
    vocab = Vocab.bytes()
    constraint = structfill.lark('start: "a" start "b" | "c"', engine="lazy")
    with pytest.raises(UnsupportedFeature, match="end-of-text"):
        LazyGraph(constraint, Vocab.of_tokens([b"a", b"b", b"c"]))
    graph = LazyGraph(constraint, vocab)
    with pytest.raises((EmptyLanguage, NotFound)):
        LazyTrellis(graph, 8, fixed={0: ord("b")})
    trellis = LazyTrellis(graph, 8)
    with pytest.raises(VocabMismatch):
        trellis.best(np.zeros((8, 100)))
    with pytest.raises(ValueError, match="canvas of 8"):
        trellis.best(np.zeros((7, 259)))
    begun = graph.run([ord("a")])
    dead = {q for q in range(len(graph.machine.tables.delta)) if graph.machine.number((begun[0], q)) < 0}
    assert dead
    for q in dead:
        with pytest.raises(SpecError, match="no configuration"):
            LazyTrellis(graph, 8, start=(begun[0], q))


def test_a_small_store_grows():
    """The same result from stores of any size."""
    vocab = Vocab.bytes()
    grammar = GRAMMARS["keywords"][0]
    x = torch.randn((40, 259), generator=torch.Generator().manual_seed(3))
    found = []
    for nodes, confs in ((4, 4), (1 << 14, 1 << 13)):
        graph = LazyGraph(structfill.lark(grammar, engine="lazy"), vocab)
        from structfill_kernels import lalr

        graph.machine.store = lalr.store(nodes, confs)
        found.append(LazyTrellis(graph, 40).best(x).tolist())
        assert len(graph.machine.store.conf) > 4
    assert found[0] == found[1]


def test_what_was_explored_is_forgotten_before_memory_ends():
    """Many canvases in memory for a few."""
    grammar = Path(__file__).resolve().parents[2] / "grammars" / "json.lark"
    graph, forgotten, known = LazyGraph(structfill.lark(grammar.read_text(), engine="lazy"), Vocab.bytes()), 0, 0
    graph.machine.store, graph.machine.most_bytes = lalr.store(1 << 10, 1 << 10), 300_000
    for seed in range(60):
        trellis = LazyTrellis(graph, 40)
        noise = torch.randn(40, len(graph.vocab), generator=torch.Generator().manual_seed(seed)) * 4
        assert graph.constraint.accepts(trellis.text(trellis.best(noise)))
        known, before = int(graph.machine.store.count[1]), known
        forgotten += known < before
    assert forgotten and len(graph.machine.store.conf) == 1 << 10


def asked(graph, seed, length=30):
    """What a graph says about canvases of some random logits, first and later ones, and from the left to the right; in
    the end the name of an error, where there is one."""
    generator, out = torch.Generator().manual_seed(seed), []
    x, y = (torch.randn(length, 259, generator=generator) * scale for scale in ((0, 1, 3, 10)[seed % 4], 3))
    kept = torch.rand(length, generator=generator) < 0.3
    try:
        trellis = LazyTrellis(graph, length, more=5 * (seed % 2), width=(96, 16)[seed % 2])
        found = trellis.posterior(x, draw=True, generator=generator)
        later = trellis.fix(torch.where(kept, found.sample, torch.tensor(-1))).constrain(y)
        out += [found.best.tolist(), found.sample.tolist(), float(found.log_mass), later.logits.tolist()]
        out.append(LazyTrellis(graph, length, torch.where(kept, found.best, torch.tensor(-1))).best(y).tolist())
        state = graph.run(later.path[: length // 2])
        out += [graph.shortest_from(state), graph.next_columns(state, 20, 259, torch.device("cpu")).tolist()]
    except (EmptyLanguage, NotFound, TooLarge) as error:
        out.append(type(error))
    return out


def explored(grammar, nodes=1 << 14, most_bytes=1 << 30):
    """A new graph over bytes, with a store of some size."""
    graph = LazyGraph(grammar, Vocab.bytes())
    graph.machine.store, graph.machine.most_bytes = lalr.store(nodes, nodes), most_bytes
    return graph


SQL = structfill.sql("sqlite", {"users": {"id": "int", "name": "text"}}).lazily(structfill.Limits())
ASKED = {name: structfill.lark(GRAMMARS[name][0], engine="lazy") for name in ("keywords", "strings", "case")}


@pytest.mark.parametrize("name", [*ASKED, "sql"])
def test_what_was_asked_before_changes_nothing(name):
    grammar = ASKED.get(name, SQL)
    used = explored(grammar)
    for seed in [*range(6), *range(6)]:
        assert asked(used, seed) == asked(explored(grammar), seed)


def test_of_equally_short_ends_the_same_is_planned():
    """Whether an end of a part of the text was asked for before or not."""
    grammar = structfill.lark('start: b "r" | c "t"\nb: a "p"\nc: a "q"\na: "x"', engine="lazy")
    ends = set()
    for before in (b"", b"xp", b"xq"):
        graph = explored(grammar)
        graph.needed(graph.run(list(before)))
        ends.add(bytes(graph.shortest_from(graph.run(list(b"x")))))
    assert len(ends) == 1


@pytest.mark.parametrize(("grammar", "lost"), [
    ('start: "if" | "if" "if" start | "+" start "if"', "+"),
    ('start: "if" x | "a" x "if" | "if"\nx: start+ "a" | "a"\n%ignore " "', "ififif"),
])
def test_plans_that_a_resolved_conflict_leads_astray(grammar, lost):
    """An "if" is always taken for the beginning of more, so no text ends behind some beginnings: the plan, which cannot
    know it, is given up where it comes no nearer to an end."""
    grammar = structfill.lark(grammar, engine="lazy")
    graph = explored(grammar)
    assert graph.needed(graph.run(list(lost.encode()))) is None
    trellis = LazyTrellis(graph, 10)
    assert grammar.accepts(trellis.text(trellis.best(np.zeros((10, 259)))))
    assert int(graph.machine.store.count[1]) < 1 << 16


def test_plans_with_a_way_around():
    """A conflict that Lark resolves leaves items that cost nothing and lead back to where they began."""
    graph = explored(structfill.lark('start: b | "x"\nb: start c\nc: | "y"', engine="lazy"))
    assert bytes(graph.shortest_from(graph.start)) == b"x"


@pytest.mark.parametrize("name", GRAMMARS)
def test_a_store_that_fills_while_it_is_asked(name):
    """Whenever it does: the same ends as in one with room."""
    graph = explored(structfill.lark(GRAMMARS[name][0], engine="lazy"))
    texts = [LazyTrellis(graph, 10).best(torch.randn(10, 259, generator=torch.Generator().manual_seed(seed)) * 4)
             for seed in range(6)]
    states = {graph.run(text[:at]) for text in texts for at in range(10)} - {graph.run([256])}
    for state, nodes in itertools.product(states, (2, 4, 8)):
        small = Machine(graph.machine.tables, graph.vocab, 1 << 30)
        small.store = lalr.store(nodes, nodes)
        for kernel, words in ((lalr.may_end, False), (lalr.rest, True)):
            got, right = (one.call(kernel, one.number(state), words=words) for one in (small, graph.machine))
            assert got == right


def test_a_full_store_changes_nothing():
    """What was explored is forgotten wherever there is too little room, and what takes too much does so at once."""
    used, errors = explored(SQL, 1 << 11, 1 << 19), 0
    for seed in range(8):
        fresh = asked(explored(SQL, 1 << 11, 1 << 19), seed)
        assert asked(used, seed) == fresh
        errors += fresh[-1] is TooLarge
    assert 0 < errors < 8


def test_threads_take_turns():
    """On one graph, whose store is too small for what all of them explore: the same as alone."""
    graph = explored(SQL, 1 << 12, 1 << 20)
    together = in_threads(lambda seed: asked(graph, seed), range(24))
    assert together == [asked(explored(SQL, 1 << 12, 1 << 20), seed) for seed in range(24)]
