"""PostgreSQL gone and back: 503 meanwhile, and answers again without anybody's help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from apps_api_customers import SHOP, settle
from fastapi.testclient import TestClient

from apps.api.app import create_app
from components.bootstrap import build_workbench
from components.core.settings import Settings
from components.database.provision import provision


def test_questions_get_503_while_postgresql_is_gone_and_recover_by_themselves(
    make_folder: Callable[[], Path], tmp_path: Path
) -> None:
    settings = Settings(data_dir=make_folder(), database_url=None)
    addresses = provision(settings)
    assert addresses.server is not None
    workbench = build_workbench(settings, addresses)
    try:
        customer = settle(workbench, "outage.example", tmp_path / "help", SHOP)
        body = customer.body("How long can I return an unused jacket?")
        with TestClient(create_app(workbench)) as client:
            assert client.post("/rag/query", json=body, headers=customer.headers).status_code == 200
            addresses.server.stop()
            for _ in range(3):
                gone = client.post("/rag/query", json=body, headers=customer.headers)
                assert gone.status_code == 503
                assert gone.json()["code"] == "database_unavailable"
                assert int(gone.headers["Retry-After"]) > 0
            assert client.get("/readyz").status_code == 503
            assert client.get("/healthz").status_code == 200
            addresses.server.start()
            until = monotonic() + 30
            while (back := client.post("/rag/query", json=body, headers=customer.headers)).status_code != 200:
                assert back.status_code == 503
                assert monotonic() < until
                sleep(0.2)
            assert "45 days" in back.json()["answer"]
            assert client.get("/readyz").status_code == 200
    finally:
        workbench.close()
        addresses.close()
