"""Train the byte-level BPE of the embedded model.

A value has the same tokens in the text and between quotes: runs of letters, single digits, single spaces and
other punctuation are separate pieces; runs of JSON structure are one piece, so that canvases are short.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from structfill.front.json_schema.outline import outline
from training.documents import document

PAD, MASK, EOS = 0, 1, 2
SPECIALS = ("<pad>", "<mask>", "<eos>")
PIECES = r"""\p{L}+|\p{N}|["{}\[\]:,]+|\r?\n|\s|[^\s\p{L}\p{N}"{}\[\]:,]"""


def train_tokenizer(path: Path, documents: int = 12_000, size: int = 4096, seed: int = 11) -> Tokenizer:
    """Train on generated documents and write `path`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()

    def texts():
        for i in range(documents):
            made = document(random.Random(f"{seed}:{i}"))
            answer = json.dumps(made.answer, separators=(",", ":"), ensure_ascii=False)
            yield f"{made.text}\n{outline(made.schema)}\n{answer}"

    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return tokenizer


if __name__ == "__main__":
    train_tokenizer(Path("structfill/models/default/tokenizer.json"))
