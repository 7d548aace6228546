"""Asking for a slot: once, again after a misfit, or not at all where the customer has said it already."""

from __future__ import annotations

from components.dialogue.engine_moves import follow, go
from components.dialogue.engine_run import TurnRun
from components.dialogue.flow import AskNode
from components.dialogue.slots import Fit, Misfit, MisfitKind, read_slot
from components.dialogue.turn_types import Frame
from components.helpdesk.wording import WordingKey

_WORDINGS: dict[MisfitKind, WordingKey] = {
    "text": "misfit_text",
    "pattern": "misfit_pattern",
    "too_long": "misfit_too_long",
    "integer": "misfit_integer",
    "number": "misfit_number",
    "minimum": "misfit_minimum",
    "maximum": "misfit_maximum",
    "email": "misfit_email",
    "date": "misfit_date",
    "yes_no": "misfit_yes_no",
    "choice": "misfit_choice",
}
_NAMING_WHAT_IS_ALLOWED = frozenset({"too_long", "minimum", "maximum", "choice"})
_QUESTION_MARKS = ("?", "？", "؟")


def ask(run: TurnRun, node: AskNode) -> None:
    """Fills the slot from the message that led here, leaves it as it is filled, or asks and waits.

    What the message names comes before what the slot has; where that does not fit, or is not one value, it is asked.
    A node that this turn was done with before asks when it is reached once more: the flow wants another answer.
    """
    if run.place not in run.passed:
        named = named_in_message(run, node) or _named_at_the_beginning(run, node)
        if named is not None and fill(run, node, named, "named in the message"):
            return
        filled = run.variables.get(node.slot) not in (None, "") and not node.again
        if filled and not run.named(node.entity):
            run.note("ask", f"{node.slot} is filled already")
            run.passed.add(run.place)
            follow(run)
            return
    run.note("ask", f"asks for {node.slot}")
    ask_again(run, node)


def ask_again(run: TurnRun, node: AskNode, lead: str = "") -> None:
    """Puts the question and waits. lead: what goes before it in the same reply."""
    question = run.render(node.text) or standard(run, Misfit("text"))
    run.say(lead + question, buttons=node.buttons)
    run.waiting = True


def misfit(run: TurnRun, node: AskNode, why: Misfit) -> None:
    """Says what is allowed and asks again; after as many as the node allows, gives up."""
    frame = run.frames[-1]
    attempts = frame.attempts + 1
    if attempts >= node.attempts:
        run.note("ask", f"gives up on {node.slot} after {attempts}")
        go(run, node.give_up, "gave_up")
        return
    run.frames[-1] = Frame(frame.flow, frame.node, attempts)
    run.note("ask", f"does not fit {node.slot} ({why.kind}), attempt {attempts} of {node.attempts}")
    text = run.render(node.invalid or "") or standard(run, why)
    if text.endswith(_QUESTION_MARKS):
        run.say(text, buttons=node.buttons)
        run.waiting = True
    else:
        ask_again(run, node, text + "\n\n")


def fill(run: TurnRun, node: AskNode, fit: Fit, how: str) -> bool:
    """Fills the slot and goes on; False where the state has no room for the value."""
    if not run.fits(node.slot, fit.value):
        return False
    run.remember(node.slot, fit.value)
    run.take(node.entity)
    run.passed.add(run.place)
    run.note("ask", f"{node.slot} filled, {how}")
    follow(run)
    return True


def named_in_message(run: TurnRun, node: AskNode) -> Fit | None:
    """The entity of the message that fits the slot; None where there is none, or two different ones."""
    values = run.named(node.entity)
    return _fitting(run, node, values.pop()) if len(values) == 1 else None


def standard(run: TurnRun, why: Misfit) -> str:
    """What is allowed, in the customer's language."""
    key = _WORDINGS[why.kind]
    return run.wording(key, allowed=why.allowed) if why.kind in _NAMING_WHAT_IS_ALLOWED else run.wording(key)


def _named_at_the_beginning(run: TurnRun, node: AskNode) -> Fit | None:
    """What the customer said when all this was begun, unless this message names something else."""
    value = run.offered(node.entity)
    return None if value is None or run.named(node.entity) else _fitting(run, node, value)


def _fitting(run: TurnRun, node: AskNode, value: str) -> Fit | None:
    reading = read_slot(node.rule, value, language=run.language, today=run.given.today)
    return reading if isinstance(reading, Fit) and reading.whole else None
