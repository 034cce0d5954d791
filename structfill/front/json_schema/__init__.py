"""JSON Schema and Python types."""
