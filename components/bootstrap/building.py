"""Settings and addresses in, a working helpdesk out: the one place where parts are wired."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from components.bootstrap.registry import forget_answers
from components.bootstrap.workbench import Workbench
from components.core.settings import Settings, quiet_third_parties
from components.core.tenant import TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.helpdesk.api_keys import ApiKeys
from components.helpdesk.feedback import FeedbackLog
from components.helpdesk.handover.agents import Agents
from components.helpdesk.tenants import TenantRegistry

if TYPE_CHECKING:
    # These import Haystack, and Haystack imports torch: seconds that administration need not wait.
    from components.core.embeddings import Embedder
    from components.core.generation import AnswerGenerator
    from components.database.told_time import Clock
    from components.dialogue.counted_answers import AnswerCounts
    from components.gateway.observer import GatewayObserver
    from components.gateway.policy import ModelPolicy
    from components.helpdesk.conversations.conversation import Attachment
    from components.tools.registry import Heard


def build_workbench(
    settings: Settings,
    addresses: DatabaseAddresses,
    *,
    observer: GatewayObserver | None = None,
    counts: AnswerCounts | None = None,
    heard: Heard | None = None,
    clock: Clock | None = None,
) -> Workbench:
    """Wires everything; starts no server. observer: hears of model calls, and of the prompt cache. counts: hears of
    the answers given in conversations. heard: hears of calls of tools. clock: a simulation's, for PostgreSQL.

    Raises ModelUnavailable where the embedder's weights are absent, InvalidCatalogue for a bad models file,
    InvalidSetting.
    """
    quiet_third_parties()
    from components.agents.orchestrator.model_turns import Models
    from components.bootstrap.actions import open_actions
    from components.channels.provider_calls import ProviderCalls
    from components.dialogue.conversation_ports import TurnServices
    from components.dialogue.counted_answers import CountedAnswers
    from components.dialogue.flow_releases import FlowReleases
    from components.dialogue.turns import Turns
    from components.dialogue.work_returns import RETURN, WorkReturns, queue_return
    from components.gateway.catalogue import EXTRACTIVE, load_catalogue
    from components.gateway.chat_generator import GatewayChatGenerator
    from components.gateway.event_loop import EventLoopThread
    from components.gateway.grounded_generator import GroundedGenerator
    from components.gateway.opening import open_gateway
    from components.gateway.prompt_cache import PromptCache
    from components.helpdesk.access.people import open_people
    from components.helpdesk.answer_cache import AnswerCache
    from components.helpdesk.answer_generator import TenantGenerator, models_of
    from components.helpdesk.answer_log import AnswerLog
    from components.helpdesk.answering import Answering
    from components.helpdesk.conversations.conversations import Conversations
    from components.helpdesk.courier import build_courier
    from components.helpdesk.evaluation.answer_judge import AnswerJudge
    from components.helpdesk.evaluation.answer_runs import AnswerEvaluations
    from components.helpdesk.evaluation.index_answers import IndexAnswers
    from components.helpdesk.evaluation.measured_answers import MeasuredAnswers
    from components.helpdesk.evaluation.prompt_gate import PromptGate
    from components.helpdesk.evaluation.retention import EvaluationRetention
    from components.helpdesk.evaluation.runs import EvaluationRuns
    from components.helpdesk.evaluation.sets import EvaluationSets
    from components.helpdesk.grounded_writer import GroundedWriter
    from components.helpdesk.handover.agent_tokens import AgentTokens
    from components.helpdesk.handover.agent_tools import open_agent_tools
    from components.helpdesk.handover.apology_mail import MAIL
    from components.helpdesk.handover.arrivals import Arrivals
    from components.helpdesk.handover.attachment_links import SENT_OUT_FOR, AttachmentLinks
    from components.helpdesk.handover.attachments import Attachments
    from components.helpdesk.handover.desk import Desk
    from components.helpdesk.handover.inbound_files import InboundFiles
    from components.helpdesk.handover.notes import Notes
    from components.helpdesk.handover.summary_writer import SummaryWriter
    from components.helpdesk.handover.timers import Timers
    from components.helpdesk.handover.watching import Watching
    from components.helpdesk.inbox.inbox import Inbox
    from components.helpdesk.ingestion.service import Ingestion
    from components.helpdesk.inside_channels import EVALUATION, use_of
    from components.helpdesk.model_policy import judging_policy, only_model, policy_of
    from components.helpdesk.outbox.deliveries import Deliveries
    from components.helpdesk.outbox.mail_sender import MailSender
    from components.helpdesk.outcomes import Outcomes
    from components.helpdesk.prompts import Prompts
    from components.helpdesk.searching import Searching
    from components.helpdesk.session_tokens import SessionTokens, key_from
    from components.helpdesk.tenant_channels import TenantChannels
    from components.helpdesk.tenant_config import NluConfig, read_config
    from components.helpdesk.tickets.of_conversations import ConversationTickets
    from components.helpdesk.tickets.tickets import Tickets
    from components.helpdesk.tickets.webhook import WebhookSender
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
    database = Database(addresses.app, addresses.operator, clock=clock)
    forgetful = embedder_from_settings(settings)
    embedder = RecentEmbedder(forgetful)
    extractive = ExtractiveGenerator(embedder)
    grounder = Grounder(embedder)
    tenants = TenantRegistry(database, settings.data_dir, on_deleted=partial(forget_answers, settings))
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

    def generator_on(tenant: TenantContext, quoted: ExtractiveGenerator, checked: Grounder) -> TenantGenerator:
        def grounded(policy: ModelPolicy) -> GroundedGenerator:
            return GroundedGenerator(tenant, lambda: policy, gateway, loop, quoted, checked)

        return TenantGenerator(catalogue, partial(policy_for, tenant), grounded, quoted)

    def generator_for(tenant: TenantContext) -> TenantGenerator:
        return generator_on(tenant, extractive, grounder)

    def named_generator(tenant: TenantContext, model: str | None, own: Embedder) -> tuple[AnswerGenerator, str]:
        quoted, checked = ExtractiveGenerator(own), Grounder(own)
        if model is None:
            return generator_on(tenant, quoted, checked), models_of(catalogue, policy_for(tenant))
        if model == EXTRACTIVE:
            return quoted, EXTRACTIVE
        policy = only_model(catalogue, policy_for(tenant), model)
        generator = GroundedGenerator(tenant, lambda: policy, gateway, loop, quoted, checked)
        return generator, models_of(catalogue, policy)

    def judge_for(tenant: TenantContext, model: str) -> AnswerJudge:
        policy = judging_policy(catalogue, policy_for(tenant), model)
        return AnswerJudge(
            model,
            lambda reply, on_spent: GatewayChatGenerator(
                gateway,
                loop,
                tenant,
                policy,
                reply,
                use=use_of(EVALUATION),
                deadline=settings.request_deadline,
                on_spent=on_spent,
            ),
        )

    def own_judge(tenant: TenantContext) -> str | None:
        config = read_config(tenants.get(tenant.tenant_id).config)
        judge = config.evaluation.judge
        if judge is not None:
            judging_policy(catalogue, policy_of(config), judge)
        return judge

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
    sets, runs = EvaluationSets(database), EvaluationRuns(database)
    evaluations = AnswerEvaluations(database, forgetful, named_generator, judge_for, settings)
    measured = MeasuredAnswers(evaluations, own_judge)
    flows, conversations = FlowReleases(database), Conversations(database)
    agents = Agents(database)
    key = key_from(settings)
    answerer = answering if counts is None else CountedAnswers(answering, counts)
    actions = open_actions(
        database,
        tenants,
        Searching(embedder, settings),
        Models(gateway, loop, policy_for, conversations.channel),
        private=settings.webhook_private,
        heard=heard,
    )
    writer = GroundedWriter(catalogue.models, policy_for, gateway, loop, grounder)
    tickets = Tickets(database)
    arrivals = Arrivals(database, ConversationTickets(database, tickets))
    services = TurnServices(flows, understandings, answerer, actions.workforce, LanguageDetector(), arrivals)
    turns = Turns(database, services, deadline=settings.request_deadline)
    calls = ProviderCalls()
    channels = TenantChannels(settings, calls)
    inbox = Inbox(database, channels)
    attachments, links = Attachments(database, settings.data_dir), AttachmentLinks(key)

    def link_to(tenant: TenantContext, conversation_id: UUID, file: Attachment) -> str | None:
        base = settings.public_url
        return base and base.rstrip("/") + links.url(tenant, file.attachment_id, SENT_OUT_FOR)

    senders, courier = build_courier(
        database, tenants, channels, inbox, turns, files=InboundFiles(attachments), file_url=link_to
    )
    webhook = WebhookSender(database, loop, private=settings.webhook_private)
    senders.add("webhook", webhook)
    senders.add(MAIL, MailSender(tenants, channels))
    senders.add(RETURN, WorkReturns(database, tenants, arrivals))
    actions.workshop.listen(queue_return)
    return Workbench(
        settings=settings,
        database=database,
        embedder=embedder,
        tenants=tenants,
        api_keys=ApiKeys(database),
        answering=answering,
        answers=AnswerLog(database),
        prompts=prompts,
        prompt_gate=PromptGate(prompts, sets, runs, measured),
        evaluation_sets=sets,
        evaluation_runs=runs,
        answer_evaluations=evaluations,
        evaluation_retention=EvaluationRetention(database, settings),
        feedback=FeedbackLog(database),
        understandings=understandings,
        nlu_models=NluModels(settings, database, embedder, tenants),
        flows=flows,
        turn_services=services,
        turns=turns,
        actions=actions,
        conversations=conversations,
        session_tokens=SessionTokens(key, settings.chat_token_hours),
        agents=agents,
        agent_tokens=AgentTokens(key),
        people=open_people(settings, tenants, agents),
        desk=Desk(database, agents),
        timers=Timers(database, arrivals, tickets),
        outcomes=Outcomes(database),
        tickets=tickets,
        ticket_webhook=webhook,
        agent_tools=open_agent_tools(database, answering, SummaryWriter(writer)),
        notes=Notes(database),
        watching=Watching(database),
        attachments=attachments,
        attachment_links=links,
        calls=calls,
        channels=channels,
        inbox=inbox,
        deliveries=Deliveries(database),
        senders=senders,
        courier=courier,
        ingestion=Ingestion(
            database,
            embedder,
            settings,
            on_withdrawn=answers.purge,
            index_answers=IndexAnswers(sets, runs, measured),
        ),
        gateway=gateway,
        loop=loop,
        state=state,
        policy_for=policy_for,
        writer=writer,
    )
