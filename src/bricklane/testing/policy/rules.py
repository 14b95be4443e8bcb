"""The rules that come with bricklane, as a table at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bricklane.project.bundlefile import PRODUCTION
from bricklane.testing.policy.model import (
    BUNDLE,
    EVERYTHING,
    REFERENCE,
    Problem,
    Resource,
    Rule,
    Severity,
    shown,
)

# Kinds that run by themselves, as somebody.
RUNNING = ("jobs", "pipelines")
# Kinds with access lists that people need beyond the owner.
SHARED = ("jobs", "pipelines", "clusters", "dashboards", "experiments", "sql_warehouses", "alerts")

# Values that are credentials wherever they stand. Databricks tokens and OAuth secrets:
# https://docs.databricks.com/security/secret-scanning
CREDENTIALS = {
    "a Databricks token": re.compile(r"\b(dapi|dkea|dose|ddat)[0-9a-f]{32,}(-\d+)?\b"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a password in a URL": re.compile(r"\b[a-z][a-z0-9+]*://[^/\s:@${}]+:[^/\s:@${}]+@"),
    "an account key": re.compile(r"\bAccountKey=[A-Za-z0-9+/=]{40,}"),
}
# Names of keys whose value is a secret by its name.
SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|api_?key|access_?key|private_?key)$")
# Such names that are no secrets: names of scopes and keys, and references.
SECRET_REFERENCE = re.compile(r"\{\{.*\}\}|\$\{|^(true|false)?$")
NOT_SECRET = ("idempotency_token", "page_token")
# A person's folder: service principals have a UUID for a name.
PERSONS_FOLDER = re.compile(r"/Users/([^/\s]+@[^/\s]+)")
DEV_WORD = re.compile(r"(?i)(^|[^a-z0-9])dev(elopment|eloper)?($|[^a-z0-9])|^\[dev ")
# Fields that name what is made or used.
NAMES = frozenset(
    {"name", "display_name", "catalog", "catalog_name", "schema", "schema_name", "database"}
)


def mode(bundle: Resource) -> Iterator[Problem]:
    """Want production to be deployed as production."""
    target = bundle.target
    if target.releases and target.mode != PRODUCTION:
        said = f"mode {target.mode}" if target.mode else "no mode"
        yield Problem(f"target {target.name}, where releases end, has {said}")


def run_as(resource: Resource) -> Iterator[Problem]:
    """Want a service principal as whom a resource runs."""
    said = resource.target.document.get("run_as")
    acting = resource.table("run_as") or (said if isinstance(said, Mapping) else {})
    if acting.get("user_name"):
        yield Problem(f"it runs as a person, {acting['user_name']}", ("run_as", "user_name"))
    elif not acting.get("service_principal_name"):
        yield Problem("it runs as whoever deploys: run_as names no service principal")


def permissions(resource: Resource) -> Iterator[Problem]:
    """Want somebody to see what is deployed."""
    if not (resource.body.get("permissions") or resource.target.document.get("permissions")):
        yield Problem("it has no permissions: only who deploys and administrators see it")


def one_owner(resource: Resource) -> Iterator[Problem]:
    """Want no more than one owner, which is all that the platform takes."""
    owners = [
        str(who)
        for _, entry in resource.items("permissions")
        if entry.get("level") == "IS_OWNER"
        for key, who in entry.items()
        if key != "level"
    ]
    if len(owners) > 1:
        yield Problem(f"it has {len(owners)} owners: {', '.join(owners)}", ("permissions",))


def alerts(resource: Resource) -> Iterator[Problem]:
    """Want somebody to hear of a failure."""
    if resource.kind == "pipelines":
        told = any(
            "on-update-failure" in str(entry.get("alerts"))
            for _, entry in resource.items("notifications")
        )
    else:
        tasks = [task for _, task in resource.items("tasks")]
        told = _tells(resource.body) or (bool(tasks) and all(map(_tells, tasks)))
    if not told:
        yield Problem("nobody is told when it fails")


def _tells(body: Mapping[str, Any]) -> bool:
    ways = (body.get("email_notifications"), body.get("webhook_notifications"))
    return any(
        (isinstance(way, Mapping) and bool(way.get("on_failure")))
        or (isinstance(way, str) and REFERENCE in way)
        for way in ways
    )


def timeout(job: Resource) -> Iterator[Problem]:
    """Want a job that hangs to end."""
    if job.body.get("timeout_seconds") or job.table("continuous"):
        return
    endless = [step for step, task in job.items("tasks") if not task.get("timeout_seconds")]
    if endless or not job.body.get("tasks"):
        tasks = ", ".join(step.partition("=")[2] or step for step in endless)
        yield Problem("it may run for ever" + (f": no limit for {tasks}" if tasks else ""))


def tags(resource: Resource) -> Iterator[Problem]:
    """Want costs to be somebody's."""
    if not resource.body.get("tags"):
        yield Problem("it has no tags: its cost belongs to nobody")


def cluster_policy(resource: Resource) -> Iterator[Problem]:
    """Want every cluster to keep to a policy."""
    for path, cluster in _clusters(resource):
        if not cluster.get("policy_id"):
            yield Problem("a cluster without policy_id may be of any size and kind", path)


def _clusters(resource: Resource) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    if resource.kind == "clusters":
        yield (), resource.body
    if resource.kind == "pipelines":
        yield from ((("clusters", step), cluster) for step, cluster in resource.items("clusters"))
    for key in ("job_clusters", "tasks"):
        for step, item in resource.items(key):
            if isinstance(item.get("new_cluster"), Mapping):
                yield (key, step, "new_cluster"), item["new_cluster"]


def secrets(resource: Resource) -> Iterator[Problem]:
    """Want no credential in the files."""
    for path, text in resource.texts():
        name = path[-1] if path else ""
        found = next((what for what, form in CREDENTIALS.items() if form.search(text)), "")
        named = SECRET_NAME.search(name) and name not in NOT_SECRET
        if found:
            yield Problem(f"{shown(path)} holds {found}", path)
        elif named and not SECRET_REFERENCE.search(text) and resource.kind != BUNDLE:
            yield Problem(f"{shown(path)} holds a value, and should refer to a secret", path)


def dev_names(resource: Resource) -> Iterator[Problem]:
    """Want nothing of development in production."""
    if resource.kind == BUNDLE:
        root = str(resource.table("workspace").get("root_path") or "")
        if person := PERSONS_FOLDER.search(root):
            yield Problem(
                f"it is deployed to the folder of a person, {person[1]}", ("workspace", "root_path")
            )
        return
    for step, item in resource.items("parameters"):
        default = str(item.get("default") or "")
        if item.get("name") in NAMES and DEV_WORD.search(default):
            yield Problem(f"its parameter {item['name']} is {default}", ("parameters", step))
    own = _deployed_to(resource)
    for path, text in resource.texts():
        name = shown(path)
        if path[-1] in NAMES and DEV_WORD.search(text):
            yield Problem(f"{name} is {text}", path)
        elif (person := PERSONS_FOLDER.search(text)) and not (own and own in text):
            yield Problem(f"{name} is in the folder of a person, {person[1]}", path)


def _deployed_to(resource: Resource) -> str:
    """Return the folder of the deployment, in which its files are, whosever it is."""
    workspace = resource.target.document.get("workspace")
    root = workspace.get("root_path") if isinstance(workspace, Mapping) else None
    return str(root or "").removeprefix("/Workspace")


def schedules(resource: Resource) -> Iterator[Problem]:
    """Want copies of developers not to run by themselves."""
    found = [key for key in ("schedule", "trigger", "continuous") if resource.table(key)]
    for key in found:
        status = resource.table(key).get("pause_status")
        # Deploying in development mode pauses what does not say that it shall run.
        paused = status == "PAUSED" or (not status and not resource.target.resolved)
        if not paused:
            yield Problem(f"its {key} is not paused in development", (key, "pause_status"))
    if resource.kind == "pipelines" and resource.body.get("continuous") is True:
        yield Problem("it runs without end in development", ("continuous",))


ERROR, WARNING, OFF = Severity
# Where a rule speaks of production alone, it is off in development.
RULES = (
    Rule(
        "mode",
        "production has mode: production",
        (BUNDLE,),
        "in databricks.yml: targets: {NAME: {mode: production}}",
        mode,
        ERROR,
        ERROR,
    ),
    Rule(
        "run-as",
        "jobs and pipelines run as a service principal",
        RUNNING,
        "for the target: run_as: {service_principal_name: APPLICATION_ID}",
        run_as,
        OFF,
    ),
    Rule(
        "permissions",
        "somebody besides the deployer may see it",
        SHARED,
        "for the target: permissions: [{group_name: users, level: CAN_VIEW}]",
        permissions,
        OFF,
    ),
    Rule(
        "one-owner",
        "at most one owner",
        (EVERYTHING,),
        "give one of them IS_OWNER, the others CAN_MANAGE",
        one_owner,
        ERROR,
    ),
    Rule(
        "alerts",
        "somebody is told of a failure",
        RUNNING,
        "email_notifications: {on_failure: [ADDRESS]}, or webhook_notifications; of a pipeline, "
        "notifications with on-update-failure",
        alerts,
        OFF,
    ),
    Rule(
        "timeout",
        "jobs end",
        ("jobs",),
        "timeout_seconds of the job, or of each task",
        timeout,
    ),
    Rule("tags", "jobs and pipelines have tags", RUNNING, "tags: {project: NAME}", tags),
    Rule(
        "cluster-policy",
        "clusters keep to a policy",
        (*RUNNING, "clusters"),
        "policy_id: ${var.policy_id}, with a variable that looks the cluster policy up",
        cluster_policy,
    ),
    Rule(
        "secrets",
        "no credential in the files",
        (EVERYTHING,),
        "revoke it, put the new one into a secret scope, refer to it: {{secrets/SCOPE/KEY}}",
        secrets,
        ERROR,
    ),
    Rule(
        "dev-names",
        "nothing of development in production",
        (EVERYTHING,),
        "name it by a variable that each target sets; files of no person, root_path of none",
        dev_names,
        OFF,
    ),
    Rule(
        "schedules",
        "copies of developers do not run by themselves",
        RUNNING,
        "pause_status: PAUSED in development, or leave it out there",
        schedules,
        WARNING,
        OFF,
    ),
)
