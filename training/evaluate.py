"""Measure the embedded model on held-out documents: new phrasings and new values.

python -m training.evaluate --count 150 --modes free 1 4 16
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import defaultdict
from typing import Any

import torch

import structfill
from structfill.front.json_schema.outline import outline
from structfill.models.embedded import EmbeddedModel
from training.documents import Document, document

PASSES = 16
_MISSING = object()


def leaves(node: Any, path: tuple = ()) -> dict[tuple, Any]:
    """Every scalar of a JSON value by its path; an empty list or object counts as one."""
    if isinstance(node, dict) and node:
        return {p: v for key, item in node.items() for p, v in leaves(item, (*path, key)).items()}
    if isinstance(node, list) and node:
        return {p: v for i, item in enumerate(node) for p, v in leaves(item, (*path, i)).items()}
    return {path: node}


def same(a: Any, b: Any) -> bool:
    """Equality of JSON scalars: true is not 1."""
    return a is not _MISSING and b is not _MISSING and isinstance(a, bool) == isinstance(b, bool) and a == b


def closed(schema: Any) -> Any:
    """The schema with no properties beyond those it declares."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    extra = {"additionalProperties": False} if schema.get("type") == "object" else {}
    properties = {k: closed(v) for k, v in schema.get("properties", {}).items()}
    found = {k: closed(v) if k in ("items", "anyOf", "oneOf") else v for k, v in schema.items()}
    return found | extra | ({"properties": properties} if properties else {})


class Score:
    """Counts of one mode."""

    def __init__(self) -> None:
        self.fields = self.right = self.union = self.exact = self.texts = self.valid = 0
        self.kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.seconds: list[float] = []
        self.wrong: list[str] = []

    def add(self, made: Document, value: Any, seconds: float) -> None:
        gold, found = leaves(made.answer), {} if value is _MISSING else leaves(value)
        right = sum(same(found.get(p, _MISSING), v) for p, v in gold.items())
        self.texts += 1
        self.valid += value is not _MISSING
        self.fields += len(gold)
        self.union += len(gold.keys() | found.keys())
        self.right += right
        self.exact += right == len(gold) == len(found)
        self.kinds[made.kind][0] += right
        self.kinds[made.kind][1] += len(gold)
        self.seconds.append(seconds)
        for p, v in gold.items():
            if not same(found.get(p, _MISSING), v):
                shown = found.get(p, "(absent)")
                self.wrong.append(f"{'.'.join(map(str, p))}: {v!r} read as {shown!r}")

    def row(self) -> dict[str, Any]:
        return {
            "texts": self.texts,
            "fields": self.fields,
            "field_accuracy": round(self.right / max(1, self.fields), 3),
            "field_accuracy_union": round(self.right / max(1, self.union), 3),
            "exact": round(self.exact / max(1, self.texts), 3),
            "valid": round(self.valid / max(1, self.texts), 3),
            "median_s": round(statistics.median(self.seconds), 3),
        }


def free(model: EmbeddedModel, made: Document, passes: int = PASSES) -> Any:
    """No constraint: commit the most confident positions, as many in each pass."""
    vocab, n = model.vocab, model.canvas_length
    context = torch.tensor([model.encode(made.text, outline(made.schema))])
    canvas = torch.full((1, n), vocab.mask_id)
    for step in range(passes):
        scores = model(context, canvas)
        scores[:, :, [vocab.mask_id, vocab.pad_id]] = -1e9
        sure, token = scores.max(-1)
        open_ = canvas == vocab.mask_id
        count = -(-int(open_.sum()) // (passes - step))
        at = sure.masked_fill(~open_, -1e9)[0].topk(count).indices
        canvas[0, at] = token[0, at]
    ids = canvas[0].tolist()
    ends = [ids.index(e) for e in vocab.eos_ids if e in ids]
    try:
        return json.loads(vocab.decode(ids[: min(ends, default=n)]))
    except ValueError:
        return _MISSING


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--modes", nargs="+", default=["free", "1", "4", "16"])
    parser.add_argument("--seen", action="store_true", help="training phrasings and values instead of held-out ones")
    parser.add_argument("--open", action="store_true", help="allow properties beyond those declared")
    parser.add_argument("--seed", default="final")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--options", default="{}", help="more sampler options, as JSON")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = EmbeddedModel.load()
    documents = [document(random.Random(f"{args.seed}:{i}"), not args.seen) for i in range(args.count)]
    if not args.open:
        for made in documents:
            made.schema = closed(made.schema)
    scores = {mode: Score() for mode in args.modes}
    for count, made in enumerate(documents):
        if count % 25 == 24:
            print(count, {mode: score.row()["field_accuracy"] for mode, score in scores.items()}, flush=True)
        generator = None
        for mode in args.modes:
            began = time.perf_counter()
            if mode == "free":
                value = free(model, made)
            else:
                options = structfill.SamplerOptions(passes=int(mode), **json.loads(args.options))
                if generator is None:
                    generator = structfill.Generator(schema=made.schema, model=model, cache=None)
                generator.options = options
                began = time.perf_counter()
                value = generator(made.text).value
            scores[mode].add(made, value, time.perf_counter() - began)
    for mode, score in scores.items():
        print(json.dumps({"mode": mode, **score.row()}), flush=True)
        print("  by kind:", {k: f"{a}/{b}" for k, (a, b) in sorted(score.kinds.items())})
        for line in score.wrong[: args.show]:
            print("   ", line)


if __name__ == "__main__":
    main()
