"""Tiny random-weight models of the real transformers architectures, over single bytes."""

from __future__ import annotations

import pytest
import torch

import structfill as sf

transformers = pytest.importorskip("transformers", reason="the extra structfill[transformers] is not installed")

VOCAB = sf.Vocab.bytes()
EOS, PAD, BOS, COLUMNS = 256, 257, 258, 272
ASSISTED = {"prompt_lookup_num_tokens": 3}
WAYS = [{}, {"do_sample": True}, {"num_beams": 3}, ASSISTED]  # of `generate` with causal models


def diffusion_gemma(canvas_length=32, seed=0):
    """DiffusionGemma with two layers (one sliding, one full) and mixture-of-experts blocks."""
    from transformers.models.diffusion_gemma.configuration_diffusion_gemma import DiffusionGemmaTextConfig

    torch.manual_seed(seed)
    text = DiffusionGemmaTextConfig(
        vocab_size=COLUMNS, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, global_head_dim=16, num_experts=4, top_k_experts=2,
        moe_intermediate_size=16, sliding_window=32, layer_types=["sliding_attention", "full_attention"],
        use_bidirectional_attention="vision", pad_token_id=PAD, eos_token_id=EOS, bos_token_id=BOS)
    vision = transformers.Gemma4VisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                                             num_attention_heads=1, num_key_value_heads=1, head_dim=16)
    config = transformers.DiffusionGemmaConfig(text_config=text, vision_config=vision, canvas_length=canvas_length,
                                               image_token_id=260, boi_token_id=261, eoi_token_id=262)
    model = transformers.DiffusionGemmaForBlockDiffusion(config).eval()
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = [EOS], PAD
    return model


def causal(seed=0, hidden=32):
    """A Llama of two layers."""
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=COLUMNS, hidden_size=hidden, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=4096, pad_token_id=PAD, eos_token_id=EOS, bos_token_id=BOS)
    return transformers.LlamaForCausalLM(config).eval()


def prompts(*texts):
    """int64 [B, P] and its attention mask, padded on the left as decoders want it."""
    width = max(map(len, texts))
    ids = torch.tensor([[PAD] * (width - len(t)) + list(t.encode()) for t in texts])
    return ids, (ids != PAD).long()


def causally_written(graph, most, how):
    """The ids that a tiny causal model writes behind its prompts in one of the `WAYS`; texts are not empty."""
    from structfill.integrations.transformers import ConstraintProcessor

    options, assisted = dict(how), how == ASSISTED
    ids, attention = prompts("short") if assisted else prompts("short", "a longer prompt")
    processor = ConstraintProcessor(graph, max_new_tokens=most, assisted=assisted)
    out = causal().generate(ids, attention_mask=attention, max_new_tokens=most,
                            logits_processor=transformers.LogitsProcessorList([processor]), **options)
    assert all(processor.texts(out))
    return out[:, ids.shape[1]:]


def tokenizer(chat=True):
    """Byte-level tokens with the ids of `Vocab.bytes`: 256 bytes, then end-of-text, padding and mask."""
    import tokenizers

    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]  # GPT-2's characters for bytes
    others = [b for b in range(256) if b not in printable]
    names = {chr(b): b for b in printable} | {chr(256 + k): b for k, b in enumerate(others)}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=names, merges=[]))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.add_special_tokens(["<eos>", "<pad>", "<mask>"])
    found = transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<eos>", pad_token="<pad>",
                                                 mask_token="<mask>")
    if chat:
        found.chat_template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<model>"
    return found
