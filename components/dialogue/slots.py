"""Whether an answer fits its slot, and which value it gives: read whole, or found inside a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

import regex

from components.core.errors import InvalidFlow
from components.dialogue.asking_dates import dates_in
from components.dialogue.asking_numbers import numbers_in
from components.dialogue.asking_words import holds_words, one_slip_apart, plain
from components.dialogue.asking_yes_no import yes_or_no
from components.dialogue.flow import SlotRule

SlotValue: TypeAlias = str | int | float | bool
# A pattern is the flow author's and the text the customer's: together they may take for ever.
PATTERN_SECONDS = 0.1
LONGEST_SEARCHED = 1000
# More may say something besides yes or no: `no, I want to talk to a person`.
FEW_WORDS = 3
_EMAIL = regex.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@-])")

MisfitKind = Literal[
    "text", "pattern", "too_long", "integer", "number", "minimum", "maximum", "email", "date", "yes_no", "choice"
]


@dataclass(frozen=True)
class Fit:
    """A value that the slot takes. whole: the answer says nothing else. Dates are ISO text."""

    value: SlotValue
    whole: bool


@dataclass(frozen=True)
class Misfit:
    """Why it does not fit. allowed: the bound, the number of characters, or the choices that it fails."""

    kind: MisfitKind
    allowed: str = ""


def read_slot(rule: SlotRule, answer: str, *, language: str = "en", today: date | None = None) -> Fit | Misfit:
    """The value of an answer by the slot's rule, or why there is none.

    Where the answer names two different values none is chosen. language: of the customer, ISO 639-1; it decides what
    `1,234` is. today: what `yesterday` goes by. Raises InvalidFlow for a pattern or a bound that cannot be used.
    """
    answer = answer.strip()
    match rule.type:
        case "text":
            return _free_text(rule, answer) if rule.pattern is None else _pattern(rule, rule.pattern, answer)
        case "integer" | "number":
            return _number(rule, answer, language)
        case "email":
            return _only({found.casefold(): found for found in _EMAIL.findall(answer)}.values(), answer, "email")
        case "date":
            return _date(rule, answer, language, today)
        case "yes_no":
            said = yes_or_no(answer)
            return Misfit("yes_no") if said is None else Fit(said, whole=len(plain(answer).split()) <= FEW_WORDS)
        case "choice":
            return _choice(rule.choices or {}, answer)


def takes_anything(rule: SlotRule) -> bool:
    """Whether any text fits, so that a wish or a question could be taken for the answer."""
    return rule.type == "text" and rule.pattern is None


def _free_text(rule: SlotRule, answer: str) -> Fit | Misfit:
    if len(answer) > rule.longest:
        return Misfit("too_long", str(rule.longest))
    return Fit(answer, whole=True) if answer else Misfit("text")


def _pattern(rule: SlotRule, pattern: str, answer: str) -> Fit | Misfit:
    """As it is written, or as it is in capital or small letters: `nt-104432` for `NT-[0-9]{6}`."""
    spellings = tuple(dict.fromkeys((answer, answer.upper(), answer.lower())))
    for text in spellings:
        if len(text) <= rule.longest and _matches(f"(?:{pattern})\\Z", text[:LONGEST_SEARCHED], anchored=True):
            return Fit(text, whole=True)
    for text in spellings:
        found = _matches(rf"(?<![\w-])(?:{pattern})(?![\w-])", text[:LONGEST_SEARCHED])
        if found:
            return _only([value for value in found if value and len(value) <= rule.longest], answer, "pattern")
    return Misfit("pattern")


def _matches(pattern: str, text: str, *, anchored: bool = False) -> tuple[str, ...]:
    try:
        compiled = regex.compile(pattern)
        if anchored:
            match = compiled.match(text, timeout=PATTERN_SECONDS)
            return (match[0],) if match else ()
        return tuple(dict.fromkeys(match[0] for match in compiled.finditer(text, timeout=PATTERN_SECONDS)))
    except regex.error as error:
        raise InvalidFlow(f"pattern {pattern!r}: {error}; a regular expression is allowed", field="pattern") from error
    except TimeoutError:
        return ()


def _only(values: Collection[str], answer: str, kind: MisfitKind) -> Fit | Misfit:
    if len(values) != 1:
        return Misfit(kind)
    value = next(iter(values))
    return Fit(value, whole=value == answer)


def _number(rule: SlotRule, answer: str, language: str) -> Fit | Misfit:
    numbers, whole = numbers_in(answer, language=language)
    if len(numbers) != 1:
        return Misfit("integer" if rule.type == "integer" else "number")
    value = next(iter(numbers))
    if rule.type == "integer" and value != int(value):
        return Misfit("integer")
    if rule.minimum is not None and value < _bound(rule.minimum):
        return Misfit("minimum", str(rule.minimum))
    if rule.maximum is not None and value > _bound(rule.maximum):
        return Misfit("maximum", str(rule.maximum))
    return Fit(int(value) if value == int(value) else value, whole)


def _bound(bound: float | str) -> float:
    try:
        return float(bound)
    except ValueError as error:
        raise InvalidFlow(f"bound {bound!r}: a number is allowed", field="validate") from error


def _date(rule: SlotRule, answer: str, language: str, today: date | None) -> Fit | Misfit:
    found, rest = dates_in(answer[:LONGEST_SEARCHED], language=language, today=today)
    if len(found) != 1:
        return Misfit("date")
    value = next(iter(found))
    earliest, latest = _day(rule.minimum, today), _day(rule.maximum, today)
    if earliest is not None and value < earliest:
        return Misfit("minimum", earliest.isoformat())
    if latest is not None and value > latest:
        return Misfit("maximum", latest.isoformat())
    return Fit(value.isoformat(), whole=not rest)


def _day(bound: float | str | None, today: date | None) -> date | None:
    if bound is None or bound == "today":
        return None if bound is None else today
    try:
        return date.fromisoformat(str(bound))
    except ValueError as error:
        raise InvalidFlow(f"bound {bound!r}: a date such as 2026-03-31, or today", field="validate") from error


def _choice(choices: Mapping[str, str], answer: str) -> Fit | Misfit:
    """By spelling, by its number in the list, inside a sentence, or with one slip in a longer word."""
    values = tuple(dict.fromkeys(choices.values()))
    spellings = {plain(spelling): value for spelling, value in choices.items()}
    spellings.update({plain(value): value for value in values if plain(value) not in spellings})
    spellings.pop("", None)
    said = plain(answer[:LONGEST_SEARCHED])
    if said in spellings:
        return Fit(spellings[said], whole=True)
    if said.isdecimal() and 1 <= int(said[:4]) <= len(values) and len(said) < 4:
        return Fit(values[int(said) - 1], whole=True)
    near = {value for spelling, value in spellings.items() if one_slip_apart(said, spelling)}
    if len(near) == 1:
        return Fit(near.pop(), whole=True)
    inside = {value for spelling, value in _longest_first(spellings, said) if holds_words(said, spelling)}
    if not inside:
        words = said.split()
        inside = {value for spelling, value in spellings.items() for word in words if one_slip_apart(word, spelling)}
    return Fit(inside.pop(), whole=False) if len(inside) == 1 else Misfit("choice", ", ".join(values))


def _longest_first(spellings: Mapping[str, str], said: str) -> list[tuple[str, str]]:
    """The spellings without those that are only a part of a longer one that was said: `pro` in `pro plus`."""
    said_ones = [spelling for spelling in spellings if holds_words(said, spelling)]
    return [
        (spelling, spellings[spelling])
        for spelling in said_ones
        if not any(spelling != other and holds_words(other, spelling) for other in said_ones)
    ]
