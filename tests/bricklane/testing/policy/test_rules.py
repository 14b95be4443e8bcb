"""Each rule: what it finds, where, and what it leaves alone."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from bricklane.errors import BricklaneError
from bricklane.project.bundlefile import read_bundle
from bricklane.project.loading import settings_of
from bricklane.testing.policy.model import Finding
from bricklane.testing.policy.rules import RULES
from bricklane.testing.policy.running import examine, line_of, refusal

SOUND = """\
bundle: {name: sales}
include: [jobs.yml]
variables:
  alerts: {type: complex, default: []}
  catalog: {default: dev}
targets:
  dev: {mode: development, default: true}
  prod:
    mode: production
    variables: {alerts: {default: [team@example.com]}, catalog: prod}
    workspace: {root_path: "/Workspace/Shared/${bundle.name}"}
    run_as: {service_principal_name: 11111111-2222-3333-4444-555555555555}
    permissions: [{group_name: users, level: CAN_VIEW}]
"""
JOB = """\
resources:
  jobs:
    daily:
      name: sales daily
      timeout_seconds: 60
      tags: {project: sales}
      email_notifications: {on_failure: "${var.alerts}"}
      parameters: [{name: catalog, default: "${var.catalog}"}]
      tasks:
        - task_key: load
          notebook_task: {notebook_path: ./load.py}
"""


def project(
    folder: Path, jobs: str = JOB, bundle: str = SOUND, toml: str = "", rules: str = ""
) -> Path:
    for name, text in {"databricks.yml": bundle, "jobs.yml": jobs, "bricklane.toml": toml}.items():
        (folder / name).write_text(textwrap.dedent(text))
    if rules:
        (folder / "bricklane_policy.py").write_text(textwrap.dedent(rules))
    return folder


def findings(folder: Path, target: str = "prod") -> list[Finding]:
    bundle = read_bundle(folder / "databricks.yml")
    return examine(settings_of(bundle), bundle, target)


def told(folder: Path, target: str = "prod") -> list[str]:
    return [f"{found.severity}: {line_of(found)}" for found in findings(folder, target)]


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_a_sound_bundle_has_no_findings(tmp_path: Path, target: str) -> None:
    assert told(project(tmp_path), target) == []


CHANGES = [
    ("      timeout_seconds: 60\n", "", "jobs.yml:3: jobs.daily: it may run for ever", "timeout"),
    ("      tags: {project: sales}\n", "", "jobs.yml:3: jobs.daily: it has no tags", "tags"),
    (
        '"${var.alerts}"',
        "[]",
        "jobs.yml:3: jobs.daily: nobody is told when it fails",
        "alerts",
    ),
    (
        "name: sales daily",
        'name: "[dev ann] sales"',
        "jobs.yml:4: jobs.daily: name is [dev ann] sales",
        "dev-names",
    ),
    (
        "./load.py",
        "/Users/ann@example.com/load",
        (
            "jobs.yml:11: jobs.daily: tasks[load].notebook_task.notebook_path is in the folder of "
            "a person, ann@example.com"
        ),
        "dev-names",
    ),
    (
        "- task_key: load\n",
        "- task_key: load\n          new_cluster: {spark_version: 17.3.x-scala2.13}\n",
        "jobs.yml:11: jobs.daily: a cluster without policy_id",
        "cluster-policy",
    ),
    (
        "./load.py}",
        "./load.py, base_parameters: {key: dapi" + "0f" * 16 + "}}",
        (
            "jobs.yml:11: jobs.daily: tasks[load].notebook_task.base_parameters.key holds a "
            "Databricks token"
        ),
        "secrets",
    ),
    (
        "./load.py}",
        "./load.py, base_parameters: {password: hunter2}}",
        "base_parameters.password holds a value, and should refer to a secret",
        "secrets",
    ),
    (
        "      tags:",
        "      run_as: {user_name: ann@example.com}\n      tags:",
        "jobs.yml:6: jobs.daily: it runs as a person, ann@example.com",
        "run-as",
    ),
    (
        "      tags:",
        (
            "      permissions: [{user_name: a@b.c, level: IS_OWNER}, {user_name: d@e.f, level: "
            "IS_OWNER}]\n      tags:"
        ),
        "jobs.yml:6: jobs.daily: it has 2 owners: a@b.c, d@e.f",
        "one-owner",
    ),
]


@pytest.mark.parametrize(("old", "new", "said", "rule"), CHANGES)
def test_each_rule_finds_what_it_is_for(
    tmp_path: Path, old: str, new: str, said: str, rule: str
) -> None:
    assert old in JOB
    (found,) = told(project(tmp_path, JOB.replace(old, new)))
    assert found.startswith("error: ")
    assert said in found
    assert found.endswith(f"[{rule}]")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "    mode: production\n",
            "",
            "error: databricks.yml:8: bundle: target prod, where releases end, has no mode [mode]",
        ),
        (
            "    run_as: {service_principal_name: 11111111-2222-3333-4444-555555555555}\n",
            "",
            (
                "error: jobs.yml:3: jobs.daily: it runs as whoever deploys: run_as names no "
                "service principal [run-as]"
            ),
        ),
        (
            "    permissions: [{group_name: users, level: CAN_VIEW}]\n",
            "",
            (
                "error: jobs.yml:3: jobs.daily: it has no permissions: only who deploys and "
                "administrators see it [permissions]"
            ),
        ),
        (
            "/Workspace/Shared/",
            "/Workspace/Users/ann@example.com/",
            (
                "error: databricks.yml:11: bundle: it is deployed to the folder of a person, "
                "ann@example.com [dev-names]"
            ),
        ),
        (
            ", catalog: prod",
            "",
            "error: jobs.yml:8: jobs.daily: its parameter catalog is dev [dev-names]",
        ),
    ],
)
def test_what_a_target_says_is_judged_too(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SOUND
    assert said in told(project(tmp_path, bundle=SOUND.replace(old, new)))


def test_development_warns_and_leaves_out_what_is_of_production(tmp_path: Path) -> None:
    bare = """\
        resources:
          jobs:
            daily:
              name: sales
              schedule: {quartz_cron_expression: 0 0 5 * * ?, pause_status: UNPAUSED}
              tasks: [{task_key: load, notebook_task: {notebook_path: ./load.py}}]
        """
    folder = project(tmp_path, bare)
    assert [found.partition(":")[0] for found in told(folder, "dev")] == ["warning"] * 3
    assert {found.rule.id for found in findings(folder, "dev")} == {"timeout", "tags", "schedules"}
    assert {found.rule.id for found in findings(folder)} == {"alerts", "timeout", "tags"}


def test_values_that_only_the_cli_knows_are_not_judged(tmp_path: Path) -> None:
    job = JOB.replace('"${var.alerts}"', '"${var.unknown}"').replace(
        "./load.py", '"${workspace.file_path}/load"'
    )
    assert told(project(tmp_path, job)) == []


def test_files_of_the_wrong_shape_make_findings_and_no_failure(tmp_path: Path) -> None:
    shapeless = """\
        resources:
          jobs: {a: 3, b: {tasks: [1, {task_key: x}], tags: yes, email_notifications: [1]}}
          pipelines: [1]
        permissions: nope
        run_as: nobody
        variables: [1]
        """
    bundle = "bundle: {name: bad}\ninclude: [jobs.yml]\ntargets: {prod: {mode: production}}\n"
    found = findings(project(tmp_path, shapeless, bundle))
    assert {one.rule.id for one in found} == {"run-as", "alerts", "timeout", "tags"}


def test_settings_change_the_severity_and_a_target_has_the_last_word(tmp_path: Path) -> None:
    job = JOB.replace("      tags: {project: sales}\n", "")
    toml = '[policy]\ntags = "error"\n'
    assert [found.severity for found in findings(project(tmp_path, job, toml=toml), "dev")] == [
        "error"
    ]
    toml += '[targets.prod.policy]\ntags = "off"\n'
    assert findings(project(tmp_path, job, toml=toml)) == []
    toml = '[policy]\ntgs = "off"\n'
    with pytest.raises(BricklaneError, match="there is no rule 'tgs'; did you mean `tags`"):
        findings(project(tmp_path, toml=toml))
    with pytest.raises(BricklaneError, match=r"policy/tags: `loud` is not known"):
        findings(project(tmp_path, toml='[policy]\ntags = "loud"\n'))


OWN = """\
    from bricklane.testing.policy import Resource, rule

    @rule("cost-centre", kinds=["jobs"], title="Jobs say who pays", fix="tags: cost_centre")
    def cost_centre(job: Resource):
        if "cost_centre" not in job.table("tags"):
            yield job.problem("it has no tag cost_centre", "tags")
    """


def test_a_project_has_rules_of_its_own(tmp_path: Path) -> None:
    folder = project(tmp_path, rules=OWN)
    assert told(folder) == [
        "error: jobs.yml:6: jobs.daily: it has no tag cost_centre [cost-centre]"
    ]
    assert [found.severity for found in findings(folder, "dev")] == ["warning"]
    toml = '[policy]\ncost-centre = "off"\n'
    assert told(project(tmp_path, toml=toml)) == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            "import nothing_of_this_name\n",
            r"bricklane_policy.py:1: its rules cannot be loaded: Mod",
        ),
        ("def broken(:\n", r"bricklane_policy.py:1: its rules cannot be loaded: SyntaxError"),
        (OWN.replace('"cost-centre"', '"tags"'), "has a rule 'tags', and so has bricklane"),
        (
            OWN.replace('job.table("tags")', "job.nothing"),
            "rule cost-centre failed at jobs.daily: AttributeError",
        ),
        (OWN.replace('fix="tags', 'production="loud", fix="tags'), "ValueError: 'loud'"),
    ],
)
def test_bad_rules_are_named(tmp_path: Path, rules: str, said: str) -> None:
    with pytest.raises(BricklaneError, match=said):
        findings(project(tmp_path, rules=rules))


def test_a_refusal_names_the_fix_and_how_to_switch_it_off(tmp_path: Path) -> None:
    folder = project(tmp_path, JOB.replace("      tags: {project: sales}\n", ""))
    refused = refusal(findings(folder), "prod")
    assert refused is not None
    assert refused.message.splitlines() == [
        "the bundle breaks the policy of target prod:",
        "jobs.yml:3: jobs.daily: it has no tags: its cost belongs to nobody [tags]",
    ]
    assert refused.hint is not None
    assert '[targets.prod.policy] tags = "off"' in refused.hint
    assert refusal(findings(folder, "dev"), "dev") is None


def test_every_rule_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[4] / "docs" / "policy.md").read_text()
    for rule in RULES:
        row = f"| `{rule.id}` | {rule.title} | {', '.join(rule.kinds)} | {rule.development} | "
        assert f"{row}{rule.production} |" in page
