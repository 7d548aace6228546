"""Which address a name stands for, checked before it is called, so that nobody reaches into the house through us."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

from components.core.errors import AddressNotAllowed


async def checked_addresses(host: str, port: int, *, private: bool) -> list[str]:
    """What `host` stands for at this moment. Whoever calls one of these, and not the name, calls what was checked.

    private: whether addresses that are not public are allowed; link-local ones, where clouds keep their keys, never
    are. Raises AddressNotAllowed, OSError where the name has no address.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for each in addresses:
        address = _parsed(each)
        if not private and not _is_public(address):
            raise AddressNotAllowed(f"{host} is at {each}, which is not public", field="url")
        if address.is_link_local:
            raise AddressNotAllowed(f"{host} is at {each}, which is link-local and never called", field="url")
    if not addresses:
        raise OSError(f"the name {host} has no address")
    return addresses


def _parsed(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text.partition("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return inner if isinstance(inner, IPv4Address) else address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast
