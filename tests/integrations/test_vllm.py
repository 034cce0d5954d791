"""The plug-in for vLLM: requests, and the sampler against vLLM's real classes where it is installed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import structfill as sf
from structfill.errors import SpecError, StructfillError, UnsupportedFeature
from structfill.integrations import vllm as plugin
from structfill.serving import Compiler
from tests.integrations.checks import EOS, PAD, VOCAB, assert_valid, random_constraints, text_of

needs_vllm = pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vllm is not installed")
WIDTH, CANVAS = 272, 16


def wanted(**given):
    """`StructuredOutputsParams`, as far as the plug-in reads them."""
    return SimpleNamespace(**{name: None for name in ("json", "regex", "choice", "grammar", "json_object",
                                                      "structural_tag", "whitespace_pattern")} | given)


def params(structured=None, max_tokens=64, **extra):
    return SimpleNamespace(structured_outputs=structured, extra_args=extra or None, max_tokens=max_tokens)


@pytest.mark.parametrize(("given", "text"), [
    (params(wanted(json={"type": "integer"})), "12"),
    (params(wanted(json="{\"enum\": [\"x\"]}")), "\"x\""),
    (params(wanted(regex="[ab]{3}")), "aba"),
    (params(wanted(choice=["yes", "no"])), "no"),
    (params(wanted(json_object=True)), "{}"),
    (params(wanted(json={"const": {"a": 1}}, disable_any_whitespace=True)), "{\"a\":1}"),
    (params(structfill="{\"regex\": \"x+\"}"), "xx"),
    (params(structfill={"choice": ["p"]}), "p")])
def test_every_way_to_ask_becomes_a_constraint(given, text):
    graph = Compiler(VOCAB)(plugin.request_of(given))
    trellis = sf.Trellis(graph, 12)
    logits = torch.full((12, WIDTH), -9.0)
    logits[range(len(text)), list(text.encode())] = 9.0
    logits[len(text):, EOS] = 9.0
    assert trellis.text(trellis.best(logits)) == text


def test_compact_whitespace_is_the_request_s():
    loose, compact = (plugin.request_of(params(wanted(json={"const": {"a": "b"}}, disable_any_whitespace=on)))
                      for on in (False, True))
    logits = torch.zeros(12, WIDTH)
    logits[:, ord(" ")] = 3.0
    texts = [(t := sf.Trellis(Compiler(VOCAB)(r), 12)).text(t.best(logits)) for r in (loose, compact)]
    assert " " in texts[0] and texts[1] == "{\"a\":\"b\"}"


@pytest.mark.parametrize(("given", "error", "message"), [
    (params(wanted(structural_tag="{}")), UnsupportedFeature, "structural_tag"),
    (params(wanted(json={}, whitespace_pattern=" ")), UnsupportedFeature, "whitespace_pattern"),
    (params(wanted(json={}, disable_additional_properties=True)), UnsupportedFeature, "additionalProperties"),
    (params(wanted(json="{")), SpecError, "not JSON"),
    (params(wanted(grammar="start: (")), SpecError, "line 1, column 9"),
    (params(wanted(json={"type": "x"})), SpecError, "/type"),
    (params(wanted(regex="a"), structfill="{}"), SpecError, "both"),
    (params(wanted(regex="a"), diffusion_constrained=1), SpecError, "diffusion_constrained"),
    (params(structfill="{"), SpecError, "JSON object"),
    (params(structfill="[]"), SpecError, "list"),
    (params(structfill={"regex": "a", "choice": ["b"]}), SpecError, "regex, choice"),
    (params(structfill={"lexicon": 1}), SpecError, "lexicon"),
    (params(structfill={"regex": "a", "whitespace": "any"}), SpecError, "whitespace")])
def test_what_cannot_be_honoured_is_named(given, error, message):
    with pytest.raises(error, match=message):
        Compiler(VOCAB)(plugin.request_of(given))


def test_a_grammar_in_larks_notation_is_compiled():
    graph = Compiler(VOCAB)(plugin.request_of(params(wanted(grammar="start: \"a\"+ \";\""))))
    assert sf.Trellis(graph, 5).text(torch.tensor([97, 97, 59, EOS, PAD])) == "aa;"
    assert graph.run(list(b"aa;")) >= 0 > graph.run(list(b"b"))


def test_the_budget_is_what_context_and_request_leave_and_pins_are_fixed():
    config = SimpleNamespace(max_model_len=100)
    given = params(max_tokens=64, structfill="{\"regex\": \"[a-z]{6}\"}", diffusion_seed_canvas=list(b"abcdefgh"),
                   diffusion_pinned=[1, 4])
    draft = plugin.draft_of(config, Compiler(VOCAB), given, 60)
    draft.begin(8)
    draft.constrain(torch.zeros(8, WIDTH))
    assert draft.blocks.max_tokens == 40 and draft.path[[1, 4]].tolist() == list(b"be")


def test_graphs_are_kept_and_bounded(monkeypatch):
    monkeypatch.setenv("STRUCTFILL_CACHE_DIR", "off")
    compiler = Compiler(VOCAB, kept=2)
    first = compiler("{\"regex\": \"a\"}")
    assert compiler("{\"regex\": \"a\"}") is first
    compiler("{\"regex\": \"b\"}"), compiler("{\"regex\": \"c\"}")
    assert compiler("{\"regex\": \"a\"}") is not first


@pytest.mark.parametrize(("version", "fits"), [("0.32.0", True), ("0.33.1+cpu", True), ("0.34.0", False),
                                               ("0.31.9", False), ("dev", False)])
def test_versions(version, fits):
    from structfill.versions import require

    if fits:
        assert require("vllm", plugin.LEAST, plugin.BELOW, extra="vllm", found=version) == version
        return
    with pytest.raises(sf.ModelError, match=r"vllm >= 0.32.0, < 0.34"):
        require("vllm", plugin.LEAST, plugin.BELOW, extra="vllm", found=version)


class Slots:
    """The real sampler over a few slots, driven as the model runner drives it; logits are given by the test."""

    def __init__(self, slots=4, steps=6):
        from vllm.model_executor.models import diffusion_gemma as d

        from structfill.integrations.vllm_model import ConstrainedSampler

        self.states = d.DiffusionGemmaRequestStates(slots, CANVAS, WIDTH, steps, torch.device("cpu"), 8, 2)
        free = SimpleNamespace(add_request=lambda *_: None, apply_staged_writes=lambda: None,
                               get_top_k_top_p=lambda *_: (None, None), max_num_logprobs=lambda _: -1)
        ids = SimpleNamespace(add_request=lambda *_: None, max_num_token_ids=lambda _: 0)
        drafts = torch.zeros(slots, CANVAS, dtype=torch.int64)
        runner = SimpleNamespace(sampling_states=free, logprob_token_ids_state=ids, logprobs_mode="raw_logprobs",
                                 req_states=SimpleNamespace(draft_tokens=drafts))
        self.sampler = ConstrainedSampler(
            runner, SimpleNamespace(canvas_length=CANVAS), WIDTH, self.states, confidence_threshold=0.005, t_min=0.4,
            t_max=0.8, entropy_bound=0.1, embed_weight=torch.randn(WIDTH, 8), normalizer=torch.tensor(1.0))
        self.sampler.drafts = {}
        for slot in range(slots):
            self.states.add_request(slot)
            self.states.is_encoder_phase[slot] = False  # the prompt is read

    def step(self, logits, widths):
        """One step over all slots with `widths` rows each; the tokens that each slot emits."""
        count = len(widths)
        ends = np.concatenate([[0], np.cumsum(widths)])
        batch = SimpleNamespace(
            num_reqs=count, num_draft_tokens=int(ends[-1]), idx_mapping_np=np.arange(count),
            idx_mapping=torch.arange(count), cu_num_logits_np=ends, query_start_loc_np=ends,
            query_start_loc=torch.from_numpy(ends).int(), num_scheduled_tokens=np.array(widths))
        out = self.sampler(logits, batch)
        return [out.sampled_token_ids[i, : int(n)].tolist() for i, n in enumerate(out.num_sampled.tolist())]


def run_slots(slots, constraints, budgets, widths=None, scale=4.0, seed=0):
    """Until every slot has written its budget; tokens by slot."""
    from structfill.serving import Draft

    for slot, (constraint, budget) in enumerate(zip(constraints, budgets, strict=True)):
        if constraint is not None:
            slots.sampler.drafts[slot] = Draft(sf.compile(constraint, VOCAB), budget)
    generator, written = torch.Generator().manual_seed(seed), [[] for _ in constraints]
    while any(len(w) < b for w, b in zip(written, budgets, strict=True)):
        count = widths or [CANVAS] * len(constraints)
        logits = scale * torch.randn(sum(count), WIDTH, generator=generator)
        for ids, got in zip(written, slots.step(logits, count), strict=True):
            ids += got
    return [w[:b] for w, b in zip(written, budgets, strict=True)]


@pytest.fixture
def eager(monkeypatch):
    """Without compilation, which takes longer than the tests, and with the buffers of vLLM's CPU worker."""
    import vllm.v1.worker.cpu.buffer_utils as cpu
    import vllm.v1.worker.gpu.buffer_utils as gpu

    monkeypatch.setattr(gpu, "UvaBuffer", cpu.UvaBuffer)
    monkeypatch.setattr(torch.accelerator, "get_memory_info", lambda *_: (1 << 30, 1 << 30))
    with torch.compiler.set_stance("force_eager"):
        yield


@needs_vllm
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_slots_with_different_constraints_write_valid_texts(eager, steps):
    cases = random_constraints(9, most=40)
    for first in range(0, 9, 3):
        batch = [*cases[first : first + 3]]
        budgets = [*(budget for _, _, budget in batch), 64]
        out = run_slots(Slots(steps=steps), [*(c for c, _, _ in batch), None], budgets, seed=first)
        for (constraint, _, budget), ids in zip(batch, out, strict=False):
            assert_valid(constraint, budget, ids)
        assert len(set(out[3])) > 20


@needs_vllm
def test_rows_without_a_constraint_are_not_touched(eager):
    slots = Slots()
    logits = torch.randn(2 * CANVAS, WIDTH)
    before = logits.clone()
    from structfill.serving import Draft

    slots.sampler.drafts[1] = Draft(sf.compile(sf.regex("[a-z]{9}"), VOCAB), 16)
    seen = []
    plain = type(slots.sampler).__mro__[1].__call__
    type(slots.sampler).__mro__[1].__call__ = lambda self, x, *rest: seen.append(x) or plain(self, x, *rest)
    try:
        slots.step(logits, [CANVAS, CANVAS])
    finally:
        type(slots.sampler).__mro__[1].__call__ = plain
    assert torch.equal(seen[0][:CANVAS], before[:CANVAS]) and torch.equal(logits, before)
    text = VOCAB.decode([t for t in seen[0][CANVAS:].argmax(-1).tolist() if t < 256])
    assert sf.regex("[a-z]{9}").accepts(text)


@needs_vllm
def test_narrow_canvases_and_a_canvas_cut_at_the_end_of_the_context(eager):
    slots = Slots()
    slots.states.canvas_width_np[0] = 8
    out = run_slots(slots, [sf.regex("[a-f]{20,30}"), sf.regex("[0-9]{10}")], [32, 10], widths=[8, 10])
    assert_valid(sf.regex("[a-f]{20,30}"), 32, out[0])
    assert_valid(sf.regex("[0-9]{10}"), 10, out[1])


@needs_vllm
def test_a_preempted_request_goes_on_where_it_was(eager):
    from structfill.integrations.vllm_model import ConstrainedModelState

    words = sf.regex("a{20}b{10}")
    state = ConstrainedModelState.__new__(ConstrainedModelState)
    state.model_config = SimpleNamespace(max_model_len=500)
    state.drafts, state._req_id_to_index, state.diffusion_states = {}, {}, Slots().states
    given = params(max_tokens=40, structfill=json.dumps({"regex": "a{20}b{10}"}))
    data = SimpleNamespace(req_id="r", sampling_params=given, prompt_token_ids=[1, 2],
                           prefill_token_ids=[1, 2, *[ord("a")] * 16])
    import structfill.integrations.vllm_model as module

    original = module.compiler_of, module.cached_tokenizer_from_config
    module.compiler_of, module.cached_tokenizer_from_config = (lambda *_: Compiler(VOCAB)), (lambda _: None)
    try:
        state.add_request(2, data)
    finally:
        module.compiler_of, module.cached_tokenizer_from_config = original
    draft = state.drafts[2]
    draft.begin(CANVAS)
    draft.constrain(torch.randn(CANVAS, WIDTH))
    assert words.accepts("a" * 16 + text_of(draft.path)[0])
    state.remove_request("r")
    assert not state.drafts


@needs_vllm
def test_admission_replaces_the_guard_for_this_model_only():
    from vllm import SamplingParams
    from vllm.exceptions import VLLMValidationError
    from vllm.sampling_params import StructuredOutputsParams

    plugin.register()
    plugin.register()  # harmless
    plugin._compilers[("t", None, (EOS,), 257)] = Compiler(VOCAB)
    model = SimpleNamespace(is_diffusion=True, architecture=plugin.ARCHITECTURE, tokenizer="t", tokenizer_revision=None,
                            try_get_generation_config=lambda: {"eos_token_id": EOS, "pad_token_id": 257})
    server, tokenizer = SimpleNamespace(), object()
    good = SamplingParams(structured_outputs=StructuredOutputsParams(json={"type": "integer"}))
    good._validate_structured_outputs(model, server, tokenizer)
    assert good.structured_outputs is None and json.loads(good.extra_args["structfill"])
    good._validate_structured_outputs(model, server, tokenizer)  # parameters may be used again
    bad = SamplingParams(structured_outputs=StructuredOutputsParams(
        json={"properties": {"a": {"pattern": "(x)\\1"}}}))
    with pytest.raises(VLLMValidationError, match="/properties/a/pattern"):
        bad._validate_structured_outputs(model, server, tokenizer)
    other = SimpleNamespace(is_diffusion=True, architecture="Another")
    with pytest.raises(VLLMValidationError, match="not yet supported for diffusion"):
        bad._validate_structured_outputs(other, server, tokenizer)
    with pytest.raises(VLLMValidationError, match="which this model is not"):
        SamplingParams(extra_args={"structfill": "{}"})._validate_structured_outputs(other, server, tokenizer)


@needs_vllm
def test_an_unsupported_version_is_told_and_requests_are_refused(monkeypatch, caplog):
    import vllm
    from vllm import SamplingParams
    from vllm.exceptions import VLLMValidationError

    monkeypatch.setattr(vllm, "__version__", "0.50.0")
    monkeypatch.setattr(SamplingParams, "verify", lambda self, *_: None)
    plugin.register()
    assert "vllm >= 0.32.0, < 0.34" in caplog.text and "0.50.0" in caplog.text
    SamplingParams().verify()
    with pytest.raises(VLLMValidationError, match="0.50.0"):
        SamplingParams(extra_args={"structfill": "{}"}).verify()


def test_every_error_is_one_of_ours():
    with pytest.raises(StructfillError):
        plugin.compiler_of(SimpleNamespace(try_get_generation_config=dict), None)


@needs_vllm
@pytest.mark.slow
def test_the_real_engine(tmp_path):
    """Requests with different constraints, and one without, through `LLM.generate` on a CPU."""
    root = Path(__file__).resolve().parents[2]
    cases = random_constraints(12, seed=5, most=40)
    wanted = [{"max_tokens": case[2], "structured_outputs": {"json": _schema(case)}} for case in cases]
    wanted += [{"max_tokens": 40, "extra_args": {"structfill": "{\"regex\": \"[a-z]{20,50}\"}"}},
               {"max_tokens": 40, "structured_outputs": {"choice": ["a choice of more than sixteen", "b"]}},
               {"max_tokens": 32},
               {"max_tokens": 3, "structured_outputs": {"choice": ["too long"]}, "refused": True},
               {"structured_outputs": {"json": {"not": {"patern": 1}, "pattern": "(a)\\1"}}, "refused": True}]
    (tmp_path / "requests.json").write_text(json.dumps(wanted))
    run = subprocess.run(
        [sys.executable, str(root / "tests/integrations/vllm_engine.py"), str(tmp_path / "model"),
         str(tmp_path / "requests.json")], capture_output=True, text=True, cwd=root,
        env=os.environ | {"PYTHONPATH": f"{root}:{root / 'kernels'}"})
    found = [json.loads(line[7:]) for line in run.stdout.splitlines() if line.startswith("RESULT ")]
    assert len(found) == len(wanted), run.stderr[-3000:]
    for case, out in zip(cases, found, strict=False):
        assert_valid(case[0], case[2], [EOS if t == 259 else t for t in out["tokens"]])  # either ends a text
    regex, chosen, free, short, refused = found[len(cases):]
    assert sf.regex("[a-z]{20,50}").accepts(regex["text"]) and len(regex["tokens"]) <= 40
    assert chosen["text"] in ("a choice of more than sixteen", "b")
    assert len(set(free["tokens"])) > 10
    assert "max_tokens=8" in short["message"] and "/pattern" in refused["message"]
    assert {short["error"], refused["error"]} == {"VLLMValidationError"}


def _schema(case):
    """The schema that a constraint of `random_constraints` was made from."""
    return json.loads(case[0].identity)[0]
