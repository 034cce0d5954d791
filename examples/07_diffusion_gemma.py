"""The stock `generate()` of DiffusionGemma under constraints, one for each row. Here the network is tiny and its
weights are random, so what it writes is nonsense, and valid; with the real one only two lines of `main` change."""

import json

import structfill as sf

try:
    import torch
    from transformers import DiffusionGemmaConfig, DiffusionGemmaForBlockDiffusion, LogitsProcessorList
except ImportError:
    raise SystemExit(print("this example needs: pip install 'structfill[transformers]'")) from None

from structfill.integrations.transformers import ConstraintProcessor

TEXT = {"vocab_size": 264, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "head_dim": 16, "global_head_dim": 16, "num_experts": 4, "top_k_experts": 2,
        "moe_intermediate_size": 16, "sliding_window": 32, "layer_types": ["sliding_attention", "full_attention"],
        "use_bidirectional_attention": "vision", "pad_token_id": 257, "eos_token_id": 256, "bos_token_id": 258}
VISION = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1,
          "num_key_value_heads": 1, "head_dim": 16}


def main() -> None:
    model = tiny_model()                 # DiffusionGemmaForBlockDiffusion.from_pretrained("google/diffusiongemma-...")
    vocab = sf.Vocab.bytes()             # sf.Vocab.of(tokenizer)
    order = sf.json_schema({"type": "object", "properties": {"id": {"type": "integer"}, "paid": {"type": "boolean"}},
                            "required": ["id", "paid"], "additionalProperties": False})
    rows = [sf.compile(constraint, vocab) for constraint in (order, sf.regex("[A-Z][a-z]{2,20}!"))]
    processor = ConstraintProcessor(rows, max_new_tokens=100)
    prompt = torch.tensor([list(b"an order, please"), list(b"a word, please..")])
    out = model.generate(prompt, max_new_tokens=100, max_denoising_steps=6,
                         logits_processor=LogitsProcessorList([processor]))
    texts = processor.texts(out.sequences)
    print(json.loads(texts[0]), texts[1])


def tiny_model() -> DiffusionGemmaForBlockDiffusion:
    torch.manual_seed(0)
    config = DiffusionGemmaConfig(text_config=TEXT, vision_config=VISION, canvas_length=64, image_token_id=260,
                                  boi_token_id=261, eoi_token_id=262)
    model = DiffusionGemmaForBlockDiffusion(config)
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = [256], 257
    return model.eval()


if __name__ == "__main__":
    main()
