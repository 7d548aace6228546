"""What kind of thing a question asks for, and whether a stretch of text holds one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from components.models.answer_units import Unit

_UNIT_OF_TIME = r"(?:seconds?|minutes?|min|hours?|h|days?|nights?|weeks?|months?|years?|quarters?)"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_SMALL_NUMBER = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|once|twice)"


@dataclass(frozen=True)
class AnswerType:
    """asked: in the question. given: in the text that answers; both are searched, upper and lower case alike."""

    name: str
    asked: re.Pattern[str]
    given: re.Pattern[str]


def _type(name: str, asked: str, given: str) -> AnswerType:
    return AnswerType(name, re.compile(asked, re.IGNORECASE), re.compile(given, re.IGNORECASE))


ANSWER_TYPES = (
    _type(
        "time",
        r"\b(?:how (?:long|soon|fast|often|old|late)|(?:until|till|by|since) when|^when"
        r"|when (?:can|do|does|is|will|must)"
        rf"|how (?:many|much) (?:{_UNIT_OF_TIME}|time)|which (?:day|month)|opening|hours on|cut-?off|deadline|valid)\b",
        rf"\b(?:\d+|a|an|{_SMALL_NUMBER}|same|next|first|last)[- ](?:\w+ )?{_UNIT_OF_TIME}\b|\b\d{{1,2}}:\d\d\b"
        rf"|\b{_WEEKDAY}\b|\b\d{{1,2}}\.? {_MONTH}\b|\b{_MONTH} (?:\d|to\b)|\bat (?:once|any time)\b|\bimmediately\b"
        r"|\bno (?:time )?limit\b",
    ),
    _type(
        "money",
        r"\b(?:how much|costs?|prices?|pricing|fees?|charges?|charged?|worth|deposit|discount|reduction|cheaper"
        r"|percent\w*|commiss?ion|money|pay extra|minimum amount|credit for)\b|[€$£]|\beuros?\b",
        r"[€$£]\s?\d|\b\d[\d.,]*\s?(?:%|euros?\b|eur\b|chf\b)|\b(?:eur|chf) \d"
        r"|\b(?:free|nothing extra|no fee|pro rata)\b"
        r"|\bprice\b[^;]*\d|\bdeposit\b[^;]*\d|\bweek(?:end)?: \d",
    ),
    _type(
        "number",
        r"\b(?:how (?:many|big|large|old)|max(?:imum)?|min(?:imum)?|largest|smallest|limits?|size|number of|litres"
        r"|which port|two .* at once)\b",
        rf"\d|\bno limit\b|\bnone\b|\b{_SMALL_NUMBER}\b",
    ),
    _type(
        "place",
        r"\bwhere\b|\bwhich (?:page|menu|address)\b|\b(?:e-?mail|ip) address(?:es)?\b|\bphone number\b|\burl\b",
        r"\w > \w|https?://|\b[\w-]+\.(?:example|com|org|net)\b|@|\+\d\d |\d+\.\d+\.\d+\.\d+"
        r"|\b(?:at|in|under|on) (?:the|your|our) \w+",
    ),
    _type(
        "way",
        r"\bhow (?:do|can|could|should|to)\b|\bhow$|\bset ?up\b|\binstall?\b|\bwhat (?:now|can i|do i|should i)\b"
        r"|\bhelp$|^(?:change|remove|cancel|notify|recommend|sell)\b|\bhow do\b|\bclaim\b",
        r"^(?:open|go to|select|choose|sign in|enter|click|press|write to|ask|register|create|download|set|add|bring)\b"
        r"|\w > \w|\bchoose\b|\bselect\b",
    ),
    _type(
        "verdict",
        r"^(?:can|could|may|is|are|am|do|does|did|will|would|must|should|has|have)\b"
        r"|\b(?:can|may|could|do) (?:i|we|you|my|somebody|someone)\b"
        r"|\b(?:is|are) (?:it|there|that|this|he|she|they|we)\b"
        r"|\b(?:allowed|possible|compulsory|supported|accepted|affected|covered|still safe|available)\b",
        r"\b(?:cannot|can|may|must|never|not|no|none|only|yes|always|allowed|possible|required|optional|free|available"
        r"|refused|accepted|included|forbidden|safe|supported|need(?:s|ed)?)\b",
    ),
)


def asked_types(question: str) -> tuple[AnswerType, ...]:
    """What the question asks for; several are possible, none too.

    >>> [each.name for each in asked_types("How much is the fee, and how long does it take?")]
    ['time', 'money']
    """
    return tuple(each for each in ANSWER_TYPES if each.asked.search(question))


def type_match(asked: tuple[AnswerType, ...], unit: Unit) -> float:
    """Share of `asked` that the unit holds, 0 to 1; 0 where nothing particular is asked for."""
    return sum(each.given.search(unit.shown) is not None for each in asked) / len(asked) if asked else 0.0
