"""What Pydantic's validators demand beyond its schemas: whatever is written is a value, the rest is refused by name."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import json
import random
import re
import zoneinfo
from typing import Annotated, Any, Literal

import pydantic as pd
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

import structfill as sf
from structfill.errors import UnsupportedFeature
from tests.unit.test_python_types import _texts


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "hound"] = "dog"


class Fox(BaseModel):
    kind: Literal["fox"] = Field("fox", alias="is")


class Owl(BaseModel):
    kind: Literal["owl"] = Field("owl", alias="is")


@dataclasses.dataclass
class Ant:
    legs: int = 6
    kind: Literal["ant"] = "ant"


class Nest(BaseModel):
    kind: Literal["nest"] = "nest"
    inside: Annotated[Nest | Cat, Field(discriminator="kind")] | None = None


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 5


class Mixed(enum.Enum):
    A = 1
    B = "x"


class Price(enum.Enum):
    A = decimal.Decimal("1.5")
    B = dt.date(2020, 1, 1)


class Days(enum.Enum):
    A = dt.date(2020, 1, 1)


class Raw(enum.Enum):
    A = b"\xff"


class Base64(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64")
    x: Annotated[bytes, Field(min_length=2, max_length=4)]


class Hex(BaseModel):
    model_config = ConfigDict(val_json_bytes="hex")
    x: Annotated[bytes, Field(max_length=2)]


class Choices(BaseModel):
    x: int = Field(validation_alias=AliasChoices(AliasPath("p", "q"), "y"))
    z: int = Field(validation_alias=AliasPath("w"))


class ByName(BaseModel):
    model_config = ConfigDict(validate_by_name=True)
    x: int = Field(validation_alias=AliasPath("p", "q"))


class Stripped(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)
    x: Annotated[str, Field(min_length=2, max_length=5)]


class OnlyKeyed(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Annotated[str, Field(pattern="^k")], int]  # type: ignore[misc]


class Keyed(OnlyKeyed):
    x: int = 3


def _kind(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else value.kind


def _bound(kind: Any, **bounds: Any) -> Any:
    return Annotated[kind, Field(**bounds)]


def _tagged(*kinds: Any) -> Any:
    union = Annotated[kinds[0], pd.Tag(kinds[0].__name__.lower())]
    for kind in kinds[1:]:
        union = union | Annotated[kind, pd.Tag(kind.__name__.lower())]
    return Annotated[union, pd.Discriminator(_kind)]


_HOUR, _EAST = dt.timedelta(hours=1), dt.timezone(dt.timedelta(hours=5))
_NOON = dt.datetime(2020, 6, 15, 12, 30, 15, 250_000)
_Strict = StringConstraints(strip_whitespace=True, min_length=3)

# types, texts that are values of them, texts that are none
CASES: list[tuple[Any, list[str], list[str]]] = [
    (Annotated[Cat | Dog, Field(discriminator="kind")], ['{"kind":"hound"}', '{"lives":1,"kind":"cat"}'],
     ['{}', '{"lives":1}', '{"kind":"fox"}']),
    (Annotated[Fox | Owl, Field(discriminator="kind")], ['{"is":"owl"}'], ['{}']),
    (Annotated[Cat | Ant, Field(discriminator="kind")], ['{"kind":"ant","legs":3}'], ['{"legs":3}']),
    (list[Annotated[Annotated[Cat | Dog, Field(discriminator="kind")] | Ant, Field(discriminator="kind")]],
     ['[{"kind":"ant"},{"kind":"cat"}]'], ['[{}]']),
    (Nest, ['{}', '{"inside":{"kind":"nest","inside":{"kind":"cat"}}}'], ['{"inside":{}}']),
    (_tagged(Cat, Ant), ['{"kind":"ant"}'], ['{}', '{"legs":1}']),
    (dt.timedelta, ['"P1Y35D"', '"PT1H2S"', '"-P1DT0.000005S"', '"P7D"', '"P1W"', '"PT0S"'],
     ['"P"', '"PT"', '"PT99999999999H"', '"P99999999999D"']),
    (dict[dt.timedelta, int], ['{"PT1H2S":1}'], ['{"P9999999999D":1}']),
    (_bound(dt.timedelta, ge=_HOUR, lt=dt.timedelta(days=2, seconds=3.5)),
     ['"PT1H"', '"P1DT23H"', '"P2DT3.4S"', '"P2D"', '"PT1H0.5S"'],
     ['"PT59M"', '"P2DT3.5S"', '"P3D"', '"-P1D"', '"PT59M59S"']),
    (_bound(dt.timedelta, gt=dt.timedelta(0)), ['"PT0.000001S"', '"P1D"', '"PT1M"'], ['"PT0S"', '"P0D"', '"-PT1S"']),
    (_bound(dt.timedelta, ge=-_HOUR, le=dt.timedelta(0)), ['"-PT1H"', '"-PT59M59.5S"', '"PT0S"', '"P0D"'],
     ['"-PT1H1S"', '"PT1S"', '"-P1D"', '"-PT1H0.5S"']),
    (_bound(dt.timedelta, lt=-_HOUR), ['"-PT1H0.1S"', '"-P1D"', '"-PT2H"'], ['"-PT1H"', '"P1D"', '"-PT3S"']),
    (_bound(dt.date, ge=dt.date(2020, 2, 29), lt=dt.date(2021, 1, 1)), ['"2020-02-29"', '"2020-12-31"', '"2020-10-01"'],
     ['"2020-02-28"', '"2021-01-01"', '"1999-12-31"']),
    (_bound(dt.date, gt=dt.date(9999, 12, 30)), ['"9999-12-31"'], ['"9999-12-30"']),
    (_bound(dt.datetime, ge=_NOON),
     ['"2020-06-15T12:30:15.25Z"', '"2020-06-15t12:30:15.2500001+05:00"', '"2020-06-15T12:30:16Z"'],
     ['"2020-06-15T12:30:15.249999Z"', '"2020-06-15T12:30:15Z"', '"2019-06-15T12:30:15.3Z"']),
    (_bound(dt.datetime, gt=_NOON, le=_NOON + _HOUR), ['"2020-06-15T13:30:15.25Z"', '"2020-06-15T12:30:15.250001Z"',
                                                       '"2020-06-15T13:30:15.2Z"', '"2020-06-15T13:30:15Z"'],
     ['"2020-06-15T12:30:15.25Z"', '"2020-06-15T12:30:15.2500001Z"', '"2020-06-15T13:30:15.250001Z"']),
    (_bound(dt.datetime, lt=_NOON.replace(tzinfo=_EAST)), ['"2020-06-15T07:30:15Z"', '"2020-06-14T07:30:15+23:00"'],
     ['"2020-06-15T12:30:15Z"', '"2020-06-15T12:30:16+05:00"', '"2020-06-15T07:30:15.25Z"']),
    (_bound(pd.NaiveDatetime, ge=_NOON.replace(tzinfo=dt.UTC)),
     ['"2020-06-15T12:30:15.25"'], ['"2020-06-15T12:30:15.2"']),
    (_bound(dt.time, ge=dt.time(9), lt=dt.time(17, 30)), ['"09:00:00Z"', '"17:29:59.999999+02:00"'],
     ['"08:59:59Z"', '"17:30:00Z"', '"20:00:00Z"']),
    (_bound(dt.time, ge=dt.time(9, tzinfo=dt.UTC)),
     ['"09:00:00Z"', '"23:00:00+00:00"'], ['"08:00:00Z"', '"23:00:00+23:00"']),
    (dict[Level, int], ['{"1":1,"5":2}'], ['{"LOW":1}', '{"2":1}']),
    (dict[Mixed, int], ['{"x":1}'], ['{"1":1}']),
    (dict[Level | None, int], ['{"5":2}'], ['{"null":1}', '{"None":1}']),
    (dict[Level | int, int], ['{"7":2,"1":1}'], ['{"x":1}']),
    (dict[int | None, int], ['{"-7":2}'], ['{"x":1}', '{"null":1}']),
    (dict[int | str, int], ['{"x":2}'], []),
    (dict[int | dt.date, int], ['{"1":2,"2020-01-01":1}'], ['{"x":1}']),
    (dict[Annotated[int, pd.AfterValidator(lambda number: number)], int], ['{"12":1}'], ['{"x":1}']),
    (dict[_bound(int, multiple_of=3, gt=-10, lt=10), int], ['{"-9":1,"0":1,"9":1}'], ['{"1":1}', '{"12":1}']),
    (dict[_bound(int, ge=105), int], ['{"105":1,"110":1,"2000":1}'], ['{"104":1}', '{"99":1}', '{"-200":1}']),
    (dict[_bound(int, gt=-105, lt=2000), int],
     ['{"-104":1,"0":1,"1999":1}'], ['{"-105":1}', '{"2000":1}', '{"-1000":1}']),
    (dict[_bound(int, le=-12), int], ['{"-12":1,"-100":1}'], ['{"-11":1}', '{"5":1}', '{"0":1}']),
    (dict[Literal["a", 1] | bool, int], ['{"a":1,"true":2}'], ['{"b":1}', '{"2":3}']),
    (dict[pd.AnyUrl, int], ['{"x://a":1}'], ['{"a":1}']),
    (dict[pd.Base64Str, int], ['{"YQ==":1}'], ['{"/w==":1}']),
    (dict[pd.ByteSize, int], ['{"1kb":1}'], ['{"1foo":1}']),
    (dict[_bound(bytes, max_length=2), int], ['{"ab":1}'], ['{"abc":1}']),
    (Base64, ['{"x":"AAA="}', '{"x":"__-_"}', '{"x":"++//"}', '{"x":"AAAAAA=="}'],
     ['{"x":"AA=="}', '{"x":"AAB="}', '{"x":"AAAAAAA="}', '{"x":"a!"}']),
    (Hex, ['{"x":"0aFF"}', '{"x":""}'], ['{"x":"0"}', '{"x":"000000"}', '{"x":"zz"}']),
    (pd.Base64Bytes, ['"+/8="', '""'], ['"AAA"']), (pd.Base64UrlBytes, ['"-_8="'], ['"AAA"']),
    (pd.Base64Str, ['"YWJj"', '"YQ=="', '"YWI="', '""'], ['"/w=="', '"//8="']),
    (pd.Base64UrlStr, ['"YWJj"'], ['"_w=="']),
    (_bound(bytes, min_length=1, max_length=3), ['"abc"'], ['"éé"', '""', '"abcd"']),
    (Choices, ['{"y":1,"w":2}'], ['{"x":1,"z":2}']), (ByName, ['{"x":1}'], ['{}']),
    (Annotated[str, _Strict], ['"abc"', '"a c"'], ['" a "', '"  ab"', '"a\\u0085\\u0085"']),
    (Stripped, ['{"x":"ab"}', '{"x":"a  b"}'], ['{"x":" a "}', '{"x":"     "}']),
    (Annotated[str, StringConstraints(strip_whitespace=True, pattern="^ ?a")], ['"a"'], ['" b"', '"b"']),
    (Annotated[str, StringConstraints(ascii_only=True)], ['"ab"'], ['"é"']),
    (_bound(decimal.Decimal, max_digits=2, decimal_places=4), ["0.12", "-0.5"], ["1", "0", "0.001", "1.5"]),
    (_bound(decimal.Decimal, max_digits=2, decimal_places=2), ["0.12"], ["1", "0", "0.001"]),
    (Price, ["1.5"], ['"2020-01-01"', '"1.5"']), (Literal[Level.LOW, "a"], ["1", '"a"'], ["5", '"LOW"']),
    (_bound(float, multiple_of=7), ["35", "-7.0"], ["35845651218910557430", "8"]),
    (_bound(float, multiple_of=0.3), ["0.9", "-3e5"], ["1000000.4"]),
    (_bound(float, multiple_of=0.01, ge=1), ["1.25", "8388607.99"], ["1000000000000.2", "1.255", "0.5"]),
    (_bound(decimal.Decimal, multiple_of=decimal.Decimal("0.7")), ["2.1"], ["2.2"]),
    (Keyed, ['{"k1":1,"x":2}', '{}'], ['{"z":1}', '{"k1":"a"}']), (OnlyKeyed, ['{"k":1}'], ['{"z":1}']),
    (zoneinfo.ZoneInfo, ['"Europe/Berlin"', '"Etc/GMT+1"'], ['"Mars/Base"']),
    (pd.ByteSize, ['"1.5 mib"', '"3"', "5"], ['"1 foo"', "-1", '""']),
    (Annotated[pd.AnyUrl, pd.UrlConstraints(host_required=True)], ['"x://a"'], ['"mailto:a"', '"file:///a"']),
    (Annotated[pd.FileUrl, pd.UrlConstraints(host_required=True)], ['"file://h/a"'], ['"file:///a"']),
]


@pytest.mark.parametrize("spec, right, wrong", CASES, ids=[str(spec)[:60] for spec, *_ in CASES])
def test_whatever_is_written_is_a_value(spec: Any, right: list[str], wrong: list[str]) -> None:
    constraint, adapter = sf.json_schema(spec, whitespace="compact"), TypeAdapter(spec)
    for text in [*right, *_texts(constraint.automaton(sf.Limits()), random.Random(0), 60)]:
        assert constraint.accepts(text), text
        adapter.validate_json(text)
    for text in wrong:
        assert not constraint.accepts(text), text
        with pytest.raises(pd.ValidationError):
            adapter.validate_json(text)


class Path(BaseModel):
    x: int = Field(validation_alias=AliasPath("p", "q"))


class Paths(BaseModel):
    x: int = Field(1, validation_alias=AliasChoices(AliasPath("p", "q"), AliasPath("p", 1)))


@pytest.mark.parametrize("spec, name", [
    (dict[tuple[int, int], int], "keys of a dict"), (dict[None, int], "keys of a dict"), (dict[Days, int], "Days"),
    (_bound(float, multiple_of=0.01, ge=1e12), "multiple_of of a float"),
    (dict[_bound(float, ge=1), int], "bounds of keys"),
    (dict[_bound(decimal.Decimal, max_digits=3), int], "bounds of keys"),
    (dict[_bound(int, multiple_of=3), int], "multiple_of of keys"), (Path, "AliasPath"), (Paths, "AliasPath"),
    (_bound(str, pattern=re.compile("a", re.I)), "flags of a pattern"), (Days, "Days"), (Raw, "Raw"),
    (Literal[b"a"], "Literal"),
    (_bound(pd.Base64Bytes, min_length=3), "lengths of decoded bytes"), (type[int], r"type[...]"),
    (pd.ImportString, "ImportString"), (pd.FilePath, "FilePath"), (pd.DirectoryPath, "DirectoryPath"),
    (pd.NewPath, "NewPath"), (list[pd.FilePath | int], "FilePath"),
    (_bound(dt.time, ge=dt.time(1, tzinfo=_EAST)), "bounds of time"),
], ids=str)
def test_what_no_schema_can_tell_is_refused_by_name(spec: Any, name: str) -> None:
    with pytest.raises(UnsupportedFeature) as refused:
        sf.json_schema(spec)
    assert refused.value.feature == name and refused.value.hint


@pytest.mark.parametrize("seed", range(20))
def test_bounds_of_durations_and_times(seed: int) -> None:
    """Texts as Pydantic writes them, near the bounds."""
    rng = random.Random(seed)

    def span() -> dt.timedelta:
        days, seconds = rng.choice([0, 0, 1, 12]), rng.choice([0, 1, 59, 60, 3600, 5025])
        return dt.timedelta(days, seconds, rng.choice([0, 5, 250_000]))

    key = rng.choice(["gt", "ge", "lt", "le"])
    for sign in (1, -1):
        kind, moment = _bound(dt.timedelta, **{key: sign * span()}), _bound(dt.datetime, **{key: _NOON + sign * span()})
        lengths, times = sf.json_schema(kind), sf.json_schema(moment)
        for value in [rng.choice([1, -1]) * span() for _ in range(30)]:
            _agree(lengths, kind, json.dumps(TypeAdapter(dt.timedelta).dump_python(value, mode="json")))
            _agree(times, moment, json.dumps(f"{(_NOON + value).isoformat()}Z"))


def _agree(constraint: Any, spec: Any, text: str) -> None:
    try:
        TypeAdapter(spec).validate_json(text)
    except pd.ValidationError:
        assert not constraint.accepts(text), text
    else:
        assert constraint.accepts(text), text
