"""From documents to tensors: prompts, answers, and canvases masked as they are at run time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from structfill.front.json_schema.outline import outline
from training.documents import Document, document
from training.tokenizer import EOS, MASK, PAD

MAX_PROMPT, MAX_ANSWER, MAX_CANVAS = 340, 150, 192


class Example(NamedTuple):
    """Token ids; `is_value` marks the answer tokens that carry values rather than structure and keys."""

    prompt: list[int]
    answer: list[int]
    is_value: list[bool]


class Batch(NamedTuple):
    """`prompt` [B, P]; the rest [B * K, N]: masked canvas, gold tokens, existing positions, loss weights."""

    prompt: Tensor
    prompt_valid: Tensor
    canvas: Tensor
    gold: Tensor
    valid: Tensor
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
    for prompt, answer, (_, mask) in zip(
        prompts, tokenizer.encode_batch([a for a, _ in answers]), answers, strict=True
    ):
        if len(prompt.ids) <= MAX_PROMPT and len(answer.ids) <= MAX_ANSWER:
            found.append(Example(prompt.ids, answer.ids, [any(mask[a:b]) for a, b in answer.offsets]))
    return found


def _masked(rng: np.random.Generator, example: Example, length: int, t: float) -> tuple[np.ndarray, np.ndarray]:
    """Which canvas positions are masked, bool [length], and how much each counts, float [length].

    Mostly a prefix is known, as in decoding; then what stands close behind it counts most, for what stands far
    behind it cannot be known.
    """
    n = len(example.answer)
    value = np.zeros(length, bool)
    value[:n] = example.is_value
    uniform = rng.random(length) < t
    places = np.arange(length)
    weight = np.ones(length)
    roll = rng.random()
    if roll < 0.64:
        starts = np.flatnonzero(value | np.concatenate([[False], value[:-1]]))
        cut = int(rng.choice(starts)) if len(starts) and rng.random() < 0.85 else int(rng.integers(0, n + 1))
        mask = places >= cut
        weight = np.maximum(0.03, np.exp(-np.maximum(0, places - cut) / 6))
        if rng.random() < 0.3:
            mask &= rng.random(length) < 0.3 + 0.7 * rng.random()
            mask[min(cut, length - 1)] = True
    elif roll < 0.80:
        mask = uniform
    elif roll < 0.88:  # structure known, values in part
        mask = value & uniform
        if rng.random() < 0.5:
            mask |= places >= n
    else:  # structure known, whole values masked, now and then but for their ends
        mask = np.zeros(length, bool)
        keep_ends = roll > 0.95
        edges = np.flatnonzero(np.diff(np.concatenate([[False], value, [False]]).astype(np.int8)))
        for a, b in edges.reshape(-1, 2):
            if rng.random() < max(t, 0.3):
                mask[a:b] = True
                if keep_ends and b - a > 2:
                    mask[a] &= rng.random() < 0.5
                    mask[b - 1] &= rng.random() < 0.5
    if rng.random() < 0.5:  # the far end is committed early at run time
        mask &= places < n + rng.exponential(8)
    if not mask.any():
        mask[rng.integers(0, n)] = True
    return mask, weight


def collate(rng: np.random.Generator, chosen: list[Example], canvases: int = 3, eos_weight: float = 0.15) -> Batch:
    """A batch with `canvases` noised canvases for each prompt."""
    width = -(-max(len(e.prompt) for e in chosen) // 8) * 8
    prompt = torch.full((len(chosen), width), PAD)
    for i, e in enumerate(chosen):
        prompt[i, : len(e.prompt)] = torch.tensor(e.prompt)
    reach = int(rng.integers(4, 28)) if rng.random() < 0.94 else MAX_CANVAS
    lengths = [
        min(len(e.answer) + int(rng.integers(0, reach + 1)), MAX_CANVAS) for e in chosen for _ in range(canvases)
    ]
    rows, columns = len(lengths), -(-max(lengths) // 8) * 8
    gold = np.full((rows, columns), EOS)
    mask = np.zeros((rows, columns), bool)
    share = np.zeros((rows, columns))
    valid = np.zeros((rows, columns), bool)
    levels = (rng.random() + np.arange(rows) / rows) % 1
    rng.shuffle(levels)
    for i, n in enumerate(lengths):
        e = chosen[i // canvases]
        gold[i, : len(e.answer)] = e.answer
        valid[i, :n] = True
        mask[i, :n], share[i, :n] = _masked(rng, e, n, max(0.03, levels[i]))
    weight = np.where(gold == EOS, eos_weight, 1.0) * mask * share
    canvas = np.where(mask, MASK, gold)
    return Batch(
        prompt,
        prompt != PAD,
        torch.from_numpy(canvas),
        torch.from_numpy(gold),
        torch.from_numpy(valid),
        torch.from_numpy(weight).float(),
    )


def batches(
    tokenizer: Tokenizer, seed: str, tokens: int, start: int = 0, chunk: int = 2048
) -> Iterator[tuple[int, Batch]]:
    """Endless batches of about `tokens` tokens, each with the number of documents generated so far."""
    position = start
    while True:
        rng = np.random.default_rng([position, *seed.encode()])
        pool = sorted(examples(tokenizer, seed, position, chunk), key=lambda e: len(e.prompt) + 2 * len(e.answer))
        position += chunk
        groups, current, cost = [], [], 0
        for e in pool:
            cost = len(e.prompt) + 3 * (len(e.answer) + 16)
            if current and cost * (len(current) + 1) > tokens:
                groups.append(current)
                current = []
            current.append(e)
        groups.append(current)
        for i in rng.permutation(len(groups)):
            yield position, collate(rng, groups[i])
