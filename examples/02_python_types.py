"""Python types in, instances out: a Pydantic model with a nested model, an enum and a list."""

from enum import Enum

from pydantic import BaseModel

import structfill as sf


class Level(Enum):
    DEBUG = "debug"
    INFO = "info"
    ERROR = "error"


class Attendee(BaseModel):
    name: str
    email: str | None


class Meeting(BaseModel):
    title: str
    city: str
    seats: int
    attendees: list[Attendee]


def main() -> None:
    text = "Board meeting in Oslo, room for 12 people. Attending: Maria Lindgren (maria@lindgren.no) and Tom Baker."
    meeting = sf.generate(text, schema=Meeting)
    assert isinstance(meeting, Meeting)
    print(meeting)
    print(sf.generate("2026-03-01 12:00:07 ERROR disk full on node-7", schema=Level))


if __name__ == "__main__":
    main()
