"""A customer's side: asks, answers what is asked back, asks in other words, gives up, thanks, rates, comes back."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from apps.cli.traffic.agenda import Process
from apps.cli.traffic.arrivals import Arrival, one_of
from apps.cli.traffic.world import SIMULATED, Visit, World
from components.core.errors import Conflict
from components.helpdesk.shop import import_shop
from components.helpdesk.shop_file import CustomerEntry, ItemEntry, OrderEntry, ShopFile

if TYPE_CHECKING:
    from components.dialogue.turn_events import TakenTurn

# How it went: helped, answered beside the point, refused, with a person now, or something else was said.
Verdict = Literal["good", "wrong", "refused", "waiting", "said"]
Saying = Generator[float, None, Any]

_MOST_ASKED_BACK = 8
_HELPED_BY_CHANCE = 0.6
_MINUTE, _HOUR = 60.0, 3600.0
_STARS: dict[Verdict, tuple[int, ...]] = {
    "good": (5, 5, 5, 4, 4, 3),
    "wrong": (1, 2, 2, 3),
    "refused": (1, 1, 2, 3),
    "waiting": (1, 2, 3),
    "said": (3, 4, 5),
}


def visit(world: World, arrival: Arrival) -> Process:
    """From the first word to the last."""
    script, chance = world.script, arrival.chance()
    persona = one_of(chance, {each: each.weight for each in script.personas})
    name = f"{chance.choice(script.first_names)} {chance.choice(script.last_names)}"
    channel, vip = one_of(chance, script.channels), chance.random() < script.vip
    mine = Visit(arrival, persona, chance, channel, name, world.wishes.one(chance, upset=arrival.upset))
    # No address: whoever serves the tenant later must have nobody to write to.
    world.open(mine, {"name": name, "vip": "true"} if vip else {"name": name})
    world.after(mine)
    if chance.random() < 0.2:
        yield from _say(world, mine, chance.choice(script.greetings))
    verdict: Verdict = yield from _pursue(world, mine)
    while verdict in ("good", "said") and chance.random() < persona.more / 2:
        mine.wanted = world.wishes.one(chance)
        verdict = yield from _pursue(world, mine)
    if verdict == "waiting":
        yield from _wait(world, mine)
        return
    if verdict == "good" and chance.random() < persona.thanks:
        yield from _say(world, mine, chance.choice(script.thanks))
    yield from rate(world, mine, verdict)
    if chance.random() < persona.returns:
        yield chance.uniform(2 * _HOUR, 60 * _HOUR)
        mine.reopened = True
        world.counts["returned"] += 1
        if (yield from _pursue(world, mine)) == "waiting":
            yield from _wait(world, mine)


def rate(world: World, mine: Visit, verdict: Verdict) -> Process:
    """The stars that fit what they got, some minutes later, where they are the kind who gives any."""
    chance, script = mine.chance, world.script
    if chance.random() >= mine.persona.rates:
        return
    yield chance.uniform(20, 10 * _MINUTE)
    stars = chance.choice(_STARS[verdict])
    comment = None
    if chance.random() < 0.25:
        comment = chance.choice(script.comments.good if stars > 3 else script.comments.bad)
    # Nobody has said anything yet: there is nothing to rate.
    with suppress(Conflict):
        world.workbench.outcomes.rate(world.context, mine.conversation_id, stars, comment)
        world.counts["ratings"] += 1


def come_back(world: World, mine: Visit) -> Process:
    """Somebody whom a person has helped: rates, and writes again within the time that reopens it, where they do."""
    yield from rate(world, mine, "good" if mine.chance.random() < 0.75 else "refused")
    if mine.reopened or mine.chance.random() >= mine.persona.returns * 2:
        return
    yield mine.chance.uniform(_HOUR, 50 * _HOUR)
    mine.reopened = True
    world.counts["returned"] += 1
    taken = yield from _say(world, mine, f"It is still not solved. {mine.wanted.texts[0]}")
    if taken.conversation.status == "waiting":
        yield from _wait(world, mine)


def _pursue(world: World, mine: Visit) -> Generator[float, None, Verdict]:
    """Asks for what they want until they have it, are with a person, or have no more patience."""
    chance, persona, wanted = mine.chance, mine.persona, mine.wanted
    order = _order(world, mine) if wanted.of_order else ""
    verdict: Verdict = "said"
    for text in wanted.texts[: persona.patience + 1]:
        taken = yield from _say(world, mine, text)
        verdict = _judge(world, mine, taken)
        _thumb(world, mine, taken, verdict)
        taken = yield from _answer_back(world, mine, taken, order, satisfied=verdict == "good")
        if taken.conversation.status in ("waiting", "agent"):
            return "waiting"
        if verdict in ("good", "said"):
            return verdict
        if verdict == "refused" and chance.random() < persona.person:
            taken = yield from _say(world, mine, chance.choice(world.script.ask_person))
            if taken.conversation.status in ("waiting", "agent"):
                return "waiting"
    if verdict == "refused" and chance.random() < 0.3:
        yield from _say(world, mine, chance.choice(world.script.no_person))
    return verdict


def _answer_back(world: World, mine: Visit, taken: TakenTurn, order: str, *, satisfied: bool) -> Saying:
    """What the bot asks on the way is answered; the last turn."""
    for _ in range(_MOST_ASKED_BACK):
        asked = taken.replies[-1].text.lower() if taken.replies and taken.conversation.status == "bot" else ""
        rule = next((each for each in world.script.asked if each.words in asked), None)
        if rule is None:
            return taken
        happy = satisfied or (not mine.wanted.documents and mine.chance.random() < _HELPED_BY_CHANCE)
        says = rule.satisfied if happy and rule.satisfied else rule.says
        text = mine.chance.choice(says).format(order=order or "I do not have it at hand")
        taken = yield from _say(world, mine, text)
    return taken


def _judge(world: World, mine: Visit, taken: TakenTurn) -> Verdict:
    """As the customer sees it who knows what they wanted."""
    if taken.conversation.status in ("waiting", "agent"):
        return "waiting"
    cited = {citation.document_id for reply in taken.replies for citation in reply.details.citations}
    if cited:
        known = mine.wanted.documents
        helped = bool(known & cited) if known else mine.chance.random() < _HELPED_BY_CHANCE
        return "good" if helped and mine.wanted.wish != "gap" else "wrong"
    refused = any(world.script.refused in reply.text.lower() for reply in taken.replies)
    return "refused" if refused else "said"


def _thumb(world: World, mine: Visit, taken: TakenTurn, verdict: Verdict) -> None:
    if mine.chance.random() >= mine.persona.thumbs:
        return
    for reply in taken.replies:
        if reply.details.answer_id is not None:
            world.workbench.feedback.rate(world.context, reply.details.answer_id, 1 if verdict == "good" else -1)
            world.counts["thumbs"] += 1


def _wait(world: World, mine: Visit) -> Process:
    """For a person, as long as they are ready to; who has left says nothing more."""
    patience = mine.persona.waits * _MINUTE * mine.chance.lognormvariate(0.0, 0.5)
    yield patience / 2
    if mine.waits and mine.chance.random() < 0.4:
        world.say(mine, mine.chance.choice(world.script.nudges))
    yield patience / 2
    if mine.waits:
        mine.left = True
        world.counts["gave up"] += 1


def _say(world: World, mine: Visit, text: str) -> Saying:
    """Once it is written."""
    yield 3.0 + mine.persona.typing * mine.chance.lognormvariate(0.0, 0.4)
    return world.say(mine, text)


def _order(world: World, mine: Visit) -> str:
    """The number of an order of theirs, which the shop has from now on."""
    kind, chance, arrival = world.script.of(world.tenant.domain).order, mine.chance, mine.arrival
    names = {"day": arrival.day.toordinal() % 10_000, "of_day": arrival.of_day % 1000}
    number, customer = kind.number.format(**names), kind.customer.format(**names)
    first, _, last = mine.name.partition(" ")
    ordered = world.agenda.now - timedelta(days=chance.uniform(3, 20))
    item = ItemEntry(item_id="I-1", name=kind.item, price=Decimal(str(chance.choice(kind.prices))))
    order = OrderEntry(
        order_number=number,
        customer_id=customer,
        status=chance.choice(kind.states),
        ordered_at=ordered,
        items=(item,),
        method="Visa ending in 4242",
    )
    owner = CustomerEntry(
        customer_id=customer, first_name=first, last_name=last, details={SIMULATED: mine.arrival.mark}
    )
    import_shop(world.workbench.database, world.context, ShopFile(customers=(owner,), orders=(order,)))
    return number
