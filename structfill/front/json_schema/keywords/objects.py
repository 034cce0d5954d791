"""Keywords about objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....errors import SpecError
from .. import atoms as at
from ..formula import Formula, conj, disj, negate
from ..pointers import escape
from ..strings import strings_of, uncounted, with_lower_bounds
from .reading import mapping, names, natural
from .scalars import language
from .values import unless

if TYPE_CHECKING:
    from ..lower import Lowering

LONGEST_NAME = 256  # that is written: characters of names are states


def properties(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`properties`"""
    members = mapping(schema["properties"], place)
    low.weights[place] = len(members)
    return conj([at.Property(name, low.child(s, f"{place}/{escape(name)}")) for name, s in members.items()])


def required(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`required`; draft 3 wrote it as a flag on the property"""
    return conj([at.Required(name) for name in names(schema["required"], "required", place)])


def pattern_properties(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`patternProperties`"""
    found = mapping(schema["patternProperties"], place)
    return conj([at.Matching(language(low, regex, "", f"{place}/{escape(regex)}"),
                             low.child(part, f"{place}/{escape(regex)}")) for regex, part in found.items()])


def additional_properties(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`additionalProperties`: what neither `properties` nor `patternProperties` speaks of"""
    parent = place.rpartition("/")[0]
    declared = mapping(schema.get("properties", {}), f"{parent}/properties")
    patterns = mapping(schema.get("patternProperties", {}), f"{parent}/patternProperties")
    languages = tuple(language(low, regex, "", f"{parent}/patternProperties/{escape(regex)}") for regex in patterns)
    return at.OtherProperties(frozenset(declared), languages, low.child(schema["additionalProperties"], place))


def property_names(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`propertyNames`"""
    formula = low.same_value(schema["propertyNames"], place)
    lowered, widened = with_lower_bounds(formula, LONGEST_NAME)
    if lowered is not formula:
        low.explained[place] = f"checked exactly; names of at most {LONGEST_NAME} characters are written"
    low.free_lengths += uncounted(lowered.atoms)
    surely, perhaps = strings_of(lowered, low.limits), strings_of(widened, low.limits, widest=True)
    return at.Names(surely, surely if perhaps.key == surely.key else perhaps, low.child(schema["propertyNames"], place))


def min_properties(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`minProperties`"""
    least = natural(schema["minProperties"], "minProperties", place)
    if least > 1:
        low.explained[place] = "checked exactly; undeclared names that count are written in the order of characters"
    return conj([at.PropertiesAtLeast(least)] if least else [])


def max_properties(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`maxProperties`"""
    most = natural(schema["maxProperties"], "maxProperties", place)
    return unless(at.OBJECT, at.PropertiesAtLeast(most + 1))


def dependent_required(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`dependentRequired`"""
    found = mapping(schema["dependentRequired"], place)
    return conj([_if_there(name, _all(names(needed, name, f"{place}/{escape(name)}")))
                 for name, needed in found.items()])


def dependent_schemas(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`dependentSchemas`"""
    found = mapping(schema["dependentSchemas"], place)
    return conj([_if_there(name, low.same_value(part, f"{place}/{escape(name)}")) for name, part in found.items()])


def dependencies(low: Lowering, schema: dict[str, Any], place: str) -> Formula:
    """`dependencies`, of which later drafts made the two above; here they may stand in any draft"""
    parts: list[Formula] = []
    for name, needed in mapping(schema["dependencies"], place).items():
        at_name = f"{place}/{escape(name)}"
        if isinstance(needed, str):  # draft 3
            raise SpecError("a dependency must be an array of names or a schema", pointer=at_name)
        parts.append(_if_there(name, _all(names(needed, name, at_name)) if isinstance(needed, list)
                               else low.same_value(needed, at_name)))
    return conj(parts)


def there(name: str) -> Formula:
    """The value is an object that has the property."""
    return conj([at.KindIs(at.OBJECT), at.Required(name)])


def _if_there(name: str, then: Formula) -> Formula:
    return disj([negate(there(name)), then])


def _all(needed: list[str]) -> Formula:
    return conj([at.Required(name) for name in needed])
