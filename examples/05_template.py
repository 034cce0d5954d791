"""A template with typed holes: one automaton, so where a hole ends is found by the model, not told to it."""

import structfill as sf

record = sf.template(
    '{"name":"{{name}}","order":"{{id:order}}","date":"{{day}}","note":"{{note}}"}',
    name=sf.bounded(sf.regex(r"[A-Z][a-zé]+( [A-Z][a-zé]+)*"), max_bytes=40),
    order=sf.choice(["PO-7731", "PO-7732", "PO-80"]),
    day=sf.regex(r"20\d\d-(0\d|1[0-2])-[0-3]\d"),
    note=sf.bounded(sf.regex(r"[a-z ]+"), min_bytes=4, max_bytes=30),
)
generator = sf.Generator(constraint=record)
result = generator("Order PO-7732 of Maria Lindgren leaves on 2026-05-07, note: handle with care")
print(result.text)
print(result.holes)
assert record.accepts(result.text) and record.split(result.text) == result.holes

levels = sf.choice(["INFO", "ERROR"])
middle = sf.infill('{"level":"', '","host":"node-7"}', levels, prompt="ERROR disk full on node-7")
print("infilled:", middle)

# The same where all three are a text of a schema: `whole` says what the middle may be.
schema = {"type": "object", "properties": {"level": {"enum": ["INFO", "ERROR"]}, "host": {"type": "string"}},
          "required": ["level", "host"], "additionalProperties": False}
whole = sf.json_schema(schema, whitespace="compact")
middle = sf.infill('{"level":"ERROR","host":"', '"}', whole=whole, prompt="ERROR disk full on node-7")
print("infilled:", middle)
