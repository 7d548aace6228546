"""Which part of a passage may carry an answer: what stands before the first words that address a language model."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from components.core.answers import Passage
from components.core.sentences import sentence_spans

# The text is cut right here: these are never part of a sentence.
_CUT_AT = re.compile(
    r"<\|[^<>\n]{0,40}\|?>|</?s>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<</?SYS>>"
    r"|</?(?:start_of_turn|end_of_turn|tool_call|tool_response|function_call|passages?|context|system|assistant|"
    r"instructions?|documents?)>|={2,}\s*END OF [A-Z ]+={2,}|\n[ \t]*\[\d{1,2}\][ \t]+\S"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\U000e0000-\U000e007f]",
    re.IGNORECASE,
)
# The sentence that holds one of these is cut as well.
_CUT_BEFORE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,60}\b(?:instructions?|prompts?|guidelines|passages?)\b"
    r"|\bsystem prompt\b"
    r"|^[ \t>*_]*(?:system|assistant|ai|human|user)(?: message)?[*_]*[ \t]*:"
    r"|\b(?:AI|language model|chat ?bot|LLM) ?(?:assistants?|models?|agents?)?s?:|\bnote to the assistant\b"
    r"|\bas an ai\b|\byou are (?:now|DAN\b|a (?:pirate|language model))|\bfrom now on (?:answer|reply|respond|you)\b"
    r"|\bstay in character\b|\blet us play a game\b|\bpretend (?:to be|that you)\b"
    r"|\b(?:begin|start|end|finish|prefix|preface) (?:every|each|all|your|any) (?:answers?|repl(?:y|ies)|responses?)\b"
    r"|\banswer every question with\b|\b(?:answer|reply|respond) only with\b|\bthe only (?:true|correct|right) answer\b"
    r"|\brepeat (?:the (?:words|text)|everything) above\b|\bdecode this and\b"
    r"|\balways (?:end|begin|show|add|include|insert|append|finish)\b[^.!?\n]{0,40}\b(?:link|image|logo|pixel)\b"
    r"|\btell (?:every|all|the) (?:customers?|users?)\b[^.!?\n]{0,80}(?:@|https?:)"
    r"|^[ \t]*(?:answer|antwort|r[eé]ponse|respuesta)[ \t]*:[^\n]*\[\d+\]"
    r"|(?:\[ ?\d{1,2}(?:[,-] ?\d{1,2})? ?\][ ]?){2,}|【\d+】"
    r"|\b(?:vergiss|ignorier\w*|missacht\w*)\b[^.!?\n]{0,60}\b(?:anweisung\w*|regeln)\b"
    r"|\b(?:ignore[zr]?|oublie[zr]?)\b[^.!?\n]{0,60}\b(?:instructions|consignes)\b"
    r"|\b(?:ignor[ae]|olvida|dimentica)\b[^.!?\n]{0,60}\b(?:instrucciones|istruzioni)\b"
    r"|忽略[^。\n]{0,20}(?:指示|指令|说明|提示)|تجاهل[^.\n]{0,40}التعليمات",
    re.IGNORECASE | re.MULTILINE,
)
_INVISIBLE = frozenset(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def trusted_passage(passage: Passage) -> Passage:
    """The passage up to where it starts to address a language model, its title and section likewise.

    A document that speaks to the model is either an attack or about such attacks; in both cases what follows is no
    evidence for an answer, and no quote for a customer. The text is a beginning of the passage's own, so offsets
    hold. A list of wordings, hence neither complete nor free of false alarms: what it misses must still be
    supported, and what it cuts in vain costs an answer from that passage only.
    """
    return replace(
        passage,
        title=_trusted(passage.title.splitlines()[0] if passage.title else ""),
        section=_trusted(passage.section.splitlines()[0] if passage.section else ""),
        text=_trusted(passage.text),
    )


def _trusted(text: str) -> str:
    seen, places = _visible(text)
    cuts = [len(text)]
    if match := _CUT_AT.search(seen):
        cuts.append(places[match.start()])
    if match := _CUT_BEFORE.search(seen):
        words = match.start() + len(match[0]) - len(match[0].lstrip())
        at = places[words]
        cuts.append(max((start for start, _ in sentence_spans(text) if start <= at), default=0))
    return text[: min(cuts)].rstrip() if len(cuts) > 1 else text


def _visible(text: str) -> tuple[str, list[int]]:
    """The text as a model reads it, without invisible characters and with full-width and look-alike signs made
    plain, and where each of its characters stands in `text`."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character in _INVISIBLE:
            continue
        for plain in unicodedata.normalize("NFKC", character):
            characters.append(plain)
            places.append(place)
    return "".join(characters), [*places, len(text)]
