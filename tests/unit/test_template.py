"""Templates: reading the notation, the language against brute force, holes by name, errors by place."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import structfill as sf
from structfill.automaton.series import literal, of_length, series
from structfill.errors import EmptyLanguage, SpecError, TooLarge
from structfill.front.template import Template
from structfill.limits import Limits
from structfill.tokengraph import build
from structfill.trellis.lengths import feasible_lengths
from tests import oracle
from tests.fake_models import RandomModel
from tests.strategies import ALPHABET, automata, law, vocabularies

WORD = sf.regex("[a-z]+")


def texts(most):
    """All texts over the small alphabet."""
    return [bytes(t) for n in range(most + 1) for t in itertools.product(ALPHABET, repeat=n)]


@law(150)
@given(st.lists(automata(states=3) | st.binary(max_size=2).map(lambda b: literal(bytes(ALPHABET[x % 4] for x in b))),
                min_size=1, max_size=3))
def test_series_is_concatenation(parts):
    found = series(parts, Limits())
    for text in texts(4):
        cuts = itertools.combinations_with_replacement(range(len(text) + 1), len(parts) - 1)
        want = any(all(p.accepts(text[a:b]) for p, a, b in zip(parts, (0, *c), (*c, len(text)), strict=True))
                   for c in cuts)
        assert found.accepts(text) == want


@law(100)
@given(automata(states=4), st.integers(0, 3), st.integers(0, 3) | st.none())
def test_of_length_bounds_the_bytes(automaton, least, most):
    want = {t for t in texts(4) if automaton.accepts(t) and least <= len(t) <= (4 if most is None else most)}
    try:
        found = of_length(automaton, least, most, Limits())
    except EmptyLanguage:
        assert not want
    else:
        assert {t for t in texts(4) if found.accepts(t)} == want


@law(120)
@given(automata(states=4), vocabularies(most=4), st.integers(0, 2), st.integers(0, 2), st.data())
def test_feasible_lengths_are_those_that_enumeration_finds(automaton, vocab, before, after, data):
    token = st.integers(0, len(vocab) - 1)
    left = data.draw(st.lists(token, min_size=before, max_size=before))
    right = data.draw(st.lists(token, min_size=after, max_size=after))
    try:
        graph = build(automaton, vocab)
    except EmptyLanguage:
        return
    found = feasible_lengths(graph, left, right, 3)
    fillers = [t for t in range(len(vocab)) if vocab.tokens[t] and t not in vocab.eos_ids]
    for n in range(4):
        want = any(oracle.is_valid((*left, *middle, *right), automaton, vocab)
                   for middle in itertools.product(fillers, repeat=n))
        assert (n in found) == want
        assert found.may_grow(n) == any(m in found for m in range(n + 1, 4))
        assert found.may_shrink(n) == any(m in found for m in range(n))


@pytest.mark.parametrize("text, parts", [
    ("Dear {{name}}!", ["Dear ", "name", "!"]), ("{{ a : word }}{{b:word}}", ["a", "b"]), ("", [""]),
    ("{x} {{a}} }} {", ["{x} ", "a", " }} {"]), ("{{{a}}}", ["{", "a", "}"]), (r"\{{a}} \{\{a\}\} {{a}}", None),
    (r"\\{{a}}\n\q", ["\\", "a", r"\n\q"]), ('{"k": {"v": {{a}}}}', ['{"k": {"v": ', "a", "}}"]),
    ("{{é}}", ["é"]),
])
def test_the_notation(text, parts):
    found = sf.template(text, **{k: WORD for k in ("name", "a", "b", "word", "é")
                                 if "{{" + k + "}}" in text or ":" + k in text.replace(" ", "")})
    shown = [p if isinstance(p, str) else p.name for p in found.parts]
    assert shown == (parts or ["{{a}} {{a}} ", "a"])


@pytest.mark.parametrize("text, holes, message", [
    ("a\nb {{x}}", {}, "line 2, column 3: no constraint is given for x"),
    ("{{}}", {}, "line 1, column 1: this hole is malformed"), ("x {{a", {"a": WORD}, "column 3: this hole"),
    ("{{a}} {{a}}", {"a": WORD}, "column 7: the hole a comes twice"), ("{{a b}}", {"a": WORD}, "malformed"),
    ("plain", {"a": WORD}, "no hole of the template uses a"), ("{{a}}", {"a": "x"}, "the hole a needs a constraint"),
    (3, {}, "a template must be a str"), ("{{1}}", {}, "malformed"),
])
def test_errors_name_the_place_and_the_way_out(text, holes, message):
    with pytest.raises(SpecError, match=message):
        sf.template(text, **holes)


def test_acceptance_and_holes():
    made = sf.template("Dear {{name}}, order {{id:order}} of {{n}}.", name=sf.regex("[A-Z][a-z ,]*"),
                       order=sf.choice(["A-1", "A-11"]), n=sf.json_schema({"type": "integer"}))
    text = "Dear Ann, order , order A-11 of 1.0."
    assert made.accepts(text) and made.holes(text) == {"name": "Ann, order ", "id": "A-11", "n": 1}
    for end in range(len(text) + 1):
        assert made.accepts_prefix(text[:end])
    for wrong in ("", "Dear Ann", text + "x", text.replace("A-11", "A-2"), "dear Ann, order A-1 of 1."):
        assert not made.accepts(wrong) and made.split(wrong) is None
    assert not made.accepts_prefix("Dear ann") and not made.accepts_prefix(text + "x")
    with pytest.raises(SpecError, match="does not follow"):
        made.holes("x")


def test_the_first_hole_is_the_shortest():
    made = sf.template("{{a}}-{{b}}", a=sf.regex("[a-z-]*"), b=sf.regex("[a-z-]*"))
    assert made.split("x-y-z") == {"a": "x", "b": "y-z"} and made.split("-") == {"a": "", "b": ""}
    assert sf.template("{{a}}{{b}}", a=sf.regex("x*"), b=sf.regex("x*")).split("xx") == {"a": "", "b": "xx"}


def test_generated_texts_follow_the_template():
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
              "additionalProperties": False}
    made = sf.template("<{{kind}}> {{data}}\n{{note}} end", kind=sf.choice(["a", "bb"]), data=sf.json_schema(schema),
                       note=sf.bounded(sf.regex(".*"), 3, 5))
    for seed in range(12):
        options = sf.SamplerOptions(passes=4, temperature=seed % 2, seed=seed)
        generator = sf.Generator(constraint=made, model=RandomModel(scale=seed), options=options, cache=None)
        result = generator("x")
        assert made.accepts(result.text) and result.value == result.text
        assert set(result.holes) == {"kind", "data", "note"} and isinstance(result.holes["data"]["n"], int)
        assert 3 <= len(result.holes["note"].encode()) <= 5


def test_infill_gives_the_middle():
    for seed in range(6):
        found = sf.infill('{"n": ', ', "ok": true}', sf.json_schema({"type": "integer", "minimum": 7, "maximum": 999}),
                          model=RandomModel(scale=seed), options=sf.SamplerOptions(temperature=1.0, seed=seed))
        assert 7 <= int(found) <= 999
    assert sf.infill("", "", sf.choice(["x"]), model=RandomModel()) == "x"
    with pytest.raises(SpecError, match="suffix"):
        sf.infill("a", None, sf.choice(["x"]))


def test_a_hole_may_be_empty_or_impossible():
    made = sf.template("({{a}})", a=sf.regex("x*"))
    assert made.accepts("()") and made.holes("()") == {"a": ""}
    with pytest.raises(EmptyLanguage):
        sf.compile(sf.bounded(sf.regex("x{5}"), 0, 3), sf.Vocab.bytes())
    with pytest.raises(TooLarge):
        series([sf.regex("(a|b)*a(a|b){12}").automaton(Limits()), literal(b"x")], Limits(states=100))


@pytest.mark.parametrize("arguments", [(WORD, -1), (WORD, 0, -1), (WORD, 3, 2), (WORD, True), ("x",), (WORD, 1.5)])
def test_bounds_are_checked(arguments):
    with pytest.raises(SpecError):
        sf.bounded(*arguments)


def test_bounded_reads_as_its_inner():
    made = sf.bounded(sf.json_schema({"type": "integer"}), 2, 3)
    assert made.accepts("12") and not made.accepts("1") and not made.accepts("1234") and made.value("12") == 12
    assert made.accepts_prefix("1") and made.accepts_prefix("123") and not made.accepts_prefix("x")
    assert "bounded:2:3" in made.identity and made.outline == "integer"


def test_long_templates_are_read_in_one_go():
    many = "".join(f"line {i}: {{{{h{i}:word}}}}\n" for i in range(200))
    made = sf.template(many, word=sf.choice(["aa", "ab"]))
    text = "".join(f"line {i}: ab\n" for i in range(200))
    assert made.accepts(text) and isinstance(made, Template) and len(made.holes(text)) == 200
    assert made.automaton(Limits()).accepts(text.encode())


@pytest.mark.parametrize("empty", [sf.regex("[]"), sf.json_schema(False)])
def test_a_hole_that_nothing_fills(empty: sf.Constraint) -> None:
    template = sf.template("x{{a}}y{{b}}", a=sf.regex("[a-z]+"), b=empty)
    assert not any(template.accepts_prefix(text) for text in ("", "x", "xab", "xaby")) and not template.accepts("xay")
