"""A person's review of drafted questions, in a file or in a notebook's form, and variants in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from components.core.errors import InvalidInput
from components.core.tenant import Tenant
from components.helpdesk.evaluation.decision_file import read_decisions, write_decisions
from components.helpdesk.evaluation.drafting import DraftQuestion, EvaluationDraft, EvaluationDrafts
from components.helpdesk.evaluation.sets import EvaluationSets
from components.helpdesk.evaluation.variant_words import read_variant
from components.helpdesk.notebooks.review_form import ReviewForm
from components.helpdesk.prompt_files import write_prompt_file
from components.helpdesk.prompts import Prompts

if TYPE_CHECKING:
    from components.database.session import Database

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_only_what_the_file_says_to_keep_gets_into_the_set_as_it_was_mended(
    database: Database, make_tenant: Callable[..., Tenant], tmp_path: Path
) -> None:
    shop, sets, draft = make_tenant(), EvaluationSets(database), _draft()
    file = tmp_path / "reviews" / "decisions.json"
    write_decisions(draft, file)
    assert not any(decision.keep for decision in read_decisions(file).values())
    written = json.loads(file.read_text())
    written["c1"] |= {"keep": True, "question": "How long does delivery take?", "documents": ["help/delivery.md"]}
    written["c2"] |= {"keep": True, "documents": []}
    file.write_text(json.dumps(written))
    drafts = EvaluationDrafts(database, sets)
    drafts.accept(shop.context, draft, read_decisions(file), "Mara", name="asked")
    stored = sets.get(shop.context, "asked")
    assert stored.queries == {"c1": "How long does delivery take?", "c2": "do you sell boats"}
    assert stored.qrels == {"c1": {"help/delivery.md": 1}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "the file"),
        ('{"c1": {"kept": true}}', "c1"),
        ('{"c1": {"keep": true, "documents": "help/a.md"}}', "c1 > documents"),
    ],
)
def test_a_file_of_decisions_that_cannot_be_read_says_where(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "decisions.json"
    file.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        read_decisions(file)
    assert f"{file}: {told}" in refused.value.message


def test_the_form_keeps_nothing_until_it_is_ticked_and_gives_what_stands_in_it() -> None:
    form = ReviewForm(_draft())
    assert not any(decision.keep for decision in form.decisions().values())
    first = form.shown().children[0].children
    first[0].children[0].value, first[1].value, first[2].value = True, "Better words?", "help/a.md, help/b.md"
    decided = form.decisions()["c1"]
    assert (decided.keep, decided.question) == (True, "Better words?")
    assert decided.qrels == {"help/a.md": 1, "help/b.md": 1}


def test_a_variant_is_read_from_words_and_a_mistake_is_named(
    database: Database, make_tenant: Callable[..., Tenant], tmp_path: Path
) -> None:
    shop, prompts = make_tenant().context, Prompts(database)
    assert read_variant("", prompts, shop).prompt is None
    mine = tmp_path / "mine.yaml"
    mine.write_text(write_prompt_file(prompts.active(shop)).replace("system:", "system:", 1))
    variant = read_variant(f"top_k=3, pipeline=average, prompt={mine}, model=extractive", prompts, shop)
    assert (variant.top_k, variant.pipeline, variant.model) == (3, "average", "extractive")
    assert variant.prompt is not None
    assert (variant.prompt.version, variant.prompt.user) == (-1, prompts.active(shop).user)
    for wrong in ("top_k=many", "topk=3", "prompt"):
        with pytest.raises(InvalidInput, match="allowed are prompt=VERSION or FILE"):
            read_variant(wrong, prompts, shop)


def _draft() -> EvaluationDraft:
    questions = tuple(
        DraftQuestion(key, text, {"help/returns.md": 1}, None, "cited", None, uuid4())
        for key, text in (("c1", "how long delivry"), ("c2", "do you sell boats"), ("c3", "thanks"))
    )
    return EvaluationDraft("conversations", NOW, NOW, questions, 0)
