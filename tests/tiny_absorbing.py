"""Tiny random-weight modules with the interfaces of LLaDA, LLaDA2, Dream, SDAR and Fast-dLLM v2, over single bytes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional

from structfill.models.transformers.absorbing import AbsorbingModel

transformers = pytest.importorskip("transformers", reason="the extra structfill[transformers] is not installed")

EOS, PAD, MASK, EXPAND, COLUMNS = 256, 257, 258, 259, 272
HEADS, WIDTH = 2, 32


def byte_tokenizer(chat=False):
    """A fast tokenizer of single bytes, with the special tokens behind them."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    names = {b: chr(b) if 33 <= b < 127 or 161 <= b < 173 or b > 173 else None for b in range(256)}
    free = iter(range(256, 512))
    pieces = {names[b] or chr(next(free)): b for b in range(256)}
    tokenizer = Tokenizer(models.BPE(vocab=pieces, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|eos|>", "<|pad|>", "<|mask|>", "<|expand|>"])
    template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]" if chat else None
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|eos|>", pad_token="<|pad|>",
                                                mask_token="<|mask|>", chat_template=template)


class _Layer(nn.Module):
    def __init__(self, index):
        super().__init__()
        self.index = index
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, 64, bias=False), nn.Linear(64, WIDTH, bias=False)

    def forward(self, x, positions, mask, cache, store):
        b, t, _ = x.shape
        q, k, v = (part.view(b, t, HEADS, -1).transpose(1, 2) for part in self.qkv(_norm(x)).chunk(3, -1))
        q, k = _rotated(q, positions), _rotated(k, positions)
        if cache is not None:
            if store:
                k, v = cache.update(k, v, self.index)
            elif len(cache.layers) > self.index and cache.get_seq_length(self.index):
                kept = cache.layers[self.index]
                k, v = torch.cat([kept.keys, k], 2), torch.cat([kept.values, v], 2)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.out(mixed.transpose(1, 2).reshape(b, t, -1))
        return x + self.down(functional.silu(self.up(_norm(x))))


def _norm(x):
    return functional.rms_norm(x, (x.shape[-1],))


def _rotated(x, positions):
    half = x.shape[-1] // 2
    angle = positions[:, None, :, None] * 100.0 ** (-torch.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1).to(x.dtype)


class _Tiny(nn.Module):
    """The body; subclasses differ in what their forward takes, as the real ones do."""

    model_type, architecture, more = "", "", {}

    def __init__(self, seed=0, scale=6.0):
        super().__init__()
        torch.manual_seed(seed)
        self.embed, self.head = nn.Embedding(COLUMNS, WIDTH), nn.Linear(WIDTH, COLUMNS, bias=False)
        self.layers = nn.ModuleList(_Layer(i) for i in range(2))
        self.scale, self.columns_read = scale, 0
        self.config = SimpleNamespace(model_type=self.model_type, architectures=[self.architecture], vocab_size=COLUMNS,
                                      mask_token_id=MASK, eos_token_id=EOS, pad_token_id=PAD, **self.more)
        self.eval()

    @property
    def dtype(self):
        return self.embed.weight.dtype

    def body(self, input_ids, positions, mask, cache=None, store=False):
        self.columns_read += input_ids.numel()
        x = self.embed(input_ids)
        for layer in self.layers:
            x = layer(x, positions, mask, cache, store)
        return SimpleNamespace(logits=self.head(_norm(x)) * self.scale, past_key_values=cache)


class LladaLike(_Tiny):
    """Bidirectional; a mask over keys, no positions, no cache."""

    model_type, architecture = "llada", "LLaDAModelLM"

    def forward(self, input_ids, attention_mask=None, past_key_values=None, use_cache=None):
        assert past_key_values is None and not use_cache, "no cache for masked diffusion"
        positions = torch.arange(input_ids.shape[1]).expand_as(input_ids)
        return self.body(input_ids, positions, attention_mask[:, None, None, :].bool())


class DreamLike(_Tiny):
    """Bidirectional, a mask over pairs, positions, no cache; predicts the token behind each position."""

    model_type, architecture = "Dream", "DreamModel"

    def forward(self, input_ids, attention_mask=None, position_ids=None, use_cache=None):
        assert attention_mask.dtype == torch.bool and attention_mask.dim() == 4
        return self.body(input_ids, position_ids, attention_mask)


class DreamOnLike(DreamLike):
    """With an expand token; end-of-text deletes."""

    more = {"expand_token_id": EXPAND, "delete_token_id": EOS}


class Llada2Like(_Tiny):
    """Blocks by an additive mask; every call writes to the cache."""

    model_type, architecture, more = "llada2_moe", "LLaDA2MoeModelLM", {"block_size": 32}

    def forward(self, input_ids, attention_mask=None, position_ids=None, past_key_values=None, use_cache=None):
        assert attention_mask.is_floating_point() and attention_mask.dtype == self.dtype
        return self.body(input_ids, position_ids, attention_mask, past_key_values, store=True)


class SdarLike(_Tiny):
    """Short blocks by a bool mask; `store_kv` says whether the cache is written."""

    model_type, architecture, more = "sdar", "SDARForCausalLM", {"block_size": 4}

    def forward(self, input_ids, attention_mask=None, position_ids=None, past_key_values=None, use_cache=None,
                store_kv=False):
        return self.body(input_ids, position_ids, attention_mask.bool(), past_key_values, store_kv)


class FastLike(_Tiny):
    """Fast-dLLM v2: builds its mask from `block_size` and the cache's length; predicts the token behind."""

    model_type, architecture, more = "Fast_dLLM_Qwen", "Fast_dLLM_QwenForCausalLM", {"bd_size": 32}

    def forward(self, input_ids, past_key_values=None, use_cache=None, update_past_key_values=False, block_size=32,
                position_ids=None):
        past = past_key_values.get_seq_length() if past_key_values is not None else 0
        keys = torch.arange(past + input_ids.shape[1])
        mask = (keys[past:, None] // block_size >= keys[None] // block_size)[None, None]
        return self.body(input_ids, position_ids, mask, past_key_values, update_past_key_values)


KINDS = [LladaLike, DreamLike, DreamOnLike, Llada2Like, SdarLike, FastLike]
TOKENIZER = byte_tokenizer()


def absorbing(kind, seed=0, dtype=torch.float32, scale=6.0):
    """A tiny model of a kind."""
    return AbsorbingModel(kind(seed, scale).to(dtype), TOKENIZER)
