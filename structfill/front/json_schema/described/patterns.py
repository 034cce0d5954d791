"""Patterns of what Pydantic reads and the specification does not know: UUIDs by version, networks, URLs, base64, and
numbers, dates and durations beyond a given one."""

from __future__ import annotations

import re
import string
from datetime import timedelta

from ..formats import IPV4, IPV6

_HEX = "[0-9a-fA-F]"


def _uuid(version: int) -> str:
    """RFC 9562, section 4: the version is the digit that begins the third group."""
    return rf"{_HEX}{{8}}-{_HEX}{{4}}-{version}{_HEX}{{3}}-[89abAB]{_HEX}{{3}}-{_HEX}{{12}}"


def _multiples(bits: int, width: int, spell: str) -> list[str]:
    """The numbers of `width` bits of which only the first `bits` may be set, without leading zeros."""
    return [format(number, spell) for number in range(0, 1 << width, 1 << width - bits)]


def _networks_4() -> str:
    """Networks have no bits behind their prefix: Python refuses others."""
    octet = IPV4.partition(r"(?:\.")[0]
    found = [rf"{IPV4}(?:/32)?"]
    for prefix in range(32):
        whole, bits = divmod(prefix, 8)
        part = "|".join(_multiples(bits, 8, "d"))
        found.append(rf"(?:{octet}\.){{{whole}}}(?:{part})(?:\.0){{{3 - whole}}}/{prefix}")
    return "|".join(found)


def _networks_6() -> str:
    """The same, with the zeros behind the prefix as ``::``."""
    found = [rf"(?:{IPV6})(?:/128)?", "::/0"]
    for prefix in range(1, 128):
        whole, bits = divmod(prefix, 16)
        group = f"(?:{_HEX}{{1,4}}:)"
        if bits == 0:
            found.append(rf"{group}{{{whole}}}:/{prefix}")
            continue
        digits, rest = divmod(bits, 4)
        last = f"[{''.join(_multiples(rest, 4, 'x'))}]" if rest else ""
        part = rf"(?:{_HEX}{{0,{digits}}}{last}{'0' * (4 - digits - bool(rest))}|0)"
        found.append(rf"{group}{{{whole}}}{part}{'::' if whole < 7 else ''}/{prefix}")
    return "|".join(found)


_INTERFACE_4, _INTERFACE_6 = rf"{IPV4}(?:/(?:[12]?\d|3[0-2]))?", rf"(?:{IPV6})(?:/(?:[1-9]?\d|1[01]\d|12[0-8]))?"
SCOPED_IPV6 = rf"(?:{IPV6})(?:%[A-Za-z0-9._~-]+)?"
PYDANTIC_FORMATS = {
    **{f"uuid{version}": _uuid(version) for version in range(1, 9)},
    "ipv4interface": _INTERFACE_4, "ipv6interface": _INTERFACE_6, "ipv4network": _networks_4(),
    "ipv6network": _networks_6(), "ipvanyaddress": f"{IPV4}|{SCOPED_IPV6}",
    "ipvanyinterface": f"{_INTERFACE_4}|{_INTERFACE_6}", "ipvanynetwork": f"{_networks_4()}|{_networks_6()}"}

_PLACE_LABEL = "[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*"
# no number at the end, which would make it an IPv4 address
_PLACE_HOST = rf"(?:{IPV4}|(?:{_PLACE_LABEL}\.)*[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*|\[(?:{IPV6})\])"
_PORT = r"(?::(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?"
_USER = r"(?:[A-Za-z0-9._~-]+(?::[A-Za-z0-9._~-]*)?@)?"
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_END = rf"(?:\?(?:{_CHARACTER}|[/?])*)?(?:#(?:{_CHARACTER}|[/?])*)?"
_PLACE = rf"{_USER}{_PLACE_HOST}{_PORT}(?:/{_CHARACTER}*)*{_END}"
_FILE_PLACE = (rf"(?!{''.join(f'[{char}{char.upper()}]' for char in 'localhost')}/){_PLACE_HOST}"  # means no host,
               "(?:/[A-Za-z0-9._~-]*)+")  # as do the colons of drives
_SPECIAL = "(?:https?|wss?|ftp|file):"  # schemes that need a host, or take what follows for one


def url(schemes: list[str] | None, host: bool) -> str:
    """URLs of some schemes (None: of any). Where no `host` is asked for, schemes that need none come without."""
    place, file = rf"://{_PLACE}", rf"file://{_FILE_PLACE}" if host else rf"file://(?:/{_CHARACTER}*)+"
    if schemes is None:
        opaque = rf"(?!{_SPECIAL})[a-z][a-z0-9+.-]*:{_CHARACTER}(?:{_CHARACTER}|/)*{_END}"
        return rf"(?!file:)[a-z][a-z0-9+.-]*{place}{'' if host else f'|{file}|{opaque}'}"
    found = [rf"{re.escape(scheme)}{place}" for scheme in schemes if scheme != "file"]
    return "|".join([*found, *([file] if "file" in schemes else [])])


def base64(last: str, least: int = 0, most: int | None = None, ascii_only: bool = False) -> str:
    """Base64 (RFC 4648, section 4 and 5) of so many bytes, its alphabet ending with the two characters `last`."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + last
    zero = (32, 8, 2, 0) if ascii_only else (0, 0, 0, 0)  # bits of each character that begin a byte

    def chars(zeros: int) -> str:
        kept = "".join(char for number, char in enumerate(alphabet) if not number & zeros)
        return "[" + kept.replace("-", r"\-") + "]"

    group = "".join(map(chars, zero))
    tails = {0: "", 1: f"{chars(zero[0])}{chars(15)}==", 2: f"{chars(zero[0])}{chars(zero[1])}{chars(3)}="}
    found = []
    for rest, tail in tails.items():
        fewest, longest = max(0, -(-(least - rest) // 3)), "" if most is None else (most - rest) // 3
        if longest == "" or int(longest) >= fewest:
            found.append(f"(?:{group}){{{fewest},{longest}}}{tail}")
    return "|".join(found)


def beyond(text: str, later: bool) -> list[str]:
    """What begins with digits that come after (or before) those of a text of the same shape."""
    return [f"{text[:at]}[{digits}]" for at, char in enumerate(text)
            if char.isdigit() and (digits := _DIGITS[int(char) + 1:] if later else _DIGITS[:int(char)])]


_DIGITS = string.digits


def integers_beyond(number: int, later: bool) -> list[str]:
    """The integers above (or below) one that is not negative, without leading zeros."""
    text, found = str(number), []
    for at, char in enumerate(text):
        digits = _DIGITS[int(char) + 1:] if later else _DIGITS[at == 0 and len(text) > 1:int(char)]
        if digits:
            found.append(rf"{text[:at]}[{digits}]\d{{{len(text) - 1 - at}}}")
    if later:
        found.append(rf"[1-9]\d{{{len(text)},}}")
    elif len(text) > 1:
        found.append(rf"0|[1-9]\d{{0,{len(text) - 2}}}")
    return [f"(?:{'|'.join(found)})"] if found else []


def decimals_beyond(text: str, later: bool, equal: bool) -> list[str]:
    """The decimals above (or below) one that is not negative, without leading zeros."""
    integer, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    found = [rf"{way}(?:\.\d+)?" for way in integers_beyond(int(integer), later)]
    found += [rf"{integer}\.{way}\d*" for way in beyond(fraction, later)]
    if later:
        found.append(rf"{integer}\.{fraction}\d*[1-9]\d*")
    else:
        found += [integer + (rf"\.{fraction[:at]}" if at else "") for at in range(len(fraction))]
    if equal:
        found.append(integer + (rf"\.{fraction}0*" if fraction else r"(?:\.0+)?"))
    return found


def fractions_beyond(micro: int, later: bool, equal: bool, end: str) -> list[str]:
    """What follows whole seconds that are to be after (or before) so many microseconds, some of it up to the `end` of
    the number. Digits beyond the sixth do not count."""
    digits = f"{micro:06d}"
    kept = digits.rstrip("0")
    found = [rf"\.{way}" for way in beyond(digits, later)]
    if not later:
        found += [(rf"\.{kept[:at]}" if at else "") + end for at in range(len(kept))]
    if equal:
        rest = 6 - len(kept)
        zeros = rf"(?:0{{0,{rest}}}|0{{{rest}}}\d+)"
        found.append((rf"\.{kept}{zeros}" if kept else rf"(?:\.{zeros})?") + end)
    return found


def durations_beyond(span: timedelta, later: bool, equal: bool) -> list[str]:
    """What durations of days below 24 hours, below 60 minutes, below 60 seconds begin with, that are longer (or
    shorter) than one that is not negative. A part that is nothing may be left out."""
    minutes, second = divmod(span.seconds, 60)
    hour, minute = divmod(minutes, 60)
    start, found = "P", []
    for number, unit, rest in ((span.days, "D", r"T?(?:\d+H)?(?:\d+M)?(?:[\d.]+S)?$"),
                               (hour, "H", r"(?:\d+M)?(?:[\d.]+S)?$"), (minute, "M", r"(?:[\d.]+S)?$")):
        found += [f"{start}{way}{unit}" for way in integers_beyond(number, later)]
        if number and not later:
            found.append(start + rest)
        start += f"{number}{unit}" if number else f"(?:0{unit})?"
        start += "T?" if unit == "D" else ""
    found += [f"{start}{way}[.S]" for way in integers_beyond(second, later)]
    found += [f"{start}{second}{way}" for way in fractions_beyond(span.microseconds, later, equal, "S")]
    nothing = not second and not span.microseconds
    if equal and nothing or not later and not nothing:
        found.append(f"{start}$")
    return found
