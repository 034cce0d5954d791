"""The conformance kit for models: good ones pass, each broken one is told what to do."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.errors import ModelError
from structfill.models.testkit import CHECKS, check_model
from tests.fake_models import RandomModel


def _sum(ids):
    return (ids * (1 + torch.arange(ids.shape[1]) % 5)).sum(1)


class Attentive(RandomModel):
    """Logits from the sums of what is seen: small, smooth, deterministic."""

    def __init__(self):
        super().__init__(canvas_length=24)
        self.kept = None

    def __call__(self, context, canvas):
        return self._logits(_sum(torch.where(context == self.vocab.pad_id, 0, context)), canvas)

    def _logits(self, seen, canvas):
        place = torch.arange(canvas.shape[1])
        total = (canvas * (place + 1)).sum(1) + 31 * seen
        angle = total[:, None, None] * 0.37 + place[:, None] * 1.3 + torch.arange(len(self.vocab)) * 0.7
        return angle.double().sin().float() * 4


def test_good_models_pass_every_check():
    assert len(check_model(Attentive())) == len(check_model(RandomModel())) == len(CHECKS)
    assert "independent rows" in check_model(Attentive())


@pytest.mark.parametrize("kind", [tuple, np.array, torch.tensor])
def test_prompts_may_be_arrays_as_for_the_generator(kind):
    model = Attentive()
    model.encode = lambda text, outline: kind(list(text.encode())[:9])
    assert len(check_model(model)) == len(CHECKS)


def test_the_embedded_model_passes():
    assert len(check_model(sf.load("default"))) == len(CHECKS)


class Stateful(Attentive):
    def __call__(self, context, canvas):
        if self.kept is None or self.kept.shape != context.shape:  # dropped where the shape changes only
            self.kept = context
        return super().__call__(self.kept, canvas)


class Leaky(Attentive):
    def __call__(self, context, canvas):
        return super().__call__(context, canvas) + canvas.double().mean().float() * torch.arange(len(self.vocab)) * 1e-4


class Padded(Attentive):
    def __call__(self, context, canvas):
        return self._logits(_sum(context), canvas)


class Dropout(Attentive):
    def __call__(self, context, canvas):
        return super().__call__(context, canvas) + torch.randn(len(self.vocab))


class Writer(Attentive):
    def __call__(self, context, canvas):
        logits = super().__call__(context, canvas)
        canvas[:, -1] = 7
        return logits


class Behind(Attentive):
    """Keeps the canvases before and does not notice that they change."""

    def behind(self, context, before, canvas):
        if self.kept is None or self.kept.shape != before.shape:
            self.kept = before
        return self._logits(_sum(self.kept), canvas)


def _with(**changes):
    model = Attentive()
    for name, value in changes.items():
        setattr(model, name, value)
    return model


def _calling(change, base=Attentive):
    class Changed(base):
        def __call__(self, context, canvas):
            return change(super().__call__, context, canvas)
    return Changed()


def _fill(logits, value):
    logits[:, 0, 3] = value
    return logits


BROKEN = {
    "no vocabulary": (lambda: _with(vocab={"a": 1}), "Vocab.of"),
    "no mask": (lambda: _with(vocab=sf.Vocab.of_tokens([b"a", None], eos_ids=(1,))), "mask"),
    "no length": (lambda: _with(canvas_length=0), "canvas_length"),
    "no encode": (lambda: _with(encode=None), "encode"),
    "other options": (lambda: _with(default_options=sf.RenoiseOptions()), "default_options"),
    "no ids": (lambda: _with(encode=lambda text, outline: None), "list of token ids"),
    "a tensor of floats": (lambda: _with(encode=lambda text, outline: torch.tensor([1.0])), "list of token ids"),
    "ids beyond": (lambda: _with(encode=lambda text, outline: [1, 999]), "999"),
    "masks in prompts": (lambda: _with(encode=lambda text, outline: [1, 258]), "mask token"),
    "a list": (lambda: _calling(lambda call, context, canvas: call(context, canvas).tolist()), "float tensor"),
    "integers": (lambda: _calling(lambda call, context, canvas: call(context, canvas).long()), "float tensor"),
    "sparse logits": (lambda: _calling(lambda call, context, canvas: call(context, canvas).to_sparse()), "dense"),
    "logits without data": (lambda: _calling(lambda call, context, canvas: call(context, canvas).to("meta")), "meta"),
    "tiny floats": (lambda: _calling(lambda call, context, canvas: call(context, canvas).to(torch.float8_e5m2)),
                    "float8_e5m2"),
    "prompt positions": (lambda: _calling(lambda call, context, canvas: call(context, torch.cat([context, canvas], 1))),
                         "none for the prompt"),
    "few columns": (lambda: _calling(lambda call, context, canvas: call(context, canvas)[..., :200]), "columns"),
    "nan": (lambda: _calling(lambda call, context, canvas: _fill(call(context, canvas), torch.nan)), "NaN"),
    "inf": (lambda: _calling(lambda call, context, canvas: _fill(call(context, canvas), torch.inf)), "inf"),
    "nothing possible": (lambda: _calling(lambda call, context, canvas: call(context, canvas) - torch.inf), "-inf"),
    "gradients": (lambda: _calling(lambda call, context, canvas: call(context, canvas).requires_grad_()), "no_grad"),
    "writes its arguments": (Writer, "clone"),
    "dropout": (Dropout, "eval"),
    "a stale cache": (Stateful, "drop what is kept"),
    "rows that see each other": (Leaky, "alone"),
    "padding is seen": (Padded, "padding"),
    "no empty prompt": (lambda: _calling(lambda call, context, canvas: call(context[:, [0]] * 0 + context, canvas)),
                        "no tokens"),
    "stale canvases": (Behind, "behind"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_models_are_told_what_to_do(name):
    make, message = BROKEN[name]
    with pytest.raises(ModelError, match=message):
        check_model(make())


def test_a_length_that_is_not_taken_is_named():
    def only_even(call, context, canvas):
        if canvas.shape[1] == 1 and bool((canvas == 258).all()) and len(canvas) == 1:
            raise RuntimeError("cannot reshape")
        return call(context, canvas)
    with pytest.raises(ModelError, match="1 positions is not taken: RuntimeError: cannot reshape"):
        check_model(_calling(only_even))


def test_things_without_a_call_are_named():
    with pytest.raises(ModelError, match="__call__"):
        check_model(SimpleNamespace(vocab=sf.Vocab.bytes(), canvas_length=4, encode=lambda text, outline: [1]))
