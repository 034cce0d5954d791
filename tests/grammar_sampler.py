"""Random texts of a Lark grammar, for judges other than the grammar."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"\[([A-Za-z])[a-z]\]")
_ENDS = re.compile(r"\)?\(\?!\[[^\]]*\]\)")  # of words
_BARS = re.compile(r"(?<!\\)\|")


class Sampler:
    """Draws texts from the compiled rules of a `lark.Lark`.

    `spelled` gives spellings of terminals that are no fixed word. A derivation prefers its shortest ends once it is
    `long` symbols long, so that texts stay short.
    """

    def __init__(self, parser: Any, spelled: Mapping[str, Sequence[str]], seed: int, long: int = 60) -> None:
        self.random, self.long, self.spelled = random.Random(seed), long, spelled
        self.rules: dict[str, list[list[Any]]] = {}
        for rule in parser.rules:
            self.rules.setdefault(rule.origin.name, []).append(list(rule.expansion))
        self.words = {terminal.name: _words(terminal) for terminal in parser.terminals}
        self.least = self._least()

    def text(self, start: str = "start") -> str:
        """One text, its tokens apart by one space."""
        stack, out = [(start, False)], []
        while stack:
            name, is_terminal = stack.pop()
            if is_terminal:
                out.append(self._spell(name))
                continue
            body = self._choose(self.rules[name], len(out) + len(stack))
            stack += [(symbol.name, symbol.is_term) for symbol in reversed(body)]
        return " ".join(out)

    def _choose(self, bodies: list[list[Any]], length: int) -> list[Any]:
        if length < self.long and self.random.random() < 0.95:
            return self.random.choice(bodies)
        least = min(map(self._cost, bodies))
        return self.random.choice([body for body in bodies if self._cost(body) == least])

    def _spell(self, terminal: str) -> str:
        return self.random.choice(self.spelled.get(terminal, self.words[terminal]))

    def _cost(self, body: list[Any]) -> float:
        return sum(1 if symbol.is_term else self.least.get(symbol.name, float("inf")) for symbol in body)

    def _least(self) -> dict[str, float]:
        """The fewest terminals of every rule."""
        self.least = {}
        changed = True
        while changed:
            changed = False
            for name, bodies in self.rules.items():
                cost = min(map(self._cost, bodies))
                if cost < self.least.get(name, float("inf")):
                    self.least[name], changed = cost, True
        return self.least


def _words(terminal: Any) -> list[str]:
    """The texts of a terminal of fixed words; keywords in capitals."""
    pattern = terminal.pattern
    if pattern.type == "str":
        return [str(pattern.value)]
    plain = _PLAIN.sub(r"\1", _ENDS.sub("", pattern.value))
    return [re.sub(r"\\(.)", r"\1", word) for word in _BARS.split(plain.removeprefix("(?:"))]
