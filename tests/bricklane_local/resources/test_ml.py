"""Experiments, models, serving endpoints and vector search, through the SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from databricks.sdk import errors
from databricks.sdk.errors import (
    InvalidParameterValue,
    InvalidState,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
)
from databricks.sdk.service.serving import (
    EndpointCoreConfigInput,
    EndpointStateConfigUpdate,
    EndpointStateReady,
    EndpointTag,
    ExternalModel,
    ExternalModelProvider,
    OpenAiConfig,
    Route,
    ServedEntityInput,
    TrafficConfig,
)
from databricks.sdk.service.vectorsearch import (
    DirectAccessVectorIndexSpec,
    EndpointStatusState,
    EndpointType,
    VectorIndexType,
)

from tests.bricklane_local.resources.callers import denied, give

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

HOME = "/Users/developer@bricklane.local"
ENTITY = ServedEntityInput(
    entity_name="dev.default.m", entity_version="1", scale_to_zero_enabled=True
)


def test_an_experiment_is_kept_renamed_deleted_and_restored(client: WorkspaceClient) -> None:
    api = client.experiments
    made = api.create_experiment(f"/Workspace{HOME}/e")
    experiment_id = str(made.experiment_id)
    found = api.get_by_name(f"{HOME}/e").experiment
    assert found
    assert (found.experiment_id, found.lifecycle_stage) == (experiment_id, "active")
    with pytest.raises(ResourceAlreadyExists, match=r"An experiment with the name .*/e already"):
        api.create_experiment(f"{HOME}/e")
    with pytest.raises(ResourceDoesNotExist, match=r"Path \(/nowhere\) doesn't exist"):
        api.create_experiment("/nowhere/e")
    api.set_experiment_tag(experiment_id, "k", "v")
    api.update_experiment(experiment_id, new_name=f"{HOME}/f")
    changed = api.get_experiment(experiment_id).experiment
    assert changed
    assert changed.tags
    assert (changed.name, changed.tags[0].value) == (f"{HOME}/f", "v")
    api.delete_experiment(experiment_id)
    assert experiment_id not in [e.experiment_id for e in api.list_experiments()]
    api.create_experiment(f"{HOME}/f")
    with pytest.raises(ResourceAlreadyExists):
        api.restore_experiment(experiment_id)
    with pytest.raises(errors.NotImplemented, match="does not filter experiments"):
        list(api.search_experiments(filter="name = 'x'"))


def test_who_lacks_a_level_on_an_experiment_is_denied(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    made = str(client.experiments.create_experiment(f"{HOME}/guarded").experiment_id)
    what = f"experiment {made}"
    denied(lambda: other.experiments.get_experiment(made), "CAN_READ", what)
    denied(lambda: other.experiments.get_by_name(f"{HOME}/guarded"), "CAN_READ", what)
    denied(lambda: other.experiments.create_experiment(f"{HOME}/mine"), "CAN_MANAGE", HOME)
    give(client, "experiments", made, "CAN_READ", other)
    assert [e.experiment_id for e in other.experiments.list_experiments()] == [made]
    denied(lambda: other.experiments.set_experiment_tag(made, "k", "v"), "CAN_EDIT", what)
    denied(lambda: other.experiments.delete_experiment(made), "CAN_MANAGE", what)


def test_a_model_is_kept(client: WorkspaceClient, other: WorkspaceClient) -> None:
    api = client.model_registry
    api.create_model("m", description="d")
    found = api.get_model("m").registered_model_databricks
    assert found
    assert found.permission_level
    assert (found.description, found.permission_level.value) == ("d", "CAN_MANAGE")
    api.update_model("m", description="e")
    api.set_model_tag("m", "k", "v")
    api.rename_model("m", new_name="n")
    (listed,) = api.list_models()
    assert (listed.name, listed.description) == ("n", "e")
    api.delete_model_tag("n", "k")
    denied(lambda: other.model_registry.get_model("n"), "CAN_READ", "registered model")
    give(client, "registered-models", str(found.id), "CAN_EDIT", other)
    other.model_registry.update_model("n", description="f")
    denied(lambda: other.model_registry.rename_model("n", new_name="o"), "CAN_MANAGE")
    denied(lambda: other.model_registry.delete_model("n"), "CAN_MANAGE")
    api.delete_model("n")
    with pytest.raises(ResourceDoesNotExist, match="no registered model with the name n"):
        api.get_model("n")


def test_an_endpoint_becomes_ready_and_changes_one_at_a_time(
    client: WorkspaceClient, later: Callable[[int], None]
) -> None:
    api = client.serving_endpoints
    api.create("s", config=EndpointCoreConfigInput(name="s", served_entities=[ENTITY]))
    found = api.get("s")
    assert found.state
    assert found.state.ready is EndpointStateReady.NOT_READY
    later(200)
    found = api.get("s")
    assert found.state
    assert found.config
    assert found.config.served_entities
    assert found.config.served_models
    assert found.config.traffic_config
    assert (found.state.ready, found.state.config_update) == (
        EndpointStateReady.READY,
        EndpointStateConfigUpdate.NOT_UPDATING,
    )
    assert found.config.served_entities[0].name == "dev-default-m-1"
    assert found.config.served_models[0].model_name == "dev.default.m"
    routes = [Route(served_model_name="dev-default-m-1", traffic_percentage=100)]
    assert found.config.traffic_config.routes == routes
    api.update_config("s", served_entities=[ENTITY])
    with pytest.raises(ResourceConflict, match="Cannot update a serving endpoint that is UPDATING"):
        api.update_config("s", served_entities=[ENTITY])
    later(200)
    nowhere = TrafficConfig(routes=[Route(served_model_name="x", traffic_percentage=100)])
    with pytest.raises(InvalidParameterValue, match="names x; there are dev-default-m-1"):
        api.update_config("s", served_entities=[ENTITY], traffic_config=nowhere)
    api.patch("s", add_tags=[EndpointTag(key="a", value="b"), EndpointTag(key="c")])
    tags = api.patch("s", delete_tags=["c"]).tags
    assert tags == [EndpointTag(key="a", value="b")]
    with pytest.raises(errors.NotImplemented, match="does not implement POST /serving-endpoints"):
        api.query("s", prompt="hello")
    api.delete("s")
    with pytest.raises(ResourceDoesNotExist, match="Endpoint with name 's' does not exist"):
        api.get("s")


def test_keys_of_external_models_are_not_shown(client: WorkspaceClient) -> None:
    external = ExternalModel(
        provider=ExternalModelProvider.OPENAI,
        name="gpt-4",
        task="llm/v1/chat",
        openai_config=OpenAiConfig(openai_api_key_plaintext="hidden"),
    )
    entity = ServedEntityInput(name="x", external_model=external)
    client.serving_endpoints.create(
        "ext", config=EndpointCoreConfigInput(name="ext", served_entities=[entity])
    )
    shown = str(client.api_client.do("GET", "/api/2.0/serving-endpoints/ext"))
    assert "gpt-4" in shown
    assert "hidden" not in shown
    client.serving_endpoints.delete("ext")


def test_who_lacks_a_level_on_an_endpoint_is_denied(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    client.serving_endpoints.create("g")
    endpoint_id = str(client.serving_endpoints.get("g").id)
    denied(lambda: other.serving_endpoints.get("g"), "CAN_VIEW", "serving endpoint")
    give(client, "serving-endpoints", endpoint_id, "CAN_VIEW", other)
    found = other.serving_endpoints.get("g")
    assert found.permission_level
    assert found.permission_level.value == "CAN_VIEW"
    denied(lambda: other.serving_endpoints.patch("g", delete_tags=["a"]), "CAN_MANAGE")
    denied(lambda: other.serving_endpoints.delete("g"), "CAN_MANAGE")


def test_vector_search_is_kept(
    client: WorkspaceClient, other: WorkspaceClient, later: Callable[[int], None]
) -> None:
    client.vector_search_endpoints.create_endpoint("v", EndpointType.STANDARD)
    later(200)
    found = client.vector_search_endpoints.get_endpoint("v")
    assert found.endpoint_status
    assert found.endpoint_status.state is EndpointStatusState.ONLINE
    spec = DirectAccessVectorIndexSpec()
    create = client.vector_search_indexes.create_index
    with pytest.raises(InvalidParameterValue, match="DIRECT_ACCESS needs direct_access_index_spec"):
        create("dev.default.i", "v", "id", VectorIndexType.DIRECT_ACCESS)
    with pytest.raises(InvalidParameterValue, match=r"must be catalog\.schema\.index, got"):
        create("i", "v", "id", VectorIndexType.DIRECT_ACCESS, direct_access_index_spec=spec)
    spec = DirectAccessVectorIndexSpec(schema_json='{"id": "long"}')
    create("dev.default.i", "v", "id", VectorIndexType.DIRECT_ACCESS, direct_access_index_spec=spec)
    (index,) = client.vector_search_indexes.list_indexes("v")
    assert index.endpoint_id == found.id
    assert client.vector_search_endpoints.get_endpoint("v").num_indexes == 1
    with pytest.raises(InvalidState, match=r"has indexes, such as dev\.default\.i"):
        client.vector_search_endpoints.delete_endpoint("v")
    denied(lambda: other.vector_search_endpoints.get_endpoint("v"), "CAN_USE")
    with pytest.raises(PermissionDenied, match="only who made it and workspace administrators"):
        other.vector_search_indexes.delete_index("dev.default.i")
    client.vector_search_indexes.delete_index("dev.default.i")
    client.vector_search_endpoints.delete_endpoint("v")
    assert list(client.vector_search_endpoints.list_endpoints()) == []
