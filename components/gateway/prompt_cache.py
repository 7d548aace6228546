"""Keeps answers of language models for equal questions, in Redis, and forgets those that stand on what was erased."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from components.core.chat_model import ChatMessage, ChatRequest
from components.core.errors import SharedStateUnavailable
from components.core.model_catalogue import ModelDeclaration
from components.core.prompts import RenderedPrompt
from components.core.tenant import TenantContext
from components.gateway.flight_lease import FlightLease
from components.gateway.prompt_cache_scripts import CLOSE_TENANT, LOOK_OR_LEAD, PURGE, PUT
from components.shared_state.connection import SharedState

LONGEST_VALUE = 1_000_000
_WORTH_PACKING = 512
_BATCH = 200
_SCAN = 1000


@dataclass(frozen=True)
class Lookup:
    """What the cache says. hit: there is a `value`. miss: there is none; where a lease came along, it is now held.
    waits: none yet, another process makes it. unavailable: Redis does not answer."""

    outcome: Literal["hit", "miss", "waits", "unavailable"]
    value: bytes | None = None


class PromptCache:
    """Answers by key, each tenant's its own. Nothing here raises when Redis is gone. Belongs to the state's loop.

    An answer put while one of its sources is purged, or up to `erasure_seconds` later, is refused: its passages were
    found before. That is the longest a request may take (HELPDESK_REQUEST_DEADLINE's limit), and the price is that
    answers on a passage that comes back within that time are not kept.
    """

    def __init__(self, state: SharedState, ttl_seconds: float, *, erasure_seconds: float = 600.0) -> None:
        """ttl_seconds: how long an answer is kept; with 0 none is, and Redis is not asked."""
        self._state = state
        self._ttl = int(ttl_seconds * 1000)
        self._erasure_seconds = erasure_seconds

    async def get(self, tenant: TenantContext, key: str, lease: FlightLease | None = None) -> Lookup:
        """The answer, if there is one; with a lease also who makes it where there is none, decided in one step."""
        if not self._ttl:
            return Lookup("miss")
        token, milliseconds, lock = (lease.token, lease.milliseconds, lease.name) if lease else ("", 0, "")
        if lease:
            lease.may_be_held = True  # From here on: a caller who is cancelled does not learn what Redis decided.
        try:
            with self._state.guard() as redis:
                found = await redis.register_script(LOOK_OR_LEAD)(
                    keys=[_name(tenant, "prompt", key), lock],
                    args=[key, _name(tenant, "source", ""), token, milliseconds],
                )
        except SharedStateUnavailable:
            return Lookup("unavailable")
        if lease:
            lease.may_be_held = found[0] == b"miss"
        if found[0] == b"waits":
            return Lookup("waits")
        value = _unpack(tenant, key, found[1]) if found[0] == b"hit" else None
        return Lookup("miss") if value is None else Lookup("hit", value)

    async def put(
        self,
        tenant: TenantContext,
        key: str,
        value: bytes,
        *,
        sources: Collection[str] = (),
        lease: FlightLease | None = None,
    ) -> bool:
        """Keeps an answer that stands on `sources`, ids of chunks. False where it was not kept: longer than a
        megabyte, a source erased meanwhile, the lease another's by now, or Redis gone."""
        if not self._ttl or len(value) > LONGEST_VALUE:
            return False
        sources = sorted(set(sources))
        lock, token = (lease.name, lease.token) if lease else ("", "")
        keys = [_name(tenant, "prompt", key), lock, _name(tenant, "erased", "recently")]
        packed = _pack(tenant, key, value)
        try:
            with self._state.guard() as redis:
                stored = await redis.register_script(PUT)(
                    keys=[*keys, *(_name(tenant, "source", source) for source in sources)],
                    args=[key, token, packed, self._ttl, self._erasure_seconds, json.dumps(sources)],
                )
        except SharedStateUnavailable:
            return False
        return bool(stored)

    async def purge(self, tenant: TenantContext, sources: Collection[str]) -> int | None:
        """Deletes every answer that stands on one of these chunks, and refuses those on their way. Returns how many
        went; None where Redis did not answer: then they stay until they end, but are met only by a request whose
        passages still hold the chunk, since the passages are part of the key."""
        gone = 0
        pending = iter(sorted(set(sources)))
        try:
            while batch := list(islice(pending, _BATCH)):
                with self._state.guard() as redis:
                    gone += await redis.register_script(PURGE)(
                        keys=[
                            _name(tenant, "erased", "recently"),
                            *(_name(tenant, "source", source) for source in batch),
                        ],
                        args=[_name(tenant, "prompt", ""), self._erasure_seconds, *batch],
                    )
        except SharedStateUnavailable:
            return None
        return gone

    async def purge_tenant(self, tenant: TenantContext) -> int | None:
        """Deletes all answers of a tenant and keeps none for `erasure_seconds`. Returns how many went; None where
        Redis did not answer."""
        gone = 0
        try:
            with self._state.guard() as redis:
                await redis.register_script(CLOSE_TENANT)(keys=[_name(tenant, "erased", "recently")])
                for kind in ("prompt", "source"):
                    cursor = 0
                    while True:
                        cursor, names = await redis.scan(cursor, match=_name(tenant, kind, "*"), count=_SCAN)
                        removed = await redis.unlink(*names) if names else 0
                        gone += removed if kind == "prompt" else 0
                        if not cursor:
                            break
        except SharedStateUnavailable:
            return None
        return gone


def cache_key(
    tenant: TenantContext, model: ModelDeclaration, request: ChatRequest, prompt: RenderedPrompt | None = None
) -> str:
    """SHA-256, as hex, over all that the answer depends on, in canonical JSON (sorted keys, no spaces, ASCII).

    The design names tenant, prompt template and context hash. That is not enough: with the model left out, a tenant
    that moves to another one, or a request that names one, would go on being answered by the first; the same holds
    for temperature, top_p, seed, length and stop sequences, and for tools and a schema, without which the cached
    text need not even be of the kind that was asked for. Name, address and id of the model all count, since an
    operator may put another model behind a name. The deadline does not: it changes whether there is an answer, not
    which. Scores of passages do not either, for no model is shown them.
    """
    parts = {
        "tenant": str(tenant.tenant_id),
        "prompt": None if prompt is None else [prompt.prompt_id, prompt.version, _messages(prompt.messages)],
        "messages": _messages(request.messages),
        "question": request.question,
        "context": [[p.chunk_id, p.document_id, p.title, p.section, p.text] for p in request.passages],
        "model": [model.name, model.provider, model.model, model.base_url],
        "sampling": [request.max_tokens, float(request.temperature), float(request.top_p), request.seed, request.stop],
        "tools": [[tool.name, tool.description, tool.parameters] for tool in request.tools],
        "schema": request.response_schema,
    }
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_dict)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _messages(messages: tuple[ChatMessage, ...]) -> list[list[Any]]:
    return [
        [one.role, one.content, one.tool_call_id, [[call.id, call.name, call.arguments] for call in one.tool_calls]]
        for one in messages
    ]


def _as_dict(value: object) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} in a tool or a schema: only what JSON knows is allowed")


def _name(tenant: TenantContext, kind: str, what: str) -> str:
    return f"helpdesk:{tenant.tenant_id}:{kind}:{what}"


def _seal(tenant: TenantContext, key: str) -> bytes:
    return hashlib.sha256(_name(tenant, "prompt", key).encode()).digest()


def _pack(tenant: TenantContext, key: str, value: bytes) -> bytes:
    """Sealed with whose it is: a connection that hands out another command's answer makes a miss, not a leak."""
    packed = zlib.compress(value, 1) if len(value) > _WORTH_PACKING else b""
    return _seal(tenant, key) + (b"z" + packed if packed and len(packed) < len(value) else b"r" + value)


def _unpack(tenant: TenantContext, key: str, packed: bytes) -> bytes | None:
    seal, kind, body = packed[:32], packed[32:33], packed[33:]
    if seal != _seal(tenant, key) or kind not in (b"z", b"r"):
        return None
    if kind == b"r":
        return body
    unpacking = zlib.decompressobj()
    try:
        value = unpacking.decompress(body, LONGEST_VALUE + 1)
    except zlib.error:
        return None
    return value if unpacking.eof and len(value) <= LONGEST_VALUE else None
