"""Messages are understood by whoever leads for the tenant, by the other one where that fails, and by nobody else's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nlu_project import EXAMPLES, write_project

from components.bootstrap import Workbench
from components.core.errors import InvalidInput, NluUnavailable
from components.core.nlu import EngineName
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.helpdesk.tenant_config import NluConfig
from components.helpdesk.tenants import TenantRegistry
from components.helpdesk.understanding.models import NluModels
from components.helpdesk.understanding.project_import import import_project
from components.helpdesk.understanding.projects import shared_project
from components.helpdesk.understanding.serving import read_serving, write_serving
from components.helpdesk.understanding.understanding import LONGEST_READ, Understandings
from tests.nlu.rasa_faulty_server import FaultyRasa, faulty_rasa, well

REFUND = "please refund my order 104432"
STANDARD = NluConfig()
Make = Callable[..., Understandings]


@pytest.fixture(scope="module")
def trained(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose shared project is trained. Nothing in it is changed but the pointer."""
    data_dir = tmp_path_factory.mktemp("nlu")
    shipped = write_project(data_dir / "shipped")
    models_of(workbench, data_dir).train(shared_project(data_dir, shipped), rasa=False)
    return data_dir


def models_of(workbench: Workbench, data_dir: Path) -> NluModels:
    registry = TenantRegistry(workbench.database, data_dir)
    chosen = Settings(data_dir=data_dir, rasa_python=data_dir / "none")  # type: ignore[call-arg]
    return NluModels(chosen, workbench.database, workbench.embedder, registry, shipped=data_dir / "shipped")


@pytest.fixture
def make(trained: Path, workbench: Workbench) -> Iterator[Make]:
    """Understandings as a process that has just started has them."""
    made: list[Understandings] = []

    def build(url: str | None = None, *, config: NluConfig = STANDARD, rasa_deadline: float = 1.0) -> Understandings:
        made.append(
            Understandings(
                trained,
                workbench.embedder,
                lambda _: config,
                rasa_url=url,
                rasa_deadline=rasa_deadline,
                shipped=trained / "shipped",
            )
        )
        return made[-1]

    yield build
    for each in made:
        each.close()


@pytest.fixture
def tenant() -> TenantContext:
    return TenantContext(uuid4())


@pytest.fixture
def rasa() -> Iterator[FaultyRasa]:
    with faulty_rasa() as running:
        yield running


@pytest.fixture
def rasa_leads(trained: Path) -> Iterator[None]:
    led_by(trained, "rasa")
    yield
    led_by(trained, "local")


def led_by(data_dir: Path, leader: EngineName) -> None:
    models = shared_project(data_dir).models
    serving = read_serving(models)
    assert serving is not None
    write_serving(models, replace(serving, leader=leader, thresholds={**serving.thresholds, "rasa": 0.7}))


def test_before_anything_is_trained_nothing_is_understood_and_the_way_out_is_said(
    workbench: Workbench, tmp_path: Path, tenant: TenantContext
) -> None:
    empty = Understandings(tmp_path, workbench.embedder, lambda _: NluConfig())
    for call in (
        lambda: empty.understand(tenant, "hi"),
        lambda: empty.intents(tenant),
        lambda: empty.responses(tenant),
    ):
        with pytest.raises(NluUnavailable, match="helpdesk nlu train"):
            call()


def test_the_local_classifier_understands_with_entities_and_small_talk(make: Make, tenant: TenantContext) -> None:
    found = make().understand(tenant, REFUND)
    assert (found.intent, found.engine, found.fallback) == ("refund", "local", None)
    assert [(entity.name, entity.value) for entity in found.entities] == [("order_number", "104432")]
    assert make().understand(tenant, "tell me your name").response == "chitchat/ask_name"


def test_intents_and_small_talk_are_the_projects(make: Make, tenant: TenantContext) -> None:
    assert make().intents(tenant) == {*EXAMPLES, "chitchat"}
    assert make().responses(tenant)["chitchat/ask_name"] == ("I am the assistant.",)


@pytest.mark.usefixtures("rasa_leads")
def test_rasa_answers_where_it_leads(make: Make, tenant: TenantContext, rasa: FaultyRasa) -> None:
    rasa.answer = well(REFUND)
    found = make(rasa.url).understand(tenant, REFUND)
    assert (found.engine, found.intent, found.threshold, found.fallback) == ("rasa", "chitchat", 0.7, None)
    assert found.response == "chitchat/ask_name"


@pytest.mark.usefixtures("rasa_leads")
@pytest.mark.parametrize("fault", ["silence", "trickled_body", "error", "cut", "reset", "not_json", "another_message"])
def test_a_rasa_that_fails_is_stood_in_for_within_the_deadline(
    make: Make, tenant: TenantContext, rasa: FaultyRasa, fault: str
) -> None:
    rasa.fault = fault
    understandings = make(rasa.url, rasa_deadline=0.5)
    understandings.understand(tenant, "warm", model="local_intent")
    started = time.monotonic()
    found = understandings.understand(tenant, REFUND, deadline=5.0)
    assert time.monotonic() - started < 5.0
    assert (found.engine, found.intent) == ("local", "refund")
    assert found.fallback is not None
    assert found.fallback.startswith("rasa: Rasa at http://127.0.0.1")


@pytest.mark.usefixtures("rasa_leads")
def test_a_rasa_that_is_not_there_or_not_set_up_is_stood_in_for_and_said(make: Make, tenant: TenantContext) -> None:
    for url, why in ((None, "no Rasa server is set up"), ("http://127.0.0.1:9", "cannot be reached")):
        found = make(url).understand(tenant, REFUND)
        assert found.engine == "local"
        assert why in (found.fallback or "")


@pytest.mark.usefixtures("rasa_leads")
def test_local_intent_asks_the_local_classifier_alone(make: Make, tenant: TenantContext, rasa: FaultyRasa) -> None:
    found = make(rasa.url).understand(tenant, REFUND, model="local_intent")
    assert (found.engine, found.fallback, rasa.calls) == ("local", None, [])


def test_a_tenants_configuration_decides_engine_threshold_and_server(
    make: Make, tenant: TenantContext, rasa: FaultyRasa
) -> None:
    rasa.answer = well(REFUND)
    found = make(config=NluConfig(engine="rasa", threshold=0.99, rasa_url=rasa.url)).understand(tenant, REFUND)
    assert (found.engine, found.threshold, found.understood) == ("rasa", 0.99, False)
    led = make(rasa.url, config=NluConfig(engine="local"))
    assert led.understand(tenant, REFUND).engine == "local"
    assert led.leads(tenant)[0] == "local"


def test_a_changed_pointer_is_seen_at_once(make: Make, tenant: TenantContext, rasa: FaultyRasa, trained: Path) -> None:
    rasa.answer = well(REFUND)
    understandings = make(rasa.url)
    seen = [understandings.understand(tenant, REFUND).engine]
    for leader in ("rasa", "local"):
        led_by(trained, leader)  # type: ignore[arg-type]
        seen.append(understandings.understand(tenant, REFUND).engine)
    assert seen == ["local", "rasa", "local"]


def test_an_unknown_model_is_refused_by_name(make: Make, tenant: TenantContext) -> None:
    with pytest.raises(InvalidInput, match=r"model='gpt'.*rasa_intent, local_intent"):
        make().understand(tenant, "hi", model="gpt")


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b"])
def test_a_text_without_words_is_no_error(make: Make, tenant: TenantContext, text: str) -> None:
    found = make().understand(tenant, text)
    assert not found.understood or found.intent is not None


@pytest.mark.parametrize(
    "text",
    [
        "😀",
        "\0\ud800 refund",
        "اريد استرداد المال",
        "אני רוצה החזר",
        "x" * 100_000,
        "refund " * 20_000,
        "%s {{x}} \\",
        "/refund",
    ],
)
def test_odd_texts_are_understood_as_well_as_they_can_be(make: Make, tenant: TenantContext, text: str) -> None:
    found = make().understand(tenant, text, deadline=30.0)
    assert 0 <= found.confidence <= 1
    assert all(entity.end <= LONGEST_READ for entity in found.entities)


@pytest.fixture(scope="module")
def one(trained: Path, workbench: Workbench) -> Understandings:
    return Understandings(trained, workbench.embedder, lambda _: NluConfig(), shipped=trained / "shipped")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_any_text_is_understood_or_not_but_never_fails(one: Understandings, text: str) -> None:
    found = one.understand(TenantContext(uuid4()), text, deadline=30.0)
    assert found.engine == "local"


def test_threads_get_each_message_its_own_meaning(one: Understandings, tenant: TenantContext) -> None:
    said = {texts[0]: intent for intent, texts in EXAMPLES.items()}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: one.understand(tenant, text, deadline=30.0).intent, [*said] * 8))
    assert found == [*said.values()] * 8


def test_a_tenants_own_project_never_answers_for_another(trained: Path, workbench: Workbench, tmp_path: Path) -> None:
    owner = workbench.tenants.create("Owner", f"{uuid4().hex}.example")
    own = {
        "secret_plan": ("open the vault", "unlock the vault", "vault please"),
        "other": ("no idea", "whatever", "hm"),
    }
    import_project(write_project(tmp_path / "own", own, {"secret_plan": ("Opened.",)}), trained, owner.context)
    understandings = Understandings(
        trained, workbench.embedder, lambda _: NluConfig(), rasa_url="http://127.0.0.1:9", shipped=trained / "shipped"
    )
    with pytest.raises(NluUnavailable, match="nothing was trained"):
        understandings.understand(owner.context, "open the vault")
    models_of(workbench, trained).train(owner, rasa=False)
    stranger = TenantContext(uuid4())
    assert understandings.understand(owner.context, "open the vault").intent == "secret_plan"
    assert understandings.intents(owner.context) == {"secret_plan", "other"}
    assert understandings.understand(stranger, "open the vault").intent in EXAMPLES
    assert understandings.intents(stranger) == {*EXAMPLES, "chitchat"}
    assert "secret_plan" not in understandings.responses(stranger)
    # The shared Rasa knows nothing of an own project, and is not asked.
    asked = Understandings(
        trained, workbench.embedder, lambda _: NluConfig(engine="rasa"), rasa_url="http://127.0.0.1:9"
    ).understand(owner.context, "open the vault")
    assert "no Rasa server is set up" in (asked.fallback or "")
