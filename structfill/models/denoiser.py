"""The architecture of the embedded model: a copy-biased denoiser.

A prompt is encoded once; every denoising pass then runs the canvas alone, whose tokens attend to each other and to
the stored keys and values of the prompt with the same weights. Known tokens look at the known tokens before them;
open positions look at known tokens on both sides and at the open ones before them (`layout.py`). So what is known is
read alike whatever is still open, and what an open position sees does not depend on the length of the canvas.

Three priors make a small model copy values from the text: a short depthwise convolution before each attention; a
pointer head that mixes a distribution over the prompt's tokens into the output; and scores of both attention and
pointer that know where the prompt goes on as the canvas does (`copying.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .copying import matches
from .layout import REACH, Layout

_FLOOR = 1e-9
_SHARPNESS = 1.5  # queries and keys have unit RMS per channel, so scores lie within +-sqrt(D) * sharpness


@dataclass(frozen=True)
class DenoiserConfig:
    """Sizes of the network; `heads` divides `width` and the quotient is even."""

    vocab: int = 4096
    width: int = 256
    layers: int = 6
    heads: int = 4
    hidden: int = 704
    taps: int = 2
    theta: float = 10000.0


class Memory(NamedTuple):
    """An encoded prompt: per layer keys and values [B, H, P, D], pointer keys [B, P, width], ids, bias, lengths."""

    layers: list[tuple[Tensor, Tensor]]
    pointers: Tensor
    ids: Tensor
    bias: Tensor
    lengths: Tensor


def _norm(x: Tensor, weight: Tensor | None = None) -> Tensor:
    return F.rms_norm(x, x.shape[-1:], weight, 1e-6)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Block(nn.Module):
    """Convolution, attention and gated feed-forward, each added to the residual stream."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        d, f = config.width, config.hidden
        self.heads, self.taps = config.heads, config.taps
        self.conv = nn.Parameter(torch.zeros(2 * config.taps, d))
        self.norm1 = nn.Parameter(torch.ones(d))
        self.norm2 = nn.Parameter(torch.ones(d))
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        self.up = nn.Linear(d, 2 * f, bias=False)
        self.down = nn.Linear(f, d, bias=False)

    def _around(self, x: Tensor) -> Tensor:
        """Depthwise convolution [B, P, d] over the neighbours on both sides."""
        t, n = self.taps, x.shape[1]
        padded = F.pad(x, (0, 0, t, t))
        weight = self.conv.to(x.dtype)
        y = x
        for o in range(1, t + 1):
            y = y + padded[:, t - o : t - o + n] * weight[o - 1] + padded[:, t + o : t + o + n] * weight[t + o - 1]
        return y

    def _before(self, x: Tensor, own: Tensor, streams: int) -> Tensor:
        """Depthwise convolution [B, T, d] over the positions before: of the own stream where `own` [B, T, taps]
        says so, else of the first stream (of none, if there is but one)."""
        b, t, d = x.shape
        weight = self.conv.to(x.dtype)
        each = x.view(b, streams, t // streams, d)
        y = x
        for o in range(1, self.taps + 1):
            shifted = F.pad(each, (0, 0, o, 0))[:, :, : t // streams]
            other = shifted[:, :1].expand_as(shifted) if streams > 1 else torch.zeros_like(shifted)
            near = torch.where(own[:, :, o - 1 : o], shifted.reshape(b, t, d), other.reshape(b, t, d))
            y = y + near * weight[o - 1]
        return y

    def encode(self, x: Tensor, rope: tuple[Tensor, Tensor], bias: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One layer of the prompt; also its keys and values."""
        x = self._around(x)
        q, k, v = self._project(x, rope)
        return self._finish(x, q, k, v, bias), (k, v)

    def decode(self, x: Tensor, rope: tuple[Tensor, Tensor], bias: Tensor, past: tuple[Tensor, Tensor],
               own: Tensor, streams: int) -> Tensor:
        """One layer of the canvas, with the prompt's keys and values in front of its own."""
        x = self._before(x, own, streams)
        q, k, v = self._project(x, rope)
        return self._finish(x, q, torch.cat([past[0], k], 2), torch.cat([past[1], v], 2), bias)

    def _project(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        b, n, d = x.shape
        qkv = self.qkv(_norm(x, self.norm1)).view(b, n, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        return _rotate(_norm(q), *rope), _rotate(_norm(k), *rope), v

    def _finish(self, x: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        b, n, d = x.shape
        scores = (q @ k.transpose(2, 3)).float() * (_SHARPNESS * q.shape[-1] ** -0.5) + bias
        y = scores.softmax(-1).to(v.dtype) @ v
        x = x + self.out(y.transpose(1, 2).reshape(b, n, d))
        gate, up = self.up(_norm(x, self.norm2)).chunk(2, -1)
        found: Tensor = x + self.down(F.silu(gate) * up)
        return found


class Denoiser(nn.Module):
    """Log-probabilities of every canvas position, given a prompt and a partially open canvas."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        d = config.width
        self.config = config
        # values come from a file or from training; drawing them on the meta device would import the compiler
        self.embedding = nn.Embedding(config.vocab, d, _weight=torch.empty(config.vocab, d))
        self.canvas = nn.Parameter(torch.zeros(d))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.Parameter(torch.ones(d))
        self.match = nn.Parameter(_initial_match(config.heads))
        self.pointer_match = nn.Parameter(torch.tensor([0.5, 1.0, 1.5] * 2))
        self.gate_match = nn.Parameter(torch.zeros(2 * REACH))
        self.pointer_query = nn.Linear(d, d, bias=False)
        self.pointer_key = nn.Linear(d, d, bias=False)
        self.gate = nn.Linear(d, 1)
        self.frequency: Tensor
        self.register_buffer("frequency", torch.zeros(d // config.heads // 2), persistent=False)
        self.reset_frequency()

    @property
    def _stack(self) -> list[Block]:
        return cast(list[Block], list(self.blocks))

    def reset_frequency(self) -> None:
        """Fill in the rotary frequencies, which are not among the weights."""
        if self.frequency.is_meta:
            return
        half = len(self.frequency)
        exponent = -torch.arange(half, device=self.frequency.device).float() / half
        self.frequency.copy_(torch.pow(self.config.theta, exponent))

    def _rope(self, positions: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        angles = positions[:, None, :, None].float() * self.frequency
        return angles.cos().to(dtype), angles.sin().to(dtype)

    def _dtype(self) -> torch.dtype:
        return torch.bfloat16 if torch.is_autocast_enabled("cpu") else self.embedding.weight.dtype

    def encode(self, ids: Tensor, valid: Tensor, offset: Tensor | int = 0) -> Memory:
        """Encode prompts int64 [B, P]; `valid` bool [B, P] marks real tokens; `offset` shifts all positions."""
        dtype = self._dtype()
        lengths = valid.sum(1)
        positions = (valid.long().cumsum(1) - 1).clamp_min(0) + offset
        bias = torch.zeros(valid.shape).masked_fill(~valid, -1e4)[:, None, None, :]
        keep = valid[:, :, None].to(dtype)
        x = _norm(self.embedding(ids)).to(dtype) * keep
        rope = self._rope(positions, dtype)
        layers = []
        for block in self._stack:
            x, own = block.encode(x, rope, bias)
            x = x * keep
            layers.append(own)
        return Memory(layers, self.pointer_key(_norm(x, self.norm)), ids, bias, lengths + offset)

    def decode(self, layout: Layout, memory: Memory) -> tuple[Tensor, Tensor]:
        """Hidden states [B, T, width] of a canvas, and its `matches` [B, F, T, P] with the prompt as numbers."""
        dtype = self._dtype()
        same = matches(layout, memory.ids).to(dtype)
        look = torch.einsum("hf,bftp->bhtp", self.match[:, : same.shape[1]].to(dtype), same) + memory.bias
        own = torch.zeros_like(layout.attend, dtype=look.dtype).masked_fill(~layout.attend, -1e4)
        bias = torch.cat([look, own[:, None].expand(-1, self.config.heads, -1, -1)], -1)
        x = (_norm(self.embedding(layout.ids)) + self.canvas).to(dtype)
        rope = self._rope(memory.lengths[:, None] + layout.positions, dtype)
        for block, past in zip(self._stack, memory.layers, strict=True):
            x = block.decode(x, rope, bias, past, layout.own, layout.streams)
        return _norm(x, self.norm), same

    def _pointer(self, hidden: Tensor, memory: Memory, same: Tensor) -> Tensor:
        """Distribution over the prompt's tokens [B, T, P]."""
        scores = (self.pointer_query(hidden) @ memory.pointers.transpose(1, 2)).float() * hidden.shape[-1] ** -0.5
        weight = self.pointer_match[: same.shape[1]].to(same.dtype)
        scores = scores + torch.einsum("f,bftp->btp", weight, same)
        return torch.softmax(scores + memory.bias[:, 0], -1)

    def _gate(self, hidden: Tensor, same: Tensor) -> Tensor:
        """Share of copying [B, T]."""
        found = same.amax(-1).float().transpose(1, 2) @ self.gate_match[: same.shape[1]]
        return torch.sigmoid(self.gate(hidden)[:, :, 0].float() + found)

    def _words(self, hidden: Tensor) -> Tensor:
        """Scores of spoken tokens [.., V]."""
        return F.linear(hidden, self.embedding.weight.to(hidden.dtype)).float()

    def log_probs(self, hidden: Tensor, same: Tensor, memory: Memory) -> Tensor:
        """float32 [B, T, V]: spoken tokens, mixed with those that the pointer copies from the prompt."""
        gate = self._gate(hidden, same)[..., None]
        copied = gate * self._pointer(hidden, memory, same)
        source = memory.ids[:, None, :].expand(copied.shape)
        mixed = ((1 - gate) * self._words(hidden).softmax(-1)).scatter_add(2, source, copied)
        return mixed.clamp_min(_FLOOR).log()

    def gold_log_probs(self, hidden: Tensor, same: Tensor, memory: Memory, gold: Tensor, at: Tensor) -> Tensor:
        """log p(gold) at the places `at` int64 [K] of the flattened [B T]; the vocabulary is only scored there."""
        pointer, gate = self._pointer(hidden, memory, same), self._gate(hidden, same)
        copied = (pointer * (memory.ids[:, None, :] == gold[:, :, None])).sum(-1)
        copied, gate, gold = copied.flatten()[at], gate.flatten()[at], gold.flatten()[at]
        chosen = hidden.flatten(0, 1)[at]
        said = (chosen * self.embedding(gold).to(chosen.dtype)).float().sum(-1)
        spoken = torch.exp(said - self._words(chosen).logsumexp(-1))
        return torch.log((1 - gate) * spoken + gate * copied + _FLOOR)


def _initial_match(heads: int) -> Tensor:
    """[heads, 2 REACH]: one head looks for what follows, one for what precedes."""
    weight = torch.zeros(heads, 2 * REACH)
    weight[0, :REACH] = torch.tensor([1.0, 1.5, 1.5])
    if heads > 1:
        weight[1, REACH:] = torch.tensor([1.0, 1.5, 1.5])
    return weight
