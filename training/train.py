"""Train the embedded model: masked diffusion with Muon and AdamW, resumable, for a given time.

python -m training.train runs/embedded --minutes 90
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from structfill.models.denoiser import Denoiser, DenoiserConfig, Memory
from structfill.models.embedded import read_weights
from structfill.models.layout import Layout, canvas_layout
from training.dataset import Batch, batches, examples, prompts_of
from training.streams import block_layout
from training.tokenizer import EOS, MASK, PAD, train_tokenizer

TOKENIZER = Path("structfill/models/default/tokenizer.json")


def loss_of(model: Denoiser, batch: Batch, offset: Tensor) -> Tensor:
    """Mean cross-entropy of the masked positions."""
    memory = model.encode(batch.prompt, batch.prompt_valid, offset)
    hidden, same = model.decode(batch.layout, memory)
    found = model.gold_log_probs(hidden, same, memory, batch.gold, batch.at)
    return -(found * batch.weight).sum() / batch.weight.sum()


@torch.inference_mode()
def held_out_accuracy(
    model: Denoiser, tokenizer: Tokenizer, held_out: bool = True, count: int = 256
) -> dict[str, float]:
    """Accuracy of value tokens: right behind a known prefix ("next"), three further on ("fourth"), and with all
    structure known and all values masked ("values")."""
    chosen = sorted(examples(tokenizer, "evaluation", 0, count, held_out), key=lambda e: len(e.prompt))
    hits: dict[str, list[float]] = {"next": [], "fourth": [], "values": []}
    for i in range(0, len(chosen), 16):
        part = chosen[i : i + 16]
        length = max(len(e.answer) for e in part)
        value = torch.zeros(len(part), length, dtype=torch.bool)
        gold = torch.full((len(part), length), EOS)
        for row, e in enumerate(part):
            value[row, : len(e.is_value)] = torch.tensor(e.is_value)
            gold[row, : len(e.answer)] = torch.tensor(e.answer)
        prompt = prompts_of(part)
        place = torch.arange(length)
        with torch.autocast("cpu", torch.bfloat16):
            memory = model.encode(prompt, prompt != PAD)

        def right(layout: Layout, gold: Tensor, memory: Memory = memory) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return model.log_probs(*model.decode(layout, memory), memory).argmax(-1) == gold

        for name, distance in (("next", 0), ("fourth", 3)):
            starts = (place - distance).clamp_min(0).expand(len(part), 1, -1)
            layout = block_layout(gold, starts, torch.ones_like(value), MASK, model.config.taps)
            hits[name] += right(layout, gold.repeat(1, 2))[:, length:][value].float().tolist()
        layout = canvas_layout(gold.masked_fill(value, MASK), MASK, model.config.taps)
        hits["values"] += right(layout, gold)[value].float().tolist()
    return {name: round(float(np.mean(found)), 4) for name, found in hits.items()}


def train(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(TOKENIZER)) if TOKENIZER.exists() else train_tokenizer(TOKENIZER)
    config = DenoiserConfig(tokenizer.get_vocab_size(), args.width, args.layers, args.heads, args.hidden)
    model = Denoiser(config)
    initialise(model)
    if args.start is not None:  # weights in the package's form, when no checkpoint is left
        model.load_state_dict(read_weights(args.start).state_dict())
    averaged = {n: p.detach().clone() for n, p in model.named_parameters()}
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and n.startswith("blocks") and "conv" not in n]
    rest = [p for n, p in model.named_parameters() if not (p.dim() == 2 and n.startswith("blocks") and "conv" not in n)]
    optimisers = [
        torch.optim.Muon(matrices, lr=args.muon_lr, weight_decay=0.01),
        torch.optim.AdamW(rest, lr=args.adam_lr, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]
    rates = [args.muon_lr, args.adam_lr]
    state = {"seconds": 0.0, "step": 0, "tokens": 0, "position": 0}
    checkpoint = out / "last.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"], strict=False)  # a newer architecture may have more parameters
        averaged |= saved["averaged"]
        for optimiser, kept in zip(optimisers, saved["optimisers"], strict=True):
            if len(kept["param_groups"][0]["params"]) == len(optimiser.param_groups[0]["params"]):
                optimiser.load_state_dict(kept)
        state = saved["state"]
    if args.compile:
        for block in model.blocks:
            block.encode = torch.compile(block.encode, dynamic=True)
            block.decode = torch.compile(block.decode, dynamic=True)
    log = (out / "log.jsonl").open("a")

    def note(**fields: object) -> None:
        print(json.dumps(fields), file=log, flush=True)
        print(json.dumps(fields), flush=True)

    note(parameters=sum(p.numel() for p in model.parameters()), config=asdict(config), arguments=vars(args))
    budget, spent, began = args.minutes * 60, state["seconds"], time.time()
    next_save = spent + 120
    next_eval = spent + (args.evaluate_every * 60 if spent else 0)
    losses: list[float] = []
    resumed = state["step"]
    wasted = 0.0
    stream = batches(tokenizer, args.data_seed, args.batch_tokens, state["position"])
    for position, batch in stream:
        if args.budget_file and Path(args.budget_file).exists():
            budget = float(Path(args.budget_file).read_text()) * 60
        elapsed = spent + time.time() - began
        progress = elapsed / budget
        if progress >= 1:
            break
        scale = min(1.0, (state["step"] - resumed + 1) / 40) * min(1.0, (1 - progress) / (1 - args.decay_from))
        for optimiser, rate in zip(optimisers, rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * scale
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
            loss = loss_of(model, batch, torch.randint(0, 64, ()))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(rest, 1.0)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()
        state["step"] += 1
        decay = min(0.998, state["step"] / (state["step"] + 20))
        with torch.no_grad():
            torch._foreach_lerp_(list(averaged.values()), [p.detach() for p in model.parameters()], 1 - decay)
        state["tokens"] += int(batch.prompt_valid.sum()) + len(batch.at)
        state["position"] = position
        losses.append(loss.item())
        if state["step"] % 20 == 0:
            speed = state["tokens"] / max(elapsed, 1)
            note(
                step=state["step"],
                minutes=round(elapsed / 60, 2),
                tokens=state["tokens"],
                loss=round(float(np.mean(losses[-20:])), 4),
                tokens_per_s=round(speed),
            )
        if elapsed >= next_save:
            next_save = elapsed + 180
            state["seconds"] = elapsed
            save(checkpoint, model, averaged, optimisers, state)
        if elapsed >= next_eval:
            next_eval = elapsed + args.evaluate_every * 60
            paused = time.time()
            note(
                step=state["step"],
                minutes=round(elapsed / 60, 2),
                tokens=state["tokens"],
                evaluation=evaluated(model, averaged, tokenizer),
            )
            wasted += time.time() - paused
    state["seconds"] = spent + time.time() - began
    save(checkpoint, model, averaged, optimisers, state)
    note(
        done=True,
        **state,
        evaluation=evaluated(model, averaged, tokenizer),
        seen=evaluated(model, averaged, tokenizer, False),
    )


def initialise(model: Denoiser) -> None:
    """Scaled normal weights; the writing matrices of each block start small."""
    deep = (2 * model.config.layers) ** -0.5
    for name, p in model.named_parameters():
        if p.dim() == 2 and "conv" not in name:
            torch.nn.init.normal_(p, std=0.02 if "embedding" in name else p.shape[1] ** -0.5)
        if name.endswith(("out.weight", "down.weight")):
            p.data.mul_(deep)


def evaluated(
    model: Denoiser, averaged: dict[str, Tensor], tokenizer: Tokenizer, held_out: bool = True
) -> dict[str, float]:
    """Held-out accuracy with the averaged weights."""
    plain = Denoiser(model.config)
    plain.load_state_dict(averaged)
    return held_out_accuracy(plain.eval(), tokenizer, held_out)


def save(path: Path, model: Denoiser, averaged: dict[str, Tensor], optimisers: list, state: dict) -> None:
    part = path.with_suffix(".part")
    torch.save(
        {
            "model": model.state_dict(),
            "averaged": averaged,
            "optimisers": [o.state_dict() for o in optimisers],
            "state": state,
            "config": asdict(model.config),
        },
        part,
    )
    part.replace(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=704)
    parser.add_argument("--batch-tokens", type=int, default=12000)
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--adam-lr", type=float, default=3e-3)
    parser.add_argument("--decay-from", type=float, default=0.3)
    parser.add_argument("--evaluate-every", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-seed", default="train")
    parser.add_argument("--budget-file", default="")
    parser.add_argument("--start", type=Path, help="a denoiser.safetensors to start from, in place of random weights")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    train(parser.parse_args())
