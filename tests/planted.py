"""Texts that are almost valid, for models that are planted with them."""

from __future__ import annotations

CANVAS = 64
STRING = {"type": "string"}
SCHEMA = {"type": "object",
          "properties": {"name": STRING, "tags": {"type": "array", "items": STRING}, "age": {"type": "integer"}},
          "required": ["name", "tags", "age"], "additionalProperties": False}
# planted text, and the least number of characters to change that makes it valid
ALMOST = {
    "a bracket is missing": ('{"name": "Ada", "tags": ["x", "y" , "age": 36}', 1),
    "a quote is missing": ('{"name": "Ada , "tags": ["x", "y"], "age": 36}', 1),
    "a key is wrong": ('{"name": "Ada", "tags": ["x", "y"], "agr": 36}', 1),
    "the end is there twice": ('{"name": "Ada", "tags": ["x", "y"], "age": 36}}', 1),
    "the type is wrong": ('{"name": "Ada", "tags": ["x", "y"], "age": x6}', 1),
    "nothing is wrong": ('{"name": "Ada", "tags": ["x", "y"], "age": 36}', 0),
}
