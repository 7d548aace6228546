"""Customers who write after their conversation was ended: whom they reach, and when there is nothing left to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from components.core.nlu import Understanding
from components.dialogue.asking_questions import ends_as_question
from components.dialogue.asking_words import phrases, plain
from components.dialogue.commands import command_of
from components.dialogue.flow import MAIN, FlowSet, NluNode
from components.dialogue.turn_handover import handover_context
from components.dialogue.turn_results import SERVICE_NODE, TurnBasis, said_itself
from components.dialogue.turn_types import DialogueState, Frame, Handover
from components.helpdesk.conversations.changes import Change
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.conversations.turn_records import TurnResult
from components.helpdesk.wording import say

_LEAVING = frozenset({"thanks", "goodbye"})
# Who says more than this says something.
MOST_WORDS = 8
# Whole messages, which need no understanding.
_LEAVE_TAKINGS = phrases("""
thanks|thank you|thx|thanks a lot|many thanks|thank you very much|bye|goodbye|danke|vielen dank|danke schön|dankeschön
tschüss|auf wiedersehen|merci|merci beaucoup|au revoir|gracias|muchas gracias|adiós|grazie|grazie mille|arrivederci
obrigado|obrigada|muito obrigado|muito obrigada|dank u|dank u wel|dank je|bedankt|hartelijk dank|dziękuję|dzięki
děkuji|díky|děkuju|tack|tack så mycket|tak|mange tak|teşekkürler|teşekkür ederim|спасибо|большое спасибо|до свидания
дякую|дуже дякую|شكرا|شكرا جزيلا|תודה|תודה רבה|谢谢|谢谢你|谢谢您|ありがとう|ありがとうございます|ありがとうございました
""")
# English only, as what stands beside a thank-you: `thanks, but it still fails`.
_MORE = re.compile(
    r"\b(?:but|however|still|yet|although|except|not|no|never|(?:do|does|did|is|was|wo|ca|have|has)nt|cannot|nothing"
    r"|also|another|again|more|else|problem|issue|wrong|my|call|wait|need|want|please|can|could|will|would"
    r"|how|what|when|where|why|who|which)\b"
)


def reaches_people(last: Change | None, message: Message, window: timedelta) -> bool:
    """Whether an agent resolved the conversation so shortly before that the message is for them. last: how it ended.
    What the customer wants to begin anew is the bot's."""
    if last is None or last.kind != "resolve" or message.created_at - last.at > window:
        return False
    return command_of(message.text, None) != "start_over"


def only_takes_leave(text: str, found: Understanding | None) -> bool:
    """Whether it is a thank-you or a goodbye and surely nothing besides; a doubt is none, so that nobody is left
    alone with a question. found: None where no engine answers."""
    said = plain(text)
    if said in _LEAVE_TAKINGS and not ends_as_question(text):
        return True
    if found is None or found.intent is None or found.confidence < (found.threshold + 1) / 2:
        return False
    more = ends_as_question(text) or _MORE.search(said) is not None or len(said.split()) > MOST_WORDS
    return found.intent.split("/")[0] in _LEAVING and not more


def took_leave(basis: TurnBasis, stood: Conversation, found: Understanding | None) -> TurnResult:
    """Nothing is left to do: the conversation stays as it was ended."""
    said = [say("you_are_welcome", basis.scope.language)]
    return said_itself(basis, stood, said, "nothing is left to do", "closed", stood.handover, found)


def came_back(
    basis: TurnBasis, stood: Conversation, found: Understanding | None, earlier: Sequence[Message], ticket: int | None
) -> TurnResult:
    """It waits for those who had resolved it. ticket: the number of the one that was opened again."""
    context = handover_context(
        Handover("came_back", SERVICE_NODE),
        basis.message,
        earlier,
        state=DialogueState(variables=stood.state.get("variables") or {}),
        understanding=found,
        language=basis.scope.language,
        answer_ids=(),
    )
    known = {} if ticket is None else {"ticket": ticket}
    said = [say("reopened", basis.scope.language)]
    return said_itself(basis, stood, said, "back to those who resolved it", "waiting", {**context, **known}, found)


def fresh_state(flows: FlowSet, turns: int) -> DialogueState:
    """Nothing is under way and nothing is remembered: main listens. turns: more than were taken so far."""
    listening = [node.node_id for node in flows.main.nodes.values() if isinstance(node, NluNode)]
    return DialogueState((Frame(MAIN, listening[0]),) if listening else (), turns=turns)


def model_of(flows: FlowSet) -> str:
    """Which engines main listens with."""
    return next((node.model for node in flows.main.nodes.values() if isinstance(node, NluNode)), NluNode.model)
