"""Judging, cutting and asking again, without a network; and any object with `write` behind a Generator."""

from __future__ import annotations

import math
import time
from importlib import metadata

import pytest

import structfill as sf
from structfill.errors import ModelError, SpecError
from structfill.models.protocol import RemoteModel, Written
from structfill.models.remote import CUT_WORK, describe, judge, longest_valid


class Scripted:
    """A remote model of three lines."""

    default_options = sf.RemoteOptions()

    def __init__(self, text: str) -> None:
        self.text, self.seen = text, []

    def write(self, prompt, constraint, options):
        self.seen.append((prompt, options))
        return Written(self.text, self.text, 1)


def test_an_object_that_writes_is_a_model():
    model = Scripted("b")
    assert isinstance(model, RemoteModel) and sf.load(model) is model
    result = sf.Generator(constraint=sf.choice(["a", "b"]), model=model, max_tokens=7)("x")
    assert result.text == "b" and not result.exact and math.isnan(result.log_mass) and result.passes == 1
    assert model.seen == [("x", sf.RemoteOptions(max_tokens=7))]


def test_it_is_not_trusted():
    with pytest.raises(ModelError, match="Scripted gave a text that the constraint does not accept: 'c'"):
        sf.Generator(constraint=sf.choice(["a", "b"]), model=Scripted("c"))("x")


def test_options_of_another_rule_are_refused():
    for options in (sf.SamplerOptions(), sf.RenoiseOptions(), sf.LeftToRightOptions()):
        with pytest.raises(SpecError, match=f"Scripted takes RemoteOptions, not {type(options).__name__}"):
            sf.Generator(constraint=sf.choice(["a"]), model=Scripted("a"), options=options)
    with pytest.raises(SpecError, match="not RemoteOptions"):
        sf.Generator(constraint=sf.choice(["a"]), options=sf.RemoteOptions())


def test_the_library_is_named_where_it_is_missing(monkeypatch):
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(ModelError, match=r"openai .*not installed: pip install 'structfill\[mercury\]'"):
        sf.load("mercury-2", api_key="k")


@pytest.mark.parametrize("option", ["foo", "name", "model_name"])
def test_unknown_options_are_named(option):
    with pytest.raises(ModelError, match=f"'mercury-2' takes no options such as {option}; it takes api_key, base_url"):
        sf.load("mercury-2", **{option: 1})


@pytest.mark.parametrize("name", ["mercury", "mercury-9", "Mercury-2", "", "mercury-2 ", "x" * 10_000, "a\x00b"])
def test_other_names_are_no_models(name):
    with pytest.raises(ModelError, match="there is no model") as caught:
        sf.load(name)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(("constraint", "text", "cut"), [
    (sf.regex("[0-9]{1,3}"), "1234", "123"), (sf.regex("[0-9]{1,3}"), "12", "12"), (sf.regex("[0-9]{1,3}"), "x", None),
    (sf.regex("a*"), "b", ""), (sf.regex("[a-z. ]*\\."), "one. two. three", "one. two."), (sf.regex("a"), "", None),
    (sf.json_schema({"type": "object"}), '{"a": {}} and more', '{"a": {}} '),
    (sf.json_schema({"type": "object"}), '{"a": {}', None),
    (sf.choice(["node", "node-7"]), "node-8", "node"), (sf.bounded(sf.regex("a*"), 2, 3), "aaaa", "aaa"),
    (sf.template("<{{a}}>", a=sf.regex("[a-z]*")), "<ab> <cd>", "<ab>"),
])
def test_the_longest_beginning_that_is_valid(constraint, text, cut):
    assert longest_valid(constraint, text) == cut


def test_it_is_looked_for_with_bounded_work():
    letters = sf.regex("b|a+c")
    text = "a" * 100_000
    start = time.process_time()
    assert longest_valid(letters, text) is None
    assert time.process_time() - start < 20, f"{CUT_WORK} characters"
    assert longest_valid(sf.regex("[ab]*c?"), text) == text


def test_readings_of_an_answer():
    number = sf.json_schema({"type": "integer", "maximum": 50})
    for answer in ("42", "\n 42\n", "```json\n42\n```", "```\n42\n```\n"):
        assert judge(number, answer).text == "42"
    for answer, reason in (("", "empty"), (" \n", "empty"), ("51", "character"), ("```\n51\n```", "character"),
                           ("4" * 5000, ""), ("[" * 10_000, "")):
        found = judge(number, answer)
        assert found.answer == answer and reason in found.reason and found.reason
    blank = sf.regex(" x ")
    assert judge(blank, " x ").text == " x " and "too early" in judge(blank, " x").reason


def test_what_is_wanted_in_words():
    line = sf.template("{{a}}: {{b}}", a=sf.choice(["x"]), b=sf.bounded(sf.regex("[0-9]+"), 1, 4))
    assert describe(line) == ("the text '{a}: {b}'; {a} is one of the texts [\"x\"]; {b} is a text that matches the "
                              "regular expression ^(?:[0-9]+)$, at least 1 and at most 4 bytes of UTF-8 long")
    assert "JSON Schema {\"type\": \"null\"}" in describe(sf.json_schema({"type": "null"}))
