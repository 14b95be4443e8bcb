"""Settings of a workspace, through the SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    InvalidParameterValue,
    PermissionDenied,
    ResourceDoesNotExist,
    Unauthenticated,
)
from databricks.sdk.service.settings import (
    Config,
    DestinationType,
    EmailConfig,
    GenericWebhookConfig,
    ListType,
    SlackConfig,
)

from tests.bricklane_local.resources.callers import (
    denied,
    give,
    levels_of,
    name_of,
    only_administrators,
)

if TYPE_CHECKING:
    from conftest import Server

ME = "developer@bricklane.local"


def with_token(server: Server, token: str) -> WorkspaceClient:
    return WorkspaceClient(host=server.host, token=token, auth_type="pat")


def test_the_workspace_is_configured_by_keys(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    assert client.workspace_conf.get_status("enableDcs,maxTokenLifetimeDays") == {
        "enableDcs": None,
        "maxTokenLifetimeDays": None,
    }
    client.workspace_conf.set_status({"enableDcs": "true"})
    assert client.workspace_conf.get_status("enableDcs") == {"enableDcs": "true"}
    with pytest.raises(InvalidParameterValue, match=r'Invalid keys: \["enableMagic"\]'):
        client.workspace_conf.set_status({"enableMagic": "true"})
    with pytest.raises(InvalidParameterValue, match=r'values are not allowed: {"enableDcs":"x"}'):
        client.workspace_conf.set_status({"enableDcs": "x"})
    only_administrators(lambda: other.workspace_conf.set_status({"enableDcs": "false"}))


def test_ip_access_lists_are_administrators(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    lists = client.ip_access_lists
    made = lists.create("office", ListType.ALLOW, ip_addresses=["10.0.0.0/8"]).ip_access_list
    assert made
    assert (made.label, made.address_count, made.enabled) == ("office", 1, True)
    list_id = str(made.list_id)
    lists.update(list_id, enabled=False)
    found = lists.get(list_id).ip_access_list
    assert found
    assert (found.enabled, found.ip_addresses) == (False, ["10.0.0.0/8"])
    lists.replace(list_id, "home", ListType.BLOCK, True, ip_addresses=["1.1.1.1", "2.2.2.2"])
    (listed,) = lists.list()
    assert (listed.label, listed.list_type, listed.address_count) == ("home", ListType.BLOCK, 2)
    with pytest.raises(InvalidParameterValue, match=r"has '1\.1\.1', no IPv4 address"):
        lists.create("bad", ListType.ALLOW, ip_addresses=["1.1.1"])
    for act in (
        lambda: other.ip_access_lists.create("x", ListType.ALLOW, ip_addresses=["1.1.1.1"]),
        lambda: other.ip_access_lists.get(list_id),
        lambda: other.ip_access_lists.delete(list_id),
    ):
        only_administrators(act)
    lists.delete(list_id)
    assert list(lists.list()) == []


def test_tokens_are_made_used_and_revoked(
    server: Server, client: WorkspaceClient, later: Callable[[int], None]
) -> None:
    made = client.tokens.create(comment="mine", lifetime_seconds=60)
    assert made.token_info
    own = with_token(server, str(made.token_value))
    assert own.current_user.me().user_name == ME
    assert made.token_info in list(client.tokens.list())
    later(61_000)
    with pytest.raises(Unauthenticated, match="has expired"):
        own.current_user.me()
    unlimited = client.tokens.create()
    assert unlimited.token_info
    assert unlimited.token_info.expiry_time == -1
    client.tokens.delete(str(unlimited.token_info.token_id))
    with pytest.raises(Unauthenticated, match="Invalid access token"):
        with_token(server, str(unlimited.token_value)).current_user.me()
    with pytest.raises(ResourceDoesNotExist, match="no token with the id 7"):
        client.tokens.delete("7")


def test_administrators_manage_the_tokens_of_others(
    server: Server, client: WorkspaceClient, other: WorkspaceClient
) -> None:
    made = client.token_management.create_obo_token(name_of(other), comment="ci")
    assert made.token_info
    token_id = str(made.token_info.token_id)
    assert made.token_info.created_by_username == ME
    acting = with_token(server, str(made.token_value))
    assert acting.current_user.me().user_name == name_of(other)
    own = other.tokens.create(comment="own").token_info
    assert own
    created = {t.token_id for t in client.token_management.list(created_by_username=name_of(other))}
    assert created == {own.token_id}
    assert client.token_management.get(token_id).token_info == made.token_info
    with pytest.raises(ResourceDoesNotExist, match="no token"):
        client.tokens.delete(str(own.token_id))
    only_administrators(lambda: list(other.token_management.list()))
    client.token_management.delete(token_id)
    with pytest.raises(Unauthenticated):
        acting.current_user.me()
    with pytest.raises(InvalidParameterValue, match="must be of a service principal"):
        client.token_management.create_obo_token(ME)


def test_who_may_not_have_tokens_gets_none(client: WorkspaceClient, other: WorkspaceClient) -> None:
    assert levels_of(client, "authorization", "tokens") == {"users": ["CAN_USE"]}
    client.permissions.set("authorization", "tokens", access_control_list=[])
    denied(other.tokens.create, "CAN_USE", "authorization tokens")
    client.tokens.create()
    give(client, "authorization", "tokens", "CAN_USE", other)
    other.tokens.create()
    client.workspace_conf.set_status({"maxTokenLifetimeDays": "2"})
    with pytest.raises(InvalidParameterValue, match=r"must be in 1\.\.172800 .* got none"):
        other.tokens.create()
    client.workspace_conf.set_status({"maxTokenLifetimeDays": "", "enableTokensConfig": "false"})
    with pytest.raises(PermissionDenied, match="switched off in this workspace"):
        other.tokens.create()
    client.workspace_conf.set_status({"enableTokensConfig": "true"})


def test_git_credentials_are_ones_own(client: WorkspaceClient, other: WorkspaceClient) -> None:
    made = client.git_credentials.create(
        "github", git_username="me", personal_access_token="hidden"
    )
    assert (made.git_provider, made.git_username, made.is_default_for_provider) == (
        "gitHub",
        "me",
        True,
    )
    second = client.git_credentials.create("gitHub", name="second", is_default_for_provider=True)
    assert client.git_credentials.get(made.credential_id).is_default_for_provider is False
    assert "hidden" not in str(client.api_client.do("GET", "/api/2.0/git-credentials"))
    assert list(other.git_credentials.list()) == []
    with pytest.raises(PermissionDenied, match="only who made it can"):
        other.git_credentials.get(made.credential_id)
    client.git_credentials.update(second.credential_id, "gitLab", git_username="you")
    assert client.git_credentials.get(second.credential_id).git_provider == "gitLab"
    with pytest.raises(InvalidParameterValue, match="git_provider must be one of gitHub, "):
        client.git_credentials.create("sourceForge")
    for credential in list(client.git_credentials.list()):
        client.git_credentials.delete(credential.credential_id)
    assert list(client.git_credentials.list()) == []


def test_administrators_give_credentials_to_service_principals(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    principal = int(str(other.current_user.me().id))
    made = client.git_credentials.create("gitHub", git_username="ci", principal_id=principal)
    assert list(client.git_credentials.list()) == []
    (seen,) = other.git_credentials.list()
    assert seen.credential_id == made.credential_id
    admin = int(str(client.current_user.me().id))
    with pytest.raises(PermissionDenied, match="does not manage the principal"):
        other.git_credentials.create("gitHub", principal_id=admin)
    client.git_credentials.delete(made.credential_id, principal_id=principal)


@pytest.mark.parametrize(
    ("config", "kind", "shown"),
    [
        (
            Config(email=EmailConfig(addresses=["a@b"])),
            DestinationType.EMAIL,
            {"email": {"addresses": ["a@b"]}},
        ),
        (
            Config(slack=SlackConfig(url="https://secret")),
            DestinationType.SLACK,
            {"slack": {"url_set": True}},
        ),
        (
            Config(generic_webhook=GenericWebhookConfig(url="https://x", password="secret")),
            DestinationType.WEBHOOK,
            {"generic_webhook": {"url_set": True, "password_set": True}},
        ),
    ],
)
def test_destinations_do_not_show_secrets(
    client: WorkspaceClient, config: Config, kind: DestinationType, shown: dict[str, Any]
) -> None:
    made = client.notification_destinations.create(config=config, display_name="d")
    assert (made.destination_type, made.config and made.config.as_dict()) == (kind, shown)
    found_id = str(made.id)
    client.notification_destinations.update(found_id, display_name="e")
    assert client.notification_destinations.get(found_id).display_name == "e"
    assert [item.display_name for item in client.notification_destinations.list()] == ["e"]
    client.notification_destinations.delete(found_id)


def test_destinations_are_administrators(client: WorkspaceClient, other: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match=r"exactly one of email, slack, .* has none"):
        client.notification_destinations.create(display_name="d", config=Config())
    with pytest.raises(InvalidParameterValue, match=r"field: config\.slack\.url"):
        client.notification_destinations.create(
            display_name="d", config=Config(slack=SlackConfig(channel_id="c"))
        )
    config = Config(email=EmailConfig(addresses=["a@b"]))
    only_administrators(
        lambda: other.notification_destinations.create(display_name="d", config=config)
    )
    assert list(other.notification_destinations.list()) == []
