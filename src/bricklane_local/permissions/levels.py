"""Permission levels of each kind of object, weakest first, with what each allows.

Source: https://docs.databricks.com/en/security/auth/access-control/ (one table a kind) and
https://docs.databricks.com/api/workspace/permissions (their names).
"""

from __future__ import annotations

OWNER = "IS_OWNER"
MANAGE = "CAN_MANAGE"
VIEW, MONITOR, USE, RUN = "CAN_VIEW", "CAN_MONITOR", "CAN_USE", "CAN_RUN"
READ, EDIT = "CAN_READ", "CAN_EDIT"
ATTACH, RESTART, QUERY = "CAN_ATTACH_TO", "CAN_RESTART", "CAN_QUERY"
MANAGE_RUN = "CAN_MANAGE_RUN"
MANAGE_STAGING, MANAGE_PRODUCTION = "CAN_MANAGE_STAGING_VERSIONS", "CAN_MANAGE_PRODUCTION_VERSIONS"

TREE = {
    READ: "Can view and comment",
    RUN: "Can view, comment, attach and run",
    EDIT: "Can view, comment, attach, run and edit",
    MANAGE: "Can view, comment, attach, run, edit and change permissions",
}
JOB = {
    VIEW: "Can view the job and its runs",
    MANAGE_RUN: "Can view, run and cancel the job",
    OWNER: "Is the owner of the job",
    MANAGE: "Can view, run, cancel, edit and change permissions",
}
PIPELINE = {
    VIEW: "Can view the pipeline, its updates and its event log",
    RUN: "Can view the pipeline, and start and stop its updates",
    OWNER: "Is the owner of the pipeline",
    MANAGE: "Can view, run, edit, delete and change permissions",
}
CLUSTER = {
    ATTACH: "Can view the cluster and attach to it",
    RESTART: "Can attach, start, restart and terminate",
    MANAGE: "Can attach, start, restart, terminate, resize, edit and change permissions",
}
CLUSTER_POLICY = {USE: "Can create clusters by the policy"}
INSTANCE_POOL = {
    ATTACH: "Can view the pool and attach clusters to it",
    MANAGE: "Can attach, edit, delete and change permissions",
}
WAREHOUSE = {
    VIEW: "Can view the warehouse",
    USE: "Can view and start the warehouse, and run queries on it",
    MONITOR: "Can view, start, run queries, and see the queries of others",
    OWNER: "Is the owner of the warehouse",
    MANAGE: "Can view, use, monitor, stop, edit, delete and change permissions",
}
EXPERIMENT = {
    READ: "Can view the experiment",
    EDIT: "Can view and log to the experiment, and edit it",
    MANAGE: "Can view, edit, delete and change permissions",
}
REGISTERED_MODEL = {
    READ: "Can view the model",
    EDIT: "Can view and edit the model and add versions",
    MANAGE_STAGING: "Can edit and move versions to and from staging",
    MANAGE_PRODUCTION: "Can edit and move versions to and from any stage",
    MANAGE: "Can edit, move versions, rename, delete and change permissions",
}
SERVING_ENDPOINT = {
    VIEW: "Can view the endpoint",
    QUERY: "Can view and query the endpoint",
    MANAGE: "Can view, query, edit, delete and change permissions",
}
# Of kinds that somebody may use, or manage.
USED = {
    USE: "Can view and use it",
    MANAGE: "Can view, use, edit, delete and change permissions",
}
TOKENS = {
    USE: "Can create personal access tokens",
    MANAGE: "Can create personal access tokens and manage those of others",
}
