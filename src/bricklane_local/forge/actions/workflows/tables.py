"""The keys, events and permissions that a workflow file may name.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations


def named(words: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(words.split())


WORKFLOW_KEYS = named("""
    name run-name on permissions env defaults concurrency jobs
""")
JOB_KEYS = named("""
    name needs if runs-on permissions environment concurrency outputs env defaults steps
    timeout-minutes strategy continue-on-error container services uses with secrets snapshot
""")
STEP_KEYS = named("""
    id if name uses run working-directory shell with env continue-on-error timeout-minutes
""")
STRATEGY_KEYS = named("""
    matrix fail-fast max-parallel
""")
# What only a machine of GitHub's, or Docker, could give a job.
REFUSED_JOB_KEYS = {
    "container": "the local forge runs jobs on this machine, not in containers",
    "services": "the local forge starts no service containers",
    "uses": "the local forge runs no reusable workflows",
    "snapshot": "the local forge keeps no runner images",
}
FILTERS = {
    "push": ("branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore"),
    "pull_request": ("branches", "branches-ignore", "paths", "paths-ignore"),
    "pull_request_target": ("branches", "branches-ignore", "paths", "paths-ignore"),
    "workflow_run": ("branches", "branches-ignore"),
}
# The actions that start a workflow which names none.
USUAL_TYPES = {
    "pull_request": ("opened", "synchronize", "reopened"),
    "pull_request_target": ("opened", "synchronize", "reopened"),
}
EVENTS = named("""
    branch_protection_rule check_run check_suite create delete deployment deployment_status
    discussion discussion_comment fork gollum image_version issue_comment issues label
    merge_group milestone page_build public pull_request pull_request_review
    pull_request_review_comment pull_request_target push registry_package release
    repository_dispatch schedule status watch workflow_call workflow_dispatch workflow_run
""")
INPUT_KINDS = ("string", "boolean", "number", "choice", "environment")
# Permission of a job's token → levels it may have.
PERMISSIONS = {
    **dict.fromkeys(
        named("""
        actions artifact-metadata attestations checks contents deployments discussions issues
        packages pages pull-requests repository-projects security-events statuses
        """),
        ("read", "write", "none"),
    ),
    "id-token": ("write", "none"),
    "models": ("read", "none"),
}
