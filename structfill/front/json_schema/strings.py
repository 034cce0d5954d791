"""The strings that satisfy a formula."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...automaton.char_dfa import CharDFA, product
from ...limits import Limits
from . import atoms as at
from .formula import FALSE, TRUE, Formula, constant, substitute
from .formula import atoms as atoms_of
from .residue import REJECT, distinct

Truth = dict[at.StringAtom, bool]


def labelled(atoms: Sequence[at.StringAtom], decide: Callable[[Truth], int], limits: Limits,
             certain: Collection[Formula] | None = ()) -> CharDFA:
    """All strings, labelled by which of the atoms hold; those of which it is not known are rejected, as are those for
    which an atom in `certain` does not hold. Without `certain` strings that may belong to a language count as its."""
    if certain is None:
        return product([atom.widest for atom in atoms], lambda truth: decide(dict(zip(atoms, truth, strict=True))),
                       limits)
    components, unsure = [atom.dfa for atom in atoms], []
    for place, atom in enumerate(atoms):
        if atom.outside is not None and atom not in certain:
            unsure.append((place, len(components)))
            components.append(atom.outside)

    def label(truth: tuple[bool, ...]) -> int:
        if any(not truth[inside] and not truth[outside] for inside, outside in unsure):
            return REJECT
        return decide(dict(zip(atoms, truth, strict=False)))
    return product(components, label, limits)


def strings_of(formula: Formula, limits: Limits, widest: bool = False) -> CharDFA:
    """The strings that surely satisfy a formula, or (`widest`) all that may."""
    formula = at.for_kind(formula, at.STRING)
    atoms: list[at.StringAtom] = distinct(atoms_of(formula))  # type: ignore[assignment]

    def decide(truth: Truth) -> int:
        return 0 if substitute(formula, lambda atom: constant(truth[atom])) is TRUE else REJECT  # type: ignore[index]
    return CharDFA.empty() if formula is FALSE else labelled(atoms, decide, limits, None if widest else ())
