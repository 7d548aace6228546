"""Prompt templates over the passages of one question, in which retrieved text is data and stays data.

What a template may use:

    query       the customer's question on one line (user only)
    passages    the passages, best first (user only); of each one
                  .number     1, 2, …: what the answer cites as [n]
                  .title      of the document, one line
                  .section    its heading path, one line, maybe empty
                  .text       each line after "> "
                  .boundary   the same as boundary
    language    what to answer in, to be read after "in": "German", or "the language of the question"
    boundary    eight hexadecimal digits that occur in no passage and not in the question, to mark the prompt's own
                lines with; the same for the same question and passages

All of it is neutral already (prompt_quoting): no template can undo that. The system message holds nobody's words but
the template's.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from jinja2 import TemplateError

from components.core.answers import Passage
from components.core.chat_model import ChatMessage
from components.core.errors import InvalidPrompt
from components.core.languages import language_name
from components.core.prompts import SHIPPED_VERSION, PromptTemplate, RenderedPrompt
from components.retrieval.prompt_quoting import boundary_of, quoted_line, quoted_lines
from components.retrieval.prompt_sandbox import VARIABLES, compiled_prompt

ANSWER_PROMPT = "answer"
LONGEST_PART = 8_000
LONGEST_TITLE = 200
ANY_LANGUAGE = "the language of the question"
_SHIPPED = Path(__file__).parent / "prompts"
_TEMPLATE_FILES = ("<template>", "<unknown>")

# What an expression in a template can raise besides Jinja's own errors: it is the prompt engineer's code.
_RENDERING = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True)
class PassageView:
    """A passage as a template sees it, safe to be written anywhere."""

    number: int
    title: str
    section: str
    text: str
    boundary: str


def prompt_ids() -> tuple[str, ...]:
    """The prompts there are."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.yaml")))


@cache
def shipped_prompt(prompt_id: str = ANSWER_PROMPT) -> PromptTemplate:
    """The template that holds until a tenant activates one of its own. Raises InvalidPrompt for an unknown id."""
    if prompt_id not in prompt_ids():
        raise InvalidPrompt(f"prompt {prompt_id!r}: allowed is one of {', '.join(prompt_ids())}", field="prompt_id")
    source = yaml.safe_load((_SHIPPED / f"{prompt_id}.yaml").read_text("utf-8"))
    return PromptTemplate(prompt_id, SHIPPED_VERSION, source["system"], source["user"])


def render(
    template: PromptTemplate, query: str, passages: Sequence[Passage], language: str | None = None
) -> RenderedPrompt:
    """The two messages for one question, equal for equal input. language: ISO 639-1, None for the question's own.
    Raises InvalidPrompt naming part and line, InvalidInput for an unknown language."""
    question = quoted_line(query)
    quoted = [
        (quoted_line(each.title, LONGEST_TITLE), quoted_line(each.section, LONGEST_TITLE), quoted_lines(each.text))
        for each in passages
    ]
    boundary = boundary_of([question, *(text for texts in quoted for text in texts)])
    views = tuple(PassageView(number, *texts, boundary) for number, texts in enumerate(quoted, start=1))
    spoken = ANY_LANGUAGE if language is None else language_name(language)
    values = {"query": question, "passages": views, "language": spoken, "boundary": boundary}
    messages = (
        ChatMessage("system", _rendered("system", template.system, values)),
        ChatMessage("user", _rendered("user", template.user, values)),
    )
    return RenderedPrompt(template.prompt_id, template.version, messages)


def check_template(template: PromptTemplate) -> None:
    """Compiles it and renders it over sample questions. Raises InvalidPrompt naming part, line and what is allowed,
    also where a part is empty or too long, or the passages or the question are not shown."""
    for part, source in (("system", template.system), ("user", template.user)):
        if not source.strip() or len(source) > LONGEST_PART:
            raise InvalidPrompt(
                f"{part} has {len(source)} characters: 1 to {LONGEST_PART}, not all blank, are allowed", field=part
            )
    samples = tuple(Passage(f"c{n}", "d", f"Title {n}", "Section" * (n % 2), f"Text-{n}.", 1.0) for n in range(1, 4))
    for shown in (samples, samples[:1], ()):
        user = render(template, "Question-0?", shown).messages[-1].content
        if "Question-0?" not in user:
            raise InvalidPrompt("user does not show the question: {{ query }} is needed", field="user")
        missing = [passage for passage in shown if passage.text not in user]
        if missing:
            raise InvalidPrompt(
                f"user does not show passage {missing[0].chunk_id[1:]} of {len(shown)}: "
                "{% for passage in passages %} with {{ passage.number }} and {{ passage.text }} is needed",
                field="user",
            )


def _rendered(part: str, source: str, values: Mapping[str, object]) -> str:
    template = compiled_prompt(part, source)
    try:
        return template.render(values)
    except _RENDERING as error:
        raise InvalidPrompt(
            f"{part}, line {_line(error)}: {error}; allowed are {', '.join(VARIABLES[part])}", field=part
        ) from error


def _line(error: Exception) -> int:
    """Where in the template: Jinja puts its lines into the traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename in _TEMPLATE_FILES]
    return (lines[-1] if lines else None) or 1
