"""The engine alone: exact masks and the most probable valid canvas for any logits, here random ones."""

import torch

import structfill as sf

vocab = sf.Vocab.bytes()
constraint = sf.json_schema({"type": "object", "properties": {"id": {"type": "integer", "minimum": 10, "maximum": 99}},
                             "required": ["id"], "additionalProperties": False}, whitespace="compact")
graph = sf.compile(constraint, vocab)
trellis = sf.Trellis(graph, length=12, fixed={6: ord("7")})  # the second digit is given
logits = torch.randn(12, len(vocab), generator=torch.Generator().manual_seed(0))

best = trellis.best(logits)
print("states", graph.states, "edges", graph.edges, "classes", graph.classes)
print("most probable:", trellis.text(best))
print("a draw:       ", trellis.text(trellis.sample(logits, torch.Generator().manual_seed(1))))
print("an unconstrained draw is valid with log probability", round(float(trellis.log_mass(logits)), 1))
assert constraint.accepts(trellis.text(best))
