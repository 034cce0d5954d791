"""Formats as languages. What is written may be less than what is accepted: a URI without an IPv6 address in it."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import idna

from ...automaton.char_dfa import CharDFA
from ...errors import SpecError, TooLarge, UnsupportedFeature
from ..regex import pattern_dfa
from ..regex_syntax import Parser
from .atoms import StringAtom


@dataclass(frozen=True)
class Format:
    """`written` is a pattern of whole strings that belong to the format, `most` one of all strings that may.

    `judge` decides on what is in `most`; without it all of that belongs to the format, without `most` what is written
    is all. `length` bounds what is written, in characters.
    """

    written: str
    most: str | None = None
    judge: Callable[[str], bool] | None = None
    length: int | None = None


# RFC 3339, section 5.6. The year 0000 is left out: Python's own types refuse it.
_MONTH_DAY = (r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
              r"|02-(?:0[1-9]|1\d|2[0-8]))")
_LEAP_YEAR = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
DATE = rf"(?!0000)(?:\d{{4}}-{_MONTH_DAY}|{_LEAP_YEAR}-02-29)"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:{}(?:\.\d+)?(?:[zZ]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_TIME, _LEAP_TIME = _CLOCK.format(r"[0-5]\d"), _CLOCK.format(r"(?:[0-5]\d|60)")
# RFC 3339, appendix A
_DURATION_TIME = r"T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)"
_DURATION_DATE = r"(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)"
# RFC 2673, section 3.2; RFC 4291, section 2.2
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H16 = r"[0-9a-fA-F]{1,4}"
_LAST = rf"(?:{_H16}:{_H16}|{IPV4})"
IPV6 = "|".join([rf"(?:{_H16}:){{6}}{_LAST}", rf"::(?:{_H16}:){{5}}{_LAST}",
                  *(rf"(?:(?:{_H16}:){{0,{n}}}{_H16})?::(?:{_H16}:){{{4 - n}}}{_LAST}" for n in range(5)),
                  rf"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}", rf"(?:(?:{_H16}:){{0,6}}{_H16})?::"])
# RFC 1123 and RFC 5890
_LABELS = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_LDH = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"{_LABELS}(?:\.{_LABELS})*"
# RFC 5321, section 4.1.2; RFC 6531
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{0}-]+"
_MAILBOX = (r"(?:{atom}(?:\.{atom})*|\"(?:[ !#-\[\]-~{wide}]|\\[ -~])*\")"
            r"@(?:{domain}|\[(?:{ipv4}|IPv6:(?:{ipv6}))\])")
# RFC 3986, appendix A; RFC 3987, section 2.2
_WIDE = ("\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
         + "".join(f"\\u{{{plane:x}0000}}-\\u{{{plane:x}fffd}}" for plane in range(1, 15)))


def _uri(wide: str, literals: bool, scheme: str = r"[A-Za-z][A-Za-z0-9+.-]*:") -> str:
    """The URIs (IRIs, with characters `wide`); `literals`: with IP addresses in brackets. Relative without scheme."""
    kept = rf"[A-Za-z0-9._~!$&'()*+,;={wide}-]"
    part = rf"(?:{kept}|[:@]|%[0-9A-Fa-f]{{2}})"
    plain = rf"(?:{kept}|%[0-9A-Fa-f]{{2}})*"
    address = rf"|\[(?:{IPV6}|[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\]" if literals else ""
    authority = rf"(?:(?:{kept}|:|%[0-9A-Fa-f]{{2}})*@)?(?:{plain}{address})(?::\d*)?"
    first = part if scheme else rf"(?:{kept}|@|%[0-9A-Fa-f]{{2}})"  # a colon would end a scheme
    path = rf"(?://{authority}(?:/{part}*)*|/(?:{part}+(?:/{part}*)*)?|{first}+(?:/{part}*)*|)"
    private = r"\ue000-\uf8ff\u{f0000}-\u{ffffd}\u{100000}-\u{10fffd}" if wide else ""
    return rf"{scheme}{path}(?:\?(?:{part}|[/?{private}])*)?(?:#(?:{part}|[/?])*)?"


def _reference(wide: str, literals: bool) -> str:
    return f"{_uri(wide, literals)}|{_uri(wide, literals, '')}"


_VARIABLE = r"(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*(?::[1-9]\d{0,3}|\*)?"
_TEMPLATE = (r"(?:[!#$&-;=?@A-Z\[\]_a-z~" + _WIDE + r"]|%[0-9A-Fa-f]{2}"
             rf"|\{{[+#./;?&=,!@|]?{_VARIABLE}(?:,{_VARIABLE})*\}})*")
_POINTER = r"(?:/(?:[^/~]|~[01])*)*"


def _keeps_time(text: str) -> bool:
    """Is second 60 the last of a day in UTC?"""
    clock = text[-(len(text) - text.upper().find("T") - 1):] if "T" in text.upper() else text
    if clock[6:8] != "60":
        return True
    minutes = int(clock[:2]) * 60 + int(clock[3:5])
    if clock[-1] not in "zZ":
        offset = int(clock[-5:-3]) * 60 + int(clock[-2:])
        minutes += -offset if clock[-6] == "+" else offset
    return minutes % 1440 == 1439


def _is_hostname(text: str) -> bool:
    return len(text) <= 253 and all(len(label) <= 63 and (label[2:4] != "--" or _is_punycode(label))
                                    for label in text.split("."))


def _is_punycode(label: str) -> bool:
    try:
        return label[:4].lower() == "xn--" and bool(idna.ulabel(label))
    except (idna.IDNAError, UnicodeError):
        return False


def _is_international(text: str) -> bool:
    try:
        labels = idna.encode(text).decode().split(".")
        spelled = [idna.ulabel(label) for label in labels]
        if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for label in spelled for char in label):
            return all(idna.check_bidi(label, check_ltr=True) for label in spelled)  # RFC 5893, section 2
    except (idna.IDNAError, UnicodeError):
        return False
    return all(labels)


def _is_regex(text: str) -> bool:
    try:
        Parser(text).parse()
    except UnsupportedFeature as error:  # of ECMA-262, but not for an automaton; others come from other languages
        return error.feature == "back-reference" or error.feature.startswith("\\p")
    except (SpecError, TooLarge):
        return False
    return True


def _mailbox(wide: str) -> str:
    domain = rf"{_LDH}(?:\.{_LDH})*" if not wide else rf"[A-Za-z0-9{wide}](?:[A-Za-z0-9.{wide}-]*[A-Za-z0-9{wide}])?"
    return _MAILBOX.format(atom=_ATOM.format(wide), wide=wide, domain=domain, ipv4=IPV4, ipv6=IPV6)


_ADDRESS = rf"{_ATOM.format('')}(?:\.{_ATOM.format('')})*@{_HOST}"
FORMATS: dict[str, Format] = {
    "date": Format(DATE),
    "time": Format(_TIME, _LEAP_TIME, _keeps_time),
    "date-time": Format(rf"{DATE}[tT]{_TIME}", rf"{DATE}[tT]{_LEAP_TIME}", _keeps_time),
    "duration": Format(rf"P(?:{_DURATION_DATE}(?:{_DURATION_TIME})?|{_DURATION_TIME}|\d+W)"),
    "uuid": Format(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),  # RFC 4122, section 3
    "ipv4": Format(IPV4),
    "ipv6": Format(IPV6),
    "hostname": Format(_HOST, rf"{_LDH}(?:\.{_LDH})*", _is_hostname, 63),
    "idn-hostname": Format(_HOST, r"[^\s]+", _is_international, 63),
    "email": Format(_ADDRESS, _mailbox("")),
    "idn-email": Format(_ADDRESS, _mailbox(r"\u0080-\u{10ffff}")),
    "uri": Format(_uri("", False), _uri("", True)),
    "uri-reference": Format(_reference("", False), _reference("", True)),
    "iri": Format(_uri(_WIDE, False), _uri(_WIDE, True)),
    "iri-reference": Format(_reference(_WIDE, False), _reference(_WIDE, True)),
    "uri-template": Format(_TEMPLATE),
    "json-pointer": Format(_POINTER),  # RFC 6901
    "relative-json-pointer": Format(rf"(?:0|[1-9]\d*)(?:[+-](?:0|[1-9]\d*))?(?:#|{_POINTER})"),
    "regex": Format(r"\^?[A-Za-z0-9 _,:;@/-]*\$?", r"[^]*", _is_regex),
    "base64": Format(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"),  # RFC 4648, section 4
}


@lru_cache(maxsize=len(FORMATS))
def atom(name: str) -> StringAtom:
    """The assertion that a string belongs to a format."""
    found = FORMATS[name]
    written = _whole(found.written)
    if found.length is not None:
        written &= CharDFA.length(0, found.length)
    if found.most is None:
        return StringAtom(written)
    most, judge = _whole(found.most), found.judge
    if judge is None:
        return StringAtom(written, ~most, most.accepts)
    return StringAtom(written, ~most, lambda text: most.accepts(text) and judge(text))


def _whole(pattern: str) -> CharDFA:
    return pattern_dfa(f"^(?:{pattern})$")


# What follows is no part of the specification: formats of Pydantic's own.
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
PYDANTIC_FORMATS = {
    **{f"uuid{version}": _uuid(version) for version in range(1, 9)},
    "ipv4interface": _INTERFACE_4, "ipv6interface": _INTERFACE_6, "ipv4network": _networks_4(),
    "ipv6network": _networks_6(), "ipvanyaddress": f"{IPV4}|{IPV6}",
    "ipvanyinterface": f"{_INTERFACE_4}|{_INTERFACE_6}", "ipvanynetwork": f"{_networks_4()}|{_networks_6()}"}

_PLACE_LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
# no number at the end, which would make it an IPv4 address
_PLACE_HOST = rf"(?:{IPV4}|(?:{_PLACE_LABEL}\.)*[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)"
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
