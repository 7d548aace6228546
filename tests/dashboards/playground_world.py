"""A shop whose language model says what a test writes for it, its API and its dashboards, each on a socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.tables import AnswerRow
from components.helpdesk.evaluation.beir import EvaluationSet, set_version
from tests.apps_api.apps_api_customers import SHOP
from tests.dashboards.dashboards_people import PASSWORD, free_port, served
from tests.helpdesk.scripted_model_server import Script, ScriptedServer, scripted_server

if TYPE_CHECKING:
    from components.bootstrap import Workbench

SHIPPING, CARE, CHESS = "What does express shipping cost?", "How do I wash a down jacket?", "Who won the chess cup?"
GOOD = {SHIPPING: "Express shipping costs 12.50 euros [1].", CARE: "Wash a down jacket at 30 degrees [1]."}
# True, and an answer to another question.
BESIDE = {SHIPPING: "Wash a down jacket at 30 degrees.", CARE: "Express shipping costs 12.50 euros."}
RELEVANT = {SHIPPING: "help/shipping.md", CARE: "help/care.md"}
LONG = 20


@dataclass(frozen=True)
class PlaygroundWorld:
    """url: of the dashboards. tenant: with knowledge and two sets, `asked` and the `long` one of LONG questions."""

    url: str
    tenant: Tenant
    workbench: Workbench
    model: ScriptedServer

    @property
    def form(self) -> dict[str, str]:
        """How its prompt engineer signs in."""
        return {"tenant": self.tenant.domain, "account": f"ann@{self.tenant.domain}", "password": PASSWORD}

    def says(self, *texts: str) -> None:
        """What the model says, one after another, and the last for ever."""
        self.model.scripts[:] = [Script((text,)) for text in texts]
        self.model.says(texts[-1])

    def say_in_turns(self, a: Sequence[str], b: Sequence[str]) -> None:
        """What the model says to A and to B, question by question: each is asked first every other time."""
        pairs = enumerate(zip(a, b, strict=True))
        self.says(*(text for at, pair in pairs for text in (pair if at % 2 == 0 else reversed(pair))))

    def asked(self) -> int:
        """Answers that the playground was given."""
        wanted = select(func.count()).select_from(AnswerRow).where(AnswerRow.channel == "playground")
        with self.workbench.database.tenant(self.tenant.context) as session:
            return session.execute(wanted).scalar_one()


@contextmanager
def playground_world(postgres: DatabaseAddresses, folder: Path) -> Iterator[PlaygroundWorld]:
    """All of it, until the end."""
    from components.bootstrap import build_registry, build_workbench
    from dashboards.server import open_desk
    from tests.apps_api.apps_api_serving import running

    with scripted_server() as model:
        given = {"data_dir": folder / "data", "models": model.catalogue(folder), "database_url": None}
        workbench = build_workbench(Settings.model_validate(given), postgres)
        tenant = _settle(workbench, folder / "help")
        with running(workbench) as api:
            # Another port than the API of a helpdesk that may run beside the tests.
            port = free_port()
            settings = Settings.model_validate({**given, "api_url": api, "dashboards_port": port})
            registry = build_registry(settings, postgres)
            with served(open_desk(settings, registry)) as url:
                yield PlaygroundWorld(url, tenant, workbench, model)
            registry.close()
        workbench.close()


def _settle(workbench: Workbench, folder: Path) -> Tenant:
    from components.knowledge.folder_source import FolderSource

    folder.mkdir()
    for name, text in SHOP.items():
        (folder / name).write_text(text)
    tenant = workbench.tenants.create("Ropes & Co", "ropes.example", {"high_accuracy_model": "scripted", "models": []})
    workbench.ingestion.ingest(tenant, [FolderSource("help", folder)])
    for name, queries in (("asked", [*GOOD]), ("long", [f"{SHIPPING} {n}" for n in range(LONG)])):
        numbered = {f"q{n}": query for n, query in enumerate(queries)}
        qrels = {key: {RELEVANT.get(query, "help/shipping.md"): 1} for key, query in numbered.items()}
        questions = EvaluationSet(name, set_version(numbered, qrels, {}), numbered, qrels)
        workbench.evaluation_sets.store(tenant.context, questions, author="tests")
    for name, role in (("ann", "prompt_engineer"), ("ben", "analyst")):
        email = f"{name}@{tenant.domain}"
        workbench.agents.create(tenant.context, email=email, name=name.title(), password=PASSWORD, role=role)
    return tenant
