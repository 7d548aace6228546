"""A person's review of drafted questions, in a file or in a notebook's form, and variants in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import yaml

from components.core.errors import InvalidInput
from components.core.tenant import Tenant
from components.helpdesk.evaluation.draft_files import read_draft_file, write_draft_file
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
    database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    shop, sets, draft = make_tenant(), EvaluationSets(database), _draft()
    text = write_draft_file(draft)
    assert read_draft_file(text) == (draft, {})
    written = yaml.safe_load(text)
    first, second, third = written["questions"]
    first |= {"keep": True, "question": "How long does delivery take?", "documents": {"help/delivery.md": 1}}
    second |= {"keep": True, "documents": {}}
    assert third["look_at"] == ["help/thanks.md"]
    read, decisions = read_draft_file(yaml.safe_dump(written))
    EvaluationDrafts(database, sets).accept(shop.context, read, decisions, "Mara", name="asked")
    stored = sets.get(shop.context, "asked")
    assert stored.queries == {"c1": "How long does delivery take?", "c2": "do you sell boats"}
    assert stored.qrels == {"c1": {"help/delivery.md": 1}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kept": True}, "questions.0.kept"),
        ({"keep": "perhaps"}, "questions.0.keep"),
        ({"documents": "help/a.md"}, "questions.0.documents"),
        ({"look_at": 3}, "questions.0.look_at"),
    ],
)
def test_a_reviewed_file_that_cannot_be_read_says_where(change: dict[str, object], told: str) -> None:
    written = yaml.safe_load(write_draft_file(_draft()))
    written["questions"][0] |= change
    with pytest.raises(InvalidInput) as refused:
        read_draft_file(yaml.safe_dump(written), "mine.yaml")
    assert f"mine.yaml, {told}" in refused.value.message
    with pytest.raises(InvalidInput, match=r"mine\.yaml"):
        read_draft_file("{", "mine.yaml")


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
        DraftQuestion(key, text, {"help/returns.md": 1}, None, "cited", None, uuid4(), look_at)
        for key, text, look_at in (
            ("c1", "how long delivry", ()),
            ("c2", "do you sell boats", ()),
            ("c3", "thanks", ("help/thanks.md",)),
        )
    )
    return EvaluationDraft("conversations", NOW, NOW, questions, 0)
