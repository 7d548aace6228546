"""`python -m dashboards`: the dashboards as a process of their own, until SIGINT or SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
from types import FrameType

from components.core.errors import HelpdeskError
from components.core.settings import Settings, load_settings, quiet_third_parties


def main() -> None:
    """Serves. Exits with 1 and one line where that cannot begin."""
    quiet_third_parties()
    try:
        settings = load_settings()
        logging.basicConfig(
            level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stdout
        )
        for chatty in ("alembic", "bokeh", "panel", "tornado.access"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        _serve(settings)
    except HelpdeskError as error:
        sys.exit(f"the dashboards cannot be served: {error.message}")


def _serve(settings: Settings) -> None:
    from components.bootstrap import build_registry
    from components.database.provision import provision
    from dashboards.server import open_desk, serving

    addresses = provision(settings)
    registry = build_registry(settings, addresses)
    desk = open_desk(settings, registry)
    try:
        with serving(desk) as server:

            def stop(_signal: int, _frame: FrameType | None) -> None:
                server.io_loop.add_callback_from_signal(server.io_loop.stop)

            signal.signal(signal.SIGINT, stop)
            signal.signal(signal.SIGTERM, stop)
            server.io_loop.start()
    finally:
        desk.reports.close()
        registry.close()
        addresses.close()


if __name__ == "__main__":
    main()
