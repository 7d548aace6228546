"""What the routes of workflows give."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from components.agents.workflows.store import StoredWorkflow
from components.agents.workflows.workflow import Problem


class WorkflowProblem(BaseModel):
    """What keeps a workflow from running. node: "" for all of it."""

    node: str
    message: str


class WorkflowBody(BaseModel):
    """A workflow, as the version that runs has it."""

    name: str
    version: int = Field(description="0 is a shipped one.")
    nodes: int
    webhook: str | None = Field(description="The path, below /workflow-hooks/{domain}/, that begins it.")
    created_at: datetime | None


class WorkflowWithDocument(WorkflowBody):
    """A workflow with its JSON. problems: what this tenant lacks for it, such as credentials."""

    document: dict[str, Any]
    problems: list[WorkflowProblem]


class WorkflowList(BaseModel):
    """By name."""

    workflows: list[WorkflowBody]


class WorkflowVerdict(BaseModel):
    """Whether a workflow can run, and all that keeps it from running."""

    valid: bool
    problems: list[WorkflowProblem]


def workflow_values(stored: StoredWorkflow) -> dict[str, Any]:
    """The fields of a WorkflowBody."""
    return {
        "name": stored.name,
        "version": stored.version,
        "nodes": len(stored.document.get("nodes", ())),
        "webhook": stored.webhook,
        "created_at": stored.created_at,
    }


def problem_bodies(problems: Iterable[Problem]) -> list[WorkflowProblem]:
    return [WorkflowProblem(node=each.node, message=each.message) for each in problems]
