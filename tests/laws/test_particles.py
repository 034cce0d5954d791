"""Decoding pass by pass is biased over the trajectory, and particles remove the bias: shown on an enumerable toy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.errors import SpecError
from structfill.samplers.particles import _weighed, particle_steps
from tests.fake_models import ConstantModel, RandomModel

LENGTH = 3


class Joint:
    """A denoiser that knows a joint distribution of three letters: its marginals given what is committed are exact."""

    def __init__(self, table: dict[str, float]) -> None:
        self.vocab, self.canvas_length, self.table = sf.Vocab.bytes(), LENGTH, table

    def encode(self, text: str, outline: str | None) -> list[int]:
        return [0]

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        logits = torch.full((*canvas.shape, len(self.vocab)), -torch.inf)
        for b, row in enumerate(canvas.tolist()):
            given = {i: chr(t) for i, t in enumerate(row) if t != self.vocab.mask_id}
            fitting = {x: p for x, p in self.table.items() if all(x[i] == c for i, c in given.items())}
            for i, letter in itertools.product(range(LENGTH), "ab"):
                p = sum(q for x, q in fitting.items() if x[i] == letter)
                logits[b, i, ord(letter)] = float(np.log(p)) if p > 0 else -torch.inf
        return logits


TABLE = {"aaa": 0.35, "aab": 0.03, "aba": 0.03, "abb": 0.35, "baa": 0.02, "bab": 0.10, "bba": 0.10, "bbb": 0.02}
VALID = ["aab", "aba", "bab", "bba"]  # the likely texts, which begin with "a", are not among them


def frequencies(particles: int, runs: int) -> dict[str, float]:
    counts = dict.fromkeys(VALID, 0)
    generator = sf.Generator(constraint=sf.choice(VALID), model=Joint(TABLE), cache=None, max_tokens=LENGTH)
    for seed in range(runs):
        generator.options = sf.SamplerOptions(passes=LENGTH, temperature=1.0, threshold=1.0, seed=seed,
                                              particles=particles, window=None)
        counts[generator("x").text] += 1
    return {text: count / runs for text, count in counts.items()}


def distance(found: dict[str, float]) -> float:
    """Total variation from the joint given validity."""
    total = sum(TABLE[x] for x in VALID)
    return sum(abs(found[x] - TABLE[x] / total) for x in VALID) / 2


def test_passes_alone_are_biased_and_particles_are_not():
    """Total variation measured: 0.62 without, 0.03 with 24 particles (400 draws; noise about 0.04)."""
    plain, corrected = distance(frequencies(1, 400)), distance(frequencies(24, 400))
    assert plain > 0.4, "the toy shows no bias"
    assert corrected < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_particles_end_valid_and_alike(seed):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
              "additionalProperties": False}
    options = sf.SamplerOptions(passes=4, temperature=0.7, seed=seed, particles=5)
    generator = sf.Generator(schema, model=RandomModel(scale=seed), options=options, cache=None, max_tokens=40,
                             canvas_length=25)
    for snapshot in generator.stream("x"):
        assert generator.constraint.accepts(snapshot.text)
    results = generator.batch(["one", "two"])
    assert all(generator.constraint.accepts(r.text) for r in results)
    assert [r.text for r in generator.batch(["one", "two"])] == [r.text for r in results]


WORD = sf.regex("[a-z]{5}")


class Partial(RandomModel):
    """Logits of a random model, times `factor`; a share of the tokens is impossible, other ones at every place."""

    def __init__(self, share: float, factor: float, dtype: torch.dtype) -> None:
        super().__init__(canvas_length=8)
        self.share, self.factor, self.dtype = share, factor, dtype

    def __call__(self, context: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
        logits = super().__call__(context, canvas)
        rest = (logits / self.scale).frac().abs() < self.share
        return (logits * self.factor).masked_fill(rest, -torch.inf).to(self.dtype)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("factor", [1.0, 1e38])
@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_a_model_that_finds_much_impossible_ends_valid(share, factor, dtype):
    for seed in range(3):
        options = sf.SamplerOptions(passes=4, temperature=1.0, seed=seed, particles=4)
        generator = sf.Generator(constraint=WORD, model=Partial(share, factor, dtype), options=options, cache=None)
        assert all(WORD.accepts(result.text) for result in generator.batch(["one", "two"]))


def test_a_model_that_finds_every_letter_impossible_draws_all_alike():
    logits = torch.zeros(3, 259)
    logits[:, :128] = -torch.inf
    generator = sf.Generator(constraint=sf.choice(["a", "b"]), model=ConstantModel(logits), cache=None)
    texts = []
    for seed in range(60):
        generator.options = sf.SamplerOptions(passes=3, temperature=1.0, seed=seed, particles=3)
        texts.append(generator("x").text)
    assert 15 < texts.count("a") < 45


def test_weights_are_numbers_whatever_is_impossible():
    nothing = -torch.inf
    weight, mass, left = torch.tensor([
        [[0.0, 1.0], [0.0, 0.0], [2.0, nothing], [0.0, 2.0], [nothing, 1.0], [nothing, 1.0]],
        [[-3.0, -2.0], [-1.0, nothing], [-1.0, -1.0], [-4.0, -1.0], [-1.0, nothing], [nothing, nothing]],
        [[-1.0, -1.0], [-2.0, -2.0], [-1.0, nothing], [nothing, -1.0], [nothing, -1.0], [nothing, nothing]],
    ], dtype=torch.float64)
    assert _weighed(weight, mass, left).tolist() == [
        [-2.0, 0.0], [1.0, nothing], [2.0, nothing], [-4.0, 2.0],
        [0.0, 0.0], [0.0, 0.0]]  # nobody has any mass: all begin anew


def test_what_the_model_rules_out_is_not_what_it_is_surest_of():
    logits = torch.zeros(3, 259)
    logits[0], logits[1, 97], logits[2, 98] = -torch.inf, 5.0, 1.0
    trellis = sf.Trellis(sf.compile(sf.regex("[a-z]{3}"), sf.Vocab.bytes()), 3)
    options = sf.SamplerOptions(passes=3, temperature=1.0, particles=2)
    steps = particle_steps(ConstantModel(logits), torch.zeros((1, 1), dtype=torch.int64), trellis, options)
    assert [step.committed[0].tolist() for step in steps] == [
        [False, True, False], [False, True, True], [True, True, True]]


@pytest.mark.parametrize("options", [{"particles": 0}, {"particles": 2}, {"particles": 1.5, "temperature": 1.0}])
def test_options_are_checked(options):
    with pytest.raises(SpecError):
        sf.SamplerOptions(**options)
