"""`structfill.load` and the Generator on transformers' own architectures: DiffusionGemma and causal models."""

from __future__ import annotations

import pytest
import torch

import structfill as sf
from structfill.errors import BudgetTooSmall, ModelError, SpecError, VocabMismatch
from tests.tiny_models import PAD, VOCAB, causal, diffusion_gemma, tokenizer

from structfill.models.transformers import wrap  # isort: skip  # after the skip
from structfill.models.transformers.prompts import left_padded  # isort: skip

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "yy"]}},
          "required": ["a", "b"], "additionalProperties": False}
CONSTRAINTS = [sf.json_schema(SCHEMA), sf.regex("[a-z]{3,70}"), sf.choice(["yes", "no"]),
               sf.template("Dear {{name}}, yours", name=sf.regex("[A-Z][a-z]*"))]


@pytest.fixture(scope="module", params=[diffusion_gemma, causal])
def model(request):
    return wrap(request.param(), tokenizer())


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("budget", [32, 75])
def test_every_snapshot_is_valid_on_one_canvas_and_on_several(model, constraint, budget):
    generator = sf.Generator(constraint=constraint, model=model, max_tokens=budget, canvas_length=32, cache=None)
    last = None
    for last in generator.stream("some prompt"):
        assert constraint.accepts(last.text), last.text
    assert last.done and len(last.tokens) <= budget
    results = generator.batch(["some prompt", "another that is longer", ""])
    assert all(constraint.accepts(result.text) for result in results)


def test_the_names_of_python_types_come_back(model):
    assert set(sf.generate("a is 1", SCHEMA, model=model)) == {"a", "b"}
    middle = sf.infill("x = ", ";", sf.regex("[0-9]+"), model=model, max_tokens=30)
    assert middle.isdigit()


def test_rows_of_a_batch_do_not_depend_on_each_other(model):
    """Prompts of different length are padded; logits of a row are those it has alone."""
    contexts = [torch.tensor([model.encode(text, None)]) for text in ("short", "a much longer prompt")]
    both = torch.nn.utils.rnn.pad_sequence([c[0] for c in contexts], batch_first=True, padding_value=PAD)
    canvas = torch.randint(97, 120, (2, 32), generator=torch.Generator().manual_seed(0))
    rest = (None,) if hasattr(model.default_options, "entropy_bound") else (3,)
    together = model(both, canvas, *rest)
    for row, context in enumerate(contexts):
        alone = model(context, canvas[row : row + 1], *rest)
        torch.testing.assert_close(together[row], alone[0], atol=1e-4, rtol=1e-4)


def test_a_causal_cache_changes_nothing():
    """Tokens go on, back and elsewhere; logits are those of a fresh model."""
    network = causal()
    kept = wrap(network, tokenizer())
    context, other = torch.tensor([list(b"some prompt")]), torch.tensor([list(b"others")])
    written = torch.randint(97, 120, (1, 20), generator=torch.Generator().manual_seed(0))
    changed = written.clone()
    changed[0, 7] = 65
    for prompt, ids, last in [(context, written[:, :3], 2), (context, written[:, :9], 4), (context, changed[:, :12], 1),
                              (context, changed[:, :12], 1), (context, changed[:, :5], 6), (other, written, 3),
                              (context, written[:, :0], 1)]:
        fresh = wrap(network, tokenizer())
        torch.testing.assert_close(kept(prompt, ids, last), fresh(prompt, ids, last), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_drafts_save_passes_and_change_no_text(temperature):
    model = wrap(causal(), tokenizer())
    schema = {"type": "object", "required": ["a long name of a property", "another"], "additionalProperties": False,
              "properties": {"a long name of a property": {"enum": [1, 2]}, "another": {"const": "z"}}}
    constraint = sf.json_schema(schema, whitespace="compact")
    with_drafts, without = (
        sf.Generator(constraint=constraint, model=model, cache=None,
                     options=sf.LeftToRightOptions(temperature=temperature, drafts=drafts))("p") for drafts in (16, 0))
    assert with_drafts.text == without.text
    assert with_drafts.passes < without.passes / 4
    torch.testing.assert_close(with_drafts.log_mass, without.log_mass, atol=1e-3, rtol=1e-3)


def test_left_to_right_meets_fixed_tokens_on_the_right():
    from structfill.samplers.left_to_right import left_to_right

    model = wrap(causal(), tokenizer())
    graph = sf.compile(sf.regex("[a-z]+=[0-9]+;"), VOCAB)
    trellis = sf.Trellis(graph, 12, fixed={5: ord("="), 9: ord(";")})
    steps = list(left_to_right(model, torch.tensor([list(b"p")]), trellis, sf.LeftToRightOptions(drafts=4)))
    for step in steps:
        text = trellis.text(step.tokens)[0]
        assert len(text) == 10 and text[5] == "=" and text[9] == ";"


def test_seeds_decide(model):
    kind = type(model.default_options)
    options = {"temperature": 1.0} if kind is sf.LeftToRightOptions else {"passes": 3}
    texts = [sf.Generator(constraint=CONSTRAINTS[1], model=model, max_tokens=32, cache=None,
                          options=kind(seed=seed, **options))("p").text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_left_padding_keeps_what_is_padding_inside_a_text():
    ids, mask = left_padded(torch.tensor([[5, 9, 7, 9, 9], [1, 2, 3, 4, 9], [9, 9, 9, 9, 9]]), 9)
    assert ids.tolist() == [[9, 5, 9, 7], [1, 2, 3, 4], [9, 9, 9, 9]]
    assert mask.tolist() == [[False, True, True, True], [True] * 4, [False] * 4]


def test_the_chat_template_tells_the_outline():
    model = wrap(causal(), tokenizer())
    told = VOCAB.decode(model.encode("What is it?", '{"a": integer}'))
    assert told.startswith("<user>What is it?") and '{"a": integer}' in told and told.endswith("<model>")
    plain = wrap(causal(), tokenizer(chat=False))
    assert VOCAB.decode(plain.encode("What is it?", None)) == "What is it?\n"


def test_models_load_from_a_folder(tmp_path):
    for make, options in ((diffusion_gemma, sf.RenoiseOptions(passes=2)), (causal, None)):
        folder = tmp_path / make.__name__
        make().save_pretrained(folder)
        tokenizer().save_pretrained(folder)
        model = sf.load(folder, dtype=torch.float32)
        generator = sf.Generator(constraint=CONSTRAINTS[2], model=model, options=options, cache=None)
        assert generator("?").text in ("yes", "no")
        assert sf.load(str(folder)).vocab.eos_ids == (256,)


def test_what_cannot_be_loaded_is_told(tmp_path):
    with pytest.raises(ModelError, match="cannot load the model"):
        sf.load(tmp_path)
    with pytest.raises(ModelError, match="there is no model 'nonsense'"):
        sf.load("nonsense")
    with pytest.raises(ModelError, match="takes no options such as dtype"):
        sf.load("default", dtype=torch.float32)
    with pytest.raises(VocabMismatch, match="do not belong together"):
        wrap(_causal_of(100), tokenizer())
    with pytest.raises(VocabMismatch, match="259 tokens.*40000 columns"):
        wrap(_causal_of(40_000), tokenizer())


def _causal_of(columns):
    import transformers

    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=columns, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1))


def test_options_of_another_rule_are_refused(model):
    with pytest.raises(SpecError, match="not SamplerOptions"):
        sf.Generator(constraint=CONSTRAINTS[2], model=model, options=sf.SamplerOptions())
    with pytest.raises(BudgetTooSmall):
        sf.Generator(constraint=sf.regex("[a-z]{40}"), model=model, max_tokens=32)


@pytest.mark.parametrize("wrong", [{"passes": 0}, {"temperature": 0.5}, {"temperature": (0.0, 1.0)}, {"seed": -1},
                                   {"entropy_bound": -1}, {"stability": 1.5}, {"confidence": "x"}, {"refills": True}])
def test_wrong_options_of_renoising(wrong):
    with pytest.raises(SpecError, match=next(iter(wrong))):
        sf.RenoiseOptions(**wrong)


@pytest.mark.parametrize("wrong", [{"drafts": -1}, {"temperature": -1}, {"temperature": float("inf")}, {"seed": 1.0}])
def test_wrong_options_of_writing_left_to_right(wrong):
    with pytest.raises(SpecError, match=next(iter(wrong))):
        sf.LeftToRightOptions(**wrong)
