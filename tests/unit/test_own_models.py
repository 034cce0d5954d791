"""Models that break the protocol are told which method is at fault and what it has to give; nothing is guessed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.errors import ModelError, VocabMismatch
from structfill.models.contexts import token_ids

VOCAB = sf.Vocab.bytes()
WORD = sf.regex("[a-z]{5}")
OPTIONS = [sf.SamplerOptions(passes=3), sf.SamplerOptions(passes=3, particles=2, temperature=1.0),
           sf.RenoiseOptions(passes=3), sf.LeftToRightOptions()]


class Own:
    """Random logits, changed by `change`; the options say which rule decodes."""

    vocab, canvas_length = VOCAB, 8

    def __init__(self, ids=(97,), change=lambda logits: logits, options=OPTIONS[0]):
        self.ids, self.change, self.default_options = ids, change, options

    def encode(self, text, outline):
        return self.ids

    def __call__(self, context, tokens, rest=None):
        self.context = context
        last = rest if isinstance(self.default_options, sf.LeftToRightOptions) else tokens.shape[1]
        return self.change(torch.randn(len(tokens), last, len(VOCAB)))


class Behind(Own):
    def behind(self, context, before, canvas):
        return self(context, canvas)


def text_of(model):
    return sf.Generator(constraint=WORD, model=model, cache=None)("x").text


WRONG_LOGITS = {
    "an array": (lambda x: x.numpy(), "gave ndarray; give a float tensor"),
    "a list": (lambda x: x.tolist(), "gave list; give a float tensor"),
    "nothing": (lambda x: None, "gave NoneType; give a float tensor"),
    "the module's output": (lambda x: SimpleNamespace(logits=x), "gave SimpleNamespace; give a float tensor"),
    "integers": (lambda x: x.long(), r"gave a tensor \(torch.int64, .*; give a float tensor"),
    "truths": (lambda x: x > 0, r"gave a tensor \(torch.bool, .*; give a float tensor"),
    "complex": (lambda x: x.to(torch.complex64), r"gave a tensor \(torch.complex64, .*; give a float tensor"),
    "sparse": (lambda x: x.to_sparse(), r"gave a tensor \(.*torch.sparse_coo.*; give a float tensor"),
    "float8": (lambda x: x.to(torch.float8_e4m3fn), r"gave a tensor \(torch.float8_e4m3fn, .*; give a float tensor"),
    "no data": (lambda x: x.to("meta"), r"gave a tensor \(.*, meta\); give a float tensor"),
    "nested": (lambda x: torch.nested.nested_tensor(list(x), layout=torch.jagged), "gave a nested tensor .*; give a"),
    "one row": (lambda x: x[0], "gave logits of shape .* give .*columns"),
    "too long": (lambda x: torch.cat([x, x], 1), "gave logits of shape .* give .*columns"),
}


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: type(options).__name__)
@pytest.mark.parametrize("wrong", WRONG_LOGITS)
def test_wrong_logits_are_named(wrong, options):
    change, message = WRONG_LOGITS[wrong]
    with pytest.raises(ModelError, match=rf"Own\.__call__ {message}"):
        text_of(Own(change=change, options=options))
    with pytest.raises(ModelError, match=r"Behind\.behind gave"):
        text_of(Behind(change=change))


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: type(options).__name__)
@pytest.mark.parametrize("columns", [0, 97, 256])
def test_too_few_columns_are_named(columns, options):
    with pytest.raises(VocabMismatch, match=rf"Own\.__call__ gave logits of {columns} columns"):
        text_of(Own(change=lambda x: x[..., :columns], options=options))


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: type(options).__name__)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floats_of_all_sizes_are_taken(dtype, options):
    assert WORD.accepts(text_of(Own(change=lambda x: x.to(dtype), options=options)))


@pytest.mark.parametrize("ids", [None, "ab", b"ab", 5, [[1, 2]], [[1], [2, 3]], [1.5], [1.0], ["1"], [None], [True],
                                 {"input_ids": [1]}, {1, 2}, object(), [10**30], np.array([1.0]), np.array(1),
                                 torch.tensor([[1]]), torch.tensor([1], device="meta")])
def test_what_are_no_ids_is_named(ids):
    with pytest.raises(ModelError, match=r"Own\.encode\('x', \.\.\.\) gave .*; give a list of token ids"):
        text_of(Own(ids))


@pytest.mark.parametrize(("ids", "wrong"), [([1, -5], -5), ([259], 259), ([10**9, 1], 10**9), ([2**64 - 1], 2**64 - 1),
                                            (np.array([3, 300], np.uint16), 300), (torch.tensor([-1]), -1)])
def test_ids_outside_the_vocabulary_are_named(ids, wrong):
    with pytest.raises(ModelError, match=rf"Own\.encode\('x', \.\.\.\) gave token {wrong}, which is not among the 259"):
        text_of(Own(ids))


@pytest.mark.parametrize("ids", [[1, 258], (1, 258), [np.int64(1), 258], np.array([1, 258]),
                                 np.array([1, 258], np.int16), torch.tensor([1, 258]),
                                 torch.tensor([1, 258], dtype=torch.int32)])
def test_integers_of_any_kind_are_ids(ids):
    model = Own(ids)
    assert WORD.accepts(text_of(model)) and model.context.tolist() == [[1, 258]]
    assert model.context.dtype == torch.int64


@pytest.mark.parametrize("ids", [[], (), np.array([]), torch.tensor([])])
def test_a_prompt_may_have_no_tokens(ids):
    model = Own(ids)
    assert WORD.accepts(text_of(model)) and model.context.shape == (1, 0)


def test_what_the_model_keeps_is_not_shared():
    kept = torch.tensor([1, 2])
    token_ids(Own(kept), "x", None).zero_()
    assert kept.tolist() == [1, 2]


def test_prompts_of_a_batch_are_padded_on_the_right():
    model = Own()
    model.encode = lambda text, outline: list(text.encode())
    sf.Generator(constraint=WORD, model=model, cache=None).batch(["ab", "", "abc"])
    assert model.context.tolist() == [[97, 98, 257], [257] * 3, [97, 98, 99]]
