"""Write a checkpoint as the weights file of the package: int8 with one scale for each row.

python -m training.export runs/embedded/last.pt
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from structfill.models.embedded import FORMAT, WEIGHTS, digest

DEFAULT = Path("structfill/models/default")


def quantised(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Matrices as int8 and float32 scales per row; everything else as float32."""
    tensors: dict[str, Tensor] = {}
    for name, weight in weights.items():
        weight = weight.detach().float()
        if weight.dim() == 2 and "conv" not in name and len(weight) > 1:
            scale = weight.abs().amax(1).clamp_min(1e-12) / 127
            tensors[name] = (weight / scale[:, None]).round().clamp(-127, 127).to(torch.int8)
            tensors[f"{name}.scale"] = scale
        else:
            tensors[name] = weight.contiguous().clone()
    return tensors


def export(checkpoint: Path, directory: Path = DEFAULT) -> Path:
    """Quantise the averaged weights of `checkpoint` and write them into `directory`."""
    saved = torch.load(checkpoint, weights_only=True)
    tensors = quantised(saved["averaged"])
    metadata = {
        "format": FORMAT,
        "config": json.dumps(saved["config"]),
        "sha256": digest(tensors),
        "trained": json.dumps(saved["state"]),
    }
    path = directory / WEIGHTS
    part = path.with_suffix(".part")
    save_file(tensors, str(part), metadata=metadata)
    part.chmod(0o644)
    part.replace(path)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--directory", type=Path, default=DEFAULT)
    args = parser.parse_args()
    print(export(args.checkpoint, args.directory))
