"""Texts written by hand, as a user would, and what should be read from them. Never used in training.

python -m training.handwritten
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import torch

import structfill
from structfill.models.embedded import EmbeddedModel
from training.evaluate import leaves, same

TEXT, INTEGER, NUMBER, BOOLEAN = ({"type": t} for t in ("string", "integer", "number", "boolean"))
DATE = {"type": "string", "format": "date"}


def record(**properties: Any) -> dict[str, Any]:
    """An object with all properties required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


CASES: list[tuple[str, str, dict[str, Any], Any]] = [
    (
        "invoice",
        "Invoice 2024-0117\nMüller Maschinenbau GmbH, Stuttgart\n\nDear Ms Okafor,\nfor the repair of your lathe "
        "we charge 1,480.00 EUR. Please transfer the amount by 15 March 2024.\nThe previous invoice has been "
        "paid, this one is still open.",
        record(
            invoice_number=TEXT,
            seller=record(name=TEXT, city=TEXT),
            customer=TEXT,
            total=NUMBER,
            due_date=DATE,
            status={"enum": ["paid", "open", "overdue"]},
        ),
        {
            "invoice_number": "2024-0117",
            "seller": {"name": "Müller Maschinenbau GmbH", "city": "Stuttgart"},
            "customer": "Ms Okafor",
            "total": 1480.0,
            "due_date": "2024-03-15",
            "status": "open",
        },
    ),
    (
        "contact",
        "Hi there, I'm Nadia Petrova and I run procurement at Blue Harbour Foods in Rotterdam. Best to call me "
        "on +31 10 555 0199, or write to nadia@blueharbour.example if it can wait.",
        record(name=TEXT, company=TEXT, city=TEXT, phone=TEXT, email=TEXT),
        {
            "name": "Nadia Petrova",
            "company": "Blue Harbour Foods",
            "city": "Rotterdam",
            "phone": "+31 10 555 0199",
            "email": "nadia@blueharbour.example",
        },
    ),
    (
        "meeting",
        "Subject: roof repair\n\nHi all, let's meet on Thursday, 12 June 2025 at 14:30 in room B12. Jonas, Amélie "
        "and Tariq should be there. It is not an online meeting, and it should take about 45 minutes.",
        record(
            subject=TEXT,
            date=DATE,
            time=TEXT,
            room=TEXT,
            attendees=listed(TEXT),
            online=BOOLEAN,
            duration_minutes=INTEGER,
        ),
        {
            "subject": "roof repair",
            "date": "2025-06-12",
            "time": "14:30",
            "room": "B12",
            "attendees": ["Jonas", "Amélie", "Tariq"],
            "online": False,
            "duration_minutes": 45,
        },
    ),
    (
        "order",
        "Hello, we would like to order 12 folding chairs at $24.90 each and two oak tables at $310. Ship "
        "everything to Green Valley School, 8 Orchard Lane, Leeds before May 5, 2026. Our order number is PO-7731. "
        "Thanks, Tom Reed",
        record(
            order_number=TEXT,
            customer=TEXT,
            items=listed(record(name=TEXT, quantity=INTEGER, price=NUMBER)),
            delivery_date=DATE,
            city=TEXT,
        ),
        {
            "order_number": "PO-7731",
            "customer": "Tom Reed",
            "items": [
                {"name": "folding chairs", "quantity": 12, "price": 24.9},
                {"name": "oak tables", "quantity": 2, "price": 310},
            ],
            "delivery_date": "2026-05-05",
            "city": "Leeds",
        },
    ),
    (
        "ticket",
        "The export button on the reports page has done nothing since version 4.2.1. I tried it in Firefox and "
        "Chrome. Our whole accounting team is stuck, so please treat this as urgent! Regards, Priya Sharma "
        "(ticket HD-2093)",
        record(
            ticket_id=TEXT,
            reporter=TEXT,
            version=TEXT,
            priority={"enum": ["low", "medium", "high"]},
            assignee={"type": ["string", "null"]},
        ),
        {
            "ticket_id": "HD-2093",
            "reporter": "Priya Sharma",
            "version": "4.2.1",
            "priority": "high",
            "assignee": None,
        },
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=16)
    parser.add_argument("--options", default="{}", help="more sampler options, as JSON")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = EmbeddedModel.load()
    right = fields = 0
    for name, text, schema, gold in CASES:
        options = structfill.SamplerOptions(passes=args.passes, **json.loads(args.options))
        value = structfill.Generator(schema=schema, model=model, options=options)(text).value
        wanted, found = leaves(gold), leaves(value)
        wrong = [
            f"{'.'.join(map(str, p))}: {found.get(p)!r} for {v!r}"
            for p, v in wanted.items()
            if not (p in found and same(found[p], v))
        ]
        right, fields = right + len(wanted) - len(wrong), fields + len(wanted)
        print(f"{name}: {len(wanted) - len(wrong)} of {len(wanted)}", json.dumps(value, ensure_ascii=False))
        for line in wrong:
            print("    ", line)
    print(f"{right} of {fields} fields")


if __name__ == "__main__":
    main()
