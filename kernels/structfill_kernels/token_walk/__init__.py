"""Vocabulary trie x byte automaton -> token classes and edges.

A token w is the partial function state -> state that its bytes induce. Two tokens are alike in every state
exactly if these functions are equal, so the number of the function is the token's class. One walk of the trie, depth
first, carries the function of the current prefix. Functions are hash-consed, and states that a prefix has led to one
target stay together from then on: a function is a short list of (group of states, target). What it is behind one more
byte is found once. Where none of the bytes that stand below a node change the function, the subtree is passed at once.
The strings of a schema move alike until their quotes: `copies` has them walk as one.

`build_trie(data, ptr)`: sorted distinct non-empty spellings (spelling r is ``data[ptr[r]:ptr[r + 1]]``, uint8)
    -> `Trie`, depth first and in byte order: at most 2**31 - 2 prefixes of at most 2**16 bytes.

`walk(delta, byte_class, trie, max_work, counts=None)` -> `Walk`: the class of every spelling (int32 [R], -1: alive
    in no state, or its node is 0) and the functions of the classes as CSR: class c maps the states of ``group[k]`` to
    ``target[k]`` for k in ``ptr[c]:ptr[c + 1]``. Classes are numbered by their first spelling in byte order.
    Raises `LimitReached` when the work (pairs composed and kept, table cells, groups) passes `max_work`.
    Pairs of common states (`Walk.copies`) stand for one pair a copy.
    With the counters of the automaton (`counters.Counts`) a token is the partial function state -> move that it
    induces, and `target` holds indexes into `moves`. No token may be longer than `counters.LONGEST` bytes.

`link(states, walk, max_edges)` -> `Links`: edges (source, target, set) sorted by source, and interned sets of
    classes as CSR, classes ascending: token t leads from q to r iff its class is in the set of an edge q -> r. With
    counters targets are indexes of moves here, too.
    Raises `LimitReached` when there are more than `max_edges` edges.

`csr(keys, buckets)` -> (ptr, order): a stable counting sort; rows of bucket b are ``order[ptr[b]:ptr[b + 1]]``.
    Keys below 0 are left out.
"""

from ._types import LimitReached, Links, Trie, Walk
from .cpu import walk
from .links import csr, link
from .trie import build_trie

__all__ = ["LimitReached", "Links", "Trie", "Walk", "build_trie", "csr", "link", "walk"]
