"""Dates as customers write them; a date that could be read in two ways is not read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from components.dialogue.asking_words import plain

# A name of a month in en de fr es it pt nl pl cs sv da tr, without accents; its first three letters do as well.
_MONTHS = tuple(
    names.split()
    for names in (
        "january januar janvier enero gennaio janeiro januari stycznia ledna ocak",
        "february februar fevrier febrero febbraio fevereiro februari lutego unora subat",
        "march marz mars marzo marco maart marca brezna marts mart",
        "april avril abril aprile kwietnia dubna nisan",
        "may mai mayo maggio maio mei maja kvetna maj mayis",
        "june juni juin junio giugno junho czerwca cervna haziran",
        "july juli juillet julio luglio julho lipca cervence temmuz",
        "august aout agosto augustus augusti sierpnia srpna agustos",
        "september septembre septiembre settembre setembro wrzesnia zari eylul",
        "october oktober octobre octubre ottobre outubro pazdziernika rijna ekim",
        "november novembre noviembre novembro listopada listopadu kasim",
        "december dezember decembre diciembre dicembre dezembro desember grudnia prosince aralik",
    )
)
_DAYS = {
    0: "today|heute|aujourd'hui|hoy|oggi|hoje|vandaag|dzisiaj|dziś|dnes|idag|i dag|bugün|"
    "сегодня|сьогодні|اليوم|היום|今天|今日",
    1: "tomorrow|morgen|demain|mañana|domani|amanhã|jutro|zítra|imorgon|i morgon|i morgen|yarın|"
    "завтра|غدا|מחר|明天|明日",
    -1: "yesterday|gestern|hier|ayer|ieri|ontem|gisteren|wczoraj|včera|igår|i går|dün|вчера|вчора|أمس|אתמול|昨天|昨日",
}
_FROM_TODAY = {plain(word): days for days, words in _DAYS.items() for word in words.split("|")}
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)日?")
_DAY_DOT = re.compile(r"(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)")
_SLASHES = re.compile(r"(?<!\d)(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?!\d)")
_DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er)?\.?\s+(?:of\s+|de\s+|d’|d')?([^\W\d_]{3,})\.?(?:,?\s+(?:de\s+|of\s+)?(\d{4}))?"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(\d{4}))?")


def dates_in(text: str, *, language: str, today: date | None) -> tuple[frozenset[date], str]:
    """The dates that a text names, and what of the text is left without them.

    `03/04/2026` names none in English, where the day or the month may come first. today: what `yesterday` and a
    missing year go by; without it neither is read.
    """
    found: set[date] = set()
    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
        (_YEAR_FIRST, lambda match: _day(int(match[1]), int(match[2]), int(match[3]))),
        (_DAY_DOT, lambda match: _day(int(match[3]), int(match[2]), int(match[1]))),
        (_SLASHES, lambda match: _slashed(int(match[1]), int(match[2]), int(match[3]), language)),
        (_DAY_MONTH, lambda match: _named(match[2], int(match[1]), match[3], today)),
        (_MONTH_DAY, lambda match: _named(match[1], int(match[2]), match[3], today)),
    )
    for pattern, read in readers:
        for match in list(pattern.finditer(text)):
            if (read_date := read(match)) is not None:
                found.add(read_date)
                text = text.replace(match[0], " ", 1)
    rest = plain(text)
    if today is not None:
        for word in _relative(rest):
            found.add(today + timedelta(days=_FROM_TODAY[word]))
            rest = f" {rest} ".replace(f" {word} ", " ", 1).strip()
    return frozenset(found), rest


def _relative(said: str) -> Iterator[str]:
    for word in _FROM_TODAY:
        if f" {word} " in f" {said} ":
            yield word


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _slashed(first: int, second: int, year: int, language: str) -> date | None:
    if first > 12 or first == second or (second <= 12 and language != "en"):
        return _day(year, second, first)
    return _day(year, first, second) if second > 12 else None


def _named(name: str, day: int, year: str | None, today: date | None) -> date | None:
    word = plain(name)
    months = {number for number, names in enumerate(_MONTHS, 1) if any(_is_name(word, each) for each in names)}
    if len(months) != 1:
        return None
    month = months.pop()
    if year is not None:
        return _day(int(year), month, day)
    if today is None:
        return None
    near = [each for years in (-1, 0, 1) if (each := _day(today.year + years, month, day)) is not None]
    return min(near, key=lambda each: abs(each - today), default=None)


def _is_name(word: str, name: str) -> bool:
    return word == name or (len(word) in (3, 4) and name.startswith(word))
