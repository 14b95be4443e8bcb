"""Updates of projects: from an older template, with the team's edits kept and conflicts shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bricklane import __version__
from bricklane.cli.update import command
from bricklane.errors import BricklaneError
from bricklane.project import rendering
from bricklane.project.base import BASE
from bricklane.project.rendering import ANSWERS
from bricklane.project.scaffold import create
from bricklane.project.updating import update

Git = Callable[..., str]
OLD = "0.0.9"
WORKFLOW = Path(".github/workflows/deploy-staging.yml")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project from a template that is older than this one in a few places."""
    place = tmp_path_factory.mktemp("made")
    older = place / "older"
    shutil.copytree(rendering.TEMPLATE, older)
    for file, new, old in (
        ("project/README.md.jinja", "## Work on it", "## Working on it"),
        ("project/.gitignore.jinja", "spark-warehouse/\n", ""),
        ("none/resources/daily.yml.jinja", "timeout_seconds: 3600", "timeout_seconds: 7200"),
    ):
        path = older / "layers" / file
        content = path.read_text("utf-8")
        assert new in content
        path.write_text(content.replace(new, old), "utf-8")
    (older / "layers/project/OLD.md").write_text("Gone in the new one.\n")
    questions = (older / "copier.yml").read_text("utf-8")
    removed = questions[questions.index("code_owners:") : questions.index("python_version:")]
    (older / "copier.yml").write_text(
        questions.replace(removed, 'code_owners:\n  type: str\n  default: ""\n  when: false\n\n')
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "TEMPLATE", older)
        patch.setattr(rendering, "__version__", OLD)
        rendering.questions.cache_clear()
        create(place / "sales", {"sample": "none"}, defaults=True)
    rendering.questions.cache_clear()
    return place / "sales"


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that project."""
    shutil.copytree(made, tmp_path / "sales")
    return tmp_path / "sales"


def edit(path: Path, old: str, new: str) -> None:
    content = path.read_text("utf-8")
    assert old in content
    path.write_text(content.replace(old, new), "utf-8")


def commit(git: Git, project: Path) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message=work")


def test_an_untouched_project_becomes_what_the_template_makes(project: Path, git: Git) -> None:
    done = update(project, {}, defaults=True)

    fresh = create(project.parent / "fresh" / "sales", {"sample": "none"}, defaults=True).root
    here, there = (git(p, "ls-files", "--stage") for p in (project, fresh))
    assert here.splitlines() == there.splitlines()
    assert git(project, "diff") == ""
    assert (done.before, done.conflicts, done.left_out) == (OLD, (), ())
    assert "OLD.md" in done.changed
    assert not (project / "OLD.md").exists()
    assert dict(done.asked) == {"code_owners": ""}


def test_edits_of_the_team_are_kept_beside_those_of_the_template(project: Path, git: Git) -> None:
    edit(project / "README.md", "# sales", "# Sales of ours")
    edit(project / "resources/daily.yml", "max_concurrent_runs: 1", "max_concurrent_runs: 2")
    (project / "src/sales/own.py").write_text("OURS = True\n")
    commit(git, project)

    done = update(project, {}, defaults=True)

    assert done.conflicts == ()
    readme = (project / "README.md").read_text("utf-8")
    assert readme.startswith("# Sales of ours\n")
    assert "## Work on it\n" in readme
    job = (project / "resources/daily.yml").read_text("utf-8")
    assert "max_concurrent_runs: 2" in job
    assert "timeout_seconds: 3600" in job
    assert (project / "src/sales/own.py").read_text() == "OURS = True\n"


def test_a_conflict_is_shown_in_the_file_and_in_the_index(project: Path, git: Git) -> None:
    edit(project / "resources/daily.yml", "timeout_seconds: 7200", "timeout_seconds: 60")
    commit(git, project)

    done = update(project, {}, defaults=True)

    assert done.conflicts == ("resources/daily.yml",)
    content = (project / "resources/daily.yml").read_text("utf-8")
    assert "<<<<<<< your project\n      timeout_seconds: 60\n=======\n" in content
    assert "      timeout_seconds: 3600\n>>>>>>> bricklane " in content
    assert "UU resources/daily.yml" in git(project, "status", "--porcelain")
    git(project, "reset", "--merge")
    assert git(project, "status", "--porcelain") == ""


def test_what_the_team_deleted_stays_deleted(project: Path, git: Git) -> None:
    git(project, "rm", "--quiet", "-r", "resources/daily.yml", "tests/e2e")
    commit(git, project)

    done = update(project, {}, defaults=True)

    assert done.left_out == ("resources/daily.yml",)
    assert done.conflicts == ()
    assert not (project / "resources/daily.yml").exists()
    assert not (project / "tests/e2e").exists()


def test_a_file_that_the_team_moved_is_updated_where_it_is(project: Path, git: Git) -> None:
    git(project, "mv", "resources/daily.yml", "resources/nightly.yml")
    commit(git, project)

    done = update(project, {}, defaults=True)

    assert done.conflicts == ()
    assert "timeout_seconds: 3600" in (project / "resources/nightly.yml").read_text("utf-8")
    assert not (project / "resources/daily.yml").exists()


def test_answers_can_change(project: Path) -> None:
    assert "DATABRICKS_CLIENT_SECRET" in (project / WORKFLOW).read_text("utf-8")

    update(project, {"authentication": "oidc"}, defaults=True)

    assert "DATABRICKS_CLIENT_SECRET" not in (project / WORKFLOW).read_text("utf-8")
    assert "github-oidc" in (project / WORKFLOW).read_text("utf-8")
    assert 'authentication: "oidc"' in (project / ANSWERS).read_text("utf-8")


def test_a_second_update_changes_nothing(project: Path, git: Git) -> None:
    update(project, {}, defaults=True)
    commit(git, project)

    done = update(project, {}, defaults=True)

    assert done.changed == ()
    assert git(project, "status", "--porcelain") == ""


def test_history_is_not_needed(project: Path, git: Git, tmp_path: Path) -> None:
    edit(project / "README.md", "# sales", "# Sales of ours")
    commit(git, project)
    clone = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", project.as_uri(), str(clone))

    done = update(clone, {}, defaults=True)

    assert done.conflicts == ()
    assert "# Sales of ours\n" in (clone / "README.md").read_text("utf-8")


def test_works_in_a_folder_of_a_bigger_repository(project: Path, git: Git, tmp_path: Path) -> None:
    inside = tmp_path / "all" / "teams" / "sales"
    shutil.copytree(project, inside, ignore=shutil.ignore_patterns(".git"))
    (tmp_path / "all" / "README.md").write_text("# All of us\n")
    git(tmp_path / "all", "init", "--quiet")
    commit(git, tmp_path / "all")

    done = update(inside / "src", {}, defaults=True)

    assert done.conflicts == ()
    assert "timeout_seconds: 3600" in (inside / "resources/daily.yml").read_text("utf-8")
    assert (tmp_path / "all" / "README.md").read_text() == "# All of us\n"
    assert not (inside / "OLD.md").exists()


def test_without_a_base_every_difference_is_shown(project: Path, git: Git) -> None:
    git(project, "rm", "--quiet", str(BASE))
    commit(git, project)

    done = update(project, {}, defaults=True)

    assert not done.with_base
    assert "resources/daily.yml" in done.conflicts
    assert "databricks.yml" not in done.conflicts


def test_a_dirty_tree_is_refused(project: Path) -> None:
    edit(project / "README.md", "# sales", "# Sales of ours")

    with pytest.raises(BricklaneError, match=r"not committed:\n M README\.md") as caught:
        update(project, {}, defaults=True)

    assert "commit them first" in (caught.value.hint or "")


def test_an_untracked_file_in_the_way_stops_the_update(project: Path, git: Git) -> None:
    git(project, "rm", "--quiet", "--cached", ".gitignore", "databricks.yml")
    git(project, "commit", "--quiet", "--message=untrack")
    before = (project / ".gitignore").read_text("utf-8")

    with pytest.raises(BricklaneError, match=r"are in the way: \.gitignore$"):
        update(project, {}, defaults=True)

    assert (project / ".gitignore").read_text("utf-8") == before
    assert git(project, "status", "--porcelain", "--untracked-files=no") == ""


def test_a_project_of_a_newer_bricklane_is_refused(project: Path, git: Git) -> None:
    edit(project / ANSWERS, f'_bricklane: "{OLD}"', '_bricklane: "99.1.0"')
    commit(git, project)

    with pytest.raises(BricklaneError, match=r"bricklane 99\.1\.0, and this is the older"):
        update(project, {}, defaults=True)


def test_a_project_that_is_not_from_the_template_is_refused(project: Path, git: Git) -> None:
    git(project, "rm", "--quiet", str(ANSWERS))
    commit(git, project)

    with pytest.raises(BricklaneError, match=r"it has no \.bricklane/answers\.yml") as caught:
        update(project, {}, defaults=True)

    assert "bricklane adopt" in (caught.value.hint or "")


def test_a_broken_base_is_named(project: Path, git: Git) -> None:
    (project / BASE).write_bytes(b"not an archive")
    commit(git, project)

    with pytest.raises(BricklaneError, match=r"base\.tar\.xz cannot be read"):
        update(project, {}, defaults=True)


def test_prints_what_changed_and_ends_with_an_error_when_something_conflicts(
    project: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(project / "resources/daily.yml", "timeout_seconds: 7200", "timeout_seconds: 60")
    git(project, "rm", "--quiet", ".gitignore")
    commit(git, project)
    monkeypatch.chdir(project / "src")

    done = CliRunner().invoke(command, ["--defaults"])

    lines = done.output.splitlines()
    assert lines[0] == f"template: bricklane {OLD} → {__version__}"
    assert "  new question  code_owners: ''" in lines
    assert "  conflict  resources/daily.yml" in lines
    assert "  changed  README.md" in lines
    assert "  left out  .gitignore (you deleted it)" in lines
    assert isinstance(done.exception, BricklaneError)
    assert done.exception.message == "files with conflicts: resources/daily.yml"
    assert "git reset --merge" in (done.exception.hint or "")


def test_says_when_there_is_nothing_to_do(
    project: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    CliRunner().invoke(command, ["--defaults"])
    commit(git, project)

    done = CliRunner().invoke(command, ["--defaults"])

    assert done.exception is None
    assert done.output.endswith("Nothing changed: the project is as the template makes it.\n")
