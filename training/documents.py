"""Compose a document: a JSON Schema, a text that tells its facts, and the answer.

`document(rng, held_out)` is deterministic in its arguments. Held-out documents use held-out phrases, labels
and values.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from training.composer import ABSENT, Composer, Told
from training.forms import form_facts
from training.kinds import KINDS
from training.kinds.base import Choice, Fact, Group, Kind, Listing
from training.noise import NOISE

_DATES = 0.25  # share of forms of dates in training: months are not copied, so they are learned late


@dataclass
class Document:
    """What one training example is made of."""

    kind: str
    schema: dict[str, Any]
    text: str
    answer: Any
    phrases: list[str] = field(default_factory=list)


def _told(c: Composer, entry: Any) -> list[Told]:
    if isinstance(entry, Fact):
        return [c.fact(entry)]
    if isinstance(entry, Choice):
        return [c.choice(entry)]
    if isinstance(entry, Listing):
        return [c.listing(entry)]
    return c.group(entry) if isinstance(entry, Group) else [c.records(entry)]


def _select(c: Composer, kind: Kind) -> tuple[list[Any], list[Any]]:
    """Entries told in the text and entries that are asked for although absent."""
    rng = c.rng
    told: list[Any] = []
    taken: set[str] = set()
    entries = list(kind.entries)
    if rng.random() < 0.6:
        entries = entries[: max(4, len(entries) * 2 // 3)] if rng.random() < 0.3 else entries
    lead = entries[0] if rng.random() < 0.6 else None
    rng.shuffle(entries)
    if lead is not None:
        entries.remove(lead)
        entries.insert(0, lead)
    size = rng.choice([1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8])
    absent: list[Any] = []
    for entry in entries:
        if taken & set(entry.keys):
            continue
        taken |= set(entry.keys)
        if len(told) < size:
            told.append(entry)
        elif len(absent) < 2:
            absent.append(entry)
    return told, absent if rng.random() < 0.3 else []


def _capital(text: str) -> str:
    """Upper-case the first letter, unless a value begins there (marked by NUL): it must stay as it is."""
    return text[:1].upper() + text[1:]


def _prose(c: Composer, tolds: list[Told]) -> list[str]:
    """Phrases, joined into sentences or lines."""
    rng = c.rng
    mode = rng.choice(["sentences", "sentences", "sentences", "clauses", "lines", "bullets", "mixed", "mixed"])
    phrases = [t.phrase for t in tolds if t.phrase]
    if rng.random() < 0.22:
        phrases.insert(rng.randint(0, len(phrases)), rng.choice(NOISE.of(c.held_out)))
    if not phrases:
        return []
    if mode == "bullets":
        bullet = rng.choice(["- ", "* ", "• "])
        return [bullet + (p if rng.random() < 0.6 else _capital(p)) for p in phrases]
    if mode == "lines":
        return [_capital(p) + rng.choice(["", "."]) for p in phrases] if rng.random() < 0.7 else phrases
    if mode == "clauses":
        separator = rng.choice([", ", ", ", "; ", " - ", " ", " | "])
        return [_capital(separator.join(phrases)) + rng.choice([".", "", ""])]
    text = ""
    for i, p in enumerate(phrases):
        if i == 0:
            text = _capital(p)
        elif mode == "mixed" and rng.random() < 0.55:
            text += rng.choice([", ", ", ", " and ", ", and ", " ", "; "]) + p
        else:
            text += rng.choice([". ", ". ", ". ", "! ", ".\n", "\n"]) + _capital(p)
    return [text + rng.choice([".", ".", "", "!"])]


def _blocks(c: Composer, tolds: list[Told]) -> list[str]:
    """`Label: value` lines, tables and similar; a fact without label and surface is told in its phrase."""
    rng = c.rng
    form = rng.choice(
        [
            "{l}: {v}",
            "{l}: {v}",
            "{l}: {v}",
            "{l}: {v}",
            "{l} | {v}",
            "| {l} | {v} |",
            "{l} = {v}",
            "{l} - {v}",
            "- {l}: {v}",
            "{l}:\t{v}",
            "{l}={v}",
            "**{l}**: {v}",
            "{l}\t{v}",
            "{l} .... {v}",
            "* {l}: {v}",
            "{l};{v}",
            "{l}:\n{v}",
        ]
    )
    case = rng.choice([str, str, str, str.lower, str.upper, str.title])
    lines = [
        form.replace("{l}", case(t.label)).replace("{v}", t.surface)
        if t.label and t.surface and not t.block
        else _capital(t.phrase)
        for t in tolds
        if (t.surface and t.label and not t.block) or t.phrase
    ]
    if rng.random() < 0.12:
        return [rng.choice(["; ", ", ", " | ", "  "]).join(lines)] if "\n" not in form else lines
    return lines


def _csv(c: Composer, tolds: list[Told]) -> list[str]:
    shown = [t for t in tolds if t.surface and t.label]
    separator = c.rng.choice([",", ";", " | ", "\t"])
    return [separator.join(t.label.lower() for t in shown), separator.join(t.surface for t in shown)]


def _text(c: Composer, kind: Kind, tolds: list[Told]) -> str:
    rng = c.rng
    flat = [t for t in tolds if not t.block]
    roll = rng.random()
    if kind.name == "form":
        roll = roll * 0.6 + 0.3
    if roll < 0.55:
        lines = _prose(c, flat)
    elif roll < 0.8:
        lines = _blocks(c, flat)
    elif roll < 0.84 and len(flat) > 2 and all(t.surface and t.label for t in flat):
        lines = _csv(c, flat)
    else:
        cut = rng.randint(0, len(flat))
        lines = _prose(c, flat[:cut]) + _blocks(c, flat[cut:])
    for t in tolds:
        if t.block:
            lines.insert(rng.choice([len(lines), len(lines), rng.randint(0, len(lines))]), t.block)
    if rng.random() < 0.35 and kind.opening.of(c.held_out):
        lines.insert(0, rng.choice(kind.opening.of(c.held_out)))
    if rng.random() < 0.15:
        lines.append(_capital(rng.choice(NOISE.of(c.held_out))) + ".")
    gap = rng.choice(["\n", "\n", "\n", "\n\n"])
    text = gap.join(lines) if rng.random() < 0.9 else " ".join(lines)
    if rng.random() < 0.1:
        text = _mail(c) + text
    return text.replace("\0", "")


def _mail(c: Composer) -> str:
    """Header lines of an e-mail, as a distraction."""
    lines = [
        f"From: {c.values.name().surface} <{c.values.email().surface}>",
        f"Subject: {c.values.title().surface}",
    ]
    if c.rng.random() < 0.5:
        lines.insert(1, f"To: {c.values.email().surface}")
    if c.rng.random() < 0.3:
        lines.append(f"Date: {c.values.date().surface}")
    return "\n".join(lines) + "\n\n"


def _mail_tolds(c: Composer) -> tuple[list[Told], str]:
    """The same headers, asked for."""
    v, rng = c.values, c.rng
    name, email, to, subject, date = (
        v.name().surface,
        v.email().surface,
        v.email().surface,
        v.title().surface,
        v.date(),
    )
    tolds = [
        Told(c.style("subject"), {"type": "string"}, subject),
        Told(c.style("to"), {"type": "string"}, to),
    ]
    if rng.random() < 0.5:
        tolds += [
            Told(c.style("from_name"), {"type": "string"}, name),
            Told(c.style("from_email"), {"type": "string"}, email),
        ]
    else:
        tolds.append(
            Told(
                c.style(rng.choice(["from", "sender"])),
                {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "email": {"type": "string"}},
                    "required": ["name", "email"],
                },
                {"name": name, "email": email},
            )
        )
    lines = [f"From: {name} <{email}>", f"To: {to}", f"Subject: {subject}"]
    if rng.random() < 0.5:
        lines.append(f"Date: {date.surface}")
        schema, answer = c.scalar(date, "date")
        tolds.append(Told(c.style("date"), schema, answer))
    rng.shuffle(tolds)
    return tolds[: rng.randint(1, len(tolds))], "\n".join(lines) + "\n\n"


def document(rng: random.Random, held_out: bool = False) -> Document:
    """One document of a random kind."""
    c = Composer(rng, held_out)
    kind = rng.choice(KINDS) if rng.random() < 0.82 else Kind("form", form_facts(c.values))
    if not held_out and rng.random() < _DATES:
        kind = Kind("form", form_facts(c.values, ("date",)))
    entries, missing = _select(c, kind)
    rng.shuffle(entries)
    tolds = [t for entry in entries for t in _told(c, entry)]
    text = _text(c, kind, tolds)
    taken: set[str] = set()
    asked = []
    wanted = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9])
    for told in rng.sample(tolds, len(tolds)) if rng.random() < 0.8 else tolds:
        if told.key not in taken and len(asked) < wanted:
            taken.add(told.key)
            asked.append(told)
    if rng.random() < 0.5:
        asked.sort(key=tolds.index)
    for entry in missing:
        for told in _told(c, entry)[:1]:
            if told.key not in taken:
                taken.add(told.key)
                told.answer = ABSENT
                asked.insert(rng.randint(0, len(asked)), told)
    if rng.random() < 0.05:
        mail, header = _mail_tolds(c)
        text = header + text
        asked = [m for m in mail if m.key not in taken] + asked
    plain = asked[0].schema.get("type") in ("string", "integer", "number", "boolean") if asked else True
    if len(asked) == 1 and asked[0].answer is not ABSENT and (not plain or len(tolds) == 1) and rng.random() < 0.4:
        return Document(kind.name, asked[0].schema, text, asked[0].answer, c.used)
    schema, answer = c.object(asked)
    return Document(kind.name, schema, text, answer, c.used)


__all__ = ["Composer", "Document", "document"]
