"""Which sentences of an answer claim nothing that a passage would have to carry."""

from __future__ import annotations

import re
from typing import Literal

SentenceKind = Literal["claim", "courtesy", "ignorance", "heading"]

_YOU = r"(?: you)?(?: (?:today|further|out|with (?:this|that|it|anything else|your (?:question|request))))?"
_COURTESY = re.compile(
    "|".join(
        (
            rf"(?:(?:i(?:['’]m| am)|we(?:['’]re| are)) )?(?:happy|glad|pleased|delighted) to (?:help|assist){_YOU}",
            r"(?:hi|hello|hey|dear customer|good (?:morning|afternoon|evening))(?: there)?",
            r"(?:sure|certainly|of course|absolutely|no problem|gladly)(?: thing)?"
            r"(?:[,!] (?:i|we) (?:can|will|['’]ll) (?:help|assist)(?: you)?(?: with (?:this|that))?)?",
            r"(?:that(?:['’]s| is) a )?(?:great|good) question",
            r"(?:thanks|thank you)(?: (?:very much|so much|a lot))?(?: for (?:your (?:question|message|patience"
            r"|interest)|asking|reaching out|contacting us|getting in touch|waiting))?",
            r"you(?:['’]re| are)(?: very)? welcome|my pleasure|welcome",
            rf"(?:please )?let (?:me|us) know if (?:there (?:is|['’]s) anything else|you (?:need|have|would like|want)"
            rf" [a-z ]{{1,40}})(?: (?:i|we) can (?:do|help){_YOU}(?: for you)?)?",
            r"(?:i|we) hope (?:this|that|it) (?:helps|answers your question)(?: you)?",
            r"if you (?:need|have) (?:any )?(?:more|further|other)?[a-z ]{1,30}, (?:please )?(?:just |feel free to )?"
            r"(?:ask|let (?:me|us) know|reach out)(?: again)?",
            r"have a (?:great|nice|good|lovely) (?:day|evening|weekend|trip|time)",
            r"enjoy your [a-z ]{1,30}",
            r"(?:sorry|apologies|i['’]m sorry|i am sorry) (?:for|about) the (?:trouble|inconvenience)",
            r"here(?:['’]s| is| are) (?:what (?:i|we) found|the (?:answer|steps|details))|gerne|vielen dank|guten tag",
        )
    ),
    re.IGNORECASE,
)
_SOURCE = r"(?:passages?|articles?|context|sources?|documents?|information)"
_IGNORANCE = re.compile(
    r"\bi (?:do not|don['’]t) (?:know|have (?:any |enough |that )?(?:information|details))\b"
    r"|\b(?:i|we) (?:could|can)(?:not|n['’]t) (?:find|answer|tell|say)\b"
    rf"|\b{_SOURCE}(?: provided| above| given)? (?:do(?:es)?|did)(?: not|n['’]t)"
    r" (?:say|mention|contain|answer|state|specify|cover|include|provide|tell)\b"
    rf"|\b(?:is|are) not (?:mentioned|specified|stated|covered|answered) (?:in|by) the {_SOURCE}\b"
    r"|\bno information (?:about|on|regarding)\b|\bunable to (?:find|answer)\b"
    r"|\bich wei(?:ß|ss) (?:es |das )?nicht\b|\bje ne sais pas\b|\bno (?:lo )?s[eé]\b",
    re.IGNORECASE,
)
_HEADING = re.compile(r"\s*(?:#{1,6}\s+\S.*|(\*\*|__)[^*_\n]+\1:?|[^\n]*[^\s:]:)\s*", re.DOTALL)


def kind_of(sentence: str) -> SentenceKind:
    """What `sentence`, plain text without citations, is for. courtesy: by its whole wording, which leaves no room for
    a fact. ignorance: says that the passages do not tell. heading: a title, or the line over a list."""
    bare = sentence.strip(" \t\r\n.!…*_-")
    if not any(character.isalnum() for character in bare) or _COURTESY.fullmatch(bare):
        return "courtesy"
    if _IGNORANCE.search(sentence):
        return "ignorance"
    return "heading" if _HEADING.fullmatch(sentence) else "claim"
