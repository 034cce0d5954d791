"""Texts under a grammar, exactly as Lark reads them: contextual lexer with its way back to the last end, LALR parser.
"""

from __future__ import annotations

from functools import cached_property

from .grammar import Grammar


class Reader:
    """Runs a grammar over texts, character by character; plain Python, no bounds on nesting."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._lengths = [len(right) for _, right in grammar.rules]
        self._lefts = [left for left, _ in grammar.rules]
        self._end = len(grammar.terminals)

    def accepts(self, text: str) -> bool:
        """Is this text in the language?"""
        stack, at, codes = [0], 0, self.grammar.scanner.spell(text)
        while at < len(codes):
            found = self._lexeme(stack, codes, at)
            if found is None or not self.feed(stack, found[1]):
                return False
            at = found[0]
        return self.feed(stack, self._end)

    def feed(self, stack: list[int], terminal: int) -> bool:
        """Reductions and the shift of a terminal, in place; False where the parser finds an error."""
        grammar = self.grammar
        if terminal in grammar.ignored:
            return True
        while True:
            action = grammar.act.item(stack[-1], terminal)
            if action == 0:
                return False
            if action > 0:
                stack.append(action - 1)
                return True
            rule = -1 - action
            del stack[len(stack) - self._lengths[rule]:]
            stack.append(grammar.goto.item(stack[-1], self._lefts[rule]))

    def pending(self, text: str) -> list[tuple[list[int], str]]:
        """What may be open at the end of `text`: stacks, each with the text of a lexeme that is not closed.

        The first is the one in which the last lexeme goes on; the others those in which it ended earlier and what
        follows begins a lexeme of its own. Empty where no reading is left.
        """
        found, seen = list[tuple[list[int], str]](), set[tuple[tuple[int, ...], int]]()
        codes = self.grammar.scanner.spell(text)
        todo = [([0], 0)]
        while todo:
            stack, at = todo.pop()
            if (tuple(stack), at) in seen:
                continue
            seen.add((tuple(stack), at))
            alive, ends = self._open(stack, codes, at)
            if alive:
                found.append((stack, text[at:]))
            for place, terminal in ends[-1:]:  # what ended last counts, if it goes on in vain
                after = list(stack)
                if self.feed(after, terminal):
                    todo.append((after, place))
        return found

    def _lexeme(self, stack: list[int], codes: list[int], at: int) -> tuple[int, int] | None:
        """(end, terminal) of the lexeme that begins at `at`."""
        _, ends = self._open(stack, codes, at, last=len(self._ends[0]) - 1)
        return ends[-1] if ends else None

    def _open(self, stack: list[int], codes: list[int], at: int, last: int | None = None
              ) -> tuple[bool, list[tuple[int, int]]]:
        """Can the lexeme that begins at `at` go on behind the text, and where could it have ended?

        `last` is the class that stands for the end of the text, where it is known to end.
        """
        grammar, ends = self.grammar, list[tuple[int, int]]()
        state = grammar.scanner.starts[grammar.context[stack[-1]]]
        for place in range(at, len(codes)):
            if (terminal := self._ends[state][codes[place]]) >= 0:
                ends.append((place, terminal))
            state = self._delta[state][codes[place]]
            if state < 0:
                return False, ends
        if last is not None and (terminal := self._ends[state][last]) >= 0:
            ends.append((len(codes), terminal))
        return True, ends

    @cached_property
    def _delta(self) -> list[list[int]]:
        found: list[list[int]] = self.grammar.scanner.delta.tolist()
        return found

    @cached_property
    def _ends(self) -> list[list[int]]:
        found: list[list[int]] = self.grammar.scanner.ends.tolist()
        return found
