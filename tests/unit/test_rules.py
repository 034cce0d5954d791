"""Which positions a pass commits, by rule; constraints of independent positions, so that posteriors are softmaxes."""

from __future__ import annotations

import pytest
import torch

import structfill as sf
from structfill.samplers.mask_predict import mask_predict
from structfill.samplers.particles import particle_steps
from tests.fake_models import ConstantModel

VOCAB = sf.Vocab.bytes()
GRAPH = sf.compile(sf.regex("[a-d]{4}"), VOCAB)
NONE = torch.empty((1, 0), dtype=torch.int64)
# most confident: 0 (0.50); largest margin: 1 (0.46 - 0.18); least entropy: 2, of two letters only
ODDS = torch.tensor([[0.50, 0.44, 0.03, 0.03], [0.46, 0.18, 0.18, 0.18],
                     [0.49, 0.49, 0.01, 0.01], [0.3, 0.3, 0.2, 0.2]])


def first_pass(**options):
    """The positions that the first of four passes commits."""
    logits = torch.full((4, len(VOCAB)), -9.0)
    logits[:, 97:101] = ODDS.log()
    trellis = sf.Trellis(GRAPH, 4)
    chosen = sf.SamplerOptions(**{"passes": 4, "threshold": 1.0, "window": None, "horizon": None} | options)
    step = next(mask_predict(ConstantModel(logits), NONE, trellis, chosen))
    return step.committed[0].nonzero()[:, 0].tolist()


@pytest.mark.parametrize("rule, want", [("confidence", [0]), ("margin", [1]), ("entropy", [2])])
def test_rules_differ_in_what_comes_first(rule, want):
    assert first_pass(rule=rule) == want
    assert first_pass(rule=rule, horizon=4, fade=1.0) == ([0] if rule == "confidence" else want)


def entropies():
    return torch.special.entr(ODDS).sum(1)


def test_the_entropy_bound_commits_beyond_the_schedule():
    a, b, c = (float(entropies()[i]) for i in (2, 0, 1))
    assert a < b < c
    for bound, count in ((0.0, 1), (a - 0.01, 1), (a + 0.01, 2), (a + b + 0.01, 3), (a + b + c + 0.01, 4), (1e9, 4)):
        assert first_pass(rule="entropy", entropy_bound=bound) == sorted([2, 0, 1, 3][:count])
    assert first_pass(rule="confidence", entropy_bound=b + 0.01) == [0, 2]  # in the order of the rule


def test_the_entropy_bound_keeps_to_the_window():
    assert first_pass(rule="entropy", entropy_bound=1e9, window=2) == [0, 1]


@pytest.mark.parametrize("threshold, want", [(0.48, [0, 2]), (0.45, [0, 1, 2]), (0.9, [0]), (0.2, [0, 1, 2, 3])])
def test_the_threshold_commits_beyond_the_schedule(threshold, want):
    assert set(want) <= set(first_pass(threshold=threshold))
    assert len(first_pass(threshold=threshold)) <= len(want) + 1  # and one of the schedule


@pytest.mark.parametrize("options", [{"entropy_bound": -1}, {"entropy_bound": "x"}, {"rule": "lead"},
                                     {"entropy_bound": float("nan")}])
def test_options_of_the_rules_are_checked(options):
    with pytest.raises(sf.SpecError):
        sf.SamplerOptions(**options)


@pytest.mark.parametrize("options", [{}, {"particles": 2, "temperature": 1.0, "horizon": None}])
def test_what_is_fixed_the_model_sees_at_every_pass(options):
    seen = []

    class Watching(ConstantModel):
        def __call__(self, context, canvas):
            seen.append(canvas[0].tolist())
            return super().__call__(context, canvas)

    trellis = sf.Trellis(GRAPH, 4, fixed={2: ord("c")})
    chosen = sf.SamplerOptions(**{"passes": 3, "threshold": 1.0, "remask": 0.5} | options)
    sample = particle_steps if options else mask_predict
    steps = list(sample(Watching(torch.zeros(4, len(VOCAB))), NONE, trellis, chosen))
    assert seen[0] == [VOCAB.mask_id, VOCAB.mask_id, ord("c"), VOCAB.mask_id]
    assert all(canvas[2] == ord("c") for canvas in seen) and all(step.committed[0, 2] for step in steps)
