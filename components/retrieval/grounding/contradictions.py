"""What no likeness of words makes up for: a number, a name or an address that is not there, a no for a yes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from components.models.word_evidence import content_words
from components.retrieval.grounding.quantities import quantities

_NEGATOR = re.compile(
    r"\b(?:not|no|never|cannot|none|nothing|nobody|neither|nor|without|non|unable|refused|impossible|excluded|nicht|kein\w*|nie|niemals)\b"
    r"|\w+n[’']t\b|\bexcept\b|\bexempt\b|\binstead of\b|\bno longer\b",
    re.IGNORECASE,
)
_NO_DENIAL = re.compile(
    r"\b(?:no|not) (?:more|later|less|fewer|earlier) than\b|\bnot only\b|\bwithout (?:extra )?(?:charge|cost|paying)\b"
    r"|\b(?:if|unless|when|whether)\b[^,;.:]*",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;:.!?–]\s|,\s|\s(?:but|because|while|although|and if|unless)\s")
_NAME = re.compile(
    r"(?<![\w-])(?:[A-Z]{2,}[\w-]*|(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{2,}|[A-Z][\w’'-]+)(?![\w-])",
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s)>\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|example|[a-z]{2})\b"
    r"(?:/[^\s)>\]]*)?",
    re.IGNORECASE,
)
_CODE = re.compile(r"`([^`]+)`")
_LISTED = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
# Words of which one instead of the other turns a statement round.
_OPPOSITES = tuple(
    (frozenset(left.split()), frozenset(right.split()))
    for left, right in (
        ("before until", "after"),
        ("larger bigger longer higher more above over", "smaller shorter lower less below under fewer"),
        ("earlier", "later"),
        ("free gratis", "charged fee paid pay costs"),
        ("included includes include", "excluded excludes exclude"),
        ("always every all both", "never only some"),
        ("minimum least", "maximum most"),
        ("automatically", "manually"),
        ("old older", "new newer newest latest"),
        ("oldest first", "last"),
    )
)
_WORD = re.compile(r"[^\W\d_]+")


def missing_quantities(claim: str, evidence: str) -> int:
    """How many numbers of the claim the evidence does not have."""
    there = quantities(evidence)
    return sum(not own.is_in(there) for own in quantities(claim, claimed=True))


def missing_names(claim: str, evidence: str) -> int:
    """How many addresses, codes and capitalised names of the claim the evidence does not have. The first word of
    a sentence is a name only where it is written in capitals or with digits."""
    known = evidence.casefold()
    missing = sum(match[0].rstrip(".,;:!?/").casefold() not in known for match in _ADDRESS.finditer(claim))
    bare = _ADDRESS.sub(" ", _LISTED.sub("", claim)).lstrip("*_\"'“„ ")
    for match in _NAME.finditer(bare):
        name = match[0]
        opens = not match.start() or bare[: match.start()].rstrip()[-1:] in (".", "!", "?", ":", "“", '"', "")
        plain = name[1:].islower() or "’" in name or "'" in name
        if (opens and plain) or name in ("I", "OK"):
            continue
        missing += not any(form in known for form in (name.casefold(), re.sub(r"[’'-]?s$", "", name.casefold())))
    return missing


def polarity_clash(claim: str, evidence: Sequence[str]) -> float:
    """How far the clauses of the claim say no where those of the evidence say yes, or the other way round: by how
    many words of a clause the nearest one that disagrees is nearer than the nearest that agrees, as a share of the
    claim's words. evidence: clauses, each with what stands above it."""
    theirs = [(content_words(clause), _denies(clause)) for clause in evidence]
    theirs = [each for each in theirs if each[0]]
    total, clashing = 0, 0.0
    for clause in clauses(claim):
        words = content_words(_NEGATOR.sub(" ", clause))
        total += len(words)
        if not words or not theirs:
            continue
        best = {True: 0.0, False: 0.0}
        for other, denies in theirs:
            alike = len(words & other) - 0.1 * len(other - words)
            best[denies] = max(best[denies], alike)
        mine = _denies(clause)
        clashing += max(0.0, best[not mine] - best[mine])
    return clashing / total if total else 0.0


def turned_round(claim: str, evidence: str) -> int:
    """How many words of the claim stand in the evidence by their opposite only."""
    said, known = _words(claim), _words(evidence)
    return sum(
        bool(said & one and not known & one and known & other and not said & other)
        for left, right in _OPPOSITES
        for one, other in ((left, right), (right, left))
    )


def _denies(clause: str) -> bool:
    return len(_NEGATOR.findall(_NO_DENIAL.sub(" ", clause))) % 2 == 1


def clauses(text: str) -> list[str]:
    """The text cut where a clause ends; what is too short to be compared by itself stays with its neighbour."""
    cuts = [0, *(match.end() for match in _CLAUSE.finditer(text)), len(text)]
    parts = [text[start:end] for start, end in pairwise(cuts)]
    joined: list[str] = []
    for part in parts:
        # "Yes, you can": too little to be compared by itself.
        if joined and (len(content_words(part)) < 2 or len(content_words(joined[-1])) < 2):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}
