"""What a cluster can be made of: node types, runtime versions, zones.

The names are those of the three clouds, for bundles and Terraform configurations that choose among
them; nothing here has machines or runtimes, so a node type that is not listed is taken too.
"""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.resources.clusters.rules import Rules

# Id, cores, memory in GiB.
NODE_TYPES = (
    ("i3.xlarge", 4, 30),
    ("m5d.large", 2, 8),
    ("m5d.xlarge", 4, 16),
    ("r5d.xlarge", 4, 32),
    ("Standard_D4ds_v5", 4, 16),
    ("Standard_DS3_v2", 4, 14),
    ("Standard_E4ds_v5", 4, 32),
    ("n1-standard-4", 4, 15),
    ("n2-highmem-4", 4, 32),
)
# Key, name. The last of the long-term support ones is what "auto:latest-lts" means.
SPARK_VERSIONS = (
    ("14.3.x-scala2.12", "14.3 LTS (includes Apache Spark 3.5.0, Scala 2.12)"),
    ("15.4.x-scala2.12", "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)"),
    ("16.4.x-scala2.12", "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)"),
    ("16.4.x-scala2.13", "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.13)"),
    ("17.3.x-scala2.13", "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)"),
    ("17.3.x-cpu-ml-scala2.13", "17.3 LTS ML (includes Apache Spark 4.0.0, Scala 2.13)"),
    ("18.0.x-scala2.13", "18.0 (includes Apache Spark 4.1.0, Scala 2.13)"),
)
VERSION = re.compile(r"(custom:.+|\d+\.\d+\.x(-[a-z0-9]+)*-scala2\.1[123])")
AUTOMATIC = {"auto:latest": "18.0.x-scala2.13", "auto:latest-lts": "17.3.x-scala2.13"}
AUTOMATIC["auto:prev-lts"] = "16.4.x-scala2.12"
ZONE = "local-a"
CATEGORY = "General Purpose"


def spark_version(wanted: str) -> str:
    """Return the key of a runtime version.

    Args:
        wanted: a key, or a word such as ``auto:latest-lts`` that policies may use.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when no version is called so.
    """
    version = AUTOMATIC.get(wanted, wanted)
    if not VERSION.fullmatch(version):
        raise invalid(
            f"Invalid spark version {wanted}; versions are called like {SPARK_VERSIONS[-1][0]}, "
            "see clusters/spark-versions"
        )
    return version


def with_versions(rules: Rules) -> Rules:
    """Return the rules of a policy with the words for runtime versions replaced by their keys."""
    rule = rules.get("spark_version")
    if rule is None:
        return rules
    resolved = {
        name: [AUTOMATIC.get(item, item) for item in value]
        if isinstance(value, list)
        else AUTOMATIC.get(str(value), value)
        for name, value in rule.items()
    }
    return {**rules, "spark_version": resolved}


def cores_and_memory(node_type_id: str) -> tuple[int, int]:
    """Return how many cores and MiB of memory a node type has; a small one's when unknown."""
    known = {name: (cores, memory) for name, cores, memory in NODE_TYPES}
    cores, memory = known.get(node_type_id, (4, 16))
    return cores, memory * 1024


def list_node_types(_call: Call) -> dict[str, Any]:
    """List the node types."""
    return {
        "node_types": [
            {
                "node_type_id": name,
                "num_cores": float(cores),
                "memory_mb": memory * 1024,
                "num_gpus": 0,
                "description": name,
                "instance_type_id": name,
                "category": CATEGORY,
                "is_deprecated": False,
                "is_hidden": False,
                "is_io_cache_enabled": True,
                "support_cluster_tags": True,
                "support_ebs_volumes": "." in name,
                "photon_driver_capable": False,
                "photon_worker_capable": False,
                "node_instance_type": {
                    "instance_type_id": name,
                    "local_disks": 1,
                    "local_disk_size_gb": 100,
                },
                "node_info": {"status": []},
            }
            for name, cores, memory in NODE_TYPES
        ]
    }


def list_versions(_call: Call) -> dict[str, Any]:
    """List the runtime versions."""
    return {"versions": [{"key": key, "name": name} for key, name in SPARK_VERSIONS]}


def list_zones(_call: Call) -> dict[str, Any]:
    """List the availability zones."""
    return {"zones": [ZONE], "default_zone": ZONE}


NOTE = "every version runs on the cloud's one Spark"
ROUTES = [
    Route(
        "GET",
        f"/api/{version}/clusters/{name}",
        handler,
        fidelity=Fidelity.STATE_ONLY,
        proved_by="databricks-sdk",
        note=note,
    )
    for version in ("2.1", "2.0")
    for name, handler, note in (
        ("list-node-types", list_node_types, "names of all three clouds; there are no machines"),
        ("spark-versions", list_versions, NOTE),
        ("list-zones", list_zones, ""),
    )
]
