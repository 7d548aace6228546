"""How a conversation went, told from what happened in it: one definition, whether it is followed or told anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Literal

from components.helpdesk.conversations.changes import Change
from components.helpdesk.conversations.conversation import Message, Status

OutcomeResult = Literal["open", "contained", "verified", "handed_over", "abandoned"]
# Stars from which a rating says that it helped, and up to which it says that it did not.
HELPFUL, UNHELPFUL = 4, 2
TAKEN_BY_AGENT = "taken_by_agent"
# Details of an `expire` event: whether the bot had replied to the customer, and the customer had said that it helped.
ANSWERED, CONFIRMED = "answered", "confirmed"


@dataclass(frozen=True)
class Outcome:
    """What is known so far. handovers: how often a person was asked for, or took it unasked; handover_reason: of the
    first. asked_at: when the first was asked for; waiting_since: while the customer waits for one. helped: a person
    has had it. wait_seconds: from the first wait's beginning to the agent who ended it; first_response_seconds: from
    asked_at to the first thing that an agent said; resolution_seconds: from started_at to ended_at. ended_in: whose it
    was when it ended. answered, confirmed: see ANSWERED, CONFIRMED. settled: the customer has not come back in the time
    in which that would have reopened it. rating: 1 to 5 stars."""

    started_at: datetime
    ended_at: datetime | None = None
    ended_in: Status | None = None
    handovers: int = 0
    handover_reason: str | None = None
    asked_at: datetime | None = None
    waiting_since: datetime | None = None
    helped: bool = False
    wait_seconds: float | None = None
    first_response_seconds: float | None = None
    resolution_seconds: float | None = None
    answered: bool = False
    confirmed: bool = False
    settled: bool = False
    rating: int | None = None
    comment: str | None = None

    @property
    def verified(self) -> bool:
        """Whether it is known to have helped: the customer said so, or did not come back, and did not say that it had
        not."""
        stars = self.rating if self.rating is not None else 0
        told = self.confirmed or stars >= HELPFUL
        return self.ended_at is not None and (told or self.settled) and not 1 <= stars <= UNHELPFUL

    @property
    def result(self) -> OutcomeResult:
        """verified: contained by the bot, and known to have helped. abandoned: the customer left before anybody had
        answered, or while waiting for a person."""
        if self.ended_at is None:
            return "open"
        if self.helped:
            return "handed_over"
        if self.ended_in == "waiting" or not self.answered:
            return "abandoned"
        return "verified" if self.verified else "contained"


def changed(outcome: Outcome, change: Change) -> Outcome:
    """The outcome once a change of ownership has happened; what is only recorded beside them changes nothing."""
    if change.status_before == change.status_after:
        return outcome
    after = replace(outcome, waiting_since=_waiting_since(outcome, change))
    if change.kind == "request":
        return _asked(after, change, str(change.details.get("reason", "")))
    if change.kind == "withdraw" and not outcome.helped:
        return replace(after, asked_at=None)
    if change.kind == "claim":
        asked = after if change.status_before == "waiting" else _asked(after, change, TAKEN_BY_AGENT)
        waited = outcome.wait_seconds
        if waited is None and outcome.waiting_since is not None:
            waited = (change.at - outcome.waiting_since).total_seconds()
        return replace(asked, helped=True, wait_seconds=waited)
    if change.status_after == "closed":
        return replace(
            after,
            ended_at=change.at,
            ended_in=change.status_before,
            resolution_seconds=(change.at - outcome.started_at).total_seconds(),
            answered=bool(change.details.get(ANSWERED)),
            confirmed=bool(change.details.get(CONFIRMED)),
        )
    if change.status_before == "closed":
        return replace(
            after,
            ended_at=None,
            ended_in=None,
            resolution_seconds=None,
            answered=False,
            confirmed=False,
            settled=False,
        )
    return after


def agent_said(outcome: Outcome, at: datetime) -> Outcome:
    """The outcome once an agent has written something; only the first time counts."""
    if outcome.first_response_seconds is not None or outcome.asked_at is None:
        return outcome
    return replace(outcome, first_response_seconds=(at - outcome.asked_at).total_seconds())


def rated(outcome: Outcome, stars: int, comment: str | None) -> Outcome:
    """The customer's judgement; it replaces the one before."""
    return replace(outcome, rating=stars, comment=comment)


def settled(outcome: Outcome, as_of: datetime, window: timedelta) -> Outcome:
    """The outcome as it stands at `as_of`. window: in which a customer who comes back reopens it."""
    over = outcome.ended_at is not None and as_of - outcome.ended_at > window
    return replace(outcome, settled=outcome.settled or over)


def retold(started_at: datetime, changes: Iterable[Change], messages: Sequence[Message]) -> Outcome:
    """The outcome from all that is recorded of a conversation; what customers' ratings and the clock add comes after.

    changes, messages: all of them, in order.
    """
    happened: list[tuple[datetime, int, Any]] = [(each.at, 0, each) for each in changes]
    happened += [(each.created_at, 1, each) for each in messages if each.author == "agent"]
    outcome = Outcome(started_at)
    for at, _, what in sorted(happened, key=itemgetter(0, 1)):
        if isinstance(what, Change):
            outcome = changed(outcome, what)
            if what.kind == "expire":
                outcome = replace(outcome, answered=has_answered(messages, at))
        else:
            outcome = agent_said(outcome, at)
    return outcome


def has_answered(messages: Iterable[Message], by: datetime) -> bool:
    """Whether the bot had replied to the customer by then."""
    return any(each.author == "bot" and each.reply_to is not None and each.created_at <= by for each in messages)


def _asked(outcome: Outcome, change: Change, reason: str) -> Outcome:
    return replace(
        outcome,
        handovers=outcome.handovers + 1,
        handover_reason=outcome.handover_reason or reason,
        asked_at=outcome.asked_at or change.at,
    )


def _waiting_since(outcome: Outcome, change: Change) -> datetime | None:
    if change.status_after != "waiting":
        return None
    return outcome.waiting_since if change.status_before == "waiting" else change.at
