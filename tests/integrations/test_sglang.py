"""The subclasses of SGLang's real algorithms, driven as its scheduler drives them: every output is valid."""

from __future__ import annotations

import json
from array import array
from types import SimpleNamespace

import pytest
import torch

import structfill as sf
from tests.data import MANY
from tests.integrations.checks import EOS, MASK, PAD, VOCAB, assert_valid, random_constraints

algorithms = pytest.importorskip("sglang.srt.dllm.algorithm", reason="sglang is not installed, or not importable here")

from structfill.integrations import sglang as plugin  # noqa: E402

WIDTH = 272


@pytest.fixture(autouse=True, scope="module")
def registered():
    plugin.register()
    plugin.register()  # harmless


def byte_tokenizer():
    """The vocabulary of `VOCAB`, as a tokenizer."""
    tokenizers = pytest.importorskip("tokenizers")
    names = {c: b for c, b in sf.vocab._BYTE_OF.items()}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=names, merges=[]))
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens([tokenizers.AddedToken(n, special=True) for n in ("<eos>", "<pad>", "<mask>")])
    return tokenizer


TOKENIZER = byte_tokenizer()


def config(size, algorithm, mask=MASK, fdfo=False, **options):
    from sglang.srt.dllm.config import DllmConfig

    return DllmConfig(algorithm, options, size, mask, 8, first_done_first_out_mode=fdfo,
                      requires_separate_context_encoding=mask < 0)


class Request:
    """What the scheduler's `Req` is to an algorithm."""

    def __init__(self, rid, prompt, setting, budget, **constraint):
        from sglang.srt.sampling.sampling_params import SamplingParams

        self.rid, self.origin_input_ids, self.output_ids = rid, array("q", prompt), array("q")
        self.sampling_params = SamplingParams(max_new_tokens=budget, **constraint)
        self.tokenizer, self.eos_token_ids, self.dllm_config = TOKENIZER, {EOS}, setting
        self.dllm_block_offset, self.to_finish = 0, None
        self.return_logprob = self.return_flat_raw_top_logprobs = self.return_sampling_mask = False
        self.custom_logit_processor = None
        self.logprob = SimpleNamespace(top_logprobs_num=0, token_ids_logprob=None)


class Runner:
    """Random logits where a model runner has a model."""

    def __init__(self, seed=0, scale=3.0, context=4096):
        self.generator, self.scale = torch.Generator().manual_seed(seed), scale
        self.model_config = SimpleNamespace(
            context_len=context, hf_config=SimpleNamespace(text_config=SimpleNamespace(vocab_size=WIDTH)))
        weight = torch.randn(WIDTH, 8, generator=self.generator)
        self.embedding = SimpleNamespace(weight=weight, embed_scale=1.0)
        self.model = SimpleNamespace(get_input_embeddings=lambda: self.embedding,
                                     prepare_dllm_input_embeds=lambda ids, signal: None)

    def forward(self, batch, pp_proxy_tensors=None):
        logits = self.scale * torch.randn(len(batch.input_ids), WIDTH, generator=self.generator)
        return SimpleNamespace(logits_output=SimpleNamespace(full_logits=logits), can_run_graph=False)


def batch_of(reqs, size, mask):
    """The block at hand of every request, as the scheduler lays it out."""
    ids = []
    for req in reqs:
        text = list(req.origin_input_ids) + list(req.output_ids)
        if mask < 0:
            req.dllm_block_offset, block = len(text), [0] * size
        else:
            req.dllm_block_offset = len(text) // size * size
            block = (text + [mask] * size)[req.dllm_block_offset : req.dllm_block_offset + size]
        ids += block
    mode = SimpleNamespace(is_dllm_extend=lambda: True)
    return SimpleNamespace(batch_size=len(reqs), input_ids=torch.tensor(ids), rids=[r.rid for r in reqs],
                           dllm_prompt_mask=None, forward_mode=mode, dllm_input_preparation_state=None,
                           input_embeds=None, mark_forward_metadata_ready=lambda **_: None)


def generate(algorithm, runner, reqs, size, mask):
    """As the scheduler's loop: block after block until each request has ended; its tokens."""
    running, states = list(reqs), {}
    while running:
        batch = batch_of(running, size, mask)
        if algorithm.fdfo:
            for i, req in enumerate(running):
                if req.rid in states:
                    batch.input_ids.view(-1, size)[i] = torch.tensor(states[req.rid][1])
            carried = [states.get(r.rid, (None,))[0] for r in running]
            _, blocks, accepted, carried, _ = algorithm.run(runner, batch, carried)
            blocks = [block if n else None for block, n in zip(blocks, accepted, strict=True)]
            ids = batch.input_ids.view(-1, size).tolist()
            states = {r.rid: (s, i) for r, s, i, n in zip(running, carried, ids, accepted, strict=True) if not n}
            blocks = [b if b is None else b[len(r.origin_input_ids) + len(r.output_ids) - r.dllm_block_offset :]
                      for r, b in zip(running, blocks, strict=True)]
        else:
            blocks = [block.tolist() for block in algorithm.run(runner, batch)[1]]
        for req, block in zip(running, blocks, strict=True):
            req.output_ids.extend(block or [])
        running = [r for r in running if r.to_finish is None and EOS not in r.output_ids
                   and len(r.output_ids) < r.sampling_params.max_new_tokens]
    return [list(r.output_ids)[: r.sampling_params.max_new_tokens] for r in reqs]


def make(name, size, mask=MASK, fdfo=False, **options):
    setting = config(size, name, mask, fdfo, **options)
    return algorithms.get_algorithm(setting), setting


CASES = [("Gemma4Renoise", 32, -1, {"max_denoising_steps": 1}), ("Gemma4Renoise", 32, -1, {"max_denoising_steps": 6}),
         ("LowConfidence", 32, MASK, {"threshold": 0.5}), ("LowConfidence", 4, MASK, {}),
         ("JointThreshold", 32, MASK, {}), ("JointThreshold", 32, MASK, {"vectorized_decoding": True}),
         ("JointThreshold", 32, MASK, {"penalty_lambda": 50.0, "edit_threshold": 0.2})]


def run_cases(cases, name, size, mask, options, fdfo, rows):
    algorithm, setting = make(name, size, mask, fdfo, **options)
    for first in range(0, len(cases), rows):
        batch = cases[first : first + rows]
        reqs = [Request(f"r{first}-{i}", range(first % 7 + 3 * i), setting, budget)
                for i, (_, _, budget) in enumerate(batch)]
        for req, (_, graph, _) in zip(reqs, batch, strict=True):
            req.structfill_graph = graph
            plugin._requests[req.rid] = req
        outputs = generate(algorithm, Runner(first), reqs, size, mask)
        for (constraint, _, budget), ids, req in zip(batch, outputs, reqs, strict=True):
            assert req.to_finish is None
            assert_valid(constraint, budget, ids)


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("fdfo", [False, True])
@pytest.mark.parametrize(("name", "size", "mask", "options"), CASES)
def test_every_output_is_valid(name, size, mask, options, fdfo, rows):
    run_cases(random_constraints(8, seed=rows), name, size, mask, options, fdfo, rows)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size", "mask", "options"), CASES)
def test_many_schemas(name, size, mask, options):
    run_cases(random_constraints(MANY, seed=3), name, size, mask, options, False, 4)


def admitted(name="LowConfidence", size=32, mask=MASK, budget=60, **constraint):
    algorithm, setting = make(name, size, mask)
    req = Request("x", [1, 2, 3], setting, budget, **constraint)
    return algorithm, req, setting.validate_request(req)


@pytest.mark.parametrize("name", ["Gemma4Renoise", "LowConfidence", "JointThreshold"])
@pytest.mark.parametrize(("constraint", "valid"), [
    ({"json_schema": json.dumps({"type": "integer", "minimum": 3, "maximum": 7})}, list("34567")),
    ({"regex": "ab|ba"}, ["ab", "ba"]),
    ({"custom_params": {"structfill": {"choice": ["left", "right"]}}}, ["left", "right"]),
    ({"custom_params": {"structfill": "{\"regex\": \"x{3}\"}"}}, ["xxx"])])
def test_requests_from_admission_to_text(name, constraint, valid):
    mask = -1 if name == "Gemma4Renoise" else MASK
    algorithm, req, error = admitted(name, mask=mask, **constraint)
    assert error is None and req.sampling_params.json_schema is None and req.sampling_params.regex is None
    free = Request("free", [5], req.dllm_config, 60)
    assert req.dllm_config.validate_request(free) is None
    ids, noise = generate(algorithm, Runner(), [req, free], 32, mask)
    assert VOCAB.decode(ids[: ids.index(EOS)]) in valid and set(ids[ids.index(EOS):]) <= {EOS, PAD}
    assert len(set(noise)) > 10


@pytest.mark.parametrize(("constraint", "message"), [
    ({"json_schema": "{\"type\": \"strin\"}"}, "/type"),
    ({"json_schema": "{\"type\": "}, "JSON"),
    ({"json_schema": json.dumps({"properties": {"a": {"pattern": "(x)\\1"}}})}, "/properties/a/pattern"),
    ({"regex": "a{80}"}, "max_tokens=80"),
    ({"regex": "["}, r"\^"),
    ({"ebnf": "root ::= \"a\""}, "ebnf"),
    ({"custom_params": {"structfill": {"grammar": "x"}}}, "line 1, column 2"),
    ({"custom_params": {"structfill": {"regex": "a"}}, "regex": "b"}, "more than one"),
    ({"custom_params": {"structfill": 3}}, "object")])
def test_what_cannot_be_honoured_is_an_error_of_the_request(constraint, message):
    _, _, error = admitted(**constraint)
    assert error is not None and __import__("re").search(message, error), error


def test_stock_checks_stay():
    _, _, error = admitted("Gemma4Renoise", mask=-1, regex="a", frequency_penalty=1.0)
    assert "frequency_penalty" in error


def test_the_algorithm_that_moves_tokens_refuses():
    _, setting = None, config(32, "JointThresholdInDel")
    assert "regex" in setting.validate_request(Request("x", [], setting, 9, regex="a"))
    assert setting.validate_request(Request("x", [], setting, 9)) is None


@pytest.mark.parametrize(("name", "mask"), [("Gemma4Renoise", -1), ("LowConfidence", MASK)])
def test_the_context_bounds_the_budget(name, mask):
    """A request ends where no block fits any more; a text that would be cut off there is aborted with a message."""
    algorithm, req, error = admitted(name, mask=mask, budget=None, regex="[a-z]{29}[0-9]{0,300}")
    req.sampling_params.max_new_tokens = 400
    assert error is None
    ids = generate(algorithm, Runner(context=70), [req], 32, mask)[0]
    text = VOCAB.decode([i for i in ids if i < 256])
    assert sf.regex("[a-z]{29}[0-9]{0,300}").accepts(text) and len(text) <= 70 - 3
    algorithm, req, error = admitted(name, mask=mask, budget=None, regex="[a-z]{200}")
    req.sampling_params.max_new_tokens = 400
    generate(algorithm, Runner(context=70), [req], 32, mask)
    assert "200" in str(req.to_finish.message) and req.to_finish.status_code == 400
