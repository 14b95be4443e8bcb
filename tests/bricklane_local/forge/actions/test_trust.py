"""What workflows must not get at, whoever writes branches, titles and forks."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.bricklane_local.forge.actions.conftest import Bench
from tests.bricklane_local.forge.desk import branch

pytestmark = pytest.mark.real

KEY = "-----BEGIN KEY-----\nMIIabc123def\nxyz987uvw+/=\n-----END KEY-----\n"
SECRETS = """
on: workflow_dispatch
permissions: {contents: read}
jobs:
  leak:
    runs-on: ubuntu-latest
    outputs: {stolen: "${{ secrets.WORD }}", encoded: "${{ steps.a.outputs.encoded }}"}
    env: {WORD: "${{ secrets.WORD }}"}
    steps:
      - id: a
        name: says ${{ secrets.WORD }}
        run: |
          echo "plain $WORD"; echo "$KEY"
          printf %s "$WORD" | base64; printf %s "a$WORD" | base64; printf %s "$KEY" | tail -2
          echo "encoded=$(printf %s "$WORD" | base64)" >> "$GITHUB_OUTPUT"
          echo "## $WORD" >> "$GITHUB_STEP_SUMMARY"
          echo "::error::$WORD"
          echo "token $TOKEN"
          echo "::add-mask::made-up-here"; echo "it is made-up-here"
          ps -eo args | grep -c "[h]unter2hunter2" || true
          ls "$HOME/../" ; cat "$HOME"/../*.yml || echo "no files of act"
        env: {KEY: "${{ secrets.KEY }}", TOKEN: "${{ github.token }}"}
"""


def test_secrets_are_in_no_log_summary_page_output_or_argument(bench: Bench) -> None:
    word = "hunter2hunter2"
    bench.repository.create_secret("WORD", word)
    bench.repository.create_secret("KEY", KEY)
    bench.workflow(SECRETS)
    bench.wait("the workflow", lambda: list(bench.repository.get_workflows()))
    bench.repository.get_workflow("ci.yml").create_dispatch("main")
    run = bench.run()
    log = bench.log(run, "leak")
    assert "plain ***" in log
    assert "it is ***" in log
    assert "token ***" in log
    assert "\n0\n" in log, "a secret was among the arguments of a process"
    assert "Skip output 'stolen' since it may contain secret." in log
    folder = bench.desk.state / "forge" / "runs" / str(run.id)
    kept = "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file())
    pages = [run.html_url, bench.job(run, "leak")["html_url"]]
    kept += "".join(bench.desk.ask("GET", page).text for page in pages)
    kept += bench.desk.ask("GET", f"{bench.path}/actions/runs/{run.id}/jobs").text
    kept += bench.desk.ask("GET", f"{bench.path}/commits/{run.head_sha}/check-runs").text
    encoded = base64.b64encode(word.encode()).decode()
    for secret in (word, encoded.rstrip("=")[:-1], "MIIabc123def", "xyz987uvw", "made-up-here"):
        assert secret not in kept
    assert "ghs_" not in kept


HOSTILE = """
name: "W ${{ 'x' }}"
on: pull_request
permissions: {contents: read}
env: {HEAD: "${{ github.head_ref }}", TITLE: "${{ github.event.pull_request.title }}"}
jobs:
  show:
    runs-on: ubuntu-latest
    env: {JOB_TITLE: "${{ github.event.pull_request.title }}-${{ secrets.WORD }}"}
    steps:
      - name: ${{ github.event.pull_request.title }}
        run: |
          printf '%s\\n' "$HEAD" "$GITHUB_HEAD_REF" "$TITLE" "$STEP" "$JOB_TITLE" "$ARGUMENT" > all
          cat all; echo "LATER=$TITLE" >> "$GITHUB_ENV"
          printf '%s' "$HEAD" | wc -c; printf '%s' "$TITLE" | wc -c; printf '%s' "$STEP" | wc -c
        env:
          STEP: ${{ github.event.pull_request.title }}
          ARGUMENT: ${{ format('<{0}>', github.head_ref) }}
      - uses: actions/checkout@v5
        with: {ref: "${{ github.head_ref }}"}
      - run: printf '%s\\n' "later $LATER"; git rev-parse --abbrev-ref HEAD
"""


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("$(touch${IFS}x);`id`", '$(touch x)"; rm -rf / `id` \u202e 🚀 größe'),
        ("a/${{secrets.WORD}}", "${{ secrets.WORD }} ${{ '}}' }} it's ${{"),
        ("f'${{'}}", "'}} ::set-output name=x::y"),
    ],
)
def test_hostile_names_and_titles_stay_text(bench: Bench, name: str, title: str) -> None:
    bench.repository.create_secret("WORD", "hunter2hunter2")
    bench.workflow(HOSTILE.replace("${{ 'x' }}", "x"))
    head = bench.repository.get_branch("main").commit.sha
    path = f"{bench.path}/git/refs"
    made = bench.desk.ask("POST", path, json={"ref": f"refs/heads/{name}", "sha": head})
    assert made.status_code == 201, made.text
    body = base64.b64encode(b"x").decode()
    answer = bench.desk.ask(
        "PUT",
        f"{bench.path}/contents/x.txt",
        json={"message": "m", "content": body, "branch": name},
    )
    assert answer.status_code == 201, answer.text
    pull = {"head": name, "base": "main", "title": title}
    assert bench.desk.ask("POST", f"{bench.path}/pulls", json=pull).status_code == 201
    run = bench.run()
    bench.succeeded(run)
    lines = bench.log(run, "show").splitlines()
    at = lines.index(name)
    assert lines[at : at + 5] == [name, name, title, title, f"{title}-***"]
    assert lines[at + 5] == f"<{name}>"
    sizes = [len(text.encode()) for text in (name, title, title)]
    assert lines[at + 6 : at + 9] == [str(size) for size in sizes]
    assert lines[-2:] == [f"later {title}", name]
    assert run.display_title == title


FORK = """
on: {pull_request: {}, push: {branches: [main]}}
permissions: {contents: write, pull-requests: write}
jobs:
  look:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "secret=[${{ secrets.WORD }}] file=$(cat who.txt)"
          curl -s -o /dev/null -w 'write %{http_code}\\n' -X POST -H "Authorization: Bearer $T" \\
            -d '{"body": "x"}' "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/1/comments"
          curl -s -o /dev/null -w 'read %{http_code}\\n' -H "Authorization: Bearer $T" \\
            "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/contents/README.md"
        env: {T: "${{ github.token }}"}
      - uses: actions/checkout@v5
      - run: cat who.txt
"""


def test_a_forks_pull_request_gets_no_secret_and_writes_nothing(bench: Bench) -> None:
    bench.repository.create_secret("WORD", "hunter2hunter2")
    bench.workflow(FORK)
    bench.run(event="push")
    upstream = bench.desk.client("release-manager").get_repo(bench.repository.full_name)
    fork = upstream.create_fork()
    branch(fork, "evil", "who.txt", "of the fork\n")
    upstream.create_pull(base="main", head="release-manager:evil", title="please")
    run = bench.run(event="pull_request")
    bench.succeeded(run)
    log = bench.log(run, "look")
    assert "secret=[]" in log
    assert "write 403" in log
    assert "read 200" in log
    assert "\nof the fork" in log
    assert "This run is of a fork's pull request: it gets no secrets." in log
    assert run.head_repository.full_name == fork.full_name


ROBOT = """
name: Robot
on: {workflow_dispatch: {}}
permissions: {contents: write, pull-requests: write, actions: write}
jobs:
  act:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: |
          git config user.name robot; git config user.email robot@example.com
          git switch -q -c robot/x; git commit -q --allow-empty -m x; git push -q origin robot/x
          call() {
            curl -sS -o answer -w "$2 %{http_code}\\n" -X "$1" -H "Authorization: Bearer $T" \\
              -d "$3" "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/$2"
          }
          call POST pulls '{"head": "robot/x", "base": "main", "title": "x"}'
          call POST actions/workflows/other.yml/dispatches '{"ref": "robot/x"}'
          call PUT environments/prod '{}'
        env: {T: "${{ github.token }}"}
"""
OTHER = """
name: Other
on: [push, pull_request, workflow_dispatch]
permissions: {}
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}
"""


def test_what_a_jobs_token_does_starts_nothing_but_a_dispatch(bench: Bench) -> None:
    bench.workflow(ROBOT, "robot.yml")
    bench.workflow(OTHER, "other.yml")
    bench.run(event="push")
    bench.repository.get_workflow("robot.yml").create_dispatch("main")
    bench.wait("four runs", lambda: len(bench.runs()) >= 3)

    def look() -> Any:
        return all(row.status == "completed" for row in bench.runs())

    bench.wait("their end", look)
    robot = next(row for row in bench.runs() if row.name == "Robot")
    bench.succeeded(robot)
    log = bench.log(robot, "act")
    assert "pulls 201" in log
    assert "dispatches 204" in log
    assert "environments/prod 403" in log
    others = sorted((row.event, row.actor.login) for row in bench.runs() if row.name == "Other")
    assert others == [("push", "developer"), ("workflow_dispatch", "github-actions[bot]")]
    assert bench.repository.get_pulls()[0].user.login == "github-actions[bot]"
