from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from bricklane_local.forge.actions.expressions import ExpressionError
from bricklane_local.forge.actions.tokens import granted
from bricklane_local.forge.actions.workflows.document import WorkflowError
from bricklane_local.forge.actions.workflows.filters import selects
from bricklane_local.forge.actions.workflows.matrix import combinations, label
from bricklane_local.forge.actions.workflows.reading import read_workflow
from bricklane_local.forge.actions.workflows.triggers import wants_paths, wants_ref, wants_type

STEPS = "runs-on: ubuntu-latest, steps: [{run: 'true'}]"


def problems(text: str) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        read_workflow("x.yml", dedent(text))
    return caught.value.problems


def test_a_workflow_is_read_as_github_reads_it() -> None:
    found = read_workflow(
        ".github/workflows/x.yml",
        dedent(
            """\
            on:
              push: {branches: [main]}
              workflow_dispatch:
                inputs:
                  bump: {type: choice, options: [minor, major], required: true}
            env: {DAY: 2026-11-21, YES: yes, OCT: 0o17}
            permissions: {}
            concurrency: deploy
            jobs:
              a: &base {runs-on: ubuntu-latest, steps: [{run: 'true'}]}
              b: *base
              c:
                needs: [a, b]
                runs-on: ubuntu-24.04
                environment: prod
                timeout-minutes: 5
                steps: [{uses: ./local}, {uses: o/r/sub@v1, with: {x: 1}}]
            """
        ),
    )
    assert found.name == ".github/workflows/x.yml"
    assert found.env == {"DAY": "2026-11-21", "YES": "yes", "OCT": 15}
    assert (found.permissions, found.concurrency.group if found.concurrency else "") == (
        {},
        "deploy",
    )
    assert list(found.jobs) == ["a", "b", "c"]
    assert found.jobs["c"].environment is not None
    assert found.triggers["workflow_dispatch"].inputs[0].options == ("minor", "major")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["a workflow is a mapping, this file is empty"]),
        ("on: push\njobs: [", ["(Line: "]),
        ("on: push\n", ["required property is missing: jobs"]),
        ("on: push\non: push\n", ["(Line: 2): 'on' is already defined"]),
        (f"jobs: {{a: {{{STEPS}}}}}", ["required property is missing: on"]),
        (f"on: pusk\njobs: {{a: {{{STEPS}}}}}", ["on: unexpected value 'pusk'"]),
        (
            f"on: push\njobs: {{a: {{{STEPS}, foo: 1}}}}",
            ["(Line: 2): jobs.a: unexpected value 'foo'"],
        ),
        (
            "on: push\njobs: {a: {steps: [{run: x}]}}",
            ["jobs.a: required property is missing: runs-on"],
        ),
        (
            "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: x, uses: y}]}}",
            ["jobs.a.steps[0]: a step has either run or uses", "expected format {org}/{repo}"],
        ),
        (
            "on: push\njobs:\n  a: {runs-on: ubuntu-latest, steps: [{uses: 'o/r@${{ 1 }}'}]}",
            ["expected format {org}/{repo}[/path]@ref, got 'o/r@${{ 1 }}'"],
        ),
        (f"on: push\njobs: {{a: {{{STEPS}, needs: z}}}}", ["job 'a' depends on unknown job 'z'"]),
        (
            f"on: push\njobs: {{a: {{{STEPS}, needs: b}}, b: {{{STEPS}, needs: a}}}}",
            ["job 'a' depends on itself", "job 'b' depends on itself"],
        ),
        (f"on: push\njobs: {{'1a': {{{STEPS}}}}}", ["jobs: '1a' is no id"]),
        (
            f"on: push\npermissions: {{content: read}}\njobs: {{a: {{{STEPS}}}}}",
            ["(Line: 2): permissions: unexpected value 'content'"],
        ),
        (
            f"on: push\npermissions: {{contents: all}}\njobs: {{a: {{{STEPS}}}}}",
            ["permissions.contents must be one of read, write, none; got 'all'"],
        ),
        (
            f"on: {{push: {{branches: [a], branches-ignore: [b]}}}}\njobs: {{a: {{{STEPS}}}}}",
            ["you may only define one of `branches` and `branches-ignore`"],
        ),
        (
            "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: '${{ foo }}'}]}}",
            ["jobs.a.steps[0].run: Unrecognized named-value: 'foo'"],
        ),
        (
            f"on: push\njobs: {{a: {{{STEPS}, if: 'a =='}}}}",
            ["jobs.a.if: Unrecognized named-value"],
        ),
    ],
)
def test_problems_are_told_with_their_place(text: str, expected: list[str]) -> None:
    found = problems(text)
    assert len(found) == len(expected), found
    for line, part in zip(found, expected, strict=True):
        assert part in line


def test_what_needs_docker_is_kept_to_be_refused_by_name() -> None:
    job = f"{{{STEPS}, container: x, services: {{db: {{}}}}}}"
    text = f"on: push\njobs:\n  a: {job}\n  b: {{uses: ./y.yml}}\n"
    found = read_workflow("x.yml", text)
    assert [line.split(":")[0] for line in found.jobs["a"].refused] == ["container", "services"]
    assert found.jobs["b"].refused == ("uses: the local forge runs no reusable workflows",)


@pytest.mark.parametrize(
    ("patterns", "name", "expected"),
    [
        (["main"], "main", True),
        (["main"], "domain", False),
        (["release/*"], "release/1.2.0", True),
        (["release/*"], "release/a/b", False),
        (["release/**"], "release/a/b", True),
        (["**"], "a/b", True),
        (["*"], "a/b", False),
        (["v[12].[0-9]+.[0-9]+"], "v1.10.0", True),
        (["v[12].[0-9]+.[0-9]+"], "v3.0.0", False),
        (["releases/**", "!releases/**-alpha"], "releases/10-alpha", False),
        (["releases/**", "!releases/**-alpha", "releases/x-alpha"], "releases/x-alpha", True),
        (["!a"], "b", False),
        (["**/docs/**"], "docs/a.md", True),
        (["**/*.md"], "README.md", True),
        (["*.jsx?"], "page.js", True),
        ([r"a\*b"], "a*b", True),
        (["fix.$(x)"], "fix.$(x)", True),
        (["[ab"], "[ab", True),
    ],
)
def test_filter_patterns(patterns: list[str], name: str, expected: bool) -> None:
    assert selects(patterns, name) is expected


def trigger(event: str, settings: str) -> Any:
    text = f"on: {{{event}: {settings}}}\njobs: {{a: {{{STEPS}}}}}"
    return read_workflow("x.yml", text).triggers[event]


@pytest.mark.parametrize(
    ("settings", "ref", "expected"),
    [
        ("", "refs/heads/x", True),
        ("", "refs/tags/x", True),
        ("{branches: [main]}", "refs/heads/main", True),
        ("{branches: [main]}", "refs/heads/x", False),
        ("{branches: [main]}", "refs/tags/main", False),
        ("{tags: ['v*']}", "refs/tags/v1", True),
        ("{tags: ['v*']}", "refs/heads/v1", False),
        ("{branches-ignore: [main]}", "refs/heads/main", False),
        ("{branches-ignore: [main]}", "refs/heads/x", True),
        ("{branches: [main], tags: ['v*']}", "refs/tags/v1", True),
        ("{paths: [a]}", "refs/tags/x", True),
    ],
)
def test_pushes_are_filtered_by_ref(settings: str, ref: str, expected: bool) -> None:
    assert wants_ref("push", ref, trigger("push", settings)) is expected


@pytest.mark.parametrize(
    ("settings", "action", "expected"),
    [
        ("", "opened", True),
        ("", "synchronize", True),
        ("", "closed", False),
        ("{types: [closed]}", "closed", True),
        ("{types: [closed]}", "opened", False),
    ],
)
def test_pull_requests_have_usual_types(settings: str, action: str, expected: bool) -> None:
    assert wants_type("pull_request", action, trigger("pull_request", settings)) is expected


@pytest.mark.parametrize(
    ("settings", "paths", "expected"),
    [
        ("{paths: ['src/**']}", ["src/a.py", "b"], True),
        ("{paths: ['src/**']}", ["b"], False),
        ("{paths-ignore: ['**.md']}", ["a.md", "b/c.md"], False),
        ("{paths-ignore: ['**.md']}", ["a.md", "b.py"], True),
    ],
)
def test_changes_are_filtered_by_path(settings: str, paths: list[str], expected: bool) -> None:
    assert wants_paths(paths, trigger("push", settings)) is expected


def test_a_matrix_is_expanded_as_documented() -> None:
    found = combinations(
        {
            "fruit": ["apple", "pear"],
            "animal": ["cat", "dog"],
            "exclude": [{"fruit": "pear", "animal": "dog"}],
            "include": [
                {"color": "green"},
                {"color": "pink", "animal": "cat"},
                {"fruit": "apple", "shape": "circle"},
                {"fruit": "banana"},
                {"fruit": "banana", "animal": "cat"},
            ],
        }
    )
    assert found == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]
    assert label({"os": "linux", "v": 3.11, "o": {"k": True}}) == "(linux, 3.11, true)"
    assert combinations({"include": [{"a": 1}, {"a": 2}]}) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ("text", "must be a mapping"),
        ({"a": "b"}, "strategy.matrix.a must be a list, got 'b'"),
        ({"a": []}, "does not contain any values"),
        ({"a": list(range(300))}, "300 combinations; 256 is the limit"),
    ],
)
def test_a_matrix_that_is_none_is_refused(matrix: Any, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        combinations(matrix)


@pytest.mark.parametrize(
    ("workflow", "job", "fork", "expected"),
    [
        (None, None, False, {"contents": "read", "packages": "read"}),
        ({}, None, False, {}),
        (
            {},
            {"contents": "write", "id-token": "write"},
            False,
            {"contents": "write", "id_token": "write"},
        ),
        ({"issues": "write"}, {"pull-requests": "none"}, False, {}),
        ({"contents": "write", "id-token": "write"}, None, True, {"contents": "read"}),
    ],
)
def test_a_jobs_token_may_do_what_was_asked_and_no_more(
    workflow: Any, job: Any, fork: bool, expected: dict[str, str]
) -> None:
    assert granted(workflow, job, fork=fork) == {**expected, "metadata": "read"}


def test_all_permissions_are_what_all_means() -> None:
    assert granted("write-all", None, fork=False)["contents"] == "write"
    assert granted("write-all", None, fork=False)["models"] == "read"
    assert "id_token" not in granted("read-all", None, fork=False)
    assert set(granted("write-all", None, fork=True).values()) == {"read"}
