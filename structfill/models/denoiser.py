"""The architecture of the embedded model: a copy-biased bidirectional denoiser.

A prompt is encoded once; every denoising pass then runs the canvas alone, whose tokens attend to each other and to
the stored keys and values of the prompt with the same weights. Three priors make a small model copy values from
the text: a short depthwise convolution before each attention; a pointer head that mixes a distribution over the
prompt's tokens into the output; and scores of both attention and pointer that know where the prompt goes on as the
canvas does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEATURES = 7  # of `matches`
_SPEAK_ON = 0.2  # extra weight of speaking after speaking
_FLOOR = 1e-9
_SHARPNESS = 1.5  # queries and keys have unit RMS per channel, so scores lie within +-sqrt(D) * sharpness


@dataclass(frozen=True)
class DenoiserConfig:
    """Sizes of the network; `heads` divides `width` and the quotient is even."""

    vocab: int = 4096
    width: int = 320
    layers: int = 6
    heads: int = 5
    hidden: int = 864
    taps: int = 2
    theta: float = 10000.0


class Memory(NamedTuple):
    """An encoded prompt: per layer keys and values [B, H, P, D], pointer keys [B, P, width], ids, bias, lengths."""

    layers: list[tuple[Tensor, Tensor]]
    pointers: Tensor
    ids: Tensor
    bias: Tensor
    lengths: Tensor

    def repeat(self, times: int) -> Memory:
        """The same prompt for `times` canvases each, rows interleaved."""
        if times == 1:
            return self
        layers = [(k.repeat_interleave(times, 0), v.repeat_interleave(times, 0)) for k, v in self.layers]
        rest = (t.repeat_interleave(times, 0) for t in (self.pointers, self.ids, self.bias, self.lengths))
        return Memory(layers, *rest)


def _norm(x: Tensor, weight: Tensor | None = None) -> Tensor:
    return F.rms_norm(x, x.shape[-1:], weight, 1e-6)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def _initial_match(config: DenoiserConfig) -> Tensor:
    """[layers, heads, FEATURES]: in later layers one head looks for what follows, one for what precedes."""
    weight = torch.zeros(config.layers, config.heads, FEATURES)
    weight[1:, 0, :3] = torch.tensor([1.0, 1.5, 1.5])
    if config.heads > 1:
        weight[1:, 1, 3:6] = torch.tensor([1.0, 1.5, 1.5])
    return weight


def _shift(ids: Tensor, by: int, fill: int) -> Tensor:
    """`ids` [B, T] with position i holding what stood at i + `by`."""
    padding = torch.full((ids.shape[0], min(abs(by), ids.shape[1])), fill, dtype=ids.dtype)
    return torch.cat([ids[:, by:], padding], 1) if by > 0 else torch.cat([padding, ids[:, :by]], 1)


def matches(canvas: Tensor, prompt: Tensor) -> Tensor:
    """bool [B, FEATURES, N, P]: does canvas position i stand in the same surroundings as prompt position j?

    The same token, 2 or 3 tokens before; the same token, 2 or 3 tokens after; the same on both sides. Open canvas
    positions match nothing, as the mask token never stands in a prompt.
    """
    found = []
    for sign in (-1, 1):
        run = None
        for distance in (1, 2, 3):
            a, b = _shift(canvas, sign * distance, -1), _shift(prompt, sign * distance, -2)
            same = a[:, :, None] == b[:, None, :]
            run = same if run is None else run & same
            found.append(run)
    return torch.stack([*found, found[0] & found[3]], 1)


def _messages(state: Tensor, strength: float, backward: bool = False) -> Tensor:
    """What the positions before each one say about its state: [B, N, 1 + P], normalised to a mean of 1."""
    out = torch.ones_like(state)
    for i in range(1, state.shape[1]):
        given = state[:, i - 1] * out[:, i - 1]
        step = torch.zeros_like(given)
        if backward:
            step[:, 1:-1] = given[:, 2:]
        else:
            step[:, 2:] = given[:, 1:-1]
        message = given.sum(-1, keepdim=True) + strength * step
        message[:, :1] += _SPEAK_ON * strength * given[:, :1]
        out[:, i] = message / message.mean(-1, keepdim=True).clamp_min(1e-30)
    return out


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

    def _convolve(self, x: Tensor) -> Tensor:
        """Depthwise, over the neighbours only, zero-padded at the edges of the stream."""
        t, n = self.taps, x.shape[1]
        padded = F.pad(x, (0, 0, t, t))
        offsets = [o for o in range(2 * t + 1) if o != t]
        weight = self.conv.to(x.dtype)
        y = x
        for i, o in enumerate(offsets):
            y = y + padded[:, o : o + n] * weight[i]
        return y

    def forward(
        self, x: Tensor, rope: tuple[Tensor, Tensor], bias: Tensor, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        b, n, d = x.shape
        x = self._convolve(x)
        qkv = self.qkv(_norm(x, self.norm1)).view(b, n, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        q, k = _rotate(_norm(q), *rope), _rotate(_norm(k), *rope)
        own = (k, v)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        scores = (q @ k.transpose(2, 3)).float() * _SHARPNESS * q.shape[-1] ** -0.5 + bias
        y = scores.softmax(-1).to(v.dtype) @ v
        x = x + self.out(y.transpose(1, 2).reshape(b, n, d))
        gate, up = self.up(_norm(x, self.norm2)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up), own


class Denoiser(nn.Module):
    """Log-probabilities of every canvas position, given a prompt and a partially masked canvas."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        d = config.width
        self.config = config
        # values come from a file or from training; drawing them on the meta device would import the compiler
        self.embedding = nn.Embedding(config.vocab, d, _weight=torch.empty(config.vocab, d))
        self.canvas = nn.Parameter(torch.zeros(d))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.Parameter(torch.ones(d))
        self.match = nn.Parameter(_initial_match(config))
        self.pointer_match = nn.Parameter(torch.tensor([0.5, 1.0, 1.5, 0.5, 1.0, 1.5, 0.5]))
        self.gate_match = nn.Parameter(torch.zeros(FEATURES))
        self.pointer_query = nn.Linear(d, d, bias=False)
        self.pointer_key = nn.Linear(d, d, bias=False)
        self.gate = nn.Linear(d, 1)
        self.frequency: Tensor
        self.register_buffer("frequency", torch.zeros(d // config.heads // 2), persistent=False)
        self.reset_frequency()

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
        x = _norm(self.embedding(ids)).to(dtype) * valid[:, :, None].to(dtype)
        rope = self._rope(positions, dtype)
        layers = []
        for block in self.blocks:
            x, own = block(x, rope, bias, None)
            x = x * valid[:, :, None].to(dtype)
            layers.append(own)
        return Memory(layers, self.pointer_key(_norm(x, self.norm)), ids, bias, lengths + offset)

    def decode(self, canvas: Tensor, memory: Memory, valid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Hidden states [B, N, width] of canvases int64 [B, N], and their `matches` with the prompt as numbers.

        `valid` bool [B, N] marks the positions that exist, by default all.
        """
        dtype = self._dtype()
        b, n = canvas.shape
        positions = memory.lengths[:, None] + torch.arange(n)
        own = torch.zeros(b, 1, 1, n)
        keep = None
        if valid is not None:
            own = own.masked_fill(~valid[:, None, None, :], -1e4)
            keep = valid[:, :, None].to(dtype)
        own = own.expand(b, self.config.heads, n, n)
        same = matches(canvas, memory.ids).to(dtype)
        x = (_norm(self.embedding(canvas)) + self.canvas).to(dtype)
        rope = self._rope(positions, dtype)
        for block, past, weight in zip(self.blocks, memory.layers, self.match, strict=True):
            if keep is not None:
                x = x * keep
            look = torch.einsum("hf,bfnp->bhnp", weight.to(dtype), same) + memory.bias
            x, _ = block(x, rope, torch.cat([look, own], -1), past)
        return _norm(x, self.norm), same

    def _pointer(self, hidden: Tensor, memory: Memory, same: Tensor) -> Tensor:
        """Distribution over the prompt's tokens [B, N, P]."""
        scores = (self.pointer_query(hidden) @ memory.pointers.transpose(1, 2)).float() * hidden.shape[-1] ** -0.5
        scores = scores + torch.einsum("f,bfnp->bnp", self.pointer_match.to(same.dtype), same)
        return torch.softmax(scores + memory.bias[:, 0], -1)

    def _gate(self, hidden: Tensor, same: Tensor) -> Tensor:
        """Share of copying [B, N]."""
        found = same.amax(-1).float().transpose(1, 2) @ self.gate_match
        return torch.sigmoid(self.gate(hidden)[:, :, 0].float() + found)

    def log_probs(self, hidden: Tensor, same: Tensor, memory: Memory) -> Tensor:
        """float32 [B, N, V]."""
        pointer, gate = self._pointer(hidden, memory, same), self._gate(hidden, same)[:, :, None]
        words = F.linear(hidden, self.embedding.weight.to(hidden.dtype)).float().softmax(-1)
        source = memory.ids[:, None, :].expand(-1, hidden.shape[1], -1)
        mixed: Tensor = ((1 - gate) * words).scatter_add_(2, source, gate * pointer)
        return mixed.clamp_min(_FLOOR).log()

    def chained_log_probs(
        self, hidden: Tensor, same: Tensor, memory: Memory, canvas: Tensor, open_id: int, strength: float
    ) -> Tensor:
        """float32 [B, N, V]: `log_probs` under the belief that copying goes on from one prompt token to the next.

        A hidden Markov chain over the canvas, whose states are "spoken" and "copied from prompt token j": the
        network gives the states' probabilities at open positions (`open_id`), committed tokens must be spoken or
        match, and a step from j to j + 1 weighs 1 + `strength` times any other (from spoken to spoken a fifth of
        that). Neighbours then copy one span instead of mixing several. Cost O(N P).
        """
        pointer, gate = self._pointer(hidden, memory, same), self._gate(hidden, same)[:, :, None]
        words = F.linear(hidden, self.embedding.weight.to(hidden.dtype)).float().softmax(-1)
        is_open = (canvas == open_id)[:, :, None]
        fits = (memory.ids[:, None, :] == canvas[:, :, None]).float()
        copied = torch.where(is_open, gate * pointer, fits)
        spoken = torch.where(is_open, 1 - gate, torch.ones_like(gate))
        state = torch.cat([spoken, copied], 2)
        before = _messages(state, strength)
        after = _messages(state.flip(1), strength, backward=True).flip(1)
        belief = state * before * after
        belief = belief / belief.sum(-1, keepdim=True).clamp_min(1e-30)
        source = memory.ids[:, None, :].expand(-1, hidden.shape[1], -1)
        mixed: Tensor = (belief[:, :, :1] * words).scatter_add_(2, source, belief[:, :, 1:])
        return mixed.clamp_min(_FLOOR).log()

    def gold_log_probs(self, hidden: Tensor, same: Tensor, memory: Memory, gold: Tensor, at: Tensor) -> Tensor:
        """log p(gold) at the positions marked by `at` bool [B, N]; the vocabulary is only scored there."""
        pointer = self._pointer(hidden, memory, same)
        copied = (pointer * (memory.ids[:, None, :] == gold[:, :, None])).sum(-1)[at]
        gate = self._gate(hidden, same)[at]
        words = F.linear(hidden[at], self.embedding.weight.to(hidden.dtype)).float()
        spoken = torch.exp(words.gather(1, gold[at][:, None])[:, 0] - words.logsumexp(-1))
        return torch.log((1 - gate) * spoken + gate * copied + _FLOOR)
