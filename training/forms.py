"""Forms and prose with arbitrary labels: the field name follows from the label."""

from __future__ import annotations

from training.kinds.base import GENERIC, Choice, Fact, Texts
from training.values import Value, Values
from training.words import LABEL_ATTRIBUTE

_PHRASES = Texts.parse(
    """the @ is {}|@: {}|@ {}|we set the @ to {}|its @ is {}|the @ was changed to {}|with @ {}
        |the @ reads {}|{} is the @|it has the @ {}|as @ we use {}|for the @, take {}|the @ must be {}
        |our @ is now {}|{} was chosen as @     // the @ being {}|they entered {} as @
        |on the label for the @ you read {}|concerning the @: {}"""
).plus(GENERIC)


def _word(values: Values) -> Value:
    roll = values.rng.random()
    if roll < 0.4:
        text = values.pseudo()
        text = text if values.rng.random() < 0.5 else text.capitalize()
        return Value(text, text)
    return (
        values.listed(values.rng.choice(["MATERIAL", "COLOUR", "TAG", "TOPIC", "DEPARTMENT"]))
        if roll < 0.8
        else values.title()
    )


_MAKERS = {
    "code": Values.code, "name": Values.name, "word": _word, "city": Values.city, "email": Values.email,
    "phone": Values.phone, "time": Values.time, "date": Values.date,
    "integer": lambda v: v.integer(0, v.rng.choice([12, 100, 9000])),
    "number": lambda v: v.price() if v.rng.random() < 0.5 else v.decimal(0, 500),
}  # fmt: skip


def _keys(noun: str, attribute: str, rng) -> tuple[str, ...]:
    roll = rng.random()
    if roll < 0.7:
        return (f"{noun}_{attribute}",)
    return (attribute,) if roll < 0.85 else (noun,)


def form_facts(values: Values, kinds: tuple[str, ...] = tuple(_MAKERS)) -> tuple[Fact | Choice, ...]:
    """About eight facts with labels such as `Gearbox code`, all different."""
    rng = values.rng
    facts: dict[str, Fact | Choice] = {}
    while len(facts) < 9:
        kind = rng.choice(kinds)
        noun = values.word("LABEL_NOUN") if rng.random() < 0.75 else values.pseudo()
        attribute = rng.choice(LABEL_ATTRIBUTE[kind].split())
        label = rng.choice(
            [
                f"{noun} {attribute}",
                f"{noun} {attribute}",
                f"{attribute} of the {noun}",
                noun if rng.random() < 0.3 else f"{noun} {attribute}",
            ]
        )
        keys = _keys(noun, attribute, rng)
        if label == noun:
            keys = (noun,)
        shown = label if rng.random() < 0.5 else label.capitalize()
        phrases = Texts(*(tuple(p.replace("@", label) for p in side) for side in (_PHRASES.train, _PHRASES.held)))
        if rng.random() < 0.07:
            yes = Texts(
                (f"{label} is on", f"{label}: yes", f"the {label} is active"),
                (f"the {label} was switched on",),
            )
            no = Texts(
                (f"{label} is off", f"{label}: no", f"the {label} is not active"),
                (f"the {label} was switched off",),
            )
            facts.setdefault(keys[0], Choice(keys, Texts((shown,), (shown,)), {}, {"true": yes, "false": no}, True))
        else:
            facts.setdefault(keys[0], Fact(keys, Texts((shown,), (shown,)), _MAKERS[kind], phrases))
    return tuple(facts.values())
