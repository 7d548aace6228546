"""The API on a socket of its own, for tests that need more than a test client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from apps.api.app import Limits, create_app
from apps.api.server import ApiServer
from components.bootstrap import Workbench


@contextmanager
def running(workbench: Workbench, limits: Limits | None = None) -> Iterator[str]:
    """The base URL of the API, served from a thread."""
    started = threading.Event()
    with closing(ApiServer("127.0.0.1", 0)) as server:
        app = create_app(workbench, limits or Limits())
        thread = threading.Thread(target=lambda: server.run(app, on_started=lambda _: started.set()))
        thread.start()
        try:
            assert started.wait(30)
            yield server.url
        finally:
            server.stop()
            thread.join(30)
            assert not thread.is_alive()
