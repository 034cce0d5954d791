"""Sets of Pydantic: items have a hash, and are as many in Python as they are in JSON."""

from __future__ import annotations

import datetime as dt
import ipaddress
import random
from collections import deque
from collections.abc import Hashable
from itertools import product
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import pydantic as pd
import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, TypeAdapter

from structfill import Generator, Limits, SamplerOptions, UnsupportedFeature, json_schema
from tests.fake_models import RandomModel
from tests.unit.test_pydantic_types import _texts


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    a: int


class Plain(BaseModel):
    a: int


class Root(RootModel[int]):
    pass


class Lists(NamedTuple):
    a: list[int]


Texts = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True)]
SPELLINGS = [  # types, and items of which some are equal
    (dt.datetime, ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00.50Z",
                   "2020-01-01T00:00:00.5Z", "2020-01-01t00:00:00Z", "2020-01-01T01:00:00+01:00"]),
    (dt.time, ["00:00:00Z", "00:00:00+00:00", "00:00:00.0Z", "00:00:00z"]),
    (UUID, ["AF000000-0000-0000-0000-000000000000", "af000000-0000-0000-0000-000000000000"]),
    (dt.timedelta, ["PT60S", "PT1M", "P0D", "PT0S", "-PT0S", "PT1.50S", "PT1.5S", "PT24H", "P1D", "P1W", "P7D"]),
    (ipaddress.IPv6Address, ["::", "0:0:0:0:0:0:0:0", "::0", "0:0:0:0:0:0:0:A", "0:0:0:0:0:0:0:a", "::0.0.0.10"]),
    (ipaddress.IPv4Network, ["1.2.3.4", "1.2.3.4/32"]), (pd.IPvAnyInterface, ["1.2.3.4", "1.2.3.4/32", "::/128", "::"]),
    (Texts, ["a", " a", "A", "Ä", "ä"]),
]


@pytest.mark.parametrize(("kind", "items"), SPELLINGS, ids=str)
def test_items_that_have_to_differ_have_one_spelling(kind: Any, items: list[str]) -> None:
    spec = Annotated[set[kind], Field(min_length=2)]
    constraint, adapter = json_schema(spec, whitespace="compact"), TypeAdapter(spec)
    for one, other in product(items, repeat=2):
        text = f'["{one}","{other}"]'
        if constraint.accepts(text):
            adapter.validate_json(text)
    options = SamplerOptions(passes=2, temperature=1.0)
    assert len(Generator(constraint, model=RandomModel(), cache=None, options=options)("x").value) > 1
    assert json_schema(set[kind]).accepts(f'["{items[0]}", "{items[1]}"]')


@pytest.mark.parametrize("kind", [
    Hashable, list[Hashable], set[Any], frozenset[object], set[Frozen], set[frozenset[int]],
    set[tuple[int, ...] | None], set[Annotated[list[int], pd.AfterValidator(tuple)]]], ids=str)
def test_items_have_a_hash(kind: Any) -> None:
    for text in _texts(json_schema(kind, whitespace="compact").automaton(Limits()), random.Random(0), 60):
        TypeAdapter(kind).validate_json(text)


@pytest.mark.parametrize("kind", [
    set[list[int]], frozenset[dict[str, int]], set[pd.Json[list[int]]], set[pd.Json], set[Plain], set[Lists],
    set[int | list[int]], set[tuple[Any, ...]], set[tuple[deque[int], int]], set[set[int] | None]], ids=str)
def test_items_without_a_hash_are_refused_by_name(kind: Any) -> None:
    with pytest.raises(UnsupportedFeature) as refused:
        json_schema(kind)
    assert refused.value.feature == "items of a set" and refused.value.hint


def test_keys_without_a_hash_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedFeature, match="keys of this type .Root. have no hash"):
        json_schema(dict[Root, int])


def test_sets_of_sets_that_have_to_differ_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedFeature, match="differ in the order"):
        json_schema(Annotated[set[frozenset[int]], Field(min_length=2)])
