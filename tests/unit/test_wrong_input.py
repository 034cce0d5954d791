"""Wrong types and values at the door and on the command line: an error of ours that says what is wanted, at once."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import structfill as sf
from structfill.cache import Cache
from structfill.errors import ModelError, SpecError, StructfillError
from structfill.front.json_schema import numbers
from tests.fake_models import RandomModel

ROOT = Path(__file__).resolve().parents[2]
LEVEL = {"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"], "additionalProperties": False}
CONSTRAINTS = {"json": sf.json_schema(LEVEL), "regex": sf.regex("a"), "choice": sf.choice(["a"]),
               "template": sf.template("a{{x}}", x=sf.regex("a")), "bounded": sf.bounded(sf.regex("a"), 1),
               "lark": sf.lark('start: "a"'), "sql": sf.sql("sqlite", {"t": ["a"]})}


class WithoutVocab(RandomModel):
    def __init__(self) -> None:
        super().__init__()
        self.vocab = None


class WithoutCanvas(RandomModel):
    def __init__(self) -> None:
        super().__init__(canvas_length=0)


class Mute:
    default_options = sf.RemoteOptions()

    def write(self, prompt, constraint, options):
        return None


@pytest.mark.parametrize("model", [None, 1, True, [], {}, b"default", object(), RandomModel, Mute, sf])
def test_what_is_no_model(model):
    with pytest.raises(ModelError, match="there is no model"):
        sf.load(model)


@pytest.mark.parametrize(("model", "says"), [
    (WithoutVocab(), "WithoutVocab.vocab must be"), (WithoutCanvas(), "WithoutCanvas.canvas_length must be")])
def test_half_a_model(model, says):
    with pytest.raises(ModelError, match=says):
        sf.Generator(LEVEL, model=model, cache=None)


def test_a_remote_model_that_gives_nothing():
    with pytest.raises(ModelError, match="Mute.write must give"):
        sf.Generator(LEVEL, model=Mute())("x")


@pytest.mark.parametrize("argument", [
    {"limits": 5}, {"limits": {}}, {"limits": sf.Limits}, {"cache": 5}, {"cache": "/tmp/x"}, {"cache": {}},
    {"cache": True}, {"canvas_length": 10**30}, {"canvas_length": 10**5000}, {"canvas_length": True},
    {"canvas_length": math.nan}, {"max_tokens": "5"}])
def test_arguments_of_a_generator(argument):
    with pytest.raises(SpecError, match=next(iter(argument))):
        sf.Generator(LEVEL, model=RandomModel(), **{"cache": None, **argument})


def test_limits_everywhere():
    for make in (lambda: sf.json_schema(LEVEL, limits={}), lambda: sf.regex("a", limits=3),
                 lambda: sf.lark('start: "a"', limits=3),
                 lambda: sf.compile(sf.regex("a"), sf.Vocab.bytes(), limits={})):
        with pytest.raises(SpecError, match="limits must be a structfill.Limits"):
            make()


@pytest.mark.parametrize("prompts", [None, 5, [None], [b"x"], [["x"]]])
def test_prompts(prompts):
    with pytest.raises(SpecError, match="prompt"):
        sf.Generator(LEVEL, model=RandomModel(), cache=None).batch(prompts)


@pytest.mark.parametrize("text", [5, None, b"a", [], ["a"]])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_only_texts_are_judged(name, text):
    for judge in (CONSTRAINTS[name].accepts, CONSTRAINTS[name].accepts_prefix):
        with pytest.raises(SpecError, match="must be a str"):
            judge(text)


@pytest.mark.parametrize("text", [5, None, b"1", "", "{", "\ud800", "1" * 5000, "[" * 100_000])
def test_values_of_what_is_no_text_of_the_schema(text):
    with pytest.raises(SpecError):
        sf.json_schema({}).value(text)


@pytest.mark.parametrize("words", [5, None, "ab", b"ab", [], [1], [["a"]]])
def test_choices(words):
    with pytest.raises(SpecError, match="choice needs"):
        sf.choice(words)


def test_vocabularies():
    for vocab in (None, 5, "x", sf.Vocab, object()):
        with pytest.raises(SpecError, match="needs a structfill.Vocab"):
            sf.compile(sf.regex("a"), vocab)
        if not isinstance(vocab, str):
            with pytest.raises(SpecError, match="path"):
                sf.Vocab.from_file(vocab)


def test_an_annotation_that_is_no_json_has_a_place():
    with pytest.raises(SpecError, match="no JSON value at /properties/a/default/0"):
        sf.json_schema({"properties": {"a": {"default": [object()]}}})
    assert sf.json_schema({"default": (1, 2)}).accepts("1")


def test_functions_are_no_types_and_are_never_called():
    for function in (os.system, len, lambda a: a, RandomModel.encode):
        with pytest.raises(SpecError, match="is a function, not a type"):
            sf.json_schema(function)


def test_an_endless_max_length_can_be_kept_on_disk(tmp_path):
    constraint, vocab = sf.json_schema({"type": "string", "maxLength": 10**40}), sf.Vocab.bytes()
    first, again = (sf.compile(constraint, vocab, cache=Cache(tmp_path)) for _ in range(2))
    assert list(tmp_path.glob("*.graph")) and again.states == first.states and again.max_tokens == first.max_tokens


def test_errors_show_a_piece_of_what_is_large():
    for spec in (os.environ, "x" * 10**6, {"enum": "x" * 10**6}):
        with pytest.raises(StructfillError) as caught:
            sf.json_schema(spec)
        assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(("module", "spec", "says"), [
    ("x = (", "mine:X", "SyntaxError"), ("raise RuntimeError('boom')", "mine:X", "RuntimeError: boom"),
    ("import sys; sys.exit(3)", "mine:X", "SystemExit: 3"), ("", "..:X", "TypeError"), ("", "mine:A:B", "'mine:A:B'"),
    ("from os import system as f", "mine:f", "is a function, not a type")])
def test_modules_that_cannot_be_used(tmp_path, module, spec, says):
    (tmp_path / "mine.py").write_text(module)
    done = subprocess.run([sys.executable, "-m", "structfill", "compile", spec], cwd=tmp_path, capture_output=True,
                          text=True, env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}"})
    assert done.returncode == 2 and done.stderr.startswith("SpecError: ") and says in done.stderr, done.stderr


@pytest.mark.parametrize("statements", [5, None, [5], {}])
def test_kinds_of_statements(statements):
    with pytest.raises(SpecError, match="statements"):
        sf.sql("sqlite", {"t": ["a"]}, statements)


@pytest.mark.parametrize("documents", [{3: {}}, [], 0, "", ["http://x"]])
def test_documents_have_names(documents):
    with pytest.raises(SpecError, match="documents must map"):
        sf.json_schema({}, documents=documents)


@pytest.mark.parametrize("temperature", [-1, True, False, math.nan, math.inf, 10**400, 1e-300, "1", None])
@pytest.mark.parametrize("options", [sf.SamplerOptions, sf.LeftToRightOptions, sf.RenoiseOptions])
def test_temperatures(options, temperature):
    with pytest.raises(SpecError, match="temperature"):
        options(temperature=(0.8, temperature) if options is sf.RenoiseOptions else temperature)


def test_a_hole_of_any_name():
    assert sf.template("{{text}} {{self}}", text=sf.regex("x"), self=sf.regex("y")).accepts("x y")


@pytest.mark.parametrize(("schema", "text", "expected"), [
    ({"type": "string"}, "3", "a value (string)"), ({"const": "a"}, "3", "a value (string)"),
    ({"type": "integer"}, '"a"', "a value (number)"),
    ({"type": "integer", "minimum": 5}, "-3", "a number allowed here"),
    ({"type": "string", "maxLength": 1}, '"aa"', "a string allowed here")])
def test_what_is_expected_is_what_may_come(schema, text, expected):
    found = sf.json_schema(schema).read(text)
    assert not found.accepted and found.expected == expected


@pytest.mark.parametrize("schema", [
    {"enum": list(range(5000))}, {"type": "integer", "enum": list(range(5000))},
    {"type": "integer", "enum": [float(i) for i in range(5000)]}, {"anyOf": [{"const": i} for i in range(5000)]}])
def test_thousands_of_numbers(schema):
    graph = sf.compile(sf.json_schema(schema), sf.Vocab.bytes())
    plain = sf.compile(sf.json_schema({"type": "integer", "minimum": 0, "maximum": 4999}), sf.Vocab.bytes())
    assert (graph.states, graph.edges) == (plain.states, plain.edges)


def test_thousands_of_fractions_are_written_as_they_stand():
    values = [round(i * 0.5 - 700, 1) for i in range(3000)]
    constraint = sf.json_schema({"enum": values})
    graph = sf.compile(constraint, sf.Vocab.bytes())
    for value in (-700.0, -0.5, 0.0, 1.5, 10.0, 799.5):
        assert _writes(graph, value)
        assert constraint.accepts(f"{value}0") and not constraint.accepts(f"{value}1")
    for text in ("-700", "1", "1.50", "1.25", "800.0", "-0.0"):
        assert not _writes(graph, text)


def _writes(graph, text):
    state = graph.run(list(str(text).encode()))
    return state >= 0 and graph.may_end(state)


@pytest.mark.parametrize(("schema", "texts"), [
    ({"type": "integer", "multipleOf": 99991, "minimum": 0, "maximum": 500000}, range(0, 500_001, 99991)),
    ({"type": "integer", "multipleOf": 7.0001, "minimum": -70002, "maximum": 70001}, [0, 70001, -70001]),
    ({"type": "integer", "multipleOf": 99991, "exclusiveMinimum": 0, "exclusiveMaximum": 99991}, []),
    ({"enum": [5, 99991, 199982.0, "x"], "multipleOf": 99991}, [99991, "199982.0", '"x"'])])
def test_few_multiples_of_a_large_number(schema, texts):
    if not texts:
        with pytest.raises(sf.EmptyLanguage):
            sf.compile(sf.json_schema(schema), sf.Vocab.bytes())
        return
    graph = sf.compile(sf.json_schema(schema), sf.Vocab.bytes())
    same = sf.compile(sf.choice([str(text) for text in texts]), sf.Vocab.bytes())
    assert (graph.states, graph.edges) == (same.states, same.edges)
    assert all(_writes(graph, text) and sf.json_schema(schema).accepts(str(text)) for text in texts)


def test_decimal_multiples_of_a_large_number():
    schema = {"type": "number", "multipleOf": 999.91, "minimum": -3000, "exclusiveMaximum": 3999.64}
    constraint = sf.json_schema(schema)
    graph = sf.compile(constraint, sf.Vocab.bytes())
    for text in "0 0.00 -999.91 2999.73 2999.7300 -2999.73 3999.64 -3999.64 999.9 1 999.911".split():
        assert _writes(graph, text) == constraint.accepts(text)
    assert constraint.accepts("-999.91") and not constraint.accepts("3999.64")


@pytest.mark.parametrize("schema", [
    {"multipleOf": 13, "minimum": -30, "maximum": 40},
    {"type": "integer", "multipleOf": 1.3, "minimum": 0, "maximum": 60},
    {"enum": [1, 1.0, 2.5, 70], "minimum": 2}, {"enum": [1, 2, 3], "not": {"multipleOf": 2}},
    {"oneOf": [{"enum": [1, 2]}, {"const": 2.0}]}, {"anyOf": [{"const": 1.05}, {"const": 1}, {"const": 1.005}]},
    {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer", "enum": [1.0, 2, 30]}, {"const": 0}])
def test_values_taken_one_by_one_are_those_of_the_automata(schema, monkeypatch):
    found = []
    for known in (numbers.few_values, lambda formula: None):
        monkeypatch.setattr(numbers, "few_values", known)
        graph = sf.compile(sf.json_schema(schema), sf.Vocab.bytes())
        found.append([array.tolist() for name, array in graph.to_arrays().items() if name not in ("meta", "digest")])
    assert found[0] == found[1]


def test_numbers_of_any_size_are_compared_at_once():
    assert not sf.json_schema({"enum": list(range(1000))}).accepts("1e999999999")
    assert sf.json_schema({"minimum": 5}).accepts("1e999999999")
    assert sf.json_schema({"maximum": 0}).accepts("-1e-999999999")
    assert sf.json_schema({"const": 1}).accepts("1." + "0" * 5000)
    assert not sf.json_schema({"const": 0}).accepts("1e-99999999")
