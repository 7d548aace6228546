"""The process that serves the API: its socket, its log lines, and an end that leaves nothing half done."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TextIO

import uvicorn
from starlette.types import ASGIApp

from apps.api.app import create_app
from apps.api.logs import write_logs
from apps.api.measurements import Measurements
from components.bootstrap import build_workbench
from components.core.errors import InvalidSetting, PortInUse
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.database.provision import provision

_BACKLOG = 256
_GRACE = 10
# Longer than proxies and browsers keep a connection that is not used: who closes first must not be the server.
_KEPT_ALIVE = 75
# Of a WebSocket, whole: what is larger is not read to its end. What reads them has closer bounds of its own.
_LONGEST_PACKET = 1024 * 1024


class ApiServer:
    """uvicorn on a socket that is taken at once, so that a port in use is said before anything slow.

    Raises PortInUse or InvalidSetting from the constructor.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = listen(host, port)
        self._host = host
        self._server: _Server | None = None
        self._stopped = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens, as a browser on this machine writes it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104  (compared only)
        port = self._socket.getsockname()[1]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self, app: ASGIApp, *, on_started: Callable[[str], None] | None = None) -> None:
        """Serves `app` until SIGINT, SIGTERM or `stop`, then lets running requests finish for 10 s.

        on_started: called with `url` once requests are answered. Signals are heeded in the main
        thread only and not raised again: the caller goes on, and closes what it opened.
        """
        config = uvicorn.Config(
            app,
            host=self._host,
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEPT_ALIVE,
            ws_max_size=_LONGEST_PACKET,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = _Server(config, (lambda: on_started(self.url)) if on_started else None)
        if self._stopped.is_set():
            self._server.should_exit = True
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Ends `run` from another thread, or keeps it from beginning."""
        self._stopped.set()
        if self._server is not None:
            self._server.should_exit = True

    def close(self) -> None:
        """Gives the port back; for a server that never ran, too."""
        self._socket.close()


def serve(
    settings: Settings,
    addresses: DatabaseAddresses | None = None,
    *,
    on_started: Callable[[str], None] | None = None,
    log_stream: TextIO | None = None,
) -> None:
    """Serves the API at settings.host and settings.port until SIGINT or SIGTERM.

    addresses: of a provisioned database, which this neither starts nor stops; none = the data
        folder's own, joined where it runs, started for this process's time where it does not.
    on_started: called with the base URL once requests are answered. log_stream: where JSON log
        lines go; none = standard error.
    Raises PortInUse, InvalidSetting, DatabaseUnavailable and ModelUnavailable before it serves.
    """
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(contextlib.closing(ApiServer(settings.host, settings.port)))
        write_logs(log_stream or sys.stderr, settings.log_level)
        if addresses is None:
            addresses = opened.enter_context(contextlib.closing(provision(settings)))
        counted = Measurements()
        workbench = opened.enter_context(
            contextlib.closing(
                build_workbench(settings, addresses, observer=counted, counts=counted, heard=counted.count_tool_call)
            )
        )
        server.run(create_app(workbench, measurements=counted), on_started=on_started)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket. port: 0 = any free one.

    Raises PortInUse where another process has it, InvalidSetting where the address cannot be used.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} on {host} is in use by another process; choose a free one with --port", field="port"
            ) from error
        raise InvalidSetting(
            f"cannot listen on {host!r}, port {port}: {error.strerror}; "
            "host must be an address of this machine, and ports below 1024 need rights of their own",
            field="host",
        ) from error


class _Server(uvicorn.Server):
    """Says when it has started, and keeps the signals that end it to itself: raised again, as uvicorn
    does, a SIGTERM would end the process before its children and connections are closed."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_started is not None:
            self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
