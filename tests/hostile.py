"""Schemas and texts made to break, and a runner that tries each in a forked child with bounds on time and memory.

`python -m tests.hostile` prints one JSON line a case: name, outcome ("ok", a named error, or how the child died),
CPU seconds and memory growth in GiB. Adding a case is adding a line.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import structfill as sf
from structfill.errors import StructfillError

CPU_SECONDS = 30  # after which a child is killed; what a case may take is asserted by the test
MEMORY = 4 << 30  # address space of a child


def nested(key: Any, depth: Any, leaf: Any) -> Any:
    for _ in range(depth):
        leaf = {key: leaf}
    return leaf


def nested_list(key: Any, depth: Any) -> Any:
    leaf = {}
    for _ in range(depth):
        leaf = {key: [leaf]}
    return leaf


def cyclic() -> Any:
    schema = {"type": "object"}
    schema["properties"] = {"self": schema}
    return schema


def ladder(n: Any) -> Any:
    return {"$ref": "#/$defs/0", "$defs": {str(i): {"$ref": f"#/$defs/{(i + 1) % n}"} for i in range(n)}}


def chain(n: Any) -> Any:
    defs = {str(i): {"type": "object", "properties": {"n": {"$ref": f"#/$defs/{i + 1}"}}} for i in range(n)}
    return {"$ref": "#/$defs/0", "$defs": defs | {str(n): {"type": "null"}}}


CASES: dict[str, Callable[[], tuple[Any, str]]] = {
    "deep properties 250": lambda: (nested("additionalProperties", 250, {"type": "null"}), "{}"),
    "deep properties 100000": lambda: (nested("additionalProperties", 100_000, {}), "{}"),
    "deep allOf 50": lambda: (nested_list("allOf", 50), "1"),
    "deep allOf 100000": lambda: (nested_list("allOf", 100_000), "1"),
    "schema contains itself": lambda: (cyclic(), "{}"),
    "$ref circle": lambda: ({"$ref": "#"}, "1"),
    "$ref circle of 40": lambda: (ladder(40), "1"),
    "$ref circle of 5000": lambda: (ladder(5000), "1"),
    "$ref chain through 200 objects": lambda: (chain(200), "{}"),
    "text nests 1000000": lambda: (True, "[" * 1_000_000),
    "text nests in objects": lambda: (True, '{"a":' * 200_000 + "1" + "}" * 200_000),
    "long string": lambda: ({"type": "string"}, '"' + "x" * 3_000_000 + '"'),
    "long number": lambda: ({"type": "integer", "minimum": 3}, "9" * 300_000),
    "huge exponent": lambda: ({"type": "number", "minimum": 3}, "1e999999999999999999999999"),
    "tiny exponent": lambda: ({"type": "integer"}, "1e-99999999999"),
    "exponent of millions": lambda: ({"type": "integer", "maximum": 5}, "1e9999999"),
    "enum of 50000": lambda: ({"enum": [f"value number {i}" for i in range(50_000)]}, '"value number 7"'),
    "enum of 3000 objects": lambda: ({"enum": [{"k": i, "v": [i]} for i in range(3000)]}, '{"k": 1, "v": [1]}'),
    "5000 properties": lambda: ({"properties": {f"p{i}": {"type": "null"} for i in range(5000)}}, '{"p7": null}'),
    "5000 required": lambda: ({"required": [f"p{i}" for i in range(5000)]}, "{}"),
    "anyOf of 400 objects": lambda: ({"anyOf": [{"type": "object", "properties": {"t": {"const": i}, f"x{i}": {}},
                                                 "required": ["t"]} for i in range(400)]}, '{"t": 1}'),
    "oneOf of 60 overlapping": lambda: ({"oneOf": [{"properties": {f"p{i}": {"type": "string"}},
                                                    "required": [f"p{i}"]} for i in range(60)]}, "{}"),
    "maxLength 1000000000": lambda: ({"type": "string", "maxLength": 10**9}, '"a"'),
    "minLength 10^30": lambda: ({"type": "string", "minLength": 10**30}, '"a"'),
    "maxItems 1000000": lambda: ({"type": "array", "maxItems": 10**6}, "[1]"),
    "minItems 1e300": lambda: ({"type": "array", "minItems": 1e300}, "[1]"),
    "nested bounded arrays": lambda: ({"type": "array", "maxItems": 50, "items": {"type": "array", "maxItems": 50,
                                       "items": {"type": "array", "maxItems": 50}}}, "[[]]"),
    "pattern (a|a)*": lambda: ({"type": "string", "pattern": "^(a|a)*$"}, '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"'),
    "pattern (x+x+)+y": lambda: ({"type": "string", "pattern": "(x+x+)+y"}, '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"'),
    "pattern of 10^6 repeats": lambda: ({"type": "string", "pattern": "^(ab?){1000000}$"}, '"a"'),
    "pattern nests": lambda: ({"type": "string", "pattern": "(" * 20_000 + ")" * 20_000}, '""'),
    "pattern exponential": lambda: ({"type": "string", "pattern": "(a|b)*a(a|b){30}"}, '"ab"'),
    "pattern invalid": lambda: ({"type": "string", "pattern": "[z-a]"}, '"ab"'),
    "huge bounds": lambda: ({"type": "number", "minimum": -(10**400), "maximum": 10**400}, "1"),
    "bounds of 1e-300": lambda: ({"type": "number", "minimum": 1e-300, "maximum": 2e-300}, "0.1"),
    "infinite bound": lambda: ({"minimum": float("inf")}, "1"),
    "nan const": lambda: ({"const": float("nan")}, "1"),
    "lone surrogates": lambda: ({"enum": ["\ud800"], "properties": {"\udfff": {}}}, '"\\ud800"'),
    "raw lone surrogate in a text": lambda: ({"type": "string"}, '"\ud800"'),
    "keys with NUL and controls": lambda: ({"properties": {"\0": {}, "\x1f": {}, "\u202e": {}}}, '{"\\u0000": 1}'),
    "BOM": lambda: (True, "\ufeff1"),
    "schema text with a million brackets": lambda: ("[" * 1_000_000, "1"),
    "schema text with duplicate keys": lambda: ('{"type": "null", "type": "string"}', "1"),
    "schema text with NaN": lambda: ('{"minimum": NaN}', "1"),
    "schema text with a huge integer": lambda: ('{"minimum": ' + "9" * 10_000 + "}", "1"),
    "40 patterns of names": lambda: ({"patternProperties": {f"a{i}.*b": {"type": "null"} for i in range(40)}}, "{}"),
    "12 patterns that explode together": lambda: ({"type": "string", "allOf": [
        {"pattern": f"(a|b)*a(a|b){{{i}}}c"} for i in range(4, 16)]}, '"ab"'),
    "30 formats at once": lambda: ({"not": {"anyOf": [{"format": f} for f in (
        "uri iri idn-email email hostname idn-hostname uri-template date-time duration regex".split()) * 3]}}, '"x"'),
    "uniqueItems over 50000 values": lambda: ({"items": {"enum": list(range(50_000))}, "uniqueItems": True}, "[1]"),
    "uniqueItems over a long text": lambda: ({"uniqueItems": True}, f"[{','.join(map(str, range(100_000)))}]"),
    "minProperties 10^6": lambda: ({"type": "object", "minProperties": 10**6}, "{}"),
    "maxProperties 10^6": lambda: ({"type": "object", "maxProperties": 10**6}, "{}"),
    "minContains 10^6": lambda: ({"type": "array", "contains": {"const": 1}, "minContains": 10**6}, "[1]"),
    "multipleOf 1e-300": lambda: ({"type": "number", "multipleOf": 1e-300}, "0.1"),
    "multipleOf a large prime": lambda: ({"type": "integer", "multipleOf": 2**61 - 1}, "4611686018427387902"),
    "multipleOf of an exponent of millions": lambda: ({"multipleOf": 7}, "1e99999999"),
    "propertyNames of 50000": lambda: ({"propertyNames": {"enum": [f"n{i}" for i in range(50_000)]}}, '{"n7": 1}'),
    "60 if nest": lambda: (nested("else", 55, True) | {"if": {"type": "null"}}, "1"),
    "20 independent if": lambda: ({"allOf": [{"if": {"required": [f"a{i}"]}, "then": {"required": [f"b{i}"]}}
                                             for i in range(20)]}, "{}"),
    "60 alternatives and unevaluatedProperties": lambda: ({
        "anyOf": [{"properties": {f"p{i}": {}}} for i in range(60)], "unevaluatedProperties": False}, '{"p7": 1}'),
    "not not not": lambda: (nested("not", 55, {"type": "null"}), "1"),
    "$dynamicRef circle": lambda: ({"$dynamicAnchor": "a", "allOf": [{"$dynamicRef": "#a"}]}, "1"),
    "5000 identifiers": lambda: ({"$ref": "http://e.x/0", "$defs": {
        str(i): {"$id": f"http://e.x/{i}", "$ref": f"{i + 1}"} for i in range(5000)}}, "1"),
    "the metaschema": lambda: ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, '{"type": "null"}'),
    "a recursive oneOf of 12": lambda: ({"oneOf": [
        {"properties": {"k": {"const": i}, "v": {"$ref": "#"}}, "required": ["k"]} for i in range(12)]}, "{}"),
    "oneOf doubles 26 times": lambda: ({"$ref": "#/$defs/0", "$defs": {
        **{str(i): {"oneOf": [{"$ref": f"#/$defs/{i + 1}"}] * 2} for i in range(26)}, "26": {"minLength": 1}}}, '"a"'),
    "unevaluatedProperties beside 8^7 schemas": lambda: ({
        "$ref": "#/$defs/0", "unevaluatedProperties": False, "$defs": {
            **{str(i): {"allOf": [{"$ref": f"#/$defs/{i + 1}"}] * 8} for i in range(7)}, "7": {}}}, "{}"),
    "minProperties 300": lambda: ({"type": "object", "minProperties": 300}, "{}"),
    "bounds of 5000 digits": lambda: ({"maximum": 10**5000, "multipleOf": 10**5000}, "1" * 6000),
    "unique items in a deep text": lambda: ({"uniqueItems": True}, f"[1,1,{'[' * 3000}{']' * 3000}]"),
    "keys that are no strings": lambda: ({"items": {1: {}}}, "[]"),
    "schema is bytes": lambda: (b"{}", "1"),
    "schema is a number": lambda: (3, "1"),
}


def attempt(case: Callable[[], tuple[Any, str]]) -> list[Any]:
    """Read a text against a schema and compile it: what happened, CPU seconds, GiB of growth."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    try:
        schema, text = case()
        constraint = sf.json_schema(schema)
        constraint.accepts(text)
        sf.compile(constraint, sf.Vocab.bytes())
        outcome = "ok"
    except StructfillError as error:
        outcome = type(error).__name__ if str(error) else "an error without a message"
    except BaseException as error:
        outcome = f"LEAKED {type(error).__name__}: {error}"[:300]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    return [outcome, round(time.process_time() - start, 2), round(grown, 3)]


def in_child(case: Callable[[], tuple[Any, str]]) -> list[Any]:
    """The attempt in a fork of this process."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.write(write_end, json.dumps(attempt(case)).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        written = answer.read()
    _, status = os.waitpid(child, 0)
    return json.loads(written) if written else [f"KILLED by signal {os.WTERMSIG(status)}", CPU_SECONDS, 0]


def main() -> None:
    """Try the cases named on the command line, or all."""
    warm = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a+$", "maxLength": 3},
                                             "b": {"type": "integer", "minimum": 1}, "c": {"enum": [1, "x"]}}}
    constraint = sf.json_schema(warm)
    constraint.accepts("{}")
    sf.compile(constraint, sf.Vocab.bytes())
    for name in sys.argv[1:] or CASES:
        print(json.dumps([name, *in_child(CASES[name])]), flush=True)


if __name__ == "__main__":
    main()
