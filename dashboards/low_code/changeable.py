"""What can be changed without a line of Python: where, by whom, with which schema, and an example of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from components.agents.plans.plan_reading import plan_schema
from components.agents.workflows.document import workflow_schema
from components.core.tenant import Tenant
from components.dialogue.flow_schema import flow_schema
from components.helpdesk.access.roles import Role
from components.helpdesk.prompt_files import prompt_schema
from components.helpdesk.tenant_config import config_schema, tools_schema
from components.knowledge.source_declarations import source_schema
from components.nlu.rasa_files import nlu_schema
from components.retrieval.pipeline_schema import pipeline_schema
from dashboards.desk import Desk
from dashboards.low_code import present
from dashboards.low_code.present import PROJECT


@dataclass(frozen=True)
class Changeable:
    """title, about: what it is. who: those whose work it is. where: steps, with TENANT for the tenant's domain. file:
    the worked example, below the project. part: the keys of it that are shown; none = all. present: what a tenant has
    now, in words."""

    title: str
    about: str
    who: Sequence[Role]
    where: Sequence[str]
    schema: Callable[[], Mapping[str, Any]]
    file: str
    present: Callable[[Desk, Tenant], str]
    part: Callable[[Any], Any] | None = None

    def steps(self, domain: str) -> list[str]:
        """Where, for this tenant."""
        return [step.replace("TENANT", domain) for step in self.where]

    def example(self) -> str:
        """The worked example as it is written; what a whole file holds beside it left out."""
        text = (PROJECT / self.file).read_text(encoding="utf-8")
        if self.part is None:
            return text
        return yaml.safe_dump(self.part(yaml.safe_load(text)), sort_keys=False, allow_unicode=True, width=100)


def _tools(tenant: Any) -> Any:
    return {key: tenant["config"][key] for key in ("actions", "tools")}


CHANGEABLES: tuple[Changeable, ...] = (
    Changeable(
        "Sources of knowledge",
        "A folder of Markdown, HTML, text and PDF files that is read every hour and whenever it changes.",
        ("knowledge_manager",),
        (
            "write dagster_project/defs/<any name>/defs.yaml",
            "helpdesk ingest TENANT, or the asset raw_documents in Dagster",
        ),
        source_schema,
        "dagster_project/defs/northtrail/defs.yaml",
        present.sources,
    ),
    Changeable(
        "Pipelines",
        "How passages are found and put in order: components, Haystack's own among them, and what is wired to what.",
        ("prompt_engineer",),
        (
            'HELPDESK_PIPELINE=my.yaml helpdesk ask TENANT "How long does a refund take?"',
            "helpdesk evaluate retrieval --beir <folder of questions> --pipeline my.yaml",
        ),
        pipeline_schema,
        "components/retrieval/definitions/hybrid.yaml",
        present.pipeline,
    ),
    Changeable(
        "Prompts",
        "What a language model is told before it answers, in versions that never change.",
        ("prompt_engineer",),
        (
            "helpdesk prompt show TENANT answer --raw > mine.yaml",
            'helpdesk prompt save TENANT answer mine.yaml --note "why"',
            "helpdesk prompt activate TENANT answer <version>",
        ),
        prompt_schema,
        "components/retrieval/prompts/answer.yaml",
        present.prompt,
    ),
    Changeable(
        "Flows",
        "How a conversation goes: what is said, asked, looked up, done, and when a person takes over.",
        ("supervisor", "prompt_engineer"),
        (
            "helpdesk flow validate flows/",
            'helpdesk flow save flows/ --tenant TENANT --author me --note "why"',
            "helpdesk flow activate <version> --tenant TENANT",
        ),
        flow_schema,
        "deploy/demo/northtrail/flows/exchange.yaml",
        present.flows,
    ),
    Changeable(
        "NLU examples",
        "What customers say and what they mean by it, as Rasa's training files.",
        ("prompt_engineer", "knowledge_manager"),
        (
            "helpdesk nlu import my-nlu/ --tenant TENANT",
            "helpdesk nlu train --tenant TENANT",
            "helpdesk nlu status",
        ),
        nlu_schema,
        "apps/rasa/data/nlu_orders.yml",
        present.nlu,
    ),
    Changeable(
        "Workflows",
        "Steps in other systems, drawn in n8n or written as its JSON; a flow or a webhook begins one.",
        ("prompt_engineer",),
        (
            "helpdesk workflow validate refund.json --tenant TENANT",
            "helpdesk workflow import TENANT refund.json",
            "POST /workflows, with the tenant's API key",
        ),
        workflow_schema,
        "components/agents/shipped/refund.json",
        present.workflows,
    ),
    Changeable(
        "Plans",
        "How a goal is reached step by step where no language model thinks one up.",
        ("prompt_engineer",),
        ("helpdesk plan validate my-plan.yaml", "helpdesk plan import my-plan.yaml --tenant TENANT"),
        plan_schema,
        "components/agents/shipped/process_refund.yaml",
        present.plans,
    ),
    Changeable(
        "Tools",
        "What may be done, by whom, how often, up to which sum; and tools of an OpenAPI document or an MCP server.",
        ("supervisor",),
        (
            "helpdesk tool list TENANT",
            "helpdesk tool import openapi.yaml --tenant TENANT",
            "helpdesk tenant config TENANT shop.yaml",
        ),
        tools_schema,
        "deploy/demo/northtrail/tenant.yaml",
        present.tools,
        _tools,
    ),
    Changeable(
        "Tenants",
        "Colours, greeting, languages' models and budgets, opening hours, channels, and what is promised to customers.",
        ("supervisor",),
        ("helpdesk tenant show TENANT", "helpdesk tenant config TENANT shop.yaml"),
        config_schema,
        "deploy/demo/northtrail/tenant.yaml",
        present.config,
        lambda tenant: tenant["config"],
    ),
)
