"""The one tree of errors: what went wrong, the bad value, and what is allowed instead.

HelpdeskError                       internal_error
├── InvalidInput                    invalid_input         a value that the caller can correct
│   ├── InvalidSetting              invalid_setting       an environment variable or a configuration file
│   │   └── InvalidCatalogue        invalid_catalogue     a models file that does not load
│   ├── InvalidPipeline             invalid_pipeline      a pipeline YAML that does not load
│   ├── InvalidEvaluationSet        invalid_evaluation_set
│   ├── InvalidPrompt               invalid_prompt        a template that does not compile or render
│   ├── PromptTooLong               prompt_too_long       more than the model reads
│   ├── ContentTooLarge             content_too_large     a file of more bytes than are taken
│   ├── UnsupportedMedia            unsupported_media_type  a file of another kind than are taken, or than it says
│   ├── InvalidFlow                 invalid_flow          a flow that does not load, or cannot run
│   ├── InvalidNluData              invalid_nlu_data      training data that does not load
│   ├── InvalidToolDocument         invalid_tool_document an OpenAPI document or MCP server that makes no tools
│   ├── InvalidWorkflow             invalid_workflow      a workflow that does not load, or cannot run
│   ├── InvalidPlan                 invalid_plan          a plan of the orchestrator that does not load
│   └── UnreadableDocument          unreadable_document   one document; the others go on (carries .reason)
├── NotFound                        not_found
│   ├── TenantNotFound              tenant_not_found
│   └── ToolNotFound                tool_not_found
├── Conflict                        conflict
│   ├── TenantExists                tenant_exists
│   ├── ModelMismatch               model_mismatch        vectors of two models would meet
│   ├── ToolRefused                 tool_refused          what was asked for is against the rules of the tool itself
│   ├── WorseThanActive             worse_than_active     a prompt that an evaluation found worse (carries .comparison)
│   ├── KeyReused                   key_reused            an idempotency key that stands for another call already
│   ├── OutcomeUnknown              outcome_unknown       a call that may have been made; a person must look
│   └── PortInUse                   port_in_use
├── AccessDenied                    access_denied
│   ├── InvalidApiKey               invalid_api_key       no key, or a wrong one
│   ├── InvalidSessionToken         invalid_session_token a customer's token: none, altered, expired, another session's
│   ├── InvalidCredentials          invalid_credentials   an agent's password or token: none, wrong, expired
│   ├── TenantMismatch              tenant_mismatch       a good key, another tenant's data
│   ├── ToolNotAllowed              tool_not_allowed      a tool that the tenant, or this caller, may not use
│   ├── AddressNotAllowed           address_not_allowed   a system at an address that may not be called
│   └── ModelNotAllowed             model_not_allowed     a model that the tenant may not use
├── RateLimited                     rate_limited          too many requests of one caller (carries .retry_after)
└── Unavailable                     unavailable           try again later
    ├── DatabaseUnavailable         database_unavailable
    ├── IndexUnavailable            index_unavailable     no index has been promoted for the tenant yet
    ├── NluUnavailable              nlu_unavailable       an engine of understanding is down, slow or not trained
    ├── Unreachable                 unreachable           another system could not be asked: nothing was done there
    │   └── AnswerLost              answer_lost           it was asked, and no answer came: it may have been done
    ├── ToolUnavailable             tool_unavailable      a tool's system does not answer, or not in time
    ├── WorkflowUnavailable         workflow_unavailable  a workflow or tool that a flow calls did not do its work
    ├── SharedStateUnavailable      shared_state_unavailable  Redis does not answer; what needs it goes without
    ├── BudgetExhausted             budget_exhausted      nothing that the tenant may still pay for can answer
    └── ModelUnavailable            model_unavailable     weights absent, altered, or a remote model out of reach
        ├── ModelTimedOut           model_timed_out       silent past its deadline
        ├── ModelOverloaded         model_overloaded      asks to be left alone for a while (carries .retry_after)
        ├── ModelMisbehaved         model_misbehaved      breaks its protocol: a cut stream, invalid JSON
        └── CircuitOpen             circuit_open          failed too often lately to be asked

Every message names the bad value and what is allowed. `code` is stable; apps.api maps it to an HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class HelpdeskError(Exception):
    """Root of all our errors. `field` names the offending input, where there is one."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(HelpdeskError):
    code = "invalid_input"


class InvalidSetting(InvalidInput):
    code = "invalid_setting"


class InvalidCatalogue(InvalidSetting):
    code = "invalid_catalogue"


class InvalidPrompt(InvalidInput):
    code = "invalid_prompt"


class PromptTooLong(InvalidInput):
    code = "prompt_too_long"


class ContentTooLarge(InvalidInput):
    code = "content_too_large"


class UnsupportedMedia(InvalidInput):
    code = "unsupported_media_type"


class InvalidFlow(InvalidInput):
    code = "invalid_flow"


class InvalidNluData(InvalidInput):
    code = "invalid_nlu_data"


class InvalidToolDocument(InvalidInput):
    code = "invalid_tool_document"


class InvalidWorkflow(InvalidInput):
    code = "invalid_workflow"


class InvalidPlan(InvalidInput):
    code = "invalid_plan"


class InvalidPipeline(InvalidInput):
    code = "invalid_pipeline"


class InvalidEvaluationSet(InvalidInput):
    code = "invalid_evaluation_set"


class UnreadableDocument(InvalidInput):
    """One document cannot be used. `reason` is a short stable word, such as `encrypted_pdf`."""

    code = "unreadable_document"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotFound(HelpdeskError):
    code = "not_found"


class TenantNotFound(NotFound):
    code = "tenant_not_found"


class ToolNotFound(NotFound):
    code = "tool_not_found"


class Conflict(HelpdeskError):
    code = "conflict"


class TenantExists(Conflict):
    code = "tenant_exists"


class ModelMismatch(Conflict):
    code = "model_mismatch"


class PortInUse(Conflict):
    code = "port_in_use"


class ToolRefused(Conflict):
    code = "tool_refused"


class WorseThanActive(Conflict):
    code = "worse_than_active"
    comparison: Mapping[str, object] = {}


class KeyReused(Conflict):
    code = "key_reused"


class OutcomeUnknown(Conflict):
    code = "outcome_unknown"


class AccessDenied(HelpdeskError):
    code = "access_denied"


class InvalidApiKey(AccessDenied):
    code = "invalid_api_key"


class InvalidSessionToken(AccessDenied):
    code = "invalid_session_token"


class InvalidCredentials(AccessDenied):
    code = "invalid_credentials"


class InvalidSignature(AccessDenied):
    code = "invalid_signature"


class TenantMismatch(AccessDenied):
    code = "tenant_mismatch"


class ModelNotAllowed(AccessDenied):
    code = "model_not_allowed"


class ToolNotAllowed(AccessDenied):
    code = "tool_not_allowed"


class AddressNotAllowed(AccessDenied):
    code = "address_not_allowed"


class RateLimited(HelpdeskError):
    """`retry_after`: seconds after which the caller may try again."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(HelpdeskError):
    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"


class IndexUnavailable(Unavailable):
    code = "index_unavailable"


class ModelUnavailable(Unavailable):
    code = "model_unavailable"


class ModelTimedOut(ModelUnavailable):
    code = "model_timed_out"


class ModelOverloaded(ModelUnavailable):
    """`retry_after`: seconds after which it wants to be asked again, None where it did not say."""

    code = "model_overloaded"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelMisbehaved(ModelUnavailable):
    code = "model_misbehaved"


class CircuitOpen(ModelUnavailable):
    code = "circuit_open"


class NluUnavailable(Unavailable):
    code = "nlu_unavailable"


class Unreachable(Unavailable):
    code = "unreachable"


class AnswerLost(Unreachable):
    code = "answer_lost"


class ToolUnavailable(Unavailable):
    code = "tool_unavailable"


class WorkflowUnavailable(Unavailable):
    code = "workflow_unavailable"


class ChannelUnavailable(Unavailable):
    code = "channel_unavailable"


class BudgetExhausted(Unavailable):
    code = "budget_exhausted"


class SharedStateUnavailable(Unavailable):
    code = "shared_state_unavailable"
