"""What leaves by a socket, bounded: who does not read is told no more for a while, and then cut off."""

from __future__ import annotations

from time import monotonic
from typing import Any
from uuid import UUID

from socketio import AsyncServer

from apps.api.handover.sockets import Socket

NAMESPACE = "/handover"


class Outlet:
    """Tells this process's sockets what they watch, and everybody's what passes."""

    def __init__(self, server: AsyncServer, *, backlog: int, patience: float) -> None:
        """backlog: packets that may wait for a socket to read them. patience: seconds that it may stay full."""
        self._server, self._backlog, self._patience = server, backlog, patience
        self._strangers: set[str] = set()

    def is_full(self, socket: Socket) -> bool:
        """Whether it must read first."""
        connection = self._connection(socket.sid)
        full = connection is not None and connection.queue.qsize() >= self._backlog
        if not full:
            socket.full_since = None
        elif socket.full_since is None:
            socket.full_since = monotonic()
        return full

    def is_stuck(self, socket: Socket) -> bool:
        """Whether it has been full for longer than anybody waits."""
        return self.is_full(socket) and monotonic() - (socket.full_since or monotonic()) > self._patience

    async def tell(self, socket: Socket, event: str, data: dict[str, Any]) -> None:
        """To one socket of this process. Cuts one off that is full, for it would miss this for good."""
        if self.is_full(socket):
            await self.cut(socket)
        else:
            await self._server.emit(event, data, to=socket.sid, namespace=NAMESPACE, ignore_queue=True)

    async def pass_on(self, rooms: list[str], event: str, data: dict[str, Any], *, but: str | None = None) -> None:
        """To whoever is in these rooms, in other processes too where Redis joins them: for what need not arrive. but:
        the socket it comes from."""
        await self._server.emit(event, data, room=rooms, skip_sid=but, namespace=NAMESPACE)

    async def enter(self, socket: Socket, room: str) -> None:
        await self._server.enter_room(socket.sid, room, namespace=NAMESPACE)

    async def leave(self, socket: Socket, room: str) -> None:
        await self._server.leave_room(socket.sid, room, namespace=NAMESPACE)

    async def cut(self, socket: Socket) -> None:
        """Closes its connection, whatever still waits there; a client that has reason to comes back and replays."""
        await self._close(self._connection(socket.sid))

    async def _close(self, connection: Any) -> None:
        if connection is None or connection.closed:
            return
        while not connection.queue.empty():
            connection.queue.get_nowait()
            connection.queue.task_done()
        # What writes to the network waits for this to end.
        connection.queue.put_nowait(None)
        await connection.close(wait=False, abort=True, reason=self._server.reason.SERVER_DISCONNECT)

    def release(self, socket: Socket) -> None:
        """The socket has left the namespace, and has no other: what still waits for news, a poll above all, waits no
        longer."""
        connection = self._connection(socket.sid)
        if connection is not None:
            connection.queue.put_nowait(None)

    def is_gone(self, socket: Socket) -> bool:
        """Whether its connection was lost while it was let in."""
        return self._connection(socket.sid) is None

    async def dismiss(self, socket: Socket) -> None:
        """Has the namespace forget it."""
        await self._server.disconnect(socket.sid, namespace=NAMESPACE, ignore_queue=True)

    async def cut_strangers(self) -> None:
        """Closes the connections that have not entered the namespace since the last call."""
        known = self._server.manager.sid_from_eio_sid
        strangers = {each for each in self._server.eio.sockets if known(each, NAMESPACE) is None}
        for each in strangers & self._strangers:
            await self._close(self._server.eio.sockets.get(each))
        self._strangers = strangers - self._strangers

    def _connection(self, sid: str) -> Any:
        """Engine.IO's own side of it: the only one to know what has not been written yet."""
        return self._server.eio.sockets.get(self._server.manager.eio_sid_from_sid(sid, NAMESPACE))


def agents_room(tenant_id: UUID) -> str:
    """All agents of a tenant."""
    return f"agents/{tenant_id}"


def watching_agents_room(tenant_id: UUID, conversation_id: UUID) -> str:
    """The agents who have joined a conversation."""
    return f"agents/{tenant_id}/{conversation_id}"


def customer_room(tenant_id: UUID, conversation_id: UUID) -> str:
    """The sockets of a conversation's customer."""
    return f"customer/{tenant_id}/{conversation_id}"
