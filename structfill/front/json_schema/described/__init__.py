"""Pydantic's types described as JSON Schema with all that Pydantic checks and its own schemas leave out.

`types` puts it together; `bounds`, `keys`, `numbers` and `sets` say what types demand of values, `patterns` and `regex`
which strings they read. Loaded only for types: Pydantic is not needed for schemas.
"""
