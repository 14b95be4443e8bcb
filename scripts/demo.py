"""The demo: deploy a real bundle with the real Databricks CLI to a local workspace, run it, look.

Every step is a command that a user can type; the script prints each before it runs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "examples" / "flights"
BIN = Path(sys.executable).parent
CLOUD = "demo"
TOP = 8
COLUMNS = ("airline", "flights", "cancelled", "mean_arr_delay", "mean_dep_delay")

console = Console(highlight=False)


class DemoError(Exception):
    """A step of the demo failed; its output has been shown."""


def headline(text: str) -> None:
    """Announce a step."""
    console.print(f"\n[bold cyan]==> {text}[/]")


def run(*command: str | Path, cwd: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    """Show a command and run it, its output going straight to the terminal.

    Raises:
        DemoError: when it fails.
    """
    words = [Path(command[0]).name, *map(str, command[1:])]
    console.print(f"[dim]$ {' '.join(words)}[/]")
    done = subprocess.run(command, cwd=cwd, env=os.environ | (environment or {}), check=False)
    if done.returncode != 0:
        raise DemoError(f"`{' '.join(words)}` ended with exit code {done.returncode}")


def ask(*command: str | Path, environment: dict[str, str], cwd: Path = ROOT) -> Any:
    """Return the JSON that a command prints.

    Raises:
        DemoError: when it fails.
    """
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise DemoError(done.stderr.decode().strip())
    return json.loads(done.stdout)


def start_cloud() -> dict[str, str]:
    """Start the local cloud and return the environment that points clients at it."""
    headline("A Databricks-compatible workspace on this machine")
    bricklane = BIN / "bricklane"
    run(bricklane, "local", "up", "--name", CLOUD, "--port", "0")
    status = ask(bricklane, "local", "status", "--name", CLOUD, "--json", environment={})
    uv = subprocess.run(
        [sys.executable, "-c", "import uv; print(uv.find_uv_bin())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return {
        "DATABRICKS_CONFIG_FILE": status["config_file"],
        "DATABRICKS_CONFIG_PROFILE": "dev",
        # The bundle builds its wheel with uv.
        "PATH": f"{Path(uv).parent}{os.pathsep}{os.environ['PATH']}",
    }


def databricks() -> str:
    """Return the path of the Databricks CLI."""
    found = subprocess.run(
        [BIN / "bricklane", "tools", "path", "databricks"],
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.strip()


def show_rows(cli: str, environment: dict[str, str]) -> None:
    """Print the first rows of a gold table, read from its Delta files without Spark."""
    from deltalake import DeltaTable

    summary = ask(cli, "bundle", "summary", "-o", "json", environment=environment, cwd=BUNDLE)
    schema = summary["resources"]["schemas"]["flights"]
    name = f"{schema['catalog_name']}.{schema['name']}.gold_airline_delays"
    headline(f"The worst airlines of 2013: {name}")
    table = ask(cli, "tables", "get", name, "-o", "json", environment=environment)
    rows = DeltaTable(table["storage_location"]).to_pyarrow_table()
    found = sorted(rows.to_pylist(), key=lambda row: -(row[COLUMNS[-1]] or 0))[:TOP]
    shown = Table(*COLUMNS)
    for row in found:
        values = [row[column] for column in COLUMNS]
        shown.add_row(*(f"{v:,.2f}" if isinstance(v, float) else str(v) for v in values))
    console.print(shown)
    console.print(
        f"{rows.num_rows} rows, read from the Delta table in\n{table['storage_location']}",
        soft_wrap=True,
    )


def show_run(cli: str, environment: dict[str, str]) -> None:
    """Print what the latest run's tasks did, and where its page is."""
    headline("What ran")
    runs = ask(
        cli, "jobs", "list-runs", "--expand-tasks", "--limit", "1", "-o", "json",
        environment=environment,
    )  # fmt: skip
    latest = runs[0]
    shown = Table("task", "state", "seconds")
    for task in latest["tasks"]:
        state = task["state"].get("result_state", task["state"]["life_cycle_state"])
        shown.add_row(task["task_key"], state, f"{task.get('run_duration', 0) / 1000:.1f}")
    console.print(shown)
    state = Path(environment["DATABRICKS_CONFIG_FILE"]).parent
    page = state / "workspaces" / "dev" / "runs" / str(latest["run_id"]) / "index.html"
    console.print(
        f"The run's page: [bold]file://{page}[/]\n"
        f"            or: {latest['run_page_url']} (any user name, the token as password)",
        soft_wrap=True,
    )


def next_steps(environment: dict[str, str]) -> None:
    """Say what to try now."""
    headline("Try next")
    console.print(
        f"  export DATABRICKS_CONFIG_FILE={environment['DATABRICKS_CONFIG_FILE']}\n"
        f"  export DATABRICKS_CONFIG_PROFILE=dev\n"
        "  databricks jobs list            # any command of the Databricks CLI\n"
        "  databricks schemas list dev\n"
        "  cd examples/flights             # change a notebook, then:\n"
        "  databricks bundle deploy && databricks bundle run delays\n"
        f"  .venv/bin/bricklane local logs --name {CLOUD}\n"
        f"  .venv/bin/bricklane local down --name {CLOUD}    # stops it; the state stays",
        soft_wrap=True,
    )


def main() -> None:
    """Play the demo."""
    began = time.monotonic()
    environment = start_cloud()
    cli = databricks()
    headline("The bundle of examples/flights, deployed by the unmodified Databricks CLI")
    run(cli, "bundle", "validate", cwd=BUNDLE, environment=environment)
    run(cli, "bundle", "deploy", cwd=BUNDLE, environment=environment)
    headline("A second plan has nothing to do")
    run(cli, "bundle", "plan", cwd=BUNDLE, environment=environment)
    headline("Its job, on Spark and Delta: 336,776 flights, files to checked reports")
    run(cli, "bundle", "run", "delays", cwd=BUNDLE, environment=environment)
    show_run(cli, environment)
    show_rows(cli, environment)
    next_steps(environment)
    console.print(f"\n[bold green]Done in {time.monotonic() - began:.0f} s.[/]")


if __name__ == "__main__":
    try:
        main()
    except DemoError as error:
        console.print(f"[bold red]error:[/] {error}", soft_wrap=True)
        sys.exit(1)
