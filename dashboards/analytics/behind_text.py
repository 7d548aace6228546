"""Which conversations a list holds, in words, and the usual choices of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from components.helpdesk.reports.conversation_list import Behind
from dashboards.analytics.wording import RESULTS, duration, in_words

CHOICES: Mapping[str, Behind] = MappingProxyType(
    {
        "All that ended": Behind(),
        **{f"Ended: {said}": Behind(results=(result,)) for result, said in RESULTS.items()},
        "Open now": Behind(of="started", results=("open",)),
        "With an unanswered question": Behind(of="answers", refused=True),
        "A person was asked for": Behind(of="handovers"),
        "Waited over 5 minutes": Behind(of="handovers", longer_than=300),
        "VIPs": Behind(vip=True),
        "Reopened": Behind(reopened=True),
        **{f"{stars} {'star' if stars == 1 else 'stars'}": Behind(rating=stars) for stars in (1, 2, 3, 4, 5)},
    }
)
_OF = {
    "ended": "that ended",
    "started": "that began",
    "answers": "with a question put to the knowledge",
    "citations": "with an answer that quotes",
    "handovers": "in which a person was asked for",
}


def behind_text(behind: Behind) -> str:
    """Such as: conversations that ended, contained, topic refund."""
    known = next((said for said, each in CHOICES.items() if each == behind), None)
    if known is not None and behind != Behind():
        return known.lower().replace("vips", "VIPs")
    said = [f"conversations {_OF[behind.of]}"]
    if behind.results:
        said.append(" or ".join(RESULTS.get(each, each) for each in behind.results))
    if behind.refused:
        said.append("unanswered")
    asked = {"topic": behind.intent, "reason": behind.reason, "first reason": behind.handover_reason}
    said += [f"{name} {in_words(value or 'none')}" for name, value in asked.items() if value is not None]
    said += [behind.document_id] if behind.document_id else []
    said += [f"{behind.rating} stars"] if behind.rating is not None else []
    said += [f"waited {duration(behind.longer_than)} or more"] if behind.longer_than else []
    return ", ".join(said + ["reopened"] * behind.reopened + ["VIPs"] * behind.vip)
