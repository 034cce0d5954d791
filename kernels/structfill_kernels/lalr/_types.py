"""The arrays that the kernels share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Tables(NamedTuple):
    """An LALR(1) parser with its contextual lexer. P states, T terminals (T: the end of the text), Q lexer states, K
    byte classes.

    Attributes:
        act: int32 [P, T + 1], 0 error, s + 1 shift to s, -1 - r reduce rule r. goto: int32 [P, nonterminals] or -1.
        rule: int32 [R, 2], symbols on the right side and nonterminal on the left.
        delta: int32 [Q, K], or -1. ends: int32 [Q, K + 1], the terminal that ends before a byte of class k (K: before
            the end of the text), or -1. cls: int32 [256], the class of every byte. group: int32 [Q], equal for lexer
            states whose lexemes can become the same terminals, and are the same one before the end of the text.
        begin: int32 [P], the lexer state in which a lexeme begins. ignored: bool [T + 1].
        lex_ptr, lex_term: CSR, the terminals that a lexeme in lexer state q can still become.
        way, far: int32 [Q, T], the next byte on a shortest way to the end of a terminal, and its length or -1.
        fillers: int32, bytes that alone make an ignored lexeme.
        item_ptr: int32 [P + 1]; item: int32 [I, 4], of every item of a state's kernel: symbols before the dot,
            nonterminal, cost of the rest in tokens, its place in `seq_ptr`. A nonterminal of -1: the text may end.
        seq_ptr, seq_term: CSR, terminals of the cheapest text for the rest of an item.
        edge_ptr: int32 [P + 1]; edge: int32 [E, 3], of every symbol that may follow in a state: the state then, cost of
            the symbol in tokens, its place in `seq_ptr`.
        cost: int32 [T], tokens of a terminal.
    """

    act: Any
    goto: Any
    rule: Any
    delta: Any
    ends: Any
    cls: Any
    group: Any
    begin: Any
    ignored: Any
    lex_ptr: Any
    lex_term: Any
    way: Any
    far: Any
    fillers: Any
    item_ptr: Any
    item: Any
    seq_ptr: Any
    seq_term: Any
    edge_ptr: Any
    edge: Any
    cost: Any


class Words(NamedTuple):
    """A vocabulary: spelling of token t ``text[ptr[t]:ptr[t + 1]]``, and its trie.

    Attributes:
        ptr: int64 [V + 1]. text: uint8. key, child: open addressing, node * 256 + byte -> node. token: int32 by node,
            the lowest token that ends there or -1.
    """

    ptr: Any
    text: Any
    key: Any
    child: Any
    token: Any


class Store(NamedTuple):
    """Stacks and configurations, hash-consed; all of them bounded, `count` says when one is full.

    Attributes:
        node: int32 [n, 2], parent and state of a stack. plan: int32 [n, 2], tokens to the end of the text by plan
            (UNKNOWN, NEVER) and the item that the plan completes next.
        node_key, node_val; fed_key, fed_val: node of (parent, state); of (node, terminal).
        conf: int32 [c, 2], stack and lexer state. conf_key, conf_val: configuration of (stack, lexer state).
        rest: int32 [c, 4], of every configuration: tokens to the end of the text, executed (UNKNOWN, NEVER), the first
            of them, the configuration after it, and may the text end here (UNKNOWN, 0, 1)? Configuration 0 is the end
            of the text. asked: int32 [c], the beam that asked last for the way from a configuration to the end.
        count: int64 [6], stacks, configurations, remembered feeds, 1 once something was full, configurations looked up,
            beams.
    """

    node: Any
    plan: Any
    node_key: Any
    node_val: Any
    fed_key: Any
    fed_val: Any
    conf: Any
    conf_key: Any
    conf_val: Any
    rest: Any
    asked: Any
    count: Any


DEAD, UNKNOWN, NEVER, ENDED = -1, -1, 1 << 28, 0


def store(nodes: int, confs: int) -> Store:
    """An empty store for so many stacks and configurations (powers of two)."""
    def free(size: int) -> Any:
        return np.full(size, -1, np.int64)

    made = Store(np.full((nodes, 2), -1, np.int32), np.full((nodes, 2), UNKNOWN, np.int32), free(2 * nodes),
                 np.full(2 * nodes, -1, np.int32), free(8 * nodes), np.full(8 * nodes, -1, np.int32),
                 np.full((confs, 2), -1, np.int32), free(4 * confs), np.full(4 * confs, -1, np.int32),
                 np.full((confs, 4), UNKNOWN, np.int32), np.zeros(confs, np.int32), np.zeros(6, np.int64))
    made.count[1] = 1
    made.rest[ENDED, 0], made.rest[ENDED, 3] = 0, 1
    return made
