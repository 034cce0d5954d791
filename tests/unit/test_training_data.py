"""The generator of training data: deterministic, valid, and its two splits apart."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("training.documents", reason="the training code is not part of the wheel")
jsonschema = pytest.importorskip("jsonschema")

from training.documents import Document, document  # noqa: E402
from training.kinds import KINDS  # noqa: E402
from training.kinds.base import Choice, Texts, additions  # noqa: E402
from training.values import Values, is_held_out  # noqa: E402

COUNT = 400


def made(held_out: bool) -> list[Document]:
    return [document(random.Random(f"test:{i}"), held_out) for i in range(COUNT)]


def leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for item in node.values():
            yield from leaves(item)
    elif isinstance(node, list):
        for item in node:
            yield from leaves(item)
    else:
        yield node


def test_deterministic() -> None:
    assert made(False)[:50] == made(False)[:50]
    assert document(random.Random(1)) != document(random.Random(2))


@pytest.mark.parametrize("held_out", [False, True])
def test_answers_follow_their_schemas(held_out: bool) -> None:
    for one in made(held_out):
        jsonschema.Draft202012Validator.check_schema(one.schema)
        jsonschema.Draft202012Validator(one.schema).validate(one.answer)


@pytest.mark.parametrize("held_out", [False, True])
def test_string_values_stand_in_the_text(held_out: bool) -> None:
    dates_and_enums = 0
    total = 0
    for one in made(held_out):
        for leaf in leaves(one.answer):
            if isinstance(leaf, str):
                total += 1
                dates_and_enums += leaf not in one.text
    assert dates_and_enums < 0.35 * total  # dates in other formats and enum words may differ


def _texts(entry: Any) -> Iterator[Texts]:
    for name in ("labels", "lines", "headers"):
        if hasattr(entry, name):
            yield getattr(entry, name)
    if isinstance(entry, Choice):
        yield from entry.phrases.values()
    elif hasattr(entry, "phrases"):
        yield entry.phrases


def test_held_out_phrasings_are_never_trained_on() -> None:
    for kind in KINDS:
        for entry in kind.entries:
            for texts in _texts(entry):
                assert texts.train and texts.held
                both = set(texts.train) & set(texts.held)
                assert not both, (kind.name, entry.keys, both)
    phrasings = {
        split: Counter(p for one in made(split) if one.kind != "form" for p in one.phrases)
        for split in (False, True)
    }
    assert len(phrasings[False]) > 500
    assert not {p for p in phrasings[True] if "{" in p} & set(
        phrasings[False]
    )  # labels of one word may be shared


def test_held_out_values_are_never_trained_on() -> None:
    makers = (
        Values.name,
        Values.company,
        Values.city,
        Values.code,
        Values.email,
        Values.phone,
        Values.product,
        Values.street,
    )
    train = Values(random.Random(1), False)
    for maker in makers:
        seen = {maker(train).json for _ in range(300)}
        assert not any(is_held_out(str(v)) for v in seen), maker
        held = {maker(Values(random.Random(i), True)).json for i in range(100)}
        assert not seen & held, maker


def test_kinds_are_varied() -> None:
    found = Counter(one.kind for one in made(False))
    assert len(found) == len(KINDS) + 1
    assert min(found.values()) > 5


def _content(text: str) -> set[str]:
    """The words of a phrase that carry its meaning."""
    common = set("a an the is are was be been it its this that of to in on at by for with from as and or you your we "
                 "our us i my me he she they them not no has have had will can may do does all so up out there here if "
                 "please very".split())
    return {word for word in re.findall(r"[^\W\d_]+", re.sub(r"\{\w*\}", " ", text).lower()) if word not in common}


def test_what_the_folder_more_adds_is_no_near_copy_of_what_is_held_out() -> None:
    for kind in KINDS:
        for entry in kind.entries:
            more = additions(kind.name, entry)
            added = {*more.labels, *(p for phrases in more.phrases.values() for p in phrases)}
            assert added
            for texts in _texts(entry):
                for one in added & set(texts.train):
                    for held in texts.held:
                        mine, other = _content(one), _content(held)
                        alike = bool(mine and other) and (mine <= other or len(mine & other) >= 0.6 * len(mine | other))
                        assert not alike, (kind.name, entry.keys, one, held)
