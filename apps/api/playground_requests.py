"""What the playground is asked (section 9.1 of the design)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from apps.api.rag import Question
from apps.api.text import without_nul
from components.core.answers import MOST_PASSAGES
from components.helpdesk.prompts import LONGEST_NOTE

MOST_QUERIES = 50
Text = Annotated[str, StringConstraints(max_length=8_000), AfterValidator(without_nul)]
Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NOTE),
    AfterValidator(without_nul),
]


class PromptSource(BaseModel):
    """Jinja sources. A part that is left out is the active version's."""

    model_config = ConfigDict(extra="forbid")

    system: Text | None = None
    user: Text | None = None


class VariantBody(BaseModel):
    """What is tried; what is left out stays as the tenant has it now."""

    prompt: Text | PromptSource | None = Field(
        None,
        description="Both parts; or a text: the user part where it writes `query` or `passages`, else the system part.",
    )
    prompt_version: int | None = Field(None, strict=True, ge=0, description="A saved version, instead of `prompt`.")
    model: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        None, description="One that the tenant may use, or `extractive`."
    )
    top_k: int | None = Field(None, strict=True, ge=1, le=MOST_PASSAGES)
    pipeline: Annotated[str, StringConstraints(max_length=20_000)] | None = Field(
        None, description="The name of a shipped pipeline, or YAML of our own components: how passages are fused."
    )

    @model_validator(mode="after")
    def _one_prompt(self) -> Self:
        if self.prompt is not None and self.prompt_version is not None:
            raise ValueError("prompt and prompt_version: one of them is allowed")
        return self


class EvaluateRequest(VariantBody):
    """A variant, and what it is asked: queries, or an evaluation set that knows what is right."""

    test_queries: list[Question] | None = Field(None, min_length=1, max_length=MOST_QUERIES)
    set: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        None, description="Name of an evaluation set."
    )
    set_version: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        None, description="Of the set: another than the one in use."
    )
    against: VariantBody | None = Field(None, description="A second variant, asked the same; `{}` is what is now.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.test_queries is None) == (self.set is None):
            raise ValueError("test_queries or set: exactly one of them is needed")
        if self.set is None and self.set_version is not None:
            raise ValueError("set_version: only beside set is it allowed")
        return self


class SaveRequest(BaseModel):
    """A new version of a prompt; a part that is left out is the active version's."""

    system: Text | None = None
    user: Text | None = None
    note: Note


class ActivateRequest(BaseModel):
    """anyway: why, though it answers worse."""

    version: int = Field(strict=True, ge=0)
    anyway: Note | None = None
