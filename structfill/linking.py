"""From a walk over the vocabulary to the arrays of a token graph: the end of the text, edges both ways, distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from structfill_kernels import counters, reach, token_walk

from structfill.automaton.byte_automaton import ByteAutomaton
from structfill.automaton.counted import CountedAutomaton
from structfill.errors import TooLarge
from structfill.limits import Limits
from structfill.vocab import Vocab

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


def walk(automaton: ByteAutomaton | CountedAutomaton, trie: token_walk.Trie, limits: Limits) -> token_walk.Walk:
    """The walk within `limits.work` and `limits.bytes`: it counts 3 for every pair of 8 bytes that it keeps."""
    arrays = own(automaton.delta, np.int32), own(automaton.byte_class, np.uint8)
    by_bytes = limits.bytes // 8 * 3
    counts = automaton.counts if isinstance(automaton, CountedAutomaton) else None
    try:
        found: token_walk.Walk = token_walk.walk(*arrays, trie, min(limits.work, by_bytes), counts)
    except token_walk.LimitReached as reached:
        if by_bytes < limits.work:
            raise TooLarge("bytes", -(-reached.needed // 3) * 8, limits.bytes) from None
        raise TooLarge("work", reached.needed, limits.work) from None
    return found


def own(array: NDArray[Any], dtype: Any = None) -> NDArray[Any]:
    """Contiguous and writable, as the compiled kernels expect it (another kind would be compiled anew)."""
    return np.require(array, dtype, ["C", "W"])


def unpacked(links: token_walk.Links, moves: Int64 | None) -> tuple[token_walk.Links, Int64]:
    """Links to states instead of moves, and the shifts of the moves."""
    if moves is None:
        return links, np.zeros(0, np.int64)
    found = moves[links.target]
    targets = (found & ((1 << counters.STATE_BITS) - 1)).astype(np.int32)
    return links._replace(target=targets), found >> counters.STATE_BITS


def add_end(
    links: token_walk.Links, token_class: Int32, classes: int, final: NDArray[np.bool_], vocab: Vocab
) -> tuple[token_walk.Links, Int32, int]:
    """The end state: entered by end-of-text, kept by end-of-text and padding."""
    end, sets = len(final), len(links.set_ptr) - 1
    token_class[list(vocab.eos_ids)] = eos = classes
    members, classes = [eos, eos], classes + 1
    if vocab.pad_id is not None and vocab.pad_id not in vocab.eos_ids:
        token_class[vocab.pad_id] = classes
        members, classes = [*members, classes], classes + 1
    accepting = np.flatnonzero(final).astype(np.int32)
    top = links.set_ptr[-1]
    source = np.concatenate([links.source, accepting, np.array([end], np.int32)])
    target = np.concatenate([links.target, np.full(len(accepting) + 1, end, np.int32)])
    numbers = np.full(len(accepting) + 1, sets, np.int32)
    numbers[-1] = sets + 1
    numbers = np.concatenate([links.set, numbers])
    set_ptr = np.append(links.set_ptr, [top + 1, top + len(members)])
    set_class = np.append(links.set_class, np.array(members, np.int32))
    return token_walk.Links(source, target, numbers, set_ptr, set_class), token_class, classes


def index(links: token_walk.Links, token_class: Int32, final: NDArray[np.bool_]) -> tuple[dict[str, Any], Int32]:
    """Edges both ways, distances and visiting order; and the links in the order of the edges by source."""
    out_ptr, out = token_walk.csr(links.source, len(final))
    in_ptr, into = token_walk.csr(links.target, len(final))
    in_source = links.source[into]
    out_target = links.target[out]
    found = {"out_ptr": out_ptr, "out_target": out_target, "out_set": links.set[out]}
    found |= {"in_ptr": in_ptr, "in_source": in_source, "in_set": links.set[into]}
    found |= {"set_ptr": links.set_ptr, "set_class": links.set_class}
    found |= {"token_class": token_class, "final": final}
    found["shortest"] = reach.distances(in_ptr, in_source, final)
    found["order"] = reach.visit_order(out_ptr, out_target)
    return found, out
