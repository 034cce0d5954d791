"""Keywords about strings and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....automaton.char_dfa import CharDFA
from ....errors import SpecError, TooLarge
from ...regex import pattern_dfa
from .. import atoms as at
from .. import formats
from ..formula import TRUE, Formula
from .reading import exact, kind_name, natural, shown

if TYPE_CHECKING:
    from ..lower import Lowering


def length(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`minLength` and `maxLength`, together"""
    parent = place.rpartition("/")[0]
    least = natural(schema.get("minLength", 0), "minLength", f"{parent}/minLength")
    most = natural(schema["maxLength"], "maxLength", f"{parent}/maxLength") if "maxLength" in schema else None
    if least > low.limits.states:
        raise TooLarge("states", least, low.limits.states)
    if most is None or most < max(low.limits.length, least):
        low.weights[f"{parent}/{'minLength' if most is None else 'maxLength'}"] = most or least
        if least == 0 and most is None:
            return TRUE
        possible = most is None or most >= least
        return at.StringAtom(CharDFA.length(least, most), length=(least, most) if possible else None)
    return at.StringAtom(CharDFA.length(least, None), judge=_Length(least, most), length=(least, most))


@dataclass(frozen=True)
class _Length:
    """Are there so many characters?"""

    least: int
    most: int

    def __call__(self, text: str) -> bool:
        return self.least <= len(text) <= self.most


def pattern(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`pattern`"""
    found = language(low, schema["pattern"], "pattern must be a string", place)
    low.weights[place] = len(found)
    return at.StringAtom(found)


def language(low: Lowering, regex: Any, otherwise: str, place: str) -> CharDFA:
    """The strings in which a pattern matches."""
    if not isinstance(regex, str):
        raise SpecError(otherwise, pointer=place)
    try:
        return pattern_dfa(regex, low.limits)
    except SpecError as error:
        raise error.at(place) from None


def format_(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`format`; names that the specification does not have are annotations."""
    name = schema["format"]
    if not isinstance(name, str):
        raise SpecError(f"format must be a string, not {kind_name(name)}", pointer=place)
    if low.format_mode == "annotate" or name not in formats.FORMATS:
        return low.annotates(place)
    if formats.FORMATS[name].most is not None:
        low.explained[place] = "checked exactly, written in common forms only"
    return formats.atom(name)


def content_encoding(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`contentEncoding`, an assertion in draft 7 only"""
    return formats.atom("base64") if (schema["contentEncoding"], low.format_mode) == ("base64", "assert") else TRUE


def bound(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`minimum`, `maximum` and their exclusive forms"""
    key = place.rsplit("/", 1)[1]
    value, strict = schema[key], key.startswith("exclusive")
    lower = key.lower().endswith("minimum")
    if isinstance(value, bool) and strict:  # draft 4: a flag on the other keyword
        return TRUE
    flag = schema.get("exclusiveMinimum" if lower else "exclusiveMaximum")
    strict = strict or flag is True
    return at.NumberAtom((">" if lower else "<") + ("" if strict else "="), exact(value, place))


def multiple_of(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`multipleOf`"""
    value = exact(schema["multipleOf"], place)
    if value <= 0:
        raise SpecError(f"multipleOf must be greater than 0, not {shown(schema['multipleOf'])}", pointer=place)
    return at.NumberAtom("multiple", value)
