"""Which (state, position) pairs and which (class, position) pairs can occur: integers only, no float.

Position i stands before token i, so bits 0..N are used; a set of classes is usable at positions 0..N-1.

`reach(ptr, neighbour, set_of, usable, seed, order, backward)` -> uint64 [S, W], the least fixpoint that holds
    `seed`. Forward (edges by source): bit i of the source and of ``usable[set]`` gives bit i + 1 of the
    target. Backward (edges by target): bit i + 1 of the target and bit i of ``usable[set]`` give bit i of the
    source. `order` (int32 [S]) is any order of the states; a topological one of their components is fast.

`feasible_classes(ptr, target, set_of, both, usable, set_ptr, set_class, classes)` -> uint64 [C, W]: bit i of
    class c: some edge of a set with c starts in ``both`` at i and ends in ``both`` at i + 1.

`usable_sets(set_ptr, set_class, open_bits, allowed)` -> uint64 [T, W]: ``open_bits`` (uint64 [W], positions where
    everything is allowed) or the union of ``allowed[c]`` (uint64 [C, W], evidence) over the set's classes.

`visit_order(ptr, target)` -> int32 [S]: reverse postorder of a depth-first search from state 0, then the others.

`reaching(ptr, target, seed)` -> bool [S]: from which states is there a way to `seed` (bool [S])? Edges by source;
    targets below 0 lead nowhere. Jitted code may call it.

`distances(ptr, source, goal)` -> int32 [S]: edges from each state to the nearest goal (bool [S]), -1 if there is no
    way; edges by target.

`follow(ptr, target, set_of, set_ptr, set_class, classes, state)`: the state after a path of classes (int32 [L]), -1
    where it leaves the graph; edges by source.

`nearest(ptr, target, set_of, set_ptr, set_class, steps, state)` -> int32 [steps[state]]: the classes of one shortest
    path from `state` to a goal, by the `distances` of all states; empty if there is no way. Edges by source.

`finish(ptr, target, set_of, set_ptr, set_class, live, allowed, steps, state)` -> int32 [N]: classes of a path from
    `state` at position 0 through `live` (uint64 [S, W]) states over `allowed` (bool [N, C]) classes, at each position
    over the edge whose target is nearest to a goal by `steps`; `state` must be live. Edges by source.

`shifted(bits, first, length)` -> uint64 [X, length // 64 + 1]: bits `first` to `first` + `length`, moved to 0.
"""

from .cpu import (
    distances,
    feasible_classes,
    finish,
    follow,
    nearest,
    reach,
    reaching,
    shifted,
    usable_sets,
    visit_order,
)

__all__ = ["distances", "feasible_classes", "finish", "follow", "nearest", "reach", "reaching", "shifted",
           "usable_sets", "visit_order"]
