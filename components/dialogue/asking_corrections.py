"""An answer that changes an earlier one: `no, NT-20418874` at the confirmation."""

from __future__ import annotations

import re
from string import ascii_lowercase

from components.core.nlu import Understanding
from components.dialogue.asking import ask_again, named_in_message
from components.dialogue.asking_questions import begins_as_question, ends_as_question
from components.dialogue.asking_words import holds_words, phrases, plain
from components.dialogue.engine_moves import asks_of
from components.dialogue.engine_run import TurnRun
from components.dialogue.flow import AskNode, Flow
from components.dialogue.flow_targets import exits
from components.dialogue.interruptions import sure_wish
from components.dialogue.slots import Fit, Misfit, SlotValue, read_slot, takes_anything

# In longer answers a value may be told about without being meant: `I had NT-20418874 too, and that one …`.
MOST_WORDS_IN_TEXT = 8
MOST_WORDS_AROUND_NUMBERS = 4
# What shows that something is to be changed, where a value alone does not: a number, a choice, a thing.
_CHANGING = phrases("""
no|nope|actually|wait|sorry|but|instead|rather|meant|mean|correction|change|make|wrong|not|should
nein|doch|sondern|eigentlich|falsch|meinte|non|plutôt|mais|pardon|pero|mejor|perdón|ma|anzi|scusa|não|mas|desculpe
nee|maar|toch|nie|ale|přece|nej|men|förlåt|hayır|ama|нет|но|ні|але
""")


def correct(run: TurnRun, node: AskNode, found: Understanding | None) -> bool:
    """Sets what an earlier question of this flow has filled otherwise, says so and asks anew; False where the message
    changes nothing. What answers the question itself changes none before it."""
    message = run.given.message
    if ends_as_question(message) and begins_as_question(message):
        return False
    if sure_wish(run, found) is not None or _is_answer(run, node):
        return False
    changed = {}
    for earlier in _earlier(run, node):
        value = _other_value(run, node, earlier)
        if value is not None and run.fits(earlier.slot, value):
            run.remember(earlier.slot, value)
            changed[earlier.slot] = (earlier, value)
    if not changed:
        return False
    run.keep_meaning(run.variables.get("intent"), anew=False)
    for earlier, _ in changed.values():
        run.take(earlier.entity)
    run.note("ask", f"{', '.join(changed)} changed, asks for {node.slot} anew")
    values = ", ".join(str(value) for _, value in changed.values())
    ask_again(run, node, run.wording("corrected", value=values) + "\n\n")
    return True


def _is_answer(run: TurnRun, node: AskNode) -> bool:
    if named_in_message(run, node) is not None:
        return True
    if takes_anything(node.rule) or node.rule.type == "yes_no":
        return False
    return isinstance(_read(run, node, run.given.message), Fit)


def _earlier(run: TurnRun, node: AskNode) -> list[AskNode]:
    """The flow's filled asks from which it can come to this one."""
    flow = run.given.flows.flows[run.frames[-1].flow]
    return [
        each
        for each in asks_of(flow)
        if each.slot != node.slot
        and run.variables.get(each.slot) not in (None, "")
        and node.node_id in _after(flow, each.node_id)
    ]


def _after(flow: Flow, node_id: str) -> set[str]:
    reached: set[str] = set()
    open_ids = [node_id]
    while open_ids:
        targets = {way.target for way in exits(flow.nodes[open_ids.pop()])} & set(flow.nodes)
        open_ids.extend(targets - reached)
        reached |= targets
    return reached


def _other_value(run: TurnRun, node: AskNode, earlier: AskNode) -> SlotValue | None:
    """The value for the earlier ask that the message names and that it does not have yet."""
    value = _named_value(run, node, earlier)
    if value is not None and takes_anything(node.rule) and not _meant_in_text(run, earlier, value):
        return None
    return value


def _meant_in_text(run: TurnRun, earlier: AskNode, value: SlotValue) -> bool:
    """Where words are wanted they may hold the like of it, a postcode for an order number: it is meant where it looks
    as the one before does, and is all that is said, or is named or changed in so many words."""
    said, current = plain(run.given.message), run.variables[earlier.slot]
    if earlier.rule.pattern is not None and not _alike(str(value), str(current)):
        return False
    named = said == plain(str(value)) or holds_words(said, plain(earlier.slot))
    return named or not _CHANGING.isdisjoint(said.split())


def _alike(one: str, other: str) -> bool:
    """`NT-1234` as `nt-8765` or `8765`, but not as `75001`."""
    first, second = (re.sub("[0-9]", "0", plain(value)).lstrip(f"{ascii_lowercase} ") for value in (one, other))
    return first == second


def _named_value(run: TurnRun, node: AskNode, earlier: AskNode) -> SlotValue | None:
    rule, current = earlier.rule, run.variables[earlier.slot]
    words = plain(run.given.message).split()
    changing = not _CHANGING.isdisjoint(words)
    in_text, free = takes_anything(node.rule), takes_anything(rule)
    if rule.type == "yes_no" or (in_text and (free or len(words) > MOST_WORDS_IN_TEXT)):
        return None
    named = {value for value in run.named(earlier.entity) if not _same(value, current)}
    if len(named) == 1 and (changing or not free):
        reading = _read(run, earlier, named.pop())
        return reading.value if isinstance(reading, Fit) and not _same(reading.value, current) else None
    if free or not (changing or rule.pattern is not None or rule.type == "email"):
        return None
    if rule.type in ("integer", "number", "date") and (in_text or len(words) > MOST_WORDS_AROUND_NUMBERS):
        return None
    reading = _read(run, earlier, run.given.message.replace(str(current), " "))
    return reading.value if isinstance(reading, Fit) and not _same(reading.value, current) else None


def _read(run: TurnRun, node: AskNode, said: str) -> Fit | Misfit:
    return read_slot(node.rule, said, language=run.language, today=run.given.today)


def _same(value: object, current: object) -> bool:
    """`20418873` is `nt-20418873`, and nothing to change."""
    if not isinstance(value, str) or not isinstance(current, str):
        return value == current
    one, other = plain(value), plain(current)
    return one == other or (min(len(one), len(other)) > 4 and (one.endswith(other) or other.endswith(one)))
