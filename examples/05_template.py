"""A template with typed holes: one automaton, so where a hole ends is found by the model, not told to it."""

import structfill as sf

letter = sf.template(
    "Dear {{name}},\nyour order {{id:order}} ships on {{day}}.\nNote: {{note}}",
    name=sf.regex(r"[A-Z][a-zé]+( [A-Z][a-zé]+)*"),
    order=sf.choice(["PO-7731", "PO-7732", "PO-80"]),
    day=sf.regex(r"\d{4}-\d{2}-\d{2}"),
    note=sf.bounded(sf.regex(r"[a-z ]+"), min_bytes=4, max_bytes=30),
)
generator = sf.Generator(constraint=letter)
result = generator("Order PO-7732 of Maria Lindgren leaves on 2026-05-07, please handle with care.")
print(result.text)
print(result.holes)
assert letter.accepts(result.text) and letter.split(result.text) == result.holes

levels = sf.choice(["INFO", "ERROR"])
middle = sf.infill('{"level": "', '", "host": "node-7"}', levels, prompt="ERROR disk full on node-7")
print("infilled:", middle)
