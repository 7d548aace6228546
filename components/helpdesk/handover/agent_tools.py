"""All that an agent has at hand beside the desk itself."""

from __future__ import annotations

from dataclasses import dataclass

from components.database.session import Database
from components.helpdesk.answering import Answering
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.handover.canned_answers import CannedAnswers
from components.helpdesk.handover.dossier import Dossiers
from components.helpdesk.handover.queue import Queue
from components.helpdesk.handover.suggestions import Suggestions
from components.helpdesk.handover.summary import Summaries
from components.helpdesk.handover.summary_writer import SummaryWriter


@dataclass(frozen=True)
class AgentTools:
    queue: Queue
    dossiers: Dossiers
    suggestions: Suggestions
    summaries: Summaries
    canned_answers: CannedAnswers


def open_agent_tools(database: Database, answering: Answering, writer: SummaryWriter) -> AgentTools:
    """Opens nothing until it is first used."""
    conversations = Conversations(database)
    return AgentTools(
        queue=Queue(database),
        dossiers=Dossiers(database),
        suggestions=Suggestions(conversations, answering),
        summaries=Summaries(conversations, writer),
        canned_answers=CannedAnswers(database),
    )
