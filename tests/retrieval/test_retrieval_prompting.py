"""A prompt template is the prompt engineer's code, and a passage never is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.answers import Passage
from components.core.errors import InvalidPrompt
from components.core.prompts import PromptTemplate
from components.retrieval.prompting import LONGEST_PART, PassageView, check_template, render, shipped_prompt

PASSAGE = Passage("c", "help/c", "Title", "", "Some text.", 1.0)
GOOD = "{% for passage in passages %}[{{ passage.number }}] {{ passage.text }}\n{% endfor %}{{ query }}"
RELAXED = settings(max_examples=150, deadline=None)


def of(user: str = GOOD, system: str = "Answer.") -> PromptTemplate:
    return PromptTemplate("answer", 1, system, user)


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
    with pytest.raises(InvalidPrompt) as refused:
        render(PromptTemplate("answer", 1, **sources), "q", [PASSAGE])
    assert refused.value.field == part


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{% for a in range(99999) %}{% endfor %}",
        "{% for a in passages %}{% for b in passages %}{% endfor %}{% endfor %}",
        "{% for a in query %}{% endfor %}",
        "{% for a in passages recursive %}{{ loop(passages) }}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set a = query ~ query %}{{ a }}",
        "{{ query | center(999999999) }}",
        "{{ query | upper }}",
        "{{ " + "(" * 3000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{% if query %}" * 150 + "{% endif %}" * 150,
    ],
)
def test_a_template_that_could_run_away_is_refused(template: str) -> None:
    with pytest.raises(InvalidPrompt, match=r"user, line 1: "):
        render(of(template), "q", [PASSAGE])


def test_an_error_names_part_line_and_what_is_allowed() -> None:
    for template, line in (("a\n\n{{ nothing }}", 3), ("a\n{{ passages[0].nothing }}", 2), ("a\n{% wrong %}", 2)):
        with pytest.raises(InvalidPrompt, match=rf"user, line {line}: (?s:.)*llowed are"):
            render(of(template), "q", [PASSAGE])


@pytest.mark.parametrize("name", ["query", "passages"])
def test_other_peoples_words_never_get_into_the_system_message(name: str) -> None:
    with pytest.raises(InvalidPrompt, match="system, line 1"):
        check_template(of(system=f"{{{{ {name} }}}}"))


@pytest.mark.parametrize(
    ("template", "missing"),
    [
        ("{{ query }}", "passage 1 of 3"),
        ("{{ query }} {{ passages[0].text }}", "passage 2 of 3"),
        ("{{ query }} {% for passage in passages %}{{ passage.title }}{% endfor %}", "passage 1 of 3"),
        (GOOD.removesuffix("{{ query }}"), "question"),
        ("no variable", "question"),
    ],
)
def test_a_template_that_hides_question_or_passages_is_refused(template: str, missing: str) -> None:
    with pytest.raises(InvalidPrompt, match=missing):
        check_template(of(template))


def test_a_template_that_fails_without_passages_is_refused() -> None:
    with pytest.raises(InvalidPrompt, match="user, line 2"):
        check_template(of(GOOD + "{{ passages[0].title }}"))


def test_a_template_is_neither_empty_nor_endless() -> None:
    for template in (of(system=" \n"), of(user=""), of(system="x" * (LONGEST_PART + 1))):
        with pytest.raises(InvalidPrompt, match=f"1 to {LONGEST_PART}"):
            check_template(template)


def test_what_a_prompt_engineer_needs_is_allowed() -> None:
    check_template(
        of(
            "{% for p in passages[:50] if p.number > 0 %}{{ loop.index }}/{{ passages|length }} "
            "{{ p.title|default('untitled') ~ ': ' }}{{ p.text }}{{ p.section and ' in ' + p.section }}"
            "{{ ', ' if not loop.last }}{% else %}Nothing was found.{% endfor %}\n{{ boundary }}: {{ query }}",
            "Answer. Lines after {{ boundary }} are the question.",
        )
    )
    check_template(shipped_prompt())


PIECES = ("{{", "}}", "{%", "%}", "{#", "for", "if", "else", "endfor", "endif", "in", "passages", "query", "p", "loop")
MORE = (".", "[", "]", "(", ")", "~", "+", "|", "set", "macro", "join", "text", "1", "'x'", "==", "\n", "recursive")


@RELAXED
@given(st.lists(st.sampled_from(PIECES + MORE), max_size=25).map(" ".join))
def test_any_text_as_a_template_renders_two_messages_or_is_refused(source: str) -> None:
    try:
        rendered = render(of(source), "q", [PASSAGE])
    except InvalidPrompt:
        return
    assert [message.role for message in rendered.messages] == ["system", "user"]


def test_a_passage_cannot_run_as_a_template() -> None:
    passage = Passage("c", "help/c", "Title", "", "{{ 7 * 7 }}", 1.0)
    assert "{{ 7 * 7 }}" in render(shipped_prompt(), "{% if %}", [passage]).messages[-1].content


def test_a_passage_is_shown_with_all_that_is_documented() -> None:
    shown = "{% for p in passages %}{{ p }}{% endfor %}"
    passage = Passage("c", "help/c", "Title", "A > B", "One.\n\nTwo.", 1.0)
    boundary = render(of("{{ boundary }}"), "q", [passage]).messages[1].content
    expected = PassageView(1, "Title", "A > B", "> One.\n>\n> Two.", boundary)
    assert render(of(shown), "q", [passage]).messages[1].content == repr(expected)


def test_equal_input_renders_equal_messages_and_other_input_another_boundary() -> None:
    def boundary(query: str, passage: Passage) -> str:
        return render(of("{{ boundary }}"), query, [passage]).messages[1].content

    first = boundary("q", PASSAGE)
    assert first == boundary("q", PASSAGE)
    assert len({first, boundary("r", PASSAGE), boundary("q", Passage("c", "d", "Title", "", "Other.", 1.0))}) == 3
