"""Patterns mean what they mean to Pydantic: what is written validates, and `accepts` says what its engine says."""

from __future__ import annotations

import random
import re
import warnings
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from structfill import UnsupportedFeature, json_schema

CHARS = "aébz1Ak \n\t.\u0085\ufeff\u0663-]α{}\x07\x1f²<>\u200c"
RUST = [r"^\W{4}$", r"^[^\w]{2}$", r"^\w+$", r"^\d+$", r"^\D{3}$", r"^[\D]$", r"^\s$", r"^\S$", r"^.$", r"^\w+\b.$",
        r"\ba\b", r"\Ba", r"^[a-z&&[^b]]{2}$", r"^[a-c--[b]]$", r"^[[a-c]x]+$", r"^[a~~b]$", r"^\<a\>$", r"^[]a]$",
        r"\b{start}a\b{end-half}", r"\A(?P<n>a)(?<m>b)\z", r"^[[:alpha:]]$", r"^\x{41}\pL$", r"^\p{Greek}|[a\]]$",
        r"\<*a", r"^\.[^a-c]$", r"^[-.a]+$"]
PYTHON = [r"^\W{2}$", r"^\w+$", r"^\d$", r"^\s$", r"^[\S]$", r"a$", r"^a\Z", r"^.{,2}$", r"^\<a\>$", r"\Ba", r"\B",
          r"(?P<n>a)(?#no)b", r"^\101[\101\b]?$", r"^[[a]$", r"^(?=\w)..$", r"^\N{DIGIT ONE}"]


class Matched(BaseModel):
    model_config = ConfigDict(regex_engine="python-re")
    s: Annotated[str, Field(pattern=r"^\w\b$")]


def _fields(pattern: Any, **config: Any) -> Any:
    return type("Model", (BaseModel,), {"model_config": ConfigDict(**config), "__module__": __name__,
                                        "__annotations__": {"s": Annotated[str, Field(pattern=pattern)]}})


def _texts(seed: int) -> list[str]:
    rng = random.Random(seed)
    return [*CHARS, *("".join(rng.choices(CHARS, k=rng.randint(0, 4))) for _ in range(300))]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("pattern", "engine"),
                         [*((p, "rust-regex") for p in RUST), *((p, "python-re") for p in PYTHON)])
def test_patterns_hold_where_they_do_for_their_engine(pattern: str, engine: str) -> None:
    model: Any = _fields(pattern, regex_engine=engine)
    constraint = json_schema(model)
    for text in _texts(1):
        written = model.model_construct(s=text).model_dump_json()
        assert constraint.accepts(written) == _validates(model, written), text


def _validates(model: Any, text: str) -> bool:
    try:
        model.model_validate_json(text)
    except ValueError:
        return False
    return True


def test_a_compiled_pattern_is_one_of_python() -> None:
    compiled, plain = (json_schema(Annotated[str, Field(pattern=pattern)]) for pattern in (re.compile("^a$"), "^a$"))
    assert compiled.accepts('"a\\n"') and not plain.accepts('"a\\n"')
    assert json_schema(Matched).accepts('{"s": "é"}')


def test_patterns_of_names_are_read_alike() -> None:
    constraint = json_schema(dict[Annotated[str, Field(pattern=r"^\w$")], int])
    assert constraint.accepts('{"é": 1}') and not constraint.accepts('{"-": 1}')


@pytest.mark.parametrize("pattern", [r"^\w(?i)a$", r"^\w(?i:a)$", r"\w(?s-i:.)"])
def test_flags_are_refused_in_their_place(pattern: str) -> None:
    TypeAdapter(spec := Annotated[str, Field(pattern=pattern)])
    with pytest.raises(UnsupportedFeature, match="inline flag") as error:
        json_schema(spec)
    span = error.value.span
    assert span is not None and (span.source, span.start) == (pattern, pattern.index("(?"))


def test_no_warning_comes_that_pydantic_has_not_given() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _fields("^[[a]$", regex_engine="python-re")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        json_schema(model)
