"""Which types of nodes there are, by n8n's names and the design's; n8n calls what it has from a folder CUSTOM."""

from __future__ import annotations

from collections.abc import Mapping

from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.nodes.autogen_execute import AUTOGEN_EXECUTE
from components.agents.workflows.nodes.branching import IF, SWITCH
from components.agents.workflows.nodes.http_request import HTTP_REQUEST
from components.agents.workflows.nodes.merge import MERGE
from components.agents.workflows.nodes.passing import ANSWER, NO_OPERATION, TRIGGER, WEBHOOK
from components.agents.workflows.nodes.set_fields import SET
from components.agents.workflows.nodes.tool_invoker import TOOL_INVOKER
from components.agents.workflows.nodes.wait import WAIT

WEBHOOK_TYPE = "n8n-nodes-base.webhook"
MANUAL_TYPE = "n8n-nodes-base.manualTrigger"

KINDS: Mapping[str, NodeKind] = {
    "AutoGen.Execute": AUTOGEN_EXECUTE,
    "n8n-nodes-helpdesk.autoGenExecute": AUTOGEN_EXECUTE,
    "CUSTOM.autoGenExecute": AUTOGEN_EXECUTE,
    "ToolInvoker": TOOL_INVOKER,
    "n8n-nodes-helpdesk.toolInvoker": TOOL_INVOKER,
    "CUSTOM.toolInvoker": TOOL_INVOKER,
    MANUAL_TYPE: TRIGGER,
    WEBHOOK_TYPE: WEBHOOK,
    "n8n-nodes-base.respondToWebhook": ANSWER,
    "n8n-nodes-base.httpRequest": HTTP_REQUEST,
    "n8n-nodes-base.set": SET,
    "n8n-nodes-base.if": IF,
    "n8n-nodes-base.switch": SWITCH,
    "n8n-nodes-base.merge": MERGE,
    "n8n-nodes-base.wait": WAIT,
    "n8n-nodes-base.noOp": NO_OPERATION,
}
_PROGRAM = "it holds a program, and workflows here run none: Edit Fields with expressions, or a tool, does its work"
# Refused with a word of their own.
REFUSED: Mapping[str, str] = {
    "n8n-nodes-base.code": _PROGRAM,
    "n8n-nodes-base.function": _PROGRAM,
    "n8n-nodes-base.functionItem": _PROGRAM,
}
