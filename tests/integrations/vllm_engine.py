"""A script: vLLM's real engine with a tiny random DiffusionGemma on a CPU; one JSON line for each request.

Triton's interpreter stands in for a compiler. Called with a folder for the checkpoint and a JSON file of requests.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

os.environ |= {"TRITON_INTERPRET": "1", "VLLM_USE_V2_MODEL_RUNNER": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
               "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "HF_HUB_OFFLINE": "1",
               "TORCHDYNAMO_DISABLE": "1"}

import triton.backends

triton.backends.backends["cpu"] = SimpleNamespace(driver=object())  # vLLM asks whether there is one that compiles
import vllm.triton_utils  # noqa: E402, F401

del triton.backends.backends["cpu"]

CANVAS, STEPS = 16, 3


def checkpoint(folder: Path) -> None:
    """The real architecture with random weights, and a tokenizer of single bytes."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import DiffusionGemmaForBlockDiffusion, PreTrainedTokenizerFast
    from transformers.models.diffusion_gemma import configuration_diffusion_gemma as c
    from transformers.models.gemma4.configuration_gemma4 import Gemma4VisionConfig

    from structfill.vocab import _BYTE_OF

    tokenizer = Tokenizer(models.BPE(vocab=dict(_BYTE_OF), merges=[]))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    names = "<eos> <pad> <bos> <end_of_turn> <|image|> <boi> <eoi> <|audio|> <|video|> <boa> <eoa>".split()
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in names])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", pad_token="<pad>",
                            bos_token="<bos>").save_pretrained(folder)
    text = c.DiffusionGemmaTextConfig(
        vocab_size=256 + len(names), hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, num_global_key_value_heads=1, head_dim=32, global_head_dim=32, num_experts=4,
        top_k_experts=2, moe_intermediate_size=32, sliding_window=32, max_position_embeddings=2048, eos_token_id=256,
        layer_types=["sliding_attention", "full_attention"], use_bidirectional_attention="vision", pad_token_id=257,
        bos_token_id=258)
    vision = Gemma4VisionConfig(hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
                                num_key_value_heads=2, head_dim=32)
    torch.manual_seed(0)
    DiffusionGemmaForBlockDiffusion(c.DiffusionGemmaConfig(
        text_config=text, vision_config=vision, canvas_length=CANVAS, image_token_id=260, boi_token_id=261,
        eoi_token_id=262)).save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps({
        "max_denoising_steps": STEPS, "t_min": 0.4, "t_max": 0.8, "stability_threshold": 1, "pad_token_id": 257,
        "confidence_threshold": 0.005, "eos_token_id": [256, 259],
        "sampler_config": {"_cls_name": "EntropyBoundSamplerConfig", "entropy_bound": 0.1}}))


def main(folder: Path, requests: list[dict]) -> None:
    from structfill.integrations.vllm import register

    checkpoint(folder)
    register()
    from vllm import LLM, SamplingParams
    from vllm.sampling_params import StructuredOutputsParams

    llm = LLM(model=str(folder), max_model_len=256, max_num_seqs=4, enforce_eager=True, dtype="float32",
              limit_mm_per_prompt={"image": 0, "audio": 0, "video": 0}, skip_mm_profiling=True)

    def params(given: dict) -> SamplingParams:
        asked = given.pop("structured_outputs", None)
        return SamplingParams(**given, structured_outputs=StructuredOutputsParams(**asked) if asked else None)

    good = [r for r in requests if not r.pop("refused", False)]
    for out in llm.generate(["a prompt"] * len(good), [params(r) for r in good], use_tqdm=False):
        print("RESULT", json.dumps({"tokens": list(out.outputs[0].token_ids), "text": out.outputs[0].text}))
    for request in requests:
        if request not in good:
            try:
                llm.generate(["a prompt"], params(request), use_tqdm=False)
            except Exception as error:
                print("RESULT", json.dumps({"error": type(error).__name__, "message": str(error)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
