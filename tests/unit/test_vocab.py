"""Vocabularies: tokenizer files, special tokens, the trie; hostile files."""

from __future__ import annotations

import json
import lzma
import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structfill_kernels.token_walk.reference import spellings_of

from structfill.errors import SpecError, StructfillError, VocabMismatch
from structfill.vocab import Vocab
from tests.strategies import law

DATA = Path(os.environ.get("STRUCTFILL_DATA", Path(__file__).parents[3] / "shared" / "data"))
TEXTS = [
    "",
    "Hello, world!",
    '{"a": [1, 2.5e-3, null], "b": "x\\ny"}',
    "  two\n\n\n\tthree    four",
    "naïve café",
    "日本語のテキスト",
    "🙂🏳️‍🌈 emoji",
    "עברית ‏",
    "\x00\x01\x7f",
    "a\r\nb",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "x" * 300,
    "SELECT * FROM t;",
]


def byte_level(**changes):
    """A small byte-level BPE tokenizer.json."""
    spec = {
        "added_tokens": [
            {"id": 5, "content": "<|endoftext|>", "special": True},
            {"id": 6, "content": "<|im_end|>", "special": True},
            {"id": 7, "content": "<think>", "special": False},
            {"id": 8, "content": "\n\n", "special": False},
            {"id": 9, "content": "<|mask|>", "special": True},
        ],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}]},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": {"a": 0, "Ġb": 1, "Ċ": 2, "Ã": 3, "</s>": 4}},
    }
    return spec | changes


def sentencepiece(**changes):
    """A small SentencePiece-like tokenizer.json."""
    spec = {
        "added_tokens": [
            {"id": 0, "content": "<pad>", "special": True},
            {"id": 1, "content": "<eos>", "special": True},
            {"id": 2, "content": "<unk>", "special": False},
            {"id": 3, "content": "▁▁", "special": False},
            {"id": 8, "content": "<unused5>", "special": False},
            {"id": 9, "content": "</s>", "special": False},
        ],
        "decoder": {
            "type": "Sequence",
            "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}],
        },
        "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "vocab": {"<unk>": 2, "<0x0A>": 4, "▁the": 5, "\n": 6, "é": 7, "<unused5>": 8},
        },
    }
    return spec | changes


def written(tmp_path, spec):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(spec))
    return path


def test_byte_level(tmp_path):
    vocab = Vocab.from_file(written(tmp_path, byte_level()))
    assert vocab.tokens == [b"a", b" b", b"\n", b"\xc3", b"</s>", b"", b"", b"", b"\n\n", b""]
    assert (vocab.eos_ids, vocab.pad_id, vocab.mask_id) == ((5, 6), 5, 9)
    assert vocab.decode([0, 1, 3, 5, 8]) == "a b\N{REPLACEMENT CHARACTER}\n\n"
    assert vocab.decode_bytes(np.array([3, 2])) == b"\xc3\n" and len(vocab) == 10


def test_sentencepiece(tmp_path):
    vocab = Vocab.from_file(written(tmp_path, sentencepiece()))
    assert vocab.tokens == [b"", b"", b"", b"  ", b"\n", b" the", b"\n", "é".encode(), b"", b""]
    assert (vocab.eos_ids, vocab.pad_id, vocab.mask_id) == ((1,), 0, None)


def test_unigram_with_metaspace(tmp_path):
    model = {"type": "Unigram", "vocab": [["<unk>", 0.0], ["▁a", -1.0], ["b", -2.0]], "unk_id": 0}
    spec = sentencepiece(model=model, added_tokens=[], decoder={"type": "Metaspace"})
    vocab = Vocab.from_file(written(tmp_path, spec))
    assert vocab.tokens[1:] == [b" a", b"b"]


def test_special_tokens_are_never_text(tmp_path):
    """Not even those that consist of white space; other added ones are text only if they do."""
    added = [(0, "\n", True), (1, "\t\t", False), (2, "▁", True), (3, "▁", False), (4, " x", False), (5, "", False)]
    entries = [{"id": i, "content": text, "special": special} for i, text, special in added]
    spec = sentencepiece(added_tokens=entries, model={"type": "BPE", "vocab": {}})
    assert Vocab.from_file(written(tmp_path, spec)).tokens == [b"", b"\t\t", b"", b" ", b"", b""]


def test_special_tokens_by_argument(tmp_path):
    path = written(tmp_path, byte_level())
    vocab = Vocab.from_file(path, eos="<think>", pad=9, mask="</s>")
    assert (vocab.eos_ids, vocab.pad_id, vocab.mask_id) == ((7,), 9, 4) and vocab.tokens[4] == b""
    assert Vocab.from_file(path, eos=[5, "<think>"]).eos_ids == (5, 7)
    assert Vocab.from_file(path, eos=[]).eos_ids == ()
    for wrong in ({"eos": "<nope>"}, {"eos": 10}, {"pad": -1}, {"mask": 5, "eos": 5}):
        with pytest.raises(SpecError, match=r"tokenizer\.json"):
            Vocab.from_file(path, **wrong)


def test_names_of_ordinary_tokens_do_not_end_the_text(tmp_path):
    """`</s>` is a tag in Gemma and plain text in Qwen; only without a special does an added one count."""
    added = [{"id": 9, "content": "</s>", "special": False}]
    assert Vocab.from_file(written(tmp_path, sentencepiece())).eos_ids == (1,)
    assert Vocab.from_file(written(tmp_path, sentencepiece(added_tokens=added))).eos_ids == (9,)
    assert Vocab.from_file(written(tmp_path, byte_level(added_tokens=[]))).eos_ids == ()


def test_byte_vocabulary():
    vocab = Vocab.bytes()
    assert len(vocab) == 259 and vocab.tokens[65] == b"A" and vocab.tokens[256:] == [b"", b"", b""]
    assert (vocab.eos_ids, vocab.pad_id, vocab.mask_id) == ((256,), 257, 258)
    assert vocab.decode("né".encode()) == "né"


def test_fingerprints_tell_content():
    base = {"tokens": [b"a", b"bc", None], "eos_ids": [2]}
    same, others = (
        Vocab.of_tokens(**base),
        [
            Vocab.of_tokens([b"ab", b"c", None], eos_ids=[2]),
            Vocab.of_tokens([b"a", b"bc", None], eos_ids=[1]),
            Vocab.of_tokens([b"a", b"bc", None, None], eos_ids=[2]),
            Vocab.of_tokens([b"a", b"bc", None]),
            Vocab.of_tokens([b"a", b"bc", None, None], eos_ids=[2], pad_id=3),
            Vocab.of_tokens([b"a", b"bc", None, None], eos_ids=[2], mask_id=3),
        ],
    )
    assert same.fingerprint == Vocab.of_tokens(**base).fingerprint
    assert len({v.fingerprint for v in [same, *others]}) == 7


@pytest.mark.parametrize("ids", [[-1], [3], [0, 10**12]])
def test_foreign_ids(ids):
    with pytest.raises(VocabMismatch, match="not in a vocabulary of 3"):
        Vocab.of_tokens([b"a", b"b", None]).decode(ids)


@pytest.mark.parametrize(
    "arguments",
    [
        {"tokens": [b"a"], "eos_ids": [1]},
        {"tokens": [b"a"], "pad_id": -1},
        {"tokens": [b"x" * 4096]},
        {"tokens": [None], "eos_ids": [0], "mask_id": 0},
    ],
)
def test_impossible_vocabularies(arguments):
    with pytest.raises(SpecError):
        Vocab.of_tokens(**arguments)


@law(60)
@given(st.lists(st.binary(max_size=4) | st.sampled_from([b"ab", b"abc", b"ab\x00"]), max_size=20))
def test_the_trie_spells_every_token(tokens):
    trie = Vocab.of_tokens(tokens).trie
    assert spellings_of(trie) == tokens
    assert len(trie.prefixes) == len({t[:k] for t in tokens for k in range(1, len(t) + 1)})


def test_the_longest_spelling():
    trie = Vocab.of_tokens([b"x" * 4095, b"x" * 4094 + b"y"]).trie
    assert len(trie.prefixes) == 4096 and trie.end.tolist() == [4095, 4096]


# Hostile files: an error that names the file, or a vocabulary.

HOSTILE = {
    "empty": b"",
    "no json": b"\x89PNG\r\n",
    "a list": b"[]",
    "null": b"null",
    "no model": b"{}",
    "model is text": b'{"model": "BPE"}',
    "no vocab": b'{"model": {}, "decoder": {"type": "ByteLevel"}}',
    "deep": b"[" * 200_000,
    "deep decoder": b'{"model": {"vocab": {}}, "decoder": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
    "UTF-16": json.dumps(byte_level()).encode("utf-16"),
    "not UTF-8": b'{"model": {"vocab": {"\xff": 1}}}',
    "long number": b'{"model": {"vocab": {"a": ' + b"9" * 5000 + b"}}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(tmp_path, name):
    path = tmp_path / "strange.json"
    path.write_bytes(HOSTILE[name])
    if name == "UTF-16":
        assert Vocab.from_file(path).tokens[0] == b"a"
        return
    with pytest.raises(SpecError, match=r"strange\.json"):
        Vocab.from_file(path)


BAD_MODELS = [
    {"a": -1},
    {"a": 10**9},
    {"a": 1.5},
    {"a": True},
    {"a": "1"},
    {"a": 0, "b": 0},
    {"\ud800": 0},
    [["a"], 3],
    [],
    "x",
    None,
    [[]],
]


@pytest.mark.parametrize("vocab", BAD_MODELS, ids=str)
def test_bad_models(tmp_path, vocab):
    path = written(tmp_path, byte_level(model={"type": "BPE", "vocab": vocab}))
    if vocab == []:
        assert Vocab.from_file(path).eos_ids == (5, 6)
        return
    with pytest.raises(SpecError, match=r"tokenizer\.json"):
        Vocab.from_file(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"decoder": {"type": "WordPiece", "prefix": "##"}, "pre_tokenizer": None},
        {"decoder": None, "pre_tokenizer": None},
        {"added_tokens": [{"id": 3}]},
        {"added_tokens": {"a": 1}},
        {"added_tokens": [{"id": -1, "content": "a"}]},
    ],
    ids=str,
)
def test_unsupported_or_malformed_parts(tmp_path, changes):
    with pytest.raises(SpecError, match=r"tokenizer\.json"):
        Vocab.from_file(written(tmp_path, byte_level(**changes)))


def test_paths_that_are_no_files(tmp_path):
    for path in (tmp_path, tmp_path / "missing.json", "nul\0name"):
        with pytest.raises(SpecError):
            Vocab.from_file(path)


def test_truncation_and_flipped_bytes(tmp_path):
    """Cut anywhere: an error. A byte changed anywhere: an error of ours or a vocabulary."""
    whole, path, rng = json.dumps(sentencepiece()).encode(), tmp_path / "cut.json", random.Random(0)
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(SpecError, match=r"cut\.json"):
            Vocab.from_file(path)
    for at in range(0, len(whole), 2):
        path.write_bytes(whole[:at] + bytes([rng.randrange(256)]) + whole[at + 1 :])
        try:
            assert len(Vocab.from_file(path).trie.end)
        except StructfillError as error:
            assert "cut.json" in str(error)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 12)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["ByteLevel", "Metaspace", "WordPiece", "Replace", " ", "type"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "vocab", "id", "content", "special", "unk_token", "a"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@law(300)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "model": JSON
            | st.fixed_dictionaries({"vocab": JSON | st.dictionaries(st.text(max_size=3), st.integers(0, 20))}),
            "decoder": JSON,
            "pre_tokenizer": JSON,
            "added_tokens": JSON
            | st.lists(
                st.fixed_dictionaries({"id": st.integers(0, 20), "content": st.text(max_size=3), "special": JSON})
            ),
        },
    )
)
def test_any_json(tmp_path_factory, spec):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(spec))
    try:
        vocab = Vocab.from_file(path)
    except StructfillError as error:
        assert "any.json" in str(error)
    else:
        assert len(vocab.trie.end) == len(vocab) and len(vocab.fingerprint) == 64


# Real tokenizers.


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    def unpack(name):
        packed = DATA / "tokenizers" / f"{name}.tokenizer.json.xz"
        if not packed.exists():
            pytest.skip(f"no {packed} (set STRUCTFILL_DATA)")
        path = tmp_path_factory.getbasetemp() / f"{name}.tokenizer.json"
        if not path.exists():
            path.write_bytes(lzma.decompress(packed.read_bytes()))
        return path

    return unpack


@pytest.mark.parametrize(
    ("name", "size", "eos", "pad", "mask"),
    [("gemma3", 262_145, (1, 106), 0, 4), ("qwen3", 151_669, (151_643, 151_645), 151_643, None)],
)
def test_real_tokenizers(unpacked, name, size, eos, pad, mask):
    """Ids, specials, and texts that survive the tokenizer's own encoding."""
    from tokenizers import Tokenizer

    path = unpacked(name)
    vocab, tokenizer = Vocab.from_file(path), Tokenizer.from_file(str(path))
    assert (len(vocab), vocab.eos_ids, vocab.pad_id, vocab.mask_id) == (size, eos, pad, mask)
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert vocab.decode(ids) == tokenizer.decode(ids), text
    for special in ("<table>", "<unused5>", "<think>", "[multimodal]", "<end_of_turn>", "<|im_end|>", "<tool_call>"):
        i = tokenizer.token_to_id(special)
        assert i is None or vocab.tokens[i] == b""
    for blank in ("\n\n", "\t\t"):
        assert blank.encode() in vocab.tokens
    trie = vocab.trie
    spelled, distinct = int((trie.end > 0).sum()), len(np.unique(trie.end[trie.end > 0]))
    assert spelled == sum(1 for t in vocab.tokens if t) >= distinct
    if name == "gemma3":  # letters are there as bytes and as text
        assert spelled - distinct == 110
    assert len(trie.prefixes) < 700_000


def test_of_takes_tokenizers(tmp_path):
    from tokenizers import Tokenizer

    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    spec = byte_level(pre_tokenizer={"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True})
    spec["decoder"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    spec["model"]["merges"] = []
    spec["added_tokens"] = [token | plain for token in spec["added_tokens"]]
    from_file = Vocab.from_file(written(tmp_path, spec))
    backend = Tokenizer.from_str(json.dumps(spec))
    assert Vocab.of(from_file) is from_file
    assert Vocab.of(str(tmp_path / "tokenizer.json")).fingerprint == from_file.fingerprint
    assert Vocab.of(backend).fingerprint == from_file.fingerprint

    class Fast:
        """What a transformers fast tokenizer shows."""

        backend_tokenizer, eos_token_id, pad_token_id, mask_token_id = backend, 7, 9, None

    vocab = Vocab.of(Fast(), mask="</s>")
    assert (vocab.eos_ids, vocab.pad_id, vocab.mask_id) == ((5, 6, 7), 9, 4)
    with pytest.raises(SpecError, match="not a tokenizer"):
        Vocab.of(object())
