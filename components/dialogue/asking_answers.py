"""An answer to a question of a form: a value, a command, an interruption, or a misfit."""

from __future__ import annotations

from components.core.nlu import Understanding
from components.dialogue.asking import ask_again, fill, misfit, named_in_message
from components.dialogue.asking_corrections import correct
from components.dialogue.asking_questions import is_greeting
from components.dialogue.asking_words import says_nothing
from components.dialogue.asking_yes_no import is_bare_yes_or_no, yes_or_no
from components.dialogue.commands import DENIAL, command_of, contradicted
from components.dialogue.engine_moves import hand_over, leave, start_over
from components.dialogue.engine_run import TurnRun
from components.dialogue.flow import AskNode
from components.dialogue.interruptions import interrupt, is_about_something_else, sure_of
from components.dialogue.slots import Fit, Misfit, read_slot, takes_anything

# Whoever leads for the tenant; asks name no model of their own.
MODEL = "rasa_intent"
_SAID_BY_INTENT = {"affirm": True, DENIAL: False}


def hear_answer(run: TurnRun, node: AskNode) -> None:
    """Fills the slot where the answer fits; else does what was asked instead, or asks again.

    An answer that is the value and nothing else needs no understanding, so that forms also work without NLU.
    """
    message = run.given.message
    reading = read_slot(node.rule, message, language=run.language, today=run.given.today)
    yes_no = node.rule.type == "yes_no"
    if says_nothing(message) and not (yes_no and isinstance(reading, Fit)):
        run.note("ask", "no words")
        ask_again(run, node, run.wording("could_not_read") + "\n\n")
        return
    if yes_no and _obeyed(run, None):
        return
    alone = not takes_anything(node.rule) and isinstance(reading, Fit) and reading.whole
    if alone and (not yes_no or is_bare_yes_or_no(message)) and _filled(run, node, reading):
        return
    found = run.understand(MODEL)
    if _obeyed(run, found) or correct(run, node, found) or (alone and _filled(run, node, reading)):
        return
    _take(run, node, found, _value(run, node, found, reading), reading)


def _filled(run: TurnRun, node: AskNode, reading: Fit | Misfit) -> bool:
    return isinstance(reading, Fit) and fill(run, node, reading, "answered")


def _obeyed(run: TurnRun, found: Understanding | None) -> bool:
    message = run.given.message
    command = command_of(message, found, sure=sure_of(found))
    if command == "human":
        hand_over(run, "asked_by_customer")
    elif command == "start_over":
        start_over(run)
    elif command == "cancel" or contradicted(message, run.variables.get("intent")):
        leave(run)
    else:
        return False
    return True


def _value(run: TurnRun, node: AskNode, found: Understanding | None, reading: Fit | Misfit) -> Fit | None:
    """What the answer says for the slot: by an entity, by the slot's rule, by a yes or no in other words."""
    named = named_in_message(run, node)
    if takes_anything(node.rule):
        return named or (reading if isinstance(reading, Fit) else None)
    if is_about_something_else(run, found):
        return None
    if named is not None or isinstance(reading, Fit):
        return named or (reading if isinstance(reading, Fit) else None)
    surely = _surely(found)
    if node.rule.type != "yes_no" or surely not in _SAID_BY_INTENT:
        return None
    return Fit(_SAID_BY_INTENT[surely], whole=False)


def _take(run: TurnRun, node: AskNode, found: Understanding | None, value: Fit | None, reading: Fit | Misfit) -> None:
    message = run.given.message
    free = takes_anything(node.rule)
    if free and _says_too_little(run, node):
        misfit(run, node, Misfit("text"))
        return
    if value is None or free:
        if _surely(found) == DENIAL and (not free or (yes_or_no(message) is False and not is_bare_yes_or_no(message))):
            leave(run)
            return
        if interrupt(run, node, found):
            return
    if value is None:
        misfit(run, node, reading if isinstance(reading, Misfit) else Misfit("text"))
        return
    run.keep_meaning(run.variables.get("intent"), anew=False)
    if not fill(run, node, value, "answered"):
        misfit(run, node, Misfit("too_long", str(node.rule.longest)))


def _says_too_little(run: TurnRun, node: AskNode) -> bool:
    """A greeting or a bare `yes` where words are wanted; who says yes or no once more, or taps it, means it."""
    message = run.given.message
    if message in node.buttons:
        return False
    asked_once = run.frames[-1].attempts > 0 or node.attempts < 2
    return is_greeting(message) or (is_bare_yes_or_no(message) and not asked_once)


def _surely(found: Understanding | None) -> str | None:
    """The intent, where it is sure enough to confirm or leave a form by it."""
    return found.intent if found is not None and found.understood and found.confidence >= sure_of(found) else None
