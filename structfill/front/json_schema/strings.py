"""The strings that satisfy a formula."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import compress

from ...automaton.char_dfa import CharDFA, product
from ...automaton.lengths import longest, no_longer_than
from ...automaton.repeats import Bounds, CountedStrings, counted_repeats
from ...limits import Limits
from . import atoms as at
from .formula import FALSE, TRUE, Atom, Formula, holds, replace
from .residue import REJECT, Residue, conjuncts

COUNTED = 32  # lengths from here on are counted; shorter ones are states, which cost less than a longer pass


def without_lengths(residue: Residue, longest: int) -> tuple[Residue, Bounds | None]:
    """The residue of a string without the long lengths, below `longest`, that it must have in any case, and these."""
    found = {atom: atom.length for atom in conjuncts(residue.must) if isinstance(atom, at.StringAtom)
             and atom.length is not None and COUNTED <= max(atom.length[0], atom.length[1] or 0) < longest}
    if not found:
        return residue, None
    least = max(low for low, _ in found.values())
    most = min((high for _, high in found.values() if high is not None), default=None)
    return residue.replace(dict.fromkeys(found, TRUE)), (least, most)


def with_lower_bounds(formula: Formula, most: int) -> tuple[Formula, Formula]:
    """A formula of strings whose longer upper bounds, where they have to be met in any case, are lowered to `most`; and
    the same without these bounds."""
    lower, wider = dict[Atom, Formula](), dict[Atom, Formula]()
    for atom in conjuncts(formula):
        if isinstance(atom, at.StringAtom) and atom.length is not None:
            least, longest = atom.length
            if least <= most < (longest or 0):
                lower[atom] = at.StringAtom(CharDFA.length(least, most))
                wider[atom] = at.StringAtom(CharDFA.length(least, None))
    return replace(formula, lower), replace(formula, wider)


def uncounted(found: Iterable[Atom]) -> list[int]:
    """The greatest lengths that an automaton does not keep if these atoms go into it: only short canvases do."""
    return [atom.length[1] for atom in found if isinstance(atom, at.StringAtom) and atom.judge is not None
            and atom.length is not None and atom.length[1] is not None]


def bounded(dfa: CharDFA, bounds: Bounds | None) -> CountedStrings:
    """The strings of a language within bounds, with counters for what is long.

    What is counted is no more than the greatest length, unless the length is all that matters: so all states of the
    language are alive as long as their shortest end is within the bound.
    """
    least, most = bounds or (0, None)
    if most is not None and most < least:
        return CountedStrings.uncounted(CharDFA.empty())
    if least >= COUNTED and len(dfa) == 1 and dfa.is_everything():
        return CountedStrings.of_length(dfa, (least, most))
    if least:
        dfa = dfa.kept(CharDFA.length(least, None))
    if most is not None:
        dfa = no_longer_than(dfa, most)
        if not dfa.is_empty() and not 0 <= longest(dfa) <= most:
            return CountedStrings.of_length(dfa, (0, most))
    return counted_repeats(dfa)


def labelled(atoms: Sequence[at.StringAtom], decide: Callable[[set[at.StringAtom]], int], limits: Limits,
             certain: Collection[Formula] | None = ()) -> CharDFA:
    """All strings, labelled by what `decide` says of the atoms that hold.

    Those of which that is not known are rejected, as are those for which an atom in `certain` does not hold. Without
    `certain` strings that may belong to a language count as its.
    """
    if certain is None:
        return product([atom.widest for atom in atoms], lambda truth: decide(set(compress(atoms, truth))), limits)
    components, unsure = [atom.dfa for atom in atoms], []
    for place, atom in enumerate(atoms):
        if atom.outside is not None and atom not in certain:
            unsure.append((place, len(components)))
            components.append(atom.outside)

    def label(truth: tuple[bool, ...]) -> int:
        if any(not truth[inside] and not truth[outside] for inside, outside in unsure):
            return REJECT
        return decide(set(compress(atoms, truth)))
    return product(components, label, limits)


def strings_of(formula: Formula, limits: Limits, widest: bool = False) -> CharDFA:
    """The strings that surely satisfy a formula, or (`widest`) all that may."""
    formula = at.for_kind(formula, at.STRING)
    atoms: list[at.StringAtom] = list(formula.atoms)  # type: ignore[arg-type]

    def decide(true: set[at.StringAtom]) -> int:
        return 0 if holds(formula, true.__contains__) else REJECT
    return CharDFA.empty() if formula is FALSE else labelled(atoms, decide, limits, None if widest else ())
