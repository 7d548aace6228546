"""`helpdesk channel` and `helpdesk outbox`, called as a shell would call them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.outbox.rows import OUTBOX, lease_due, mark_failed, queue
from tests.apps_cli.conftest import Helpdesk

SLACK = {"slack": {"signing_secret": "env:OUR_SLACK_SECRET", "bot_token": "env:OUR_SLACK_TOKEN"}}
SECRETS = {"OUR_SLACK_SECRET": "hush", "OUR_SLACK_TOKEN": "hush-hush"}


def test_the_list_says_what_address_a_provider_must_call(
    helpdesk: Helpdesk, make_tenant: Callable[..., Tenant]
) -> None:
    tenant = make_tenant(config={"channels": SLACK})
    found = helpdesk(
        "channel", "list", tenant.domain, "--json", environment={"HELPDESK_PUBLIC_URL": "https://h.example"}
    )
    (only,) = found.value
    assert (only["channel"], only["address"]) == ("slack", f"https://h.example/channels/{tenant.domain}/slack")
    assert "no channel beside the web chat" in helpdesk("channel", "list", make_tenant().domain).out


def test_the_check_names_a_secret_that_is_not_there_and_shows_none(
    helpdesk: Helpdesk, make_tenant: Callable[..., Tenant]
) -> None:
    tenant = make_tenant(config={"channels": SLACK})
    bad = helpdesk("channel", "check", tenant.domain, "--json")
    assert bad.status == 1
    assert "env:OUR_SLACK_SECRET" in bad.value[0]["problem"]
    good = helpdesk("channel", "check", tenant.domain, environment=SECRETS)
    assert good.status == 0
    assert "well" in good.out
    assert "hush" not in good.out + good.err


def test_a_secret_in_the_configuration_itself_is_refused_without_repeating_it(
    helpdesk: Helpdesk, tmp_path: Path, make_tenant: Callable[..., Tenant]
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("channels: {slack: {signing_secret: xoxb-very-secret, bot_token: env:T}}\n")
    done = helpdesk("tenant", "config", make_tenant().domain, str(file))
    assert done.status == 2
    assert "config.channels.slack.signing_secret" in done.err
    assert "xoxb-very-secret" not in done.out + done.err


def test_what_was_given_up_is_listed_with_its_reason_and_tried_again(
    helpdesk: Helpdesk, make_tenant: Callable[..., Tenant], database: Database
) -> None:
    tenant = make_tenant()
    with database.tenant(tenant.context) as session:
        queue(session.connection(), tenant.context, key="k", lane="l", kind="test", payload={})
    lease = lease_due(database, tenant.context, ["test"], 30)
    assert lease is not None
    with database.tenant(tenant.context) as session:
        assert mark_failed(session.connection(), tenant.context, lease, "nobody was there")
    (row,) = helpdesk("outbox", "list", tenant.domain, "--json").value
    assert (row["state"], row["last_error"]) == ("failed", "nobody was there")
    assert helpdesk("outbox", "retry", tenant.domain, row["outbox_id"], "--json").value == {"rows": 1}
    (row,) = helpdesk("outbox", "list", tenant.domain, "--json").value
    assert row["state"] == "waiting"
    with database.tenant(tenant.context) as session:
        session.execute(OUTBOX.delete())
    unknown = helpdesk("outbox", "retry", tenant.domain, row["outbox_id"])
    assert unknown.status == 1
    assert "waits or was given up" in unknown.err
