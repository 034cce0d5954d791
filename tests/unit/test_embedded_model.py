"""The embedded model: loads, answers finitely and always alike, and refuses every damaged file with `ModelError`."""

from __future__ import annotations

import json
import random
import shutil
import time
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors import safe_open  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from structfill.errors import ModelError  # noqa: E402
from structfill.models import embedded  # noqa: E402
from structfill.models.embedded import TOKENIZER, WEIGHTS, EmbeddedModel, digest, read_weights  # noqa: E402

HOME = Path(embedded.__file__).parent / "default"
pytestmark = pytest.mark.skipif(not (HOME / WEIGHTS).exists(), reason="the weights are not there")
TEXT = "Invoice INV-77 from Acme Ltd, due on 3 May 2026, total $1,249.50."
OUTLINE = "{number: string, due: date, total: number}"


@pytest.fixture(scope="module")
def model() -> EmbeddedModel:
    return EmbeddedModel.load()


def canvases(model: EmbeddedModel, rows: int, length: int) -> torch.Tensor:
    return torch.full((rows, length), model.vocab.mask_id)


def contexts(model: EmbeddedModel, *texts: str) -> torch.Tensor:
    rows = [model.encode(t, OUTLINE) for t in texts]
    padded = torch.full((len(rows), max(map(len, rows))), model.vocab.pad_id)
    for row, ids in zip(padded, rows, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    return padded


def test_shapes_and_finite(model: EmbeddedModel) -> None:
    scores = model(contexts(model, TEXT, "x"), canvases(model, 2, 64))
    assert scores.shape == (2, 64, len(model.vocab)) and scores.dtype == torch.float32
    assert scores.isfinite().all()
    assert torch.allclose(scores.exp().sum(-1), torch.ones(2, 64), atol=1e-3)


def test_odd_shapes_are_finite(model: EmbeddedModel) -> None:
    assert model(torch.zeros(1, 0, dtype=torch.int64), canvases(model, 1, 3)).isfinite().all()
    assert model(torch.zeros(1, 5, dtype=torch.int64), canvases(model, 1, 1)).isfinite().all()
    assert model(contexts(model, TEXT), torch.randint(0, len(model.vocab), (1, 300))).isfinite().all()


def test_deterministic_and_without_memory_of_other_prompts(model: EmbeddedModel) -> None:
    first = model(contexts(model, TEXT), canvases(model, 1, 32))
    model(contexts(model, "something else"), canvases(model, 1, 32))
    assert torch.equal(first, model(contexts(model, TEXT), canvases(model, 1, 32)))
    assert torch.equal(first, EmbeddedModel.load()(contexts(model, TEXT), canvases(model, 1, 32)))


def test_padding_changes_nothing(model: EmbeddedModel) -> None:
    alone = model(contexts(model, TEXT), canvases(model, 1, 32))
    among = model(contexts(model, TEXT, TEXT * 3), canvases(model, 2, 32))[:1]
    assert torch.allclose(alone, among, atol=1e-3)


def test_the_memory_of_a_prompt_is_not_changed_by_the_caller(model: EmbeddedModel) -> None:
    context = contexts(model, TEXT)
    first = model(context, canvases(model, 1, 16))
    context[:, 3:9] = 100
    assert not torch.equal(first, model(context, canvases(model, 1, 16)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800 lone",
        "<mask> <pad> <eos>",
        "日本語 عربى 🙂",
        "a" * 5000,
        " " * 3000,
        "\r\n\t\x7f",
        '"' * 999,
    ],
)
@pytest.mark.parametrize("outline", [None, "", OUTLINE, "{a: " * 900, "\udfff<mask>"])
def test_every_text_is_encoded(model: EmbeddedModel, text: str, outline: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ids = model.encode(text, outline)
    assert 0 < len(ids) <= embedded.MAX_PROMPT
    assert min(ids) > max(model.vocab.mask_id, model.vocab.pad_id, *model.vocab.eos_ids)


def test_long_texts_lose_their_middle_with_a_warning(model: EmbeddedModel) -> None:
    with pytest.warns(UserWarning, match="middle"):
        ids = model.encode("start " + "x7 " * 200_000 + " finish", OUTLINE)
    text = model.vocab.decode(ids)
    assert text.startswith("start") and f" finish\n{OUTLINE}\n" in text
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.vocab.decode(model.encode(TEXT, OUTLINE)) == f"{TEXT}\n{OUTLINE}\n"


def test_loads_fast_and_is_small() -> None:
    assert (HOME / WEIGHTS).stat().st_size <= 20_000_000
    EmbeddedModel.load()
    best = min(_seconds() for _ in range(3))
    assert best < 2.0  # of CPU time, whatever else the machine does; 0.5 s


def _seconds() -> float:
    began = time.process_time()
    EmbeddedModel.load()
    return time.process_time() - began


# damaged files


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in (WEIGHTS, TOKENIZER):
        shutil.copy(HOME / name, tmp_path / name)
    return tmp_path


def refused(directory: Path, *words: str) -> None:
    with pytest.raises(ModelError) as caught:
        EmbeddedModel.load(directory)
    for word in (str(directory), "expected", "found", *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 1e-6, 1e-4, 0.001, 0.01, 0.3, 0.7, 0.999999])
def test_truncated_weights(copy: Path, share: float) -> None:
    data = (copy / WEIGHTS).read_bytes()
    (copy / WEIGHTS).write_bytes(data[: int(len(data) * share)])
    refused(copy, WEIGHTS)


@pytest.mark.parametrize("seed", range(12))
def test_one_wrong_byte(copy: Path, seed: int) -> None:
    data = bytearray((copy / WEIGHTS).read_bytes())
    header = 8 + int.from_bytes(data[:8], "little")
    place = random.Random(seed).randrange(header, len(data)) if seed >= 6 else random.Random(seed).randrange(8, header)
    data[place] ^= 0x15
    (copy / WEIGHTS).write_bytes(bytes(data))
    try:
        EmbeddedModel.load(copy)
    except ModelError:
        return
    assert place < header  # a byte of the header that means nothing, such as the record of training


@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"\xff" * 64, b"PK\3\4 not weights", b"{}" * 40])
def test_foreign_files(copy: Path, data: bytes) -> None:
    (copy / WEIGHTS).write_bytes(data)
    refused(copy, WEIGHTS)


def test_missing_files(copy: Path) -> None:
    (copy / WEIGHTS).unlink()
    refused(copy, WEIGHTS)
    (copy / TOKENIZER).unlink()
    refused(copy, TOKENIZER)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b'{"model": {"type": "BPE", "vocab": {}, "merges": []}}', b"\xff\xfe"]
)
def test_foreign_tokenizers(copy: Path, data: bytes) -> None:
    (copy / TOKENIZER).write_bytes(data)
    refused(copy, TOKENIZER)


def _rewritten(path: Path, change, metadata: dict[str, str] | None = None) -> None:
    with safe_open(str(path), framework="pt") as file:
        tensors = {n: file.get_tensor(n).clone() for n in file.keys()}  # noqa: SIM118
        kept = dict(file.metadata())
    change(tensors)
    kept["sha256"] = digest(tensors)
    kept |= metadata or {}
    save_file(tensors, str(path), metadata=kept)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t: t.pop("norm"), "norm"),
        (lambda t: t.update(extra=torch.zeros(3)), "extra"),
        (lambda t: t.update(norm=torch.zeros(3)), "norm"),
        (lambda t: t.update(norm=t["norm"].double()), "float64"),
        (lambda t: t.update({"embedding.weight": t["embedding.weight"].float()}), "embedding.weight"),
        (lambda t: t.update({"embedding.weight.scale": t["embedding.weight.scale"][:5].clone()}), "scale"),
        (lambda t: t["norm"].fill_(float("nan")), "finite"),
    ],
)
def test_wrong_tensors(copy: Path, change, word: str) -> None:
    _rewritten(copy / WEIGHTS, change)
    refused(copy, WEIGHTS, word)


def sizes(**changed: object) -> str:
    """A configuration with something wrong in it."""
    good = {"vocab": 4096, "width": 256, "layers": 6, "heads": 4, "hidden": 704, "taps": 2, "theta": 1e4}
    return json.dumps(good | changed)


@pytest.mark.parametrize(
    "metadata",
    [
        {"format": "other"},
        {"config": ""},
        {"config": "[" * 100_000},
        {"config": "{}"},
        {"config": sizes(vocab=1 << 40)},
        {"config": sizes(heads=3)},
        {"config": sizes(layers=6.0)},
        {"config": sizes(layers=True)},
        {"config": sizes(theta=float("nan"))},
        {"config": sizes(theta=-1.0)},
        {"sha256": "0" * 64},
    ],
)  # fmt: skip
def test_wrong_metadata(copy: Path, metadata: dict[str, str]) -> None:
    _rewritten(copy / WEIGHTS, lambda tensors: None, metadata)
    refused(copy, WEIGHTS)


def test_oversized_files_are_not_read(copy: Path) -> None:
    with (copy / WEIGHTS).open("r+b") as file:
        file.truncate(embedded.MAX_BYTES + 1)
    refused(copy, WEIGHTS, "bytes")


def test_weights_survive_the_round_trip() -> None:
    denoiser = read_weights(HOME / WEIGHTS)
    assert sum(p.numel() for p in denoiser.parameters()) > 1_000_000
