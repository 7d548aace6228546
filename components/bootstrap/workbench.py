"""All parts of a working helpdesk, as one value that apps and assets are handed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.core.embeddings import Embedder
from components.core.errors import Unavailable
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.api_keys import ApiKeys
from components.helpdesk.feedback import FeedbackLog
from components.helpdesk.handover.agents import Agents
from components.helpdesk.tenants import TenantRegistry

if TYPE_CHECKING:
    # These import Haystack, and Haystack imports torch: seconds that administration need not wait.
    from components.bootstrap.actions import Actions
    from components.channels.provider_calls import ProviderCalls
    from components.dialogue.conversation_ports import TurnServices
    from components.dialogue.flow_releases import FlowReleases
    from components.dialogue.turns import Turns
    from components.gateway.event_loop import EventLoopThread
    from components.gateway.gateway import ModelGateway
    from components.gateway.policy import ModelPolicy
    from components.helpdesk.access.people import People
    from components.helpdesk.answer_log import AnswerLog
    from components.helpdesk.answering import Answering
    from components.helpdesk.conversations.conversations import Conversations
    from components.helpdesk.courier import Courier
    from components.helpdesk.evaluation.answer_runs import AnswerEvaluations
    from components.helpdesk.evaluation.prompt_gate import PromptGate
    from components.helpdesk.evaluation.retention import EvaluationRetention
    from components.helpdesk.evaluation.runs import EvaluationRuns
    from components.helpdesk.evaluation.sets import EvaluationSets
    from components.helpdesk.grounded_writer import GroundedWriter
    from components.helpdesk.handover.agent_tokens import AgentTokens
    from components.helpdesk.handover.agent_tools import AgentTools
    from components.helpdesk.handover.attachment_links import AttachmentLinks
    from components.helpdesk.handover.attachments import Attachments
    from components.helpdesk.handover.desk import Desk
    from components.helpdesk.handover.notes import Notes
    from components.helpdesk.handover.timers import Timers
    from components.helpdesk.handover.watching import Watching
    from components.helpdesk.inbox.inbox import Inbox
    from components.helpdesk.ingestion.service import Ingestion
    from components.helpdesk.outbox.deliveries import Deliveries
    from components.helpdesk.outbox.senders import Senders
    from components.helpdesk.outcomes import Outcomes
    from components.helpdesk.prompts import Prompts
    from components.helpdesk.session_tokens import SessionTokens
    from components.helpdesk.tenant_channels import TenantChannels
    from components.helpdesk.tickets.tickets import Tickets
    from components.helpdesk.tickets.webhook import WebhookSender
    from components.helpdesk.understanding.models import NluModels
    from components.helpdesk.understanding.understanding import Understandings
    from components.shared_state.connection import SharedState

logger = logging.getLogger("helpdesk.workbench")

CLOSING_SECONDS = 10.0


@dataclass(frozen=True)
class Workbench:
    """The parts that apps and assets work with, wired once a process. senders: who sends which kind of row of the
    outbox; courier: makes what has them sent, for whoever serves to start and close. policy_for: which language models
    a tenant may use and spend on, read from its configuration each time. writer: has them write about passages."""

    settings: Settings
    database: Database
    embedder: Embedder
    tenants: TenantRegistry
    api_keys: ApiKeys
    answering: Answering
    answers: AnswerLog
    prompts: Prompts
    prompt_gate: PromptGate
    evaluation_sets: EvaluationSets
    evaluation_runs: EvaluationRuns
    answer_evaluations: AnswerEvaluations
    evaluation_retention: EvaluationRetention
    feedback: FeedbackLog
    understandings: Understandings
    nlu_models: NluModels
    flows: FlowReleases
    turn_services: TurnServices
    turns: Turns
    actions: Actions
    conversations: Conversations
    session_tokens: SessionTokens
    agents: Agents
    agent_tokens: AgentTokens
    people: People
    desk: Desk
    timers: Timers
    outcomes: Outcomes
    tickets: Tickets
    ticket_webhook: WebhookSender
    agent_tools: AgentTools
    notes: Notes
    watching: Watching
    attachments: Attachments
    attachment_links: AttachmentLinks
    calls: ProviderCalls
    channels: TenantChannels
    inbox: Inbox
    deliveries: Deliveries
    senders: Senders
    courier: Callable[[], Courier]
    ingestion: Ingestion
    gateway: ModelGateway
    loop: EventLoopThread
    state: SharedState
    policy_for: Callable[[TenantContext], ModelPolicy]
    writer: GroundedWriter

    def close(self) -> None:
        """Ends what runs in the background and gives connections back. What was spent is recorded first."""
        self.turns.close()
        self.actions.workshop.close()
        self.understandings.close()
        self.calls.close()
        try:
            self.loop.run(self.gateway.close(), CLOSING_SECONDS)
            self.loop.run(self.state.close(), CLOSING_SECONDS)
        except Unavailable as error:
            logger.warning("the gateway did not close in time: %s", error)
        finally:
            self.loop.close()
            self.database.dispose()
