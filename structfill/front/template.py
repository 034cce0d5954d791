"""Templates: fixed text with typed holes, `Dear {{name}}, your order {{id:order}} ...`.

``{{name}}`` is a hole that the constraint called `name` fills; ``{{id:order}}`` one called `id` that the constraint
`order` fills. A backslash makes the brace or backslash behind it plain text; single braces are plain text anyway, and
of three braces in a row the inner two are the hole's. The whole template is one automaton, so a hole may lean on
what stands to its right: where one hole ends and the next text begins is left to the engine.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from ..automaton.byte_automaton import ByteAutomaton
from ..automaton.counted import CountedAutomaton
from ..automaton.sequence import sequence
from ..automaton.series import literal, of_length, series
from ..errors import RefusedValue, Span, SpecError
from ..limits import Limits
from .constraint import Constraint, check_spelled, check_text, spelled_out

_PLAIN = re.compile(r"[^\\{]+|\\(?![\\{}])|\{(?!\{)|\{(?=\{\{)")
_ESCAPE = re.compile(r"\\[\\{}]")
_HOLE = re.compile(r"\{\{\s*([^\W\d]\w*)\s*(?::\s*([^\W\d]\w*)\s*)?\}\}")


class Hole(NamedTuple):
    """A named place with its constraint."""

    name: str
    constraint: Constraint


class Template(Constraint):
    """Texts that follow a template. Made by `template`; one that is not `shown` has no outline."""

    def __init__(self, parts: Sequence[str | Hole], shown: bool = True) -> None:
        self.parts, self._shown = tuple(parts), shown

    @property
    def identity(self) -> str:
        """Literals and the identities of the holes."""
        return "template:" + repr([part if isinstance(part, str) else (part.name, type(part.constraint).__name__,
                                                                       part.constraint.identity)
                                   for part in self.parts])

    @property
    def outline(self) -> str | None:
        """The template as a reader would write it."""
        shown = "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in self.parts)
        return shown if self._shown else None

    def accepts(self, text: str) -> bool:
        """Does this text follow the template? What stands in a hole may be spelled in any way its constraint allows."""
        return self.split(text) is not None

    def accepts_prefix(self, text: str) -> bool:
        """Can this text be continued to one that follows the template?"""
        if not all(isinstance(part, str) or part.constraint.accepts_prefix("") for part in self.parts):
            return False  # nothing fills one of the holes
        starts = self._starts(text, cut=True)
        for part, here in zip(self.parts, starts, strict=False):
            for rest in (text[start:] for start in here):
                if part.startswith(rest) if isinstance(part, str) else part.constraint.accepts_prefix(rest):
                    return True
        return len(text) in starts[-1]

    def split(self, text: str) -> dict[str, str] | None:
        """The texts in the holes, by name; None if the text does not follow the template.

        Where several readings are possible, the first hole is as short as it can be, then the second, and so on.
        """
        starts = self._starts(text)
        good = [{len(text)}]  # from which places, part by part from the last, can the rest be read?
        for part, before in zip(reversed(self.parts), reversed(starts[:-1]), strict=True):
            after = sorted(good[-1])
            good.append({start for start in before if _first_end(part, text, start, after) is not None})
        good.reverse()
        if 0 not in good[0]:
            return None
        found, at = dict[str, str](), 0
        for part, after in zip(self.parts, map(sorted, good[1:]), strict=True):
            end = _first_end(part, text, at, after)
            assert end is not None  # `at` is good
            if isinstance(part, Hole):
                found[part.name] = text[at:end]
            at = end
        return found

    def holes(self, text: str) -> dict[str, Any]:
        """The values in the holes, by name, each as its constraint reads it."""
        found, values, at = self.split(text), dict[str, Any](), 0
        if found is None:
            raise SpecError(f"the text {text!r:.200} does not follow the template")
        for part in self.parts:
            if isinstance(part, Hole):
                try:
                    values[part.name] = part.constraint.value(found[part.name])
                except RefusedValue as refused:
                    raise _in_hole(refused, part.name, text, at) from None
            at += len(part if isinstance(part, str) else found[part.name])
        return values

    def counting(self, limits: Limits) -> ByteAutomaton | CountedAutomaton:
        """With the counters of its holes, where it is always clear where a hole ends."""
        parts = [literal(part.encode("utf-8", "surrogatepass")) if isinstance(part, str)
                 else part.constraint.counting(limits) for part in self.parts]
        found = sequence(parts) if any(isinstance(part, CountedAutomaton) for part in parts) else None
        return self.automaton(limits) if found is None else found

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """The whole template, canonical spellings in the holes."""
        return series([literal(part.encode("utf-8", "surrogatepass")) if isinstance(part, str)
                       else spelled_out(part.constraint, limits) for part in self.parts], limits)

    def _starts(self, text: str, cut: bool = False) -> list[set[int]]:
        """Where each part may begin, reading from the left, and last whether all may end with the text.

        A `cut` text may end inside of a literal.
        """
        check_text(text)
        found = [{0}]
        for part, follow in zip(self.parts, [*self.parts[1:], None], strict=True):
            if isinstance(follow, str):
                ends = list(_occurrences(follow, text))
                if cut:
                    tail = range(max(0, len(text) - len(follow) + 1), len(text) + 1)
                    ends += [end for end in tail if follow.startswith(text[end:])]
            else:
                ends = [len(text)] if follow is None else list(range(len(text) + 1))
            found.append({end for start in found[-1] for end in _ends(part, text, start, ends)})
        return found


def _in_hole(refused: RefusedValue, name: str, text: str, at: int) -> RefusedValue:
    """The same for the whole text, in which the hole begins `at`."""
    found = RefusedValue(f"the hole {name}: {refused.message}", (name, *refused.place))
    if refused.span is not None:
        found.span = Span(text, at + refused.span.start, at + refused.span.end)
    return found


def _occurrences(word: str, text: str) -> Iterator[int]:
    """Where `word` stands in `text`, overlaps included."""
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _ends(part: str | Hole, text: str, start: int, wanted: Sequence[int]) -> Iterator[int]:
    """Which of the places `wanted` (ascending) `part` may end at if it begins at `start`, the nearest first."""
    if isinstance(part, str):
        end = start + len(part)
        if text.startswith(part, start) and end in wanted[bisect_left(wanted, end):][:1]:
            yield end
        return
    for end in wanted[bisect_left(wanted, start):]:
        if part.constraint.accepts(text[start:end]):
            yield end


def _first_end(part: str | Hole, text: str, start: int, wanted: Sequence[int]) -> int | None:
    return next(_ends(part, text, start, wanted), None)


class Bounded(Constraint):
    """A constraint whose texts have a bounded length. Made by `bounded`."""

    def __init__(self, inner: Constraint, least: int, most: int | None) -> None:
        self.inner, self.least, self.most = inner, least, most

    @property
    def identity(self) -> str:
        """The inner constraint and the bounds."""
        return f"bounded:{self.least}:{self.most}:{type(self.inner).__name__}:{self.inner.identity}"

    @property
    def outline(self) -> str | None:
        """That of the inner constraint."""
        return self.inner.outline

    def accepts(self, text: str) -> bool:
        """Is this text in the language?"""
        check_text(text)
        size = len(text.encode("utf-8", "surrogatepass"))
        return self.least <= size and (self.most is None or size <= self.most) and self.inner.accepts(text)

    def accepts_prefix(self, text: str) -> bool:
        """Can this text be continued into the language?"""
        check_text(text)
        state = self._spelled.run(text.encode("utf-8", "surrogatepass"))
        return state >= 0 if not self.accepts(text) else True

    def automaton(self, limits: Limits) -> ByteAutomaton:
        """The inner automaton beside a counter of bytes."""
        return of_length(self.inner.automaton(limits), self.least, self.most, limits)

    def value(self, text: str) -> Any:
        """As the inner constraint reads it."""
        return self.inner.value(text)

    @cached_property
    def _spelled(self) -> ByteAutomaton:
        return self.automaton(Limits())


def bounded(constraint: Constraint, min_bytes: int = 0, max_bytes: int | None = None) -> Bounded:
    """The texts of `constraint` that are `min_bytes` to `max_bytes` long in UTF-8."""
    if not isinstance(constraint, Constraint):
        raise SpecError(f"bounded needs a constraint, not {constraint!r:.80}")
    for name, value in (("min_bytes", min_bytes), ("max_bytes", 0 if max_bytes is None else max_bytes)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise SpecError(f"{name} must be a whole number of bytes, not {value!r}")
    if max_bytes is not None and max_bytes < min_bytes:
        raise SpecError(f"max_bytes={max_bytes} is less than min_bytes={min_bytes}")
    return Bounded(constraint, min_bytes, max_bytes)


def template(text: str, /, **holes: Constraint) -> Template:
    """Texts that follow `text`, in which each ``{{name}}`` or ``{{name:constraint}}`` is filled by a constraint.

    ``\\{``, ``\\}`` and ``\\\\`` stand for a plain brace or backslash. Raises `SpecError` with line and column for a
    hole that is malformed, has no constraint or comes twice, and for a constraint that no hole uses.
    """
    if not isinstance(text, str):
        raise SpecError(f"a template must be a str, not {type(text).__name__}")
    check_spelled(text, "the template")
    for name, constraint in holes.items():
        if not isinstance(constraint, Constraint):
            raise SpecError(f"the hole {name} needs a constraint such as structfill.regex(...), not {constraint!r:.80}")
    parts, used = _parts(text, holes)
    if unused := [name for name in holes if name not in used]:
        raise SpecError(f"no hole of the template uses {', '.join(unused)}", hint=f"write {{{{{unused[0]}}}}} in it")
    return Template(parts)


def _parts(text: str, holes: Mapping[str, Constraint]) -> tuple[list[str | Hole], set[str]]:
    """Literals and holes in order, and the constraints that the holes use."""
    parts: list[str | Hole] = []
    plain: list[str] = []
    names, used, at = set[str](), set[str](), 0

    def close() -> None:
        if plain:
            parts.append("".join(plain))
            plain.clear()

    while at < len(text):
        if escape := _ESCAPE.match(text, at):
            plain.append(escape[0][1])
            at = escape.end()
        elif chars := _PLAIN.match(text, at):
            plain.append(chars[0])
            at = chars.end()
        else:
            close()
            hole, key, at = _hole(text, at, holes, names)
            parts.append(hole)
            names.add(hole.name)
            used.add(key)
    close()
    return parts or [""], used


def _hole(text: str, at: int, holes: Mapping[str, Constraint], names: set[str]) -> tuple[Hole, str, int]:
    """The hole that begins at `at`, the name of its constraint, and where it ends."""
    found = _HOLE.match(text, at)
    if found is None:
        raise _error(text, at, at + 2, "this hole is malformed",
                     "write {{name}} or {{name:constraint}}, and \\{\\{ for plain braces")
    name, key = found[1], found[2] or found[1]
    if key not in holes:
        raise _error(text, at, found.end(), f"no constraint is given for {key}",
                     f"pass {key}=structfill.regex(...) or another constraint")
    if name in names:
        raise _error(text, at, found.end(), f"the hole {name} comes twice",
                     f"give each a name of its own, such as {{{{{name}2:{key}}}}}")
    return Hole(name, holes[key]), key, found.end()


def _error(text: str, start: int, end: int, message: str, hint: str) -> SpecError:
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return SpecError(f"line {line}, column {column}: {message}", span=Span(text, start, end), hint=hint)
