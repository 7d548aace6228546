"""A prompt template is the prompt engineer's code, and a passage never is."""

from __future__ import annotations

import pytest

from components.core.answers import Passage
from components.core.errors import InvalidPrompt
from components.core.prompts import PromptTemplate
from components.retrieval.prompting import render, shipped_prompt

PASSAGE = Passage("c", "help/c", "Title", "", "Some text.", 1.0)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 1 / 0 }}",
        "{{ passages.nothing.more }}",
        "{{ query + 1 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ passages.clear() }}",
        "{% include 'x' %}",
        "{{ nothing }}",
        "{% for %}",
    ],
)
@pytest.mark.parametrize("part", ["system", "user"])
def test_a_template_that_fails_is_refused(template: str, part: str) -> None:
    sources = {"system": "s", "user": "u"} | {part: template}
    with pytest.raises(InvalidPrompt):
        render(PromptTemplate("answer", 1, **sources), "q", [PASSAGE])


def test_a_passage_cannot_run_as_a_template() -> None:
    passage = Passage("c", "help/c", "Title", "", "{{ 7 * 7 }}", 1.0)
    assert "{{ 7 * 7 }}" in render(shipped_prompt(), "q", [passage]).messages[-1].content
