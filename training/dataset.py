"""From documents to tensors: prompts, answers, and canvases masked as they are at run time."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from structfill.front.json_schema.outline import outline
from structfill.models.layout import Layout, canvas_layout
from training.documents import Document, document
from training.streams import block_layout, block_starts
from training.tokenizer import EOS, MASK, PAD

MAX_PROMPT, MAX_ANSWER, MAX_CANVAS = 340, 150, 192
TAPS = 2
STREAMS = 2


_MONTH = re.compile(r"(?<![\w-])\d{4}-(\d\d)-\d\d(?![\w-])")
_MONTH_WEIGHT = 4.0  # a month told by its name is the only part of a value that is translated, not copied


class Example(NamedTuple):
    """Token ids; `is_value` marks the answer tokens that carry values rather than structure and keys, `weight` how
    much each answer token counts."""

    prompt: list[int]
    answer: list[int]
    is_value: list[bool]
    weight: list[float]


class Batch(NamedTuple):
    """`prompt` [B, P] and `prompt_valid`; the layout and gold tokens [B, T] of the canvas; the places `at` [K] of the
    flattened [B T] that count, and their weights."""

    prompt: Tensor
    prompt_valid: Tensor
    layout: Layout
    gold: Tensor
    at: Tensor
    weight: Tensor


def prompt_text(made: Document) -> str:
    """The prompt as the model sees it."""
    return f"{made.text}\n{outline(made.schema)}\n"


def answer_text(answer: object) -> tuple[str, list[bool]]:
    """Compact JSON, and for every character whether it belongs to a value."""
    parts: list[str] = []
    mask: list[bool] = []

    def put(text: str, value: bool) -> None:
        parts.append(text)
        mask.extend([value] * len(text))

    def walk(node: object) -> None:
        if isinstance(node, dict):
            put("{", False)
            for i, (key, item) in enumerate(node.items()):
                put(("," if i else "") + json.dumps(key, ensure_ascii=False) + ":", False)
                walk(item)
            put("}", False)
        elif isinstance(node, list):
            put("[", False)
            for i, item in enumerate(node):
                if i:
                    put(",", False)
                walk(item)
            put("]", False)
        elif isinstance(node, str):
            put('"', False)
            put(json.dumps(node, ensure_ascii=False)[1:-1], True)
            put('"', False)
        else:
            put(json.dumps(node), True)

    walk(answer)
    return "".join(parts), mask


def examples(tokenizer: Tokenizer, seed: str, start: int, count: int, held_out: bool = False) -> list[Example]:
    """Examples number `start` to `start + count` of a seed, those that are too long left out."""
    made = [document(random.Random(f"{seed}:{i}"), held_out) for i in range(start, start + count)]
    prompts = tokenizer.encode_batch([prompt_text(m) for m in made])
    answers = [answer_text(m.answer) for m in made]
    found = []
    tokens = tokenizer.encode_batch([a for a, _ in answers])
    for text, prompt, answer, (said, mask) in zip((m.text for m in made), prompts, tokens, answers, strict=True):
        if len(prompt.ids) <= MAX_PROMPT and len(answer.ids) <= MAX_ANSWER:
            months = _told_months(text, said)
            weight = [_MONTH_WEIGHT if any(a <= m < b for m in months) else 1.0 for a, b in answer.offsets]
            found.append(Example(prompt.ids, answer.ids, [any(mask[a:b]) for a, b in answer.offsets], weight))
    return found


def _told_months(text: str, answer: str) -> set[int]:
    """Where in the answer months stand whose dates the text tells in another form."""
    found = (m for m in _MONTH.finditer(answer) if m[0] not in text)
    return {at for m in found for at in range(*m.span(1))}


def _masked(rng: np.random.Generator, example: Example, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Which canvas positions are masked, bool [length], and how much each counts, float [length].

    The states of decoding that `block_layout` does not show: known tokens stand right of open ones.
    """
    n = len(example.answer)
    value = np.zeros(length, bool)
    value[:n] = example.is_value
    places = np.arange(length)
    weight = np.ones(length)
    roll = rng.random()
    if roll < 0.4:  # a known prefix, and within a window behind it some tokens committed early
        starts = np.flatnonzero(value)
        cut = int(rng.choice(starts)) if len(starts) and rng.random() < 0.85 else int(rng.integers(0, n + 1))
        window = cut + int(rng.integers(2, 20))
        mask = (places >= cut) & ((places >= window) | (rng.random(length) < rng.random()))
        mask[min(cut, length - 1)] = True
        weight = np.maximum(0.03, np.exp(-np.maximum(0, places - window) / 6))
    elif roll < 0.6:
        mask = rng.random(length) < max(0.05, rng.random())
    elif roll < 0.75:  # structure known, values in part
        mask = value & (rng.random(length) < rng.random())
        if rng.random() < 0.5:
            mask |= places >= n
    else:  # structure known, whole values masked, now and then but for their ends
        mask = np.zeros(length, bool)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], value, [False]]).astype(np.int8)))
        share, keep_ends = rng.random(), rng.random() < 0.4
        for a, b in edges.reshape(-1, 2):
            if rng.random() < max(share, 0.3):
                mask[a:b] = True
                if keep_ends and b - a > 2:
                    mask[a] &= rng.random() < 0.5
                    mask[b - 1] &= rng.random() < 0.5
    if rng.random() < 0.5:  # the far end is committed early at run time
        mask &= places < n + rng.exponential(8)
    if not mask.any():
        mask[rng.integers(0, n)] = True
    return mask, weight


def prompts_of(chosen: list[Example]) -> Tensor:
    width = -(-max(len(e.prompt) for e in chosen) // 8) * 8
    prompt = torch.full((len(chosen), width), PAD)
    for i, e in enumerate(chosen):
        prompt[i, : len(e.prompt)] = torch.tensor(e.prompt)
    return prompt


def collate_canvases(rng: np.random.Generator, chosen: list[Example], eos_weight: float = 0.3) -> Batch:
    """One partly masked canvas for each example."""
    reach = int(rng.integers(4, 28)) if rng.random() < 0.9 else MAX_CANVAS
    lengths = [min(len(e.answer) + int(rng.integers(0, reach + 1)), MAX_CANVAS) for e in chosen]
    rows, columns = len(lengths), -(-max(lengths) // 8) * 8
    gold = np.full((rows, columns), EOS)
    mask = np.zeros((rows, columns), bool)
    share = np.zeros((rows, columns))
    valid = np.zeros((rows, columns), bool)
    for i, (e, n) in enumerate(zip(chosen, lengths, strict=True)):
        gold[i, : len(e.answer)] = e.answer
        valid[i, :n] = True
        mask[i, :n], share[i, :n] = _masked(rng, e, n)
        share[i, : len(e.answer)] *= e.weight
    weight = np.where(gold == EOS, eos_weight, 1.0) * mask * share
    canvas = torch.from_numpy(np.where(mask, MASK, gold))
    prompt = prompts_of(chosen)
    layout = canvas_layout(canvas, MASK, TAPS, torch.from_numpy(valid))
    return Batch(prompt, prompt != PAD, layout, torch.from_numpy(gold), *_counted(weight))


def collate_streams(rng: np.random.Generator, chosen: list[Example], streams: int = STREAMS) -> Batch:
    """Each answer with a short tail of end-of-text, known, and `streams` of open blocks behind it."""
    lengths = [len(e.answer) + int(rng.integers(1, 9)) for e in chosen]
    columns = -(-max(lengths) // 8) * 8
    gold = np.full((len(chosen), columns), EOS)
    valid = np.zeros((len(chosen), columns), bool)
    weight = np.zeros((len(chosen), columns))
    for i, (e, n) in enumerate(zip(chosen, lengths, strict=True)):
        gold[i, : len(e.answer)] = e.answer
        valid[i, :n] = True
        weight[i, :n] = np.where(e.is_value + [True] + [False] * (n - len(e.answer) - 1), 1.0, 0.5)
        weight[i, : len(e.answer)] *= e.weight
    starts = np.stack([block_starts(rng, streams, columns) for _ in chosen])
    answers = torch.from_numpy(gold)
    layout = block_layout(answers, torch.from_numpy(starts), torch.from_numpy(valid), MASK, TAPS)
    counts = np.concatenate([np.zeros_like(weight), *[weight] * streams], 1)
    prompt = prompts_of(chosen)
    return Batch(prompt, prompt != PAD, layout, answers.repeat(1, streams + 1), *_counted(counts))


def _counted(weight: np.ndarray) -> tuple[Tensor, Tensor]:
    at = np.flatnonzero(weight)
    return torch.from_numpy(at), torch.from_numpy(weight.ravel()[at]).float()


def batches(
    tokenizer: Tokenizer, seed: str, tokens: int, start: int = 0, chunk: int = 8192
) -> Iterator[tuple[int, Batch]]:
    """Endless batches of about `tokens` positions, each with the number of documents generated so far; one in four
    shows partly masked canvases, the others streams of blocks."""
    position = start
    while True:
        rng = np.random.default_rng([position, *seed.encode()])
        pool = sorted(examples(tokenizer, seed, position, chunk), key=lambda e: len(e.prompt) + 3 * len(e.answer))
        position += chunk
        groups, current = [], []
        for e in pool:
            cost = len(e.prompt) + (1 + STREAMS) * (len(e.answer) + 8)
            if current and cost * (len(current) + 1) > tokens:
                groups.append(current)
                current = []
            current.append(e)
        groups.append(current)
        for i in rng.permutation(len(groups)):
            yield position, (collate_canvases if rng.random() < 0.25 else collate_streams)(rng, groups[i])
