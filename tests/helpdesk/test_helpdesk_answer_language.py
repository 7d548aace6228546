"""A language model is told the customer's language, and an answer in one is never given for a question in another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, Shop

from components.bootstrap import Workbench, build_workbench
from components.core.errors import InvalidInput
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.tenant_config import read_config
from tests.gateway.redis_fixtures import running_redis
from tests.helpdesk.scripted_model_server import ScriptedServer, scripted_server

GERMAN = "Ein Paket nach Norwegen braucht 9 Tage [1]."
ENGLISH = "A parcel to Norway takes nine days [1]."


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as served:
        yield served


@pytest.fixture(scope="module")
def shop(
    server: ScriptedServer,
    postgres: DatabaseAddresses,
    helpdesk_settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """A tenant whose knowledge is English and whose questions the scripted model answers, with Redis."""
    from components.shared_state.embedded_redis import read_address

    folder = tmp_path_factory.mktemp("shop")
    with running_redis() as redis:
        changes = {
            "models": server.catalogue(tmp_path_factory.mktemp("models")),
            "redis_url": read_address(redis),
            "data_dir": helpdesk_settings.data_dir,
        }
        workbench: Workbench = build_workbench(Settings.model_validate(changes), postgres)
        config = {"high_accuracy_model": "scripted", "models": []}
        shop = Shop(workbench.tenants.create("Shop", f"{uuid4().hex}.example", config), folder, workbench)
        shop.write(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
        shop.ingest()
        yield shop
        workbench.close()


@pytest.fixture(autouse=True)
def quiet(server: ScriptedServer) -> None:
    server.requests.clear()


def asked(shop: Shop, language: str | None, question: str = NORWAY) -> AnsweredQuestion:
    return shop.workbench.answering.answer(shop.tenant.context, question, language=language)


def told(server: ScriptedServer) -> str:
    return str(server.requests[-1]["messages"][0]["content"])


def test_the_model_is_told_the_language_and_its_translation_is_given_with_its_citation(
    shop: Shop, server: ScriptedServer
) -> None:
    server.says(GERMAN)
    given = asked(shop, "de")
    assert "in German." in told(server)
    assert (given.answer.text, given.answer.model, given.answer.reason) == (GERMAN, "scripted", None)
    (citation,) = given.answer.citations
    assert citation.document_id == "help/shipping.md"
    assert citation.quote == citation.passage[citation.start : citation.end]
    assert "nine days" in citation.quote


def test_a_translation_with_a_number_that_is_nowhere_is_quoted_instead(shop: Shop, server: ScriptedServer) -> None:
    server.says("Colis en Norvège : 90 jours [1].")
    given = asked(shop, "fr")
    assert (given.answer.model, given.answer.reason) == ("extractive", "unsupported")
    assert "nine days" in given.answer.text


def test_without_a_language_the_model_answers_in_the_questions(shop: Shop, server: ScriptedServer) -> None:
    server.says(ENGLISH)
    given = asked(shop, None)
    assert "in the language of the question." in told(server)
    assert given.answer.text == ENGLISH


def test_a_kept_answer_is_given_again_in_its_language_only(shop: Shop, server: ScriptedServer) -> None:
    question = "How many days does a parcel to Norway take?"
    for language, text in (("de", GERMAN), ("en", ENGLISH)):
        server.says(text)
        first = asked(shop, language, question)
        assert (first.cache == "hit", first.answer.text) == (False, text)
        assert kept(shop, language, question).answer.text == text
    assert asked(shop, "sv", question).cache != "hit"


def kept(shop: Shop, language: str, question: str) -> AnsweredQuestion:
    """Given from what is kept; on a busy machine Redis may be left alone for a second or two before."""
    for _ in range(30):
        given = asked(shop, language, question)
        if given.cache == "hit":
            return given
        time.sleep(0.3)
    raise AssertionError(f"{question!r} in {language} was never given from the cache")


def test_an_own_prompt_without_the_variable_still_works(shop: Shop, server: ScriptedServer) -> None:
    user = "{% for p in passages %}[{{ p.number }}] {{ p.text }}{% endfor %} {{ query }}"
    prompts, tenant = shop.workbench.prompts, shop.tenant.context
    version = prompts.save(tenant, "answer", "Be brief.", user, author="a", note="n")
    prompts.activate(tenant, "answer", version, "a")
    server.says(GERMAN)
    assert asked(shop, "de", "When does a parcel arrive in Norway?").answer.text
    prompts.activate(tenant, "answer", 0, "a")


def test_an_unknown_language_is_refused_by_name(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match=r"language='klingon'.*de.*en") as raised:
        asked(shop, "klingon")
    assert raised.value.field == "language"


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"language": "xx"}, "config.language"),
        ({"nlu": {"engine": "gpt"}}, "config.nlu.engine"),
        ({"nlu": {"threshold": 1.5}}, "config.nlu.threshold"),
        ({"nlu": {"rasa_url": "ftp://rasa"}}, "config.nlu.rasa_url"),
        ({"nlu": {"rasa_url": "http://rasa:99999"}}, "config.nlu.rasa_url"),
        ({"nlu": {"engin": "rasa"}}, "config.nlu.engin"),
    ],
)
def test_a_bad_key_of_language_or_nlu_is_refused_by_name(config: dict[str, object], key: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_config(config)
    assert raised.value.field == key
