"""What POST /llm/generate takes and gives: section 5.1 of the design, with what a caller may set beside it."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from apps.api.json_schema import checked_schema
from apps.api.money import Amount
from apps.api.text import without_nul
from components.core.answers import Reason
from components.core.chat_model import ChatMessage, ChatRequest, ToolDefinition

LONGEST_PROMPT = 60_000
MOST_FUNCTIONS = 32
MOST_TOKENS = 8192
_EMPTY = {"type": "object", "properties": {}}


def _written(prompt: str) -> str:
    if not prompt.strip():
        raise ValueError("must not be blank")
    return prompt


Prompt = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_PROMPT),
    AfterValidator(without_nul),
    AfterValidator(_written),
]
Stop = Annotated[str, StringConstraints(min_length=1, max_length=100)]
JsonSchema = Annotated[dict[str, Any], AfterValidator(checked_schema)]


class FunctionDef(BaseModel):
    """A function that the model may ask for; the caller runs it."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    description: Annotated[str, StringConstraints(max_length=4000), AfterValidator(without_nul)] = ""
    parameters: JsonSchema = Field(_EMPTY, description="JSON Schema (2020-12) of its arguments, an object.")


def _distinct(functions: list[FunctionDef]) -> list[FunctionDef]:
    names = [each.name for each in functions]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"two functions are named {twice[0]!r}: each needs its own name")
    return functions


class LlmRequest(BaseModel):
    """A prompt for one of the tenant's models."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: UUID = Field(description="The tenant of the API key.")
    model: str | None = Field(
        None, min_length=1, max_length=100, description="One of GET /llm/models; none = the tenant's routing decides."
    )
    prompt: Prompt
    functions: Annotated[list[FunctionDef], AfterValidator(_distinct)] = Field([], max_length=MOST_FUNCTIONS)
    max_tokens: int = Field(512, strict=True, ge=1, le=MOST_TOKENS, description="Longest text, in tokens.")
    temperature: float = Field(
        0.0, strict=True, ge=0, le=2, allow_inf_nan=False, description="0 = always the likeliest token."
    )
    stop: list[Stop] = Field([], max_length=4, description="The text ends before the first of these.")
    seed: int | None = Field(None, strict=True, ge=0, lt=2**31)
    response_schema: JsonSchema | None = Field(
        None, description="JSON Schema that the text has to keep to; `pattern` is passed on and not checked here."
    )

    def chat_request(self, deadline: float) -> ChatRequest:
        """As the gateway takes it. deadline: seconds."""
        return ChatRequest(
            messages=(ChatMessage("user", self.prompt),),
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            seed=self.seed,
            stop=tuple(self.stop),
            tools=tuple(ToolDefinition(each.name, each.description, each.parameters) for each in self.functions),
            response_schema=self.response_schema,
            deadline=deadline,
        )


class FunctionCall(BaseModel):
    """What the model asks the caller to run; `arguments` fit the function's parameters."""

    name: str
    arguments: dict[str, Any]


class LlmTokens(BaseModel):
    """Tokens read and written."""

    input: int
    output: int


class LlmResponse(BaseModel):
    """What the model wrote, and what it cost."""

    text: str
    functionCall: FunctionCall | None = Field(  # noqa: N815 - the design's name
        None, exclude_if=lambda value: value is None, description="Absent where the model asks for none."
    )
    tokens: LlmTokens
    model: str = Field(description="The one that answered: another than the named one where that failed.")
    cost: Amount = Field(description="In `currency`; 0 for a repetition of an earlier output.")
    currency: str
    cache_hit: bool
    reason: Reason | None = Field(description="Why a language model did not answer: `budget` or `provider_down`.")
