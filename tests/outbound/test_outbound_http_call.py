"""Calls to addresses that others name: the one that was checked is called, within a deadline, and what is not known is
said."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from components.core.errors import AddressNotAllowed, AnswerLost, Unreachable
from components.outbound.addresses import checked_addresses
from components.outbound.http_call import HttpAnswer, HttpCall, call_http
from tests.tools.rest_service import Reply, RestService, rest_service

Found = list[tuple[Any, ...]]


@pytest.fixture
def service() -> Iterator[RestService]:
    with rest_service() as service:
        yield service


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Addresses that a name of the test's own has, by name, at each further time that it is looked up."""
    told: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in told:
            return real(host, port, *args, **more)
        addresses = told[name].pop(0)
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return told


def call(url: str, *, private: bool = True, seconds: float = 5.0, largest: int = 1000, **more: Any) -> HttpAnswer:
    return asyncio.run(call_http(HttpCall("GET", url, **more), private=private, seconds=seconds, largest=largest))


def test_the_address_that_was_checked_is_the_one_that_is_called(
    service: RestService, names: dict[str, list[list[str]]]
) -> None:
    port = service.url.rpartition(":")[2]
    names["flips.example"] = [["127.0.0.1"], ["10.255.255.1"]]
    service.replies = [Reply(200, b"here")]
    answer = call(f"http://flips.example:{port}/a")
    assert (answer.status, answer.body) == (200, b"here")
    assert names["flips.example"] == [["10.255.255.1"]]
    assert service.heard[0].headers["host"] == f"flips.example:{port}"


@pytest.mark.parametrize(
    "inner",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"],
)
def test_one_address_that_is_not_public_is_one_too_many(names: dict[str, list[list[str]]], inner: str) -> None:
    names["mixed.example"] = [["93.184.215.14", inner]]
    with pytest.raises(AddressNotAllowed, match="not public") as caught:
        call("http://mixed.example/", private=False)
    assert inner in caught.value.message


@pytest.mark.parametrize("inner", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "2002:a9fe:a9fe::1"])
def test_link_local_addresses_are_never_called(names: dict[str, list[list[str]]], inner: str) -> None:
    names["cloud.example"] = [[inner], [inner]]
    for private in (True, False):
        with pytest.raises(AddressNotAllowed):
            asyncio.run(checked_addresses("cloud.example", 80, private=private))


def test_the_next_address_is_tried_where_one_is_dead(service: RestService, names: dict[str, list[list[str]]]) -> None:
    port = service.url.rpartition(":")[2]
    names["two.example"] = [["127.0.0.2", "127.0.0.1"]]
    service.replies = [Reply(200, b"here")]
    assert call(f"http://two.example:{port}/a").body == b"here"


def test_what_was_not_sent_is_told_from_what_was(service: RestService) -> None:
    with pytest.raises(Unreachable) as caught:
        call("http://127.0.0.1:1/")
    assert type(caught.value) is Unreachable
    with pytest.raises(Unreachable) as caught:
        call("http://nobody.invalid/")
    assert type(caught.value) is Unreachable
    service.replies = [Reply(pause=1.0)]
    started = time.monotonic()
    with pytest.raises(AnswerLost, match=r"within 0\.3 s"):
        call(f"{service.url}/a", seconds=0.3)
    assert time.monotonic() - started < 1


def test_a_server_that_accepts_and_says_nothing_of_itself_has_done_nothing() -> None:
    """TLS that never begins: the deadline passes before anything of ours is sent."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable) as caught:
        call(f"https://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.3)
    assert type(caught.value) is Unreachable


def test_a_body_is_read_up_to_its_bound_and_a_redirect_is_only_told(service: RestService) -> None:
    service.replies = [Reply(200, b"x" * 1000), Reply(200, b"x" * 1001), Reply(302, b"", {"Location": service.url})]
    whole, cut, moved = (call(f"{service.url}/a") for _ in range(3))
    assert (len(whole.body), whole.cut) == (1000, False)
    assert (cut.body, cut.cut) == (b"", True)
    assert (moved.status, len(service.heard)) == (302, 3)


def test_no_proxy_of_the_environment_is_asked(service: RestService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    service.replies = [Reply(200, b"here")]
    assert call(f"{service.url}/a").body == b"here"
