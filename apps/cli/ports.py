"""Is a port free? Asked before anything is started, so that the answer is one clear line."""

from __future__ import annotations

import socket

from components.core.errors import PortInUse


def require_free(host: str, port: int, option: str) -> None:
    """Raises PortInUse naming the port and the option that chooses another."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUse(
                f"port {port} on {host} is in use ({error.strerror}): choose another with {option}", field="port"
            ) from error
