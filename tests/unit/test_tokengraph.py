"""The token graph: edges against the byte automaton, limits, the form on disk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import structfill as sf
from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.errors import EmptyLanguage, TooLarge, VocabMismatch
from structfill.limits import Limits
from structfill.tokengraph import UNREACHABLE, TokenGraph, build
from structfill.trellis import Trellis
from structfill.vocab import Vocab
from tests import oracle
from tests.strategies import automata, law, vocabularies


def step(graph, state, token):
    """The state after a token, or -1, read off the arrays."""
    c = graph.token_class[token]
    found = [
        int(graph.out_target[k])
        for k in range(graph.out_ptr[state], graph.out_ptr[state + 1])
        if c in graph.set_class[graph.set_ptr[graph.out_set[k]] : graph.set_ptr[graph.out_set[k] + 1]]
    ]
    assert len(found) <= 1, "deterministic"
    return found[0] if found else -1


@law(200)
@given(automata(), vocabularies())
def test_every_state_and_token(automaton, vocab):
    try:
        graph = build(automaton, vocab)
    except EmptyLanguage:
        assert not any(oracle.canvases(automaton, vocab, n) for n in range(1, 5))
        return
    end = len(automaton) if vocab.eos_ids else None
    assert graph.states == len(automaton) + (end is not None)
    for q in range(len(automaton)):
        for token, text in enumerate(vocab.tokens):
            want = automaton.run(text, q) if text else -1
            if token in vocab.eos_ids and automaton.accepting[q]:
                want = end
            assert step(graph, q, token) == want
    if end is not None:
        after = [step(graph, end, t) == end for t in range(len(vocab))]
        assert after == [t in vocab.eos_ids or t == vocab.pad_id for t in range(len(vocab))]
    assert vocab.mask_id is None or graph.token_class[vocab.mask_id] == -1


@law(100)
@given(automata(), vocabularies())
def test_classes_are_behaviours(automaton, vocab):
    """Two tokens share a class exactly if they act alike in every state; both directions of the edges agree."""
    try:
        graph = build(automaton, vocab)
    except EmptyLanguage:
        return
    acts = [tuple(step(graph, q, t) for q in range(graph.states)) for t in range(len(vocab))]
    for a in range(len(vocab)):
        for b in range(len(vocab)):
            assert (graph.token_class[a] == graph.token_class[b]) == (acts[a] == acts[b])
    for c in range(graph.classes):
        members = graph.class_token[graph.class_ptr[c] : graph.class_ptr[c + 1]]
        assert members.tolist() == np.flatnonzero(graph.token_class == c).tolist() and len(members)
    out = [
        (q, int(graph.out_target[k]), int(graph.out_set[k]))
        for q in range(graph.states)
        for k in range(graph.out_ptr[q], graph.out_ptr[q + 1])
    ]
    into = [
        (int(graph.in_source[k]), r, int(graph.in_set[k]))
        for r in range(graph.states)
        for k in range(graph.in_ptr[r], graph.in_ptr[r + 1])
    ]
    assert sorted(out) == sorted(into) and len(out) == graph.edges
    assert distances(out, graph.final) == graph.shortest.tolist()


def distances(edges, final):
    """Bellman-Ford over unit edges."""
    found = [0 if f else UNREACHABLE for f in final]
    for n in range(len(final)):
        for q, r, _ in edges:
            if found[r] == n and found[q] == UNREACHABLE:
                found[q] = n + 1
    return found


def chain(length, alphabet=b"ab"):
    """All texts of exactly `length` letters."""
    delta = np.full((length + 1, 2), -1, np.int32)
    delta[:-1, 0] = np.arange(1, length + 1)
    byte_class = np.ones(256, np.uint8)
    byte_class[list(alphabet)] = 0
    return ByteAutomaton(delta, byte_class, np.arange(length + 1) == length)


@pytest.mark.parametrize("which", ["edges", "work"])
@pytest.mark.parametrize("vocab", [Vocab.bytes(), Vocab.of_tokens([b"a", b"aab", b"ba"])], ids=["bytes", "no eos"])
def test_limits_are_exact(which, vocab):
    """At the limit it passes, one below it refuses by name."""
    graph = build(chain(9), vocab)
    need = getattr(graph, which)
    assert build(chain(9), vocab, Limits(**{which: need})).edges == graph.edges
    with pytest.raises(TooLarge) as caught:
        build(chain(9), vocab, Limits(**{which: need - 1}))
    assert (caught.value.limit, caught.value.allowed) == (which, need - 1)
    assert caught.value.needed >= need


def test_memory_is_limited():
    """The graph, the functions of the walk, and the byte automaton's table."""
    graph = build(chain(9), Vocab.bytes())
    assert build(chain(9), Vocab.bytes(), Limits(bytes=1 << 20)).edges == graph.edges
    for bytes_ in (graph.nbytes - 1, 200, 1):
        with pytest.raises(TooLarge, match="bytes") as caught:
            build(chain(9), Vocab.bytes(), Limits(bytes=bytes_))
        assert caught.value.limit == "bytes" and caught.value.needed > bytes_
    with pytest.raises(TooLarge, match="bytes"):
        sf.json_schema({"type": "string", "maxLength": 500}).automaton(Limits(bytes=20_000))


@pytest.mark.parametrize("work", [1, 2, 10, 100, 1000])
def test_small_limits_never_hang(work):
    with pytest.raises(TooLarge):
        build(chain(2000), Vocab.bytes(), Limits(work=work))


def test_languages_without_texts():
    with pytest.raises(EmptyLanguage, match="vocabulary"):
        build(chain(3), Vocab.of_tokens([b"aa", b"cc"], eos_ids=[]))
    with pytest.raises(EmptyLanguage, match="vocabulary"):
        build(chain(1), Vocab.of_tokens([None, None], eos_ids=[0]))
    empty = ByteAutomaton(np.zeros((0, 1), np.int32), np.zeros(256, np.uint8), np.zeros(0, bool))
    with pytest.raises(EmptyLanguage):
        build(empty, Vocab.bytes())


def test_automata_that_do_not_fit_together():
    wrong = ByteAutomaton(np.zeros((1, 0), np.int32), np.zeros(256, np.uint8), np.array([True]))
    with pytest.raises(ValueError, match="byte classes"):
        build(wrong, Vocab.bytes())


def test_the_empty_text_alone():
    only_empty = ByteAutomaton(np.full((1, 1), -1, np.int32), np.zeros(256, np.uint8), np.array([True]))
    graph = build(only_empty, Vocab.bytes())
    assert graph.shortest[0] == 0
    trellis = Trellis(graph, 2)
    assert trellis.text(trellis.best(np.zeros((2, 259)))) == ""
    assert trellis.best(np.zeros((2, 259))).tolist() == [256, 256]


def test_counts_and_size():
    graph = build(chain(9), Vocab.bytes())
    assert (graph.states, graph.edges, graph.classes) == (11, 11, 3)
    assert 0 < graph.nbytes < 20_000 and graph.compile_ms > 0 and graph.work > 0
    assert graph.vocab_fingerprint == Vocab.bytes().fingerprint


def test_read_only_automata_are_left_alone():
    automaton = chain(3)
    for array in (automaton.delta, automaton.byte_class, automaton.accepting):
        array.flags.writeable = False
    assert build(automaton, Vocab.bytes()).shortest[0] == 3


def test_arrays_round_trip():
    vocab = Vocab.bytes()
    graph = build(chain(5), vocab)
    stored = {name: np.asarray(a) for name, a in graph.to_arrays().items()}
    for array in stored.values():
        array.flags.writeable = False
    loaded = TokenGraph.from_arrays(stored, vocab)
    for name, array in graph.to_arrays().items():
        assert np.array_equal(array, loaded.to_arrays()[name])
    assert Trellis(loaded, 6).masks().equal(Trellis(graph, 6).masks())
    with pytest.raises(VocabMismatch):
        TokenGraph.from_arrays(stored, Vocab.of_tokens([b"a"]))


@pytest.mark.parametrize("name", sorted(build(chain(2), Vocab.bytes()).to_arrays()))
def test_damaged_arrays_are_refused(name):
    """Missing, of another type, length or content: an error, never a crash in a kernel."""
    vocab = Vocab.bytes()
    arrays = build(chain(5), vocab).to_arrays()
    array = arrays[name]
    changed = array.copy().view(np.uint8)
    changed[changed.size // 2] ^= 4
    for value in (None, array[:-1], array[None], np.append(array, array[:1]), changed.view(array.dtype)):
        broken = {k: v for k, v in arrays.items() if k != name}
        if value is not None:
            broken[name] = value
        with pytest.raises(VocabMismatch):
            TokenGraph.from_arrays(broken, vocab)
    with pytest.raises(VocabMismatch):
        TokenGraph.from_arrays(arrays | {"more": array}, vocab)
