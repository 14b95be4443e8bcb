"""The table of commands, and the help that is made from it alone."""

from __future__ import annotations

from bricklane import __version__

SUMMARY = "GitFlow delivery for Databricks, rehearsed end to end on a laptop."

# Command name → (module, one-line help). The modules are imported only when their command runs, so
# that ``bricklane --help`` stays fast whatever a command needs.
COMMANDS = {
    "adopt": ("bricklane.cli.adopt", "Add delivery to a bundle that is there already."),
    "bootstrap": (
        "bricklane.cli.bootstrap",
        "Provision workspaces, identities and repository.",
    ),
    "ci": ("bricklane.cli.ci", "What workflows call: check, deploy, draft, publish."),
    "deploy": ("bricklane.cli.deploy", "Deploy a commit to a target: plan, deploy, test, record."),
    "doctor": ("bricklane.cli.doctor", "Prove the chain of delivery, with the fix for each fault."),
    "feature": ("bricklane.cli.feature", "Begin a feature, and bring it into develop."),
    "history": ("bricklane.cli.history", "List past deployments, newest first."),
    "hotfix": ("bricklane.cli.hotfix", "Draft a hotfix of what is in production."),
    "lint": ("bricklane.cli.lint", "Check notebooks and scripts without running them."),
    "local": ("bricklane.cli.local", "Start, stop and inspect the local cloud."),
    "new": ("bricklane.cli.new", "Make a project: a bundle with tests and workflows."),
    "next-version": ("bricklane.cli.next_version", "Print the version that comes next."),
    "policy": ("bricklane.cli.policy", "Test the bundle against rules: alerts, tags, run_as …"),
    "rehearse": ("bricklane.cli.rehearse", "Play GitFlow on a local forge and three workspaces."),
    "release": ("bricklane.cli.release", "Draft a release, and publish it or a hotfix."),
    "spark": ("bricklane.cli.spark", "Show and end the Spark that stays warm for tests."),
    "status": ("bricklane.cli.status", "Show which version each target has."),
    "sweep": ("bricklane.cli.sweep", "Remove what tests have left in a workspace."),
    "test": ("bricklane.cli.test", "Run levels of tests, here or in a workspace, and report."),
    "tools": ("bricklane.cli.tools", "List and install the external programs bricklane drives."),
    "update": ("bricklane.cli.update", "Bring a project to the template of this bricklane."),
}


def help_text() -> str:
    """Return what Click prints for ``bricklane --help`` on a terminal of 80 columns.

    Loading Click takes longer than all else that ``--help`` does.
    """
    width = max(map(len, COMMANDS))
    commands = "".join(f"  {name:{width}}  {COMMANDS[name][1]}\n" for name in sorted(COMMANDS))
    return (
        "Usage: bricklane [OPTIONS] COMMAND [ARGS]...\n\n"
        f"  {SUMMARY}\n\n"
        "Options:\n"
        "  --version   Show the version and exit.\n"
        "  -h, --help  Show this message and exit.\n\n"
        f"Commands:\n{commands}"
    )


def version_text() -> str:
    """Return what ``bricklane --version`` prints."""
    return f"bricklane, version {__version__}\n"
