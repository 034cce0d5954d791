"""The door with models that need no weights."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest
import torch

import structfill as sf
from structfill.errors import BudgetTooSmall, EmptyLanguage, ModelError, SpecError, TooLarge
from tests.fake_models import ConstantModel, RandomModel
from tests.random_schemas import random_schema

SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}, "tags": {"type": "array", "items": {
    "enum": ["a", "b"]}}}, "required": ["id", "tags"], "additionalProperties": False}


def _generator(**arguments: Any) -> sf.Generator:
    return sf.Generator(**{"schema": SCHEMA, "model": RandomModel(), "cache": None} | arguments)


def test_result_is_valid_and_typed() -> None:
    result = _generator()("some text")
    jsonschema.validate(result.value, SCHEMA)
    assert json.loads(result.text) == result.value
    assert 1 <= result.passes <= 16 and result.log_mass <= 0
    assert set(result.timings) == {"compile", "encode", "passes", "parse"}


def test_every_snapshot_is_a_complete_valid_text() -> None:
    snapshots = list(_generator().stream("p"))
    assert len(snapshots) > 1
    for snapshot in snapshots:
        jsonschema.validate(json.loads(snapshot.text), SCHEMA)
    counts = [s.committed[0] for s in snapshots]
    assert counts == sorted(counts) and [s.passes for s in snapshots] == list(range(1, len(snapshots) + 1))
    assert [s.done for s in snapshots] == [False] * (len(snapshots) - 1) + [True]


@pytest.mark.parametrize("options", [
    sf.SamplerOptions(passes=1), sf.SamplerOptions(passes=3, rule="entropy"), sf.SamplerOptions(temperature=1.0),
    sf.SamplerOptions(temperature=0.5, remask=0.3, passes=8), sf.SamplerOptions(remask=0.5, threshold=1.0, passes=40),
    sf.SamplerOptions(passes=200, threshold=0.0), sf.SamplerOptions(window=None), sf.SamplerOptions(window=1, passes=9),
    sf.SamplerOptions(horizon=None), sf.SamplerOptions(horizon=1), sf.SamplerOptions(horizon=500, remask=0.3),
], ids=str)
def test_every_rule_ends_valid(options: sf.SamplerOptions) -> None:
    model = RandomModel()
    result = _generator(options=options, model=model)("x")
    jsonschema.validate(result.value, SCHEMA)
    assert model.calls == result.passes <= options.passes


def test_same_input_and_seed_give_the_same_text() -> None:
    options = sf.SamplerOptions(temperature=1.0, seed=3)
    first = _generator(options=options)("x")
    assert _generator(options=options)("x").tokens == first.tokens
    others = {_generator(options=sf.SamplerOptions(temperature=1.0, seed=s))("x").text for s in range(5)}
    assert len(others) > 1


def test_batch_equals_single_calls() -> None:
    generator = _generator()
    prompts = ["one", "two", "something longer"]
    assert [r.text for r in generator.batch(prompts)] == [generator(p).text for p in prompts]
    assert generator.batch([]) == []


def test_decided_canvases_stop_early() -> None:
    model = RandomModel()
    result = sf.Generator({"const": [1, 2]}, model=model, cache=None,
                          options=sf.SamplerOptions(passes=50, threshold=1.0), max_tokens=5)("x")
    assert result.value == [1, 2] and model.calls <= 2


def test_generate_returns_the_value_and_other_constraints_text() -> None:
    assert isinstance(sf.generate("x", SCHEMA, model=RandomModel()), dict)
    text = sf.generate("x", constraint=sf.regex("[ab]{3,5}"), model=RandomModel())
    assert set(text) <= {"a", "b"} and 3 <= len(text) <= 5
    assert sf.generate("x", constraint=sf.choice(["one", "two"]), model=RandomModel()) in ("one", "two")


def test_the_budget_is_checked_before_the_first_pass() -> None:
    model = RandomModel()
    shortest = len('{"id":0,"tags":[]}')
    with pytest.raises(BudgetTooSmall) as caught:
        _generator(max_tokens=shortest - 1, model=model)
    assert (caught.value.given, caught.value.needed) == (shortest - 1, shortest) and model.calls == 0
    result = _generator(max_tokens=shortest)("x")
    assert len(result.text) == shortest


def test_default_budget_grows_with_the_shortest_text() -> None:
    schema = {"const": "x" * 300}
    assert sf.Generator(schema, model=RandomModel(canvas_length=16), cache=None)("p").value == "x" * 300


@pytest.mark.parametrize("arguments, error", [
    ({"schema": None}, SpecError), ({"constraint": sf.regex("a")}, SpecError), ({"max_tokens": 0}, SpecError),
    ({"max_tokens": True}, SpecError), ({"model": "gpt"}, ModelError), ({"model": object()}, ModelError),
    ({"schema": False}, EmptyLanguage), ({"limits": sf.Limits(states=2)}, TooLarge),
    ({"schema": None, "constraint": "a"}, SpecError),
])
def test_bad_arguments_are_named(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        _generator(**arguments)


@pytest.mark.parametrize("prompt", [None, 3, b"x"])
def test_prompts_must_be_text(prompt: Any) -> None:
    with pytest.raises(SpecError):
        _generator()(prompt)


@pytest.mark.parametrize("options", [{"passes": 0}, {"passes": 1.5}, {"temperature": -1}, {"temperature": float("nan")},
                                     {"rule": "best"}, {"threshold": 2}, {"remask": 1}, {"seed": -1}, {"window": 0},
                                     {"horizon": 0}])
def test_sampler_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        sf.SamplerOptions(**options)


@pytest.mark.parametrize("value", [float("-inf"), float("inf"), float("nan"), 0.0, 1e30, -1e30])
def test_any_logits_end_in_a_valid_text(value: float) -> None:
    model = ConstantModel(torch.full((40, len(sf.Vocab.bytes())), value))
    jsonschema.validate(_generator(model=model, max_tokens=40)("x").value, SCHEMA)


def test_a_model_with_logits_of_another_shape_is_named() -> None:
    with pytest.raises(ModelError, match="shape"):
        _generator(model=ConstantModel(torch.zeros(40, 300)), max_tokens=39)("x")


def test_random_schemas_with_random_models_are_valid() -> None:
    """The law in small; `make conformance` runs it with the embedded model a thousand times."""
    done = 0
    for seed in range(60):
        schema = random_schema(random.Random(seed))
        try:
            generator = sf.Generator(schema, model=RandomModel(scale=seed % 7), cache=None, max_tokens=160,
                                     options=sf.SamplerOptions(passes=3, temperature=seed % 2))
        except (EmptyLanguage, BudgetTooSmall):
            continue
        value = generator(f"prompt {seed}").value
        jsonschema.Draft202012Validator(schema).validate(value)
        assert generator.constraint.accepts(generator(f"prompt {seed}").text)
        done += 1
    assert done > 40
