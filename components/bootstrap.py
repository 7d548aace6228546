"""The one composition root: settings and addresses in, a working helpdesk out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from components.core.embeddings import Embedder
from components.core.errors import Unavailable
from components.core.settings import Settings, quiet_third_parties
from components.core.tenant import Tenant, TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.helpdesk.api_keys import ApiKeys
from components.helpdesk.feedback import FeedbackLog
from components.helpdesk.handover.agents import Agents
from components.helpdesk.ingestion.status import document_ids, has_promoted
from components.helpdesk.tenants import TenantRegistry

if TYPE_CHECKING:
    # These import Haystack, and Haystack imports torch: seconds that administration need not wait.
    from components.channels.provider_calls import ProviderCalls
    from components.dialogue.conversation_ports import TurnServices
    from components.dialogue.counted_answers import AnswerCounts
    from components.dialogue.flow_releases import FlowReleases
    from components.dialogue.turns import Turns
    from components.gateway.event_loop import EventLoopThread
    from components.gateway.gateway import ModelGateway
    from components.gateway.observer import GatewayObserver
    from components.gateway.policy import ModelPolicy
    from components.helpdesk.answer_log import AnswerLog
    from components.helpdesk.answering import Answering
    from components.helpdesk.conversations.conversations import Conversations
    from components.helpdesk.courier import Courier
    from components.helpdesk.handover.agent_tokens import AgentTokens
    from components.helpdesk.handover.desk import Desk
    from components.helpdesk.inbox.inbox import Inbox
    from components.helpdesk.ingestion.service import Ingestion
    from components.helpdesk.outbox.deliveries import Deliveries
    from components.helpdesk.outbox.senders import Senders
    from components.helpdesk.prompts import Prompts
    from components.helpdesk.session_tokens import SessionTokens
    from components.helpdesk.tenant_channels import TenantChannels
    from components.helpdesk.understanding.models import NluModels
    from components.helpdesk.understanding.understanding import Understandings
    from components.shared_state.connection import SharedState

logger = logging.getLogger("helpdesk.workbench")

CLOSING_SECONDS = 10.0


@dataclass(frozen=True)
class Workbench:
    """The parts that apps and assets work with, wired once a process. senders: who sends which kind of row of the
    outbox; courier: makes what has them sent, for whoever serves to start and close. policy_for: which language models
    a tenant may use and spend on, read from its configuration each time."""

    settings: Settings
    database: Database
    embedder: Embedder
    tenants: TenantRegistry
    api_keys: ApiKeys
    answering: Answering
    answers: AnswerLog
    prompts: Prompts
    feedback: FeedbackLog
    understandings: Understandings
    nlu_models: NluModels
    flows: FlowReleases
    turn_services: TurnServices
    turns: Turns
    conversations: Conversations
    session_tokens: SessionTokens
    agents: Agents
    agent_tokens: AgentTokens
    desk: Desk
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

    def close(self) -> None:
        """Ends what runs in the background and gives connections back. What was spent is recorded first."""
        self.turns.close()
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


@dataclass(frozen=True)
class Registry:
    """Tenants and keys without a model: what administration needs, and what starts quickly."""

    settings: Settings
    database: Database
    tenants: TenantRegistry
    api_keys: ApiKeys
    agents: Agents

    def serves(self, tenant: Tenant) -> bool:
        """Whether an index of the tenant has been promoted."""
        return has_promoted(self.database, tenant.context)

    def document_ids(self, tenant: Tenant) -> set[str]:
        """The ids of the tenant's documents."""
        return document_ids(self.database, tenant.context)

    def close(self) -> None:
        """Gives the database connections back."""
        self.database.dispose()


def build_registry(settings: Settings, addresses: DatabaseAddresses) -> Registry:
    """Wires what needs no model; starts no server."""
    database = Database(addresses.app, addresses.operator)
    tenants = TenantRegistry(database, settings.data_dir, on_deleted=partial(_forget_answers, settings))
    return Registry(settings, database, tenants, ApiKeys(database), Agents(database))


def _forget_answers(settings: Settings, tenant: TenantContext) -> None:
    """What Redis keeps of a deleted tenant goes too. Where it does not answer, it goes when its time is up."""
    from components.gateway.event_loop import EventLoopThread
    from components.gateway.prompt_cache import PromptCache
    from components.shared_state.connection import SharedState

    loop, state = EventLoopThread(), SharedState.from_settings(settings)
    try:
        kept = PromptCache(state, settings.prompt_cache_hours * 3600)
        loop.run(kept.purge_tenant(tenant), CLOSING_SECONDS)
        loop.run(state.close(), CLOSING_SECONDS)
    except Unavailable as error:
        logger.warning("kept answers of tenant %s stay in Redis until their time is up: %s", tenant.tenant_id, error)
    finally:
        loop.close()


def build_workbench(
    settings: Settings,
    addresses: DatabaseAddresses,
    *,
    observer: GatewayObserver | None = None,
    counts: AnswerCounts | None = None,
) -> Workbench:
    """Wires everything; starts no server. observer: hears of model calls, and of the prompt cache. counts: hears of
    the answers given in conversations.

    Raises ModelUnavailable where the embedder's weights are absent, InvalidCatalogue for a bad models file,
    InvalidSetting.
    """
    quiet_third_parties()
    from components.channels.provider_calls import ProviderCalls
    from components.dialogue.conversation_ports import TurnServices
    from components.dialogue.counted_answers import CountedAnswers
    from components.dialogue.flow_releases import FlowReleases
    from components.dialogue.turns import Turns
    from components.gateway.catalogue import load_catalogue
    from components.gateway.event_loop import EventLoopThread
    from components.gateway.grounded_generator import GroundedGenerator
    from components.gateway.opening import open_gateway
    from components.gateway.prompt_cache import PromptCache
    from components.helpdesk.answer_cache import AnswerCache
    from components.helpdesk.answer_generator import TenantGenerator, models_of
    from components.helpdesk.answer_log import AnswerLog
    from components.helpdesk.answering import Answering
    from components.helpdesk.conversations.conversations import Conversations
    from components.helpdesk.courier import build_courier
    from components.helpdesk.handover.agent_tokens import AgentTokens
    from components.helpdesk.handover.desk import Desk
    from components.helpdesk.inbox.inbox import Inbox
    from components.helpdesk.ingestion.service import Ingestion
    from components.helpdesk.local_workforce import LocalWorkforce
    from components.helpdesk.model_policy import policy_of
    from components.helpdesk.outbox.deliveries import Deliveries
    from components.helpdesk.prompts import Prompts
    from components.helpdesk.session_tokens import SessionTokens, key_from
    from components.helpdesk.tenant_channels import TenantChannels
    from components.helpdesk.tenant_config import NluConfig, read_config
    from components.helpdesk.understanding.models import NluModels
    from components.helpdesk.understanding.understanding import Understandings
    from components.models.chat_model_factory import build_chat_model
    from components.models.embedder_factory import embedder_from_settings
    from components.models.extractive import ExtractiveGenerator
    from components.models.recent_embedder import RecentEmbedder
    from components.nlu.language import LanguageDetector
    from components.retrieval.grounding.grounder import Grounder
    from components.shared_state.connection import SharedState

    catalogue = load_catalogue(settings.models)
    state = SharedState.from_settings(settings)
    database = Database(addresses.app, addresses.operator)
    embedder = RecentEmbedder(embedder_from_settings(settings))
    extractive = ExtractiveGenerator(embedder)
    grounder = Grounder(embedder)
    tenants = TenantRegistry(database, settings.data_dir, on_deleted=partial(_forget_answers, settings))
    prompts = Prompts(database)
    loop = EventLoopThread()
    kept = PromptCache(state, settings.prompt_cache_hours * 3600)
    gateway = open_gateway(
        catalogue,
        partial(build_chat_model, extractive=extractive),
        database,
        state=state,
        cache=kept,
        observer=observer,
    )

    def policy_for(tenant: TenantContext) -> ModelPolicy:
        return policy_of(tenants.get(tenant.tenant_id).config)

    def generator_for(tenant: TenantContext) -> TenantGenerator:
        def grounded(policy: ModelPolicy) -> GroundedGenerator:
            return GroundedGenerator(tenant, lambda: policy, gateway, loop, extractive, grounder)

        return TenantGenerator(catalogue, partial(policy_for, tenant), grounded, extractive)

    def nlu_for(tenant: TenantContext) -> NluConfig:
        return read_config(tenants.get(tenant.tenant_id).config).nlu

    answers = AnswerCache(kept, loop, lambda config: models_of(catalogue, policy_of(config)))
    answering = Answering(database, embedder, generator_for, settings, cache=answers)
    understandings = Understandings(
        settings.data_dir,
        embedder,
        nlu_for,
        rasa_url=settings.rasa_url,
        rasa_deadline=settings.rasa_deadline,
    )
    flows = FlowReleases(database)
    agents = Agents(database)
    key = key_from(settings)
    answerer = answering if counts is None else CountedAnswers(answering, counts)
    services = TurnServices(flows, understandings, answerer, LocalWorkforce(database), LanguageDetector())
    turns = Turns(database, services, deadline=settings.request_deadline)
    calls = ProviderCalls()
    channels = TenantChannels(settings, calls)
    inbox = Inbox(database, channels)
    senders, courier = build_courier(database, tenants, channels, inbox, turns)
    return Workbench(
        settings=settings,
        database=database,
        embedder=embedder,
        tenants=tenants,
        api_keys=ApiKeys(database),
        answering=answering,
        answers=AnswerLog(database),
        prompts=prompts,
        feedback=FeedbackLog(database),
        understandings=understandings,
        nlu_models=NluModels(settings, database, embedder, tenants),
        flows=flows,
        turn_services=services,
        turns=turns,
        conversations=Conversations(database),
        session_tokens=SessionTokens(key, settings.chat_token_hours),
        agents=agents,
        agent_tokens=AgentTokens(key),
        desk=Desk(database, agents),
        calls=calls,
        channels=channels,
        inbox=inbox,
        deliveries=Deliveries(database),
        senders=senders,
        courier=courier,
        ingestion=Ingestion(database, embedder, settings, on_withdrawn=answers.purge),
        gateway=gateway,
        loop=loop,
        state=state,
        policy_for=policy_for,
    )
