"""What one caller may do in a minute is bounded, and no other caller notices."""

from __future__ import annotations

from uuid import uuid4

import pytest

from apps.api.chat_limits import ChatLimits
from components.core.errors import RateLimited
from components.core.tenant import TenantContext


def test_past_the_bound_a_session_waits_and_another_goes_on() -> None:
    limits, tenant, session = ChatLimits(messages=3, sessions=1), TenantContext(uuid4()), uuid4()
    for _ in range(3):
        limits.count_message(tenant, session)
    with pytest.raises(RateLimited, match=r"3 messages a minute.*try again in \d+ s") as error:
        limits.count_message(tenant, session)
    assert 1 <= error.value.retry_after <= 60
    limits.count_message(tenant, uuid4())
    limits.count_message(TenantContext(uuid4()), session)


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", "2001:db8:0:2::1"),
        ("fe80::1%eth0", "fe80::2%eth1", "fe80:0:0:1::1"),
        ("::ffff:203.0.113.7", "203.0.113.7", "::ffff:203.0.113.8"),
        ("testclient", "testclient", ""),
    ],
)
def test_an_address_is_one_caller_and_so_is_an_ipv6_network(one: str, same: str, other: str) -> None:
    limits = ChatLimits(messages=1, sessions=1)
    limits.count_session(one)
    with pytest.raises(RateLimited, match="1 new sessions a minute"):
        limits.count_session(same)
    limits.count_session(other)
