"""The Lark front-end: what it accepts is what Lark accepts, and what it cannot honour it names with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import structfill
from structfill.errors import EmptyLanguage, SpecError, TooLarge, UnsupportedFeature
from structfill.limits import Limits
from tests.small_grammars import GRAMMARS, LOSSY, reader, texts


@pytest.mark.parametrize("name", GRAMMARS)
def test_same_texts_as_lark(name):
    grammar, alphabet, longest = GRAMMARS[name]
    constraint, accepts = structfill.lark(grammar), reader(grammar)
    automaton = constraint.automaton(Limits())
    tried = texts(alphabet, longest)
    good = {text for text in tried if accepts(text)}
    assert good == {text for text in tried if constraint.accepts(text)}
    spelled = {text for text in tried if automaton.accepts(text.encode())}
    assert spelled < good if name in LOSSY else spelled == good


@pytest.mark.parametrize("name", GRAMMARS)
def test_prefixes(name):
    """Every beginning of a text is one, and every text that is called one can be continued as the automaton says."""
    grammar, alphabet, longest = GRAMMARS[name]
    constraint = structfill.lark(grammar)
    automaton = constraint.automaton(Limits())
    good = [text for text in texts(alphabet, longest) if constraint.accepts(text)]
    known = {text[:i] for text in good for i in range(len(text) + 1)}
    for text in texts(alphabet, longest - 2):
        found = constraint.accepts_prefix(text)
        assert found or text not in known
        if name not in LOSSY and found:
            assert automaton.run(text.encode()) >= 0


@pytest.mark.parametrize(("grammar", "line", "column", "kind"), [
    ('start: "a" b', 1, 12, SpecError),
    ("start: (", 1, 9, SpecError),
    ('x: "a"\nstart: A\nA: /(?<!x)a/', 3, 1, UnsupportedFeature),
    ('start: "b" | A\n\nA: /a(?!bc)/', 3, 1, UnsupportedFeature),
    ("start: A\nA: /(a)\\1b/", 2, 1, UnsupportedFeature),
    ("start: A\nA: /a++b/", 2, 1, UnsupportedFeature),
    ("start: A\nA: /(a|)*b/", 2, 1, UnsupportedFeature),
    ("start: A\nA: /^a/", 2, 1, UnsupportedFeature),
    ("start: A\nA: /a$/", 2, 1, UnsupportedFeature),
    ("start: A\nA: /\\ba/", 2, 1, UnsupportedFeature),
    ("start: A\n%declare A", 1, 8, UnsupportedFeature),
    ('start: a|b\na:"x"\nb:"x"', 2, 1, SpecError),
    ("start: A\nA: /a*/", 2, 1, SpecError),
    ("start: A\nA: /[/", 2, 1, SpecError),
    ("start: A\nA: /(?i)a/", 2, 1, UnsupportedFeature),
    ("%import nope.X\nstart: X", 1, 9, SpecError),
])
def test_refusals_have_a_place(grammar, line, column, kind):
    with pytest.raises(kind) as caught:
        structfill.lark(grammar)
    assert f"line {line}, column {column}: " in str(caught.value)
    assert caught.value.span.source == grammar


def test_no_crash_on_deep_grammars_and_texts():
    with pytest.raises(SpecError, match="nests too deeply"):
        structfill.lark("start: " + "(" * 5000 + '"a"' + ")" * 5000)
    with pytest.raises(SpecError, match="nests too deeply"):
        structfill.lark("start: A\nA: /" + "(" * 5000 + "a" + ")" * 5000 + "/")
    constraint = structfill.lark('start: "(" start ")" | "a"')
    assert constraint.accepts("(" * 20_000 + "a" + ")" * 20_000)
    assert constraint.accepts_prefix("(" * 20_000)


def test_limits_and_emptiness():
    with pytest.raises(EmptyLanguage):
        structfill.lark('start: "a" start')
    with pytest.raises(TooLarge):
        structfill.lark("start: A\nA: /(((a{9}){9}){9}){9}/", limits=Limits(states=1000))
    with pytest.raises(TooLarge):
        structfill.lark('start: "a" | "b" "c"').automaton(Limits(states=2))
    with pytest.raises(SpecError, match="engine"):
        structfill.lark('start: "a"', engine="fast")
    with pytest.raises(SpecError, match="must be strings"):
        structfill.lark(3)
    with pytest.raises(SpecError, match="begin"):
        structfill.lark('start: "a"', start="begin")


def test_depth_bounds_the_stack():
    constraint = structfill.lark('start: "(" start ")" | "a"')
    shallow = constraint.automaton(Limits(depth=2))
    assert shallow.accepts(b"((a))") and not shallow.accepts(b"(((a)))") and constraint.accepts("(((a)))")


def test_identity_covers_imports_and_ignores_layout():
    one = structfill.lark('start: INT\n%import common.INT')
    same = structfill.lark('// a comment\nstart:   INT\n\n%import common.INT')
    other = structfill.lark('start: INT\n%import common.FLOAT -> INT')
    assert one.identity == same.identity != other.identity


@pytest.mark.parametrize("name", GRAMMARS)
def test_stored_tables_are_the_same(name: str) -> None:
    from structfill.front.lark import stored

    made = structfill.lark(GRAMMARS[name][0])
    grammar, tables = stored.from_arrays(stored.to_arrays(made.grammar, made.tables))
    for got, expected in ((vars(grammar), vars(made.grammar)), (vars(grammar.scanner), vars(made.grammar.scanner)),
                          (tables._asdict(), made.tables._asdict())):
        for field, value in expected.items():
            if field != "scanner":
                assert np.array_equal(got[field], value) if isinstance(value, np.ndarray) else got[field] == value


def test_large_grammars_come_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from structfill.cache import Cache
    from structfill.front.lark import constraint as module

    def query() -> structfill.LazyGraph | structfill.TokenGraph:
        constraint = structfill.sql("sqlite", {"t": ["a", "b"]})
        return structfill.compile_or_explore(constraint, structfill.Vocab.bytes(), cache=Cache(tmp_path))

    first = query()
    with monkeypatch.context() as patched:
        patched.setattr(module, "load", lambda *_: pytest.fail("read again"))
        second = query()
    ids = list(b"SELECT t.a, t.b FROM t WHERE t.")
    assert first.run(ids) == second.run(ids) and first.shortest_from(first.run(ids)) == second.shortest_from(
        second.run(ids))
    for entry in tmp_path.iterdir():  # whatever is wrong with an entry, it is a miss
        arrays = Cache(tmp_path).load(entry.stem)
        assert arrays is not None
        Cache(tmp_path).store(entry.stem, {"names": arrays["names"]})
    assert query().run(ids) == first.run(ids)


def test_what_ends_only_before_some_character_is_written() -> None:
    vocab = structfill.Vocab.bytes()
    constraint = structfill.lark('start: W X\nX: "x"\nW: /a(?=x)/')
    assert constraint.accepts_prefix("") and structfill.compile(constraint, vocab).shortest_from(0) == list(b"ax")
    graph = structfill.LazyGraph(structfill.lark('start: W\nW: /a(?= )|ab/\n%ignore " "', engine="lazy"), vocab)
    assert graph.shortest_from(graph.start) == list(b"ab")
    assert not graph.lost(graph.run(list(b"a "))) and graph.may_end(graph.run(list(b"a ")))


@pytest.mark.parametrize("grammar", ['start: "\ud800"', 'start: A\nA: /\udc00/'])
def test_half_a_surrogate_pair_is_no_grammar(grammar: str) -> None:
    with pytest.raises(SpecError, match="surrogate"):
        structfill.lark(grammar)




def test_long_repetitions() -> None:
    grammar = structfill.lark("start: /a{1,20000}/")
    assert grammar.accepts(20_000 * "a") and not grammar.accepts(20_001 * "a")
