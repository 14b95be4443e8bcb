"""What the account keeps: metastores, budget policies, network configurations, IP access lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service.billing import BudgetPolicy
from databricks.sdk.service.catalog import CreateAccountsMetastore
from databricks.sdk.service.settings import CreateNetworkConnectivityConfiguration, ListType

if TYPE_CHECKING:
    from conftest import Server


def test_the_metastore_and_its_assignments(server: Server) -> None:
    account, dev = server.account(), server.client().get_workspace_id()
    (metastore,) = account.metastores.list()
    number = str(metastore.metastore_id)
    assert dev in list(account.metastore_assignments.list(number))
    found = account.metastore_assignments.get(dev).metastore_assignment
    assert found
    assert found.default_catalog_name == "dev"
    account.metastore_assignments.create(dev, number)
    with pytest.raises(Exception, match="a local cloud has one metastore"):
        account.metastores.create(metastore_info=CreateAccountsMetastore(name="second"))


def test_budget_policies(server: Server) -> None:
    policies = server.account().budget_policy
    made = policies.create(policy=BudgetPolicy(policy_name="flights"), request_id="once")
    assert made.policy_id
    policies.update(made.policy_id, BudgetPolicy(policy_name="all flights"))
    assert policies.get(made.policy_id).policy_name == "all flights"
    assert [policy.policy_id for policy in policies.list()] == [made.policy_id]
    policies.delete(made.policy_id)
    with pytest.raises(NotFound, match="There is no budget policy"):
        policies.get(made.policy_id)


def test_network_configurations(server: Server) -> None:
    networks = server.account().network_connectivity
    made = networks.create_network_connectivity_configuration(
        CreateNetworkConnectivityConfiguration(name="private", region="eu-west-1")
    )
    number = str(made.network_connectivity_config_id)
    assert networks.get_network_connectivity_configuration(number).name == "private"
    assert list(networks.list_network_connectivity_configurations())
    networks.delete_network_connectivity_configuration(number)


def test_ip_access_lists(server: Server) -> None:
    lists = server.account().ip_access_lists
    made = lists.create("office", ListType.ALLOW, ip_addresses=["192.0.2.0/24"]).ip_access_list
    assert made
    assert made.list_id
    lists.update(made.list_id, label="offices")
    assert [found.label for found in lists.list()] == ["offices"]
    with pytest.raises(InvalidParameterValue, match="Missing required field: enabled"):
        server.account().api_client.do(
            "PUT",
            f"/api/2.0/accounts/{server.account().config.account_id}/ip-access-lists/{made.list_id}",
            body={"label": "home", "list_type": "BLOCK"},
        )
    lists.replace(made.list_id, "home", ListType.BLOCK, enabled=True)
    replaced = lists.get(made.list_id).ip_access_list
    assert replaced
    assert (replaced.label, replaced.ip_addresses) == ("home", None), "what is not sent is gone"
    with pytest.raises(InvalidParameterValue, match=r"'192\.0\.2\.300' is no IP address"):
        lists.create("wrong", ListType.BLOCK, ip_addresses=["192.0.2.300"])
    lists.delete(made.list_id)
