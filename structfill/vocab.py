"""Vocabularies: token id <-> bytes, special ids, the trie of all spellings.

Reads ``tokenizer.json`` (Hugging Face `tokenizers`) directly: byte-level BPE and SentencePiece-like models, whose
tokens spell bytes on their own. Tokenizers that join words by rule (WordPiece) are refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import token_walk

from structfill.errors import SpecError, VocabMismatch

EOS_NAMES = ("<end_of_turn>", "<turn|>", "<eos>", "<|im_end|>", "<|endoftext|>", "</s>", "<|eot_id|>",
             "<|end_of_text|>", "<|eom_id|>", "<|end|>", "<|end_of_turn|>", "<|eos|>", "[EOS]",
             "<｜end▁of▁sentence｜>")  # fmt: skip
PAD_NAMES = ("<pad>", "<|endoftext|>", "[PAD]", "<|pad|>", "<|finetune_right_pad_id|>")
MASK_NAMES = ("<mask>", "[MASK]", "<|mask|>", "<|mdm_mask|>", "<|MASK|>")
MAX_SPELLING, MAX_TOKENS = 4_095, (1 << 22) - 1
SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # SentencePiece's way to write a space

TokenName = str | int
Text = bytes  # under another name, because `Vocab.bytes` hides the type inside the class


@dataclass(frozen=True, eq=False)
class Vocab:
    """What every token id spells. Immutable; equal content has equal `fingerprint`.

    Attributes:
        tokens: the bytes of every id; ``b""`` for specials, which are never text. Not to be changed.
        eos_ids: ids that end the text, ascending. May be empty: then a text must fill its canvas.
        pad_id: the id that fills the canvas after the end, or None.
        mask_id: the id of an open position for models that have one, or None. Never allowed in a result.
    """

    tokens: list[Text] = field(repr=False)
    eos_ids: tuple[int, ...]
    pad_id: int | None
    mask_id: int | None

    @classmethod
    def of_tokens(
        cls,
        tokens: Sequence[Text | None],
        *,
        eos_ids: Iterable[int] = (),
        pad_id: int | None = None,
        mask_id: int | None = None,
    ) -> Vocab:
        """A vocabulary from its bytes; None or ``b""`` is never text, nor are the special ids.

        Raises `SpecError` for ids outside the vocabulary or spellings of more than 4,095 bytes.
        """
        eos = tuple(sorted(set(eos_ids)))
        if pad_id is None and eos:
            pad_id = eos[0]
        specials = {i for i in (*eos, pad_id, mask_id) if i is not None}
        if bad := [i for i in specials if not 0 <= i < len(tokens)]:
            raise SpecError(f"special token id {bad[0]} is not among the {len(tokens)} tokens of the vocabulary")
        if mask_id is not None and mask_id in (*eos, pad_id):
            raise SpecError(f"token id {mask_id} cannot be the mask and end or pad the text as well")
        spelled = [b"" if i in specials or t is None else bytes(t) for i, t in enumerate(tokens)]
        if longest := [i for i, t in enumerate(spelled) if len(t) > MAX_SPELLING]:
            raise SpecError(f"token {longest[0]} spells more than {MAX_SPELLING} bytes")
        if len(spelled) > MAX_TOKENS or sum(map(len, spelled)) > 4 * MAX_TOKENS:
            raise SpecError("the vocabulary has too many tokens")
        return cls(spelled, eos, pad_id, mask_id)

    @classmethod
    def bytes(cls) -> Vocab:
        """256 single bytes, then end-of-text (256), padding (257) and mask (258)."""
        return cls.of_tokens(
            [*(bytes([b]) for b in range(256)), None, None, None], eos_ids=(256,), pad_id=257, mask_id=258
        )

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        *,
        eos: TokenName | Iterable[TokenName] | None = None,
        pad: TokenName | None = None,
        mask: TokenName | None = None,
    ) -> Vocab:
        """Read a ``tokenizer.json``; special tokens by name or id, else by well-known names.

        Raises `SpecError` naming the file when it cannot be read or understood.
        """
        if not isinstance(path, str | os.PathLike):
            raise SpecError(f"a tokenizer.json is given by its path, not {path!r:.80}")
        try:
            data = Path(path).read_bytes()
        except (OSError, ValueError) as error:  # ValueError: an embedded NUL in the path
            raise SpecError(f"cannot read the tokenizer {os.fspath(path)!r}: {error}") from None
        try:
            return _parse(_load(data), eos, pad, mask)
        except SpecError as error:
            raise SpecError(f"{os.fspath(path)}: {error.message}", hint=error.hint) from None

    @classmethod
    def of(
        cls,
        tokenizer: Any,
        *,
        eos: TokenName | Iterable[TokenName] | None = None,
        pad: TokenName | None = None,
        mask: TokenName | None = None,
    ) -> Vocab:
        """The vocabulary of a `tokenizers.Tokenizer`, a transformers fast tokenizer, a path or a `Vocab`.

        Special ids that a transformers tokenizer declares are used along with the well-known names.
        """
        if isinstance(tokenizer, Vocab):
            return tokenizer
        if isinstance(tokenizer, (str, os.PathLike)):
            return cls.from_file(tokenizer, eos=eos, pad=pad, mask=mask)
        backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
        if not hasattr(backend, "to_str"):
            raise SpecError(
                f"{type(tokenizer).__name__} is not a tokenizer that structfill can read",
                hint="pass a fast tokenizer, a tokenizers.Tokenizer or the path of a tokenizer.json",
            )
        pad = getattr(tokenizer, "pad_token_id", None) if pad is None else pad
        mask = getattr(tokenizer, "mask_token_id", None) if mask is None else mask
        declared = getattr(tokenizer, "eos_token_id", None)
        return _parse(_load(backend.to_str().encode()), eos, pad, mask, () if declared is None else (declared,))

    def check_width(self, columns: int) -> None:
        """Raise `VocabMismatch` unless this can be the vocabulary of a model with so many columns of logits: enough for
        every token of a text, and not far more than that, as the padding of a weight matrix would be."""
        if columns < self.width or columns - len(self) > max(1024, columns // 20):
            raise VocabMismatch(f"the tokenizer has {len(self)} tokens, {self.width} of them for texts, and the model "
                                f"{columns} columns of logits: they do not belong together")

    def __len__(self) -> int:
        return len(self.tokens)

    def decode_bytes(self, ids: Iterable[int]) -> Text:
        """The bytes that `ids` (any iterable of integers) spell; specials spell nothing.

        Raises `VocabMismatch` for an id outside the vocabulary.
        """
        listed = [int(i) for i in ids]
        if listed and not 0 <= min(listed) <= max(listed) < len(self.tokens):
            wrong = min(listed) if min(listed) < 0 else max(listed)
            raise VocabMismatch(f"token id {wrong} is not in a vocabulary of {len(self.tokens)}")
        return b"".join([self.tokens[i] for i in listed])

    def decode(self, ids: Iterable[int]) -> str:
        """The text that `ids` spell; bytes that are not UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", "replace")

    def text(self, ids: NDArray[np.int64]) -> str:
        """The text that a canvas [N] spells, up to its first end-of-text."""
        return self.decode(self.before_end(ids).tolist())

    def before_end(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those tokens [N] that stand before the first end-of-text."""
        ends = np.flatnonzero(np.isin(ids, self.eos_ids))
        return ids[: ends[0]] if len(ends) else ids

    @cached_property
    def ids(self) -> dict[Text, int]:
        """The first id of every spelling."""
        return {token: i for i, token in reversed(list(enumerate(self.tokens))) if token}

    def spell(self, text: Text) -> list[int] | None:
        """The fewest token ids that spell `text`, the first ones as long as they can be; None where none do."""
        far = len(text) + 1
        count, chosen = [far] * len(text) + [0], [-1] * len(text)
        for at in range(len(text) - 1, -1, -1):
            for end in range(min(len(text), at + self.longest), at, -1):
                if count[end] + 1 < count[at] and (token := self.ids.get(text[at:end])) is not None:
                    count[at], chosen[at] = count[end] + 1, token
        if count[0] >= far:
            return None
        spelled, at = list[int](), 0
        while at < len(text):
            spelled.append(chosen[at])
            at += len(self.tokens[chosen[at]])
        return spelled

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the content: lengths, bytes and special ids."""
        lengths = np.fromiter(map(len, self.tokens), np.int64, len(self.tokens))
        digest = hashlib.sha256(repr((self.eos_ids, self.pad_id, self.mask_id, len(self.tokens))).encode())
        digest.update(lengths.tobytes())
        digest.update(b"".join(self.tokens))
        return digest.hexdigest()

    @cached_property
    def width(self) -> int:
        """The columns that logits need to have: ids up to the last one that can stand on a canvas. Some tokenizers
        declare special tokens behind those that the model knows."""
        used = {*self.eos_ids, self.pad_id, self.mask_id}
        return 1 + max((i for i, token in enumerate(self.tokens) if token or i in used), default=-1)

    @cached_property
    def longest(self) -> int:
        """Bytes of the longest token."""
        return max(map(len, self.tokens), default=0) or 1

    @cached_property
    def trie(self) -> token_walk.Trie:
        """The trie of all spellings, with the node of every token, 0 for those that are never text; built on first use
        (about 0.4 s for 262,145 tokens)."""
        tokens = self.tokens
        order = sorted((i for i, t in enumerate(tokens) if t), key=tokens.__getitem__)
        spellings = list(dict.fromkeys(tokens[i] for i in order))
        ptr = np.zeros(len(spellings) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, spellings), np.int64, len(spellings)), out=ptr[1:])
        trie: token_walk.Trie = token_walk.build_trie(np.frombuffer(b"".join(spellings), np.uint8), ptr)
        rank = {spelling: r for r, spelling in enumerate(spellings)}
        rank[b""] = len(spellings)
        ranks = np.fromiter(map(rank.__getitem__, tokens), np.int32, len(tokens))
        return trie._replace(end=np.append(trie.end, np.int32(0))[ranks], rank=ranks)


def _load(data: bytes) -> dict[str, Any]:
    """The JSON object of a tokenizer file."""
    try:
        loaded = json.loads(data)
    except RecursionError:
        raise SpecError("not a tokenizer.json: nested too deeply") from None
    except ValueError as error:
        raise SpecError(f"not a tokenizer.json: {error}") from None
    if not isinstance(loaded, dict) or not isinstance(loaded.get("model"), dict):
        raise SpecError("not a tokenizer.json: there is no object with a member 'model'")
    return loaded


def _parse(
    spec: Mapping[str, Any],
    eos: TokenName | Iterable[TokenName] | None,
    pad: TokenName | None,
    mask: TokenName | None,
    declared_eos: Iterable[int] = (),
) -> Vocab:
    """Bytes of every token of a loaded tokenizer.json."""
    pieces, added = _pieces(spec["model"]), _added(spec.get("added_tokens"))
    spell = _speller(spec)
    size = max([*pieces.values(), *(i for i, _, _ in added)], default=-1) + 1
    tokens: list[bytes | None] = [None] * size
    names = pieces | {name: i for i, name, _ in added}
    for name, i in pieces.items():
        tokens[i] = _encode(spell, name)
    for i, name, special in added:
        blank = not special and name and not name.replace(SPACE, " ").strip()
        tokens[i] = name.replace(SPACE, " ").encode() if blank else None
    unknown = spec["model"].get("unk_token")
    if isinstance(unknown, str) and unknown in names:
        tokens[names[unknown]] = None
    specials = {name: i for i, name, is_special in added if is_special}
    other = {name: i for i, name, _ in added}
    found = set(declared_eos) | {specials[n] for n in EOS_NAMES if n in specials}
    if not found:  # "</s>" is an ordinary tag in some vocabularies, so specials come first
        found = {other[n] for n in EOS_NAMES if n in other}
    if eos is not None:
        found = {_special(names, n) for n in ([eos] if isinstance(eos, (str, int)) else eos)}
    pad_id = _first(other, PAD_NAMES) if pad is None else _special(names, pad)
    mask_id = _first(other, MASK_NAMES) if mask is None else _special(names, mask)
    return Vocab.of_tokens(tokens, eos_ids=found, pad_id=pad_id, mask_id=mask_id)


def _pieces(model: Mapping[str, Any]) -> dict[str, int]:
    """name -> id of the model's own tokens (a dict, or Unigram's list of [piece, score])."""
    vocab = model.get("vocab")
    if isinstance(vocab, list) and all(isinstance(p, list) and p for p in vocab):
        vocab = {piece[0]: i for i, piece in enumerate(vocab) if isinstance(piece[0], str)}
    if not isinstance(vocab, dict) or not all(_is_id(i) for i in vocab.values()):
        raise SpecError("not a tokenizer.json that structfill understands: model.vocab does not map names to ids")
    if len(set(vocab.values())) != len(vocab):
        raise SpecError("two tokens of model.vocab have the same id")
    return vocab


def _added(entries: Any) -> list[tuple[int, str, bool]]:
    """(id, name, special) of the added tokens."""
    entries = [] if entries is None else entries
    if not isinstance(entries, list) or not all(
        isinstance(e, dict) and _is_id(e.get("id")) and isinstance(e.get("content"), str) for e in entries
    ):
        raise SpecError("not a tokenizer.json that structfill understands: added_tokens is malformed")
    return [(e["id"], e["content"], bool(e.get("special"))) for e in entries]


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_TOKENS


def _special(names: Mapping[str, int], name: TokenName) -> int:
    if isinstance(name, str):
        if name not in names:
            raise SpecError(f"the tokenizer has no token {name!r}")
        return names[name]
    return int(name)


def _first(names: Mapping[str, int], known: Iterable[str]) -> int | None:
    return next((names[n] for n in known if n in names), None)


def _components(part: Any) -> list[Mapping[str, Any]]:
    """All typed objects in a pre-tokenizer or decoder, sequences opened."""
    found: list[Mapping[str, Any]] = []
    stack = [part]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            found.append(part)
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return found


def _speller(spec: Mapping[str, Any]) -> Any:
    """The function from a token's name to its bytes, chosen by the decoder and the pre-tokenizer."""
    parts = _components([spec.get("decoder"), spec.get("pre_tokenizer")])
    kinds = {str(p.get("type")) for p in parts}
    if "ByteLevel" in kinds:
        return _spell_byte_level
    if spec["model"].get("type") == "WordPiece" or "WordPiece" in kinds:
        raise SpecError("WordPiece tokenizers are not supported: their spaces depend on neighbouring tokens")
    spaced = any(p.get("type") == "Replace" and p.get("content") == " " for p in parts)
    if "Metaspace" in kinds or "ByteFallback" in kinds or spaced:
        return _spell_sentencepiece
    raise SpecError(
        "the tokenizer's decoder is not supported",
        hint="byte-level (ByteLevel) and SentencePiece-like (Metaspace, ByteFallback) decoders are",
    )


def _gpt2_bytes() -> dict[str, int]:
    """The printable character of every byte in byte-level BPE (GPT-2, encoder.py, bytes_to_unicode)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in set(printable)]
    return {chr(b): b for b in printable} | {chr(256 + k): b for k, b in enumerate(others)}


_BYTE_OF = _gpt2_bytes()


def _spell_byte_level(name: str) -> bytes:
    try:
        return bytes([_BYTE_OF[c] for c in name])
    except KeyError:
        return name.encode()


def _spell_sentencepiece(name: str) -> bytes:
    byte = re.fullmatch(r"<0x([0-9A-Fa-f]{2})>", name)
    return bytes([int(byte[1], 16)]) if byte else name.replace(SPACE, " ").encode()


def _encode(spell: Any, name: str) -> bytes:
    try:
        return bytes(spell(name))
    except UnicodeEncodeError:
        raise SpecError(f"the token {name!r} is not Unicode text") from None
