"""Boolean formulas over atomic assertions about one JSON value.

Every schema lowers to a formula; allOf, anyOf, oneOf and not are its connectives. Formulas are immutable, compare by
structure and simplify when they are made, so that a decided part disappears at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain


class Formula:
    """Base of all formulas. Hashes are computed once: formulas are dictionary keys everywhere.

    `size` counts the nodes, shared ones each time: what a walk over the formula costs.
    """

    __slots__ = ("_atoms", "_hash", "args", "size")
    args: tuple[Formula, ...]
    size: int

    def __init__(self, args: tuple[Formula, ...] = ()) -> None:
        self.args = args
        self.size = 1 + sum([part.size for part in args])
        self._hash = hash((type(self).__name__, self._key()))
        self._atoms: dict[Atom, None] | None = None

    @property
    def atoms(self) -> Collection[Atom]:
        """The distinct atoms in order of appearance; kept, and fast to look up."""
        if self._atoms is None:
            self._atoms = dict.fromkeys(self._leaves())
        return self._atoms.keys()

    def _leaves(self) -> Iterable[Atom]:
        return chain.from_iterable([(part,) if isinstance(part, Atom) else part.atoms for part in self.args])

    def _key(self) -> object:
        return self.args

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and self._hash == other._hash
                                 and self._key() == other._key())

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._key()!r}"


class _Constant(Formula):
    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value
        super().__init__()

    def _key(self) -> object:
        return self.value


TRUE, FALSE = _Constant(True), _Constant(False)


class Atom(Formula):
    """An assertion that is not a combination of others. Subclasses say what it is about."""

    __slots__ = ()

    def _leaves(self) -> Iterable[Atom]:
        return (self,)


class And(Formula):
    """All of `args` hold (two or more, none of them constant, in order of first appearance)."""

    __slots__ = ()


class Or(Formula):
    """At least one of `args` holds."""

    __slots__ = ()


class ExactlyOne(Formula):
    """Exactly one of `args` holds (JSON Schema's oneOf)."""

    __slots__ = ()


class Not(Formula):
    """The negation of an atom or of an `ExactlyOne`; other negations are pushed inwards."""

    __slots__ = ()


def constant(value: bool) -> Formula:
    """TRUE or FALSE."""
    return TRUE if value else FALSE


def conj(parts: Iterable[Formula]) -> Formula:
    """The conjunction of `parts`."""
    flat = _flatten(parts, And)
    if FALSE in flat or any(isinstance(f, Not) and f.args[0] in flat for f in flat):
        return FALSE
    flat.pop(TRUE, None)
    if any(isinstance(f, Or) for f in flat):
        return _absorb(flat)
    return _combine(And, flat, TRUE)


def disj(parts: Iterable[Formula]) -> Formula:
    """The disjunction of `parts`."""
    flat = _flatten(parts, Or)
    if TRUE in flat or any(isinstance(f, Not) and f.args[0] in flat for f in flat):
        return TRUE
    flat.pop(FALSE, None)
    return _combine(Or, flat, FALSE)


def exactly_one(parts: Iterable[Formula]) -> Formula:
    """Exactly one of `parts` holds."""
    rest = [f for f in parts if f is not FALSE]
    certain = sum(f is TRUE for f in rest)
    if certain > 1 or not rest:
        return FALSE
    if certain == 1:
        return conj(negate(f) for f in rest if f is not TRUE)
    return rest[0] if len(rest) == 1 else ExactlyOne(tuple(rest))


def negate(formula: Formula) -> Formula:
    """The negation, pushed down to atoms."""
    if isinstance(formula, _Constant):
        return constant(not formula.value)
    if isinstance(formula, Not):
        return formula.args[0]
    if isinstance(formula, And):
        return disj(negate(f) for f in formula.args)
    if isinstance(formula, Or):
        return conj(negate(f) for f in formula.args)
    return Not((formula,))


def holds(formula: Formula, true: Callable[[Atom], bool]) -> bool:
    """The truth of `formula` when every atom is as `true` says."""
    if isinstance(formula, Atom):
        return true(formula)
    if isinstance(formula, And | Or):
        decisive = isinstance(formula, Or)
        for part in formula.args:
            if holds(part, true) is decisive:
                return decisive
        return not decisive
    if isinstance(formula, ExactlyOne):
        return sum([holds(part, true) for part in formula.args]) == 1
    if isinstance(formula, Not):
        return not holds(formula.args[0], true)
    return formula is TRUE


def substitute(formula: Formula, value: Callable[[Atom], Formula]) -> Formula:
    """`formula` with every atom replaced by `value(atom)`, simplified."""
    if isinstance(formula, Atom):
        return value(formula)
    if isinstance(formula, _Constant):
        return formula
    args = [value(f) if isinstance(f, Atom) else substitute(f, value) for f in formula.args]
    return _rebuilt(formula, args)


def replace(formula: Formula, changes: Mapping[Atom, Formula]) -> Formula:
    """`formula` with some atoms replaced, simplified."""
    if isinstance(formula, Atom):
        return changes.get(formula, formula)
    if isinstance(formula, And) and any([changes.get(f) is FALSE for f in formula.args if isinstance(f, Atom)]):
        return FALSE  # so ends all but one of many alternatives
    if formula.atoms.isdisjoint(changes.keys()):  # type: ignore[attr-defined]  # looks the fewer up among the more
        return formula
    return _rebuilt(formula, [changes.get(f, f) if isinstance(f, Atom) else replace(f, changes) for f in formula.args])


def _rebuilt(formula: Formula, args: list[Formula]) -> Formula:
    """`formula` with other arguments, simplified."""
    changed = [new for new, old in zip(args, formula.args, strict=True) if new is not old]
    if not changed:
        return formula
    if isinstance(formula, And | Or):
        neutral, decisive = (TRUE, FALSE) if isinstance(formula, And) else (FALSE, TRUE)
        if any([new is decisive for new in changed]):
            return decisive
        if all([new is neutral for new in changed]):  # what was simplified stays so with parts taken out
            kept = [new for new, old in zip(args, formula.args, strict=True) if new is old]
            return _combine(type(formula), kept, neutral)
    return _REBUILD[type(formula)](args)


def _flatten(parts: Iterable[Formula], kind: type[Formula]) -> dict[Formula, None]:
    """Distinct parts in order, with nested formulas of the same kind opened. A dict serves as an ordered set."""
    flat: dict[Formula, None] = {}
    for part in parts:
        if isinstance(part, kind):
            for inner in part.args:
                flat[inner] = None
        else:
            flat[part] = None
    return flat


def _combine(kind: type[Formula], flat: Collection[Formula], empty: Formula) -> Formula:
    if not flat:
        return empty
    return next(iter(flat)) if len(flat) == 1 else kind(tuple(flat))


def _absorb(flat: dict[Formula, None]) -> Formula:
    """A conjunction with disjunctions in it: drop those implied by other parts, and alternatives they exclude."""
    kept: list[Formula] = []
    changed = False
    for part in flat:
        if not isinstance(part, Or):
            kept.append(part)
        elif any(f in flat for f in part.args):
            changed = True
        else:
            open_args = [f for f in part.args if negate(f) not in flat]
            changed |= len(open_args) < len(part.args)
            kept.append(part if len(open_args) == len(part.args) else disj(open_args))
    return conj(kept) if changed else _combine(And, flat, TRUE)


_REBUILD: dict[type[Formula], Callable[[list[Formula]], Formula]] = {
    And: conj, Or: disj, ExactlyOne: exactly_one, Not: lambda args: negate(args[0]),
}
