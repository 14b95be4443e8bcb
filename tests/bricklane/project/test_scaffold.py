"""New projects: answers, refusals, and a repository that is ready to push."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bricklane.cli.new import command, report
from bricklane.errors import BricklaneError, ExitCode
from bricklane.project import scaffold
from bricklane.project.loading import load
from bricklane.project.rendering import checked, questions
from bricklane.project.scaffold import NewProject, create, default_name

Git = Callable[..., str]
ANSWERS = dict.fromkeys(questions(), "x")


def test_a_new_project_is_a_clean_repository_with_both_branches(tmp_path: Path, git: Git) -> None:
    root = create(tmp_path / "Sales Reports", {"sample": "none"}, defaults=True).root

    assert git(root, "status", "--porcelain") == ""
    assert git(root, "branch", "--show-current") == "develop"
    assert git(root, "rev-parse", "main") == git(root, "rev-parse", "develop")
    assert git(root, "rev-list", "--count", "main") == "1"
    settings = load(root)
    assert settings.bundle == "sales-reports"
    assert list(settings.targets) == ["dev", "staging", "prod"]
    assert list(tmp_path.glob(".*")) == [], "nothing of the making is left"


def test_the_branches_may_have_other_names(tmp_path: Path, git: Git) -> None:
    given = {"sample": "none", "main": "master", "develop": "next"}

    made = create(tmp_path / "sales", given, defaults=True)

    assert git(made.root, "branch", "--format=%(refname:short)").split() == ["master", "next"]
    assert git(made.root, "branch", "--show-current") == "next"
    settings = load(made.root).gitflow
    assert (settings.main, settings.develop) == ("master", "next")
    assert "  git push -u origin master next" in report(made)
    workflows = made.root / ".github" / "workflows"
    text = "".join(file.read_text("utf-8") for file in workflows.iterdir())
    text += (made.root / "README.md").read_text("utf-8")
    assert not re.search(r"\b(main|develop)\b", text)


def test_the_owner_becomes_the_remote(tmp_path: Path, git: Git) -> None:
    made = create(tmp_path / "sales", {"sample": "none", "owner": "acme"}, defaults=True)

    assert git(made.root, "remote", "get-url", "origin") == made.remote
    assert made.remote == "https://github.com/acme/sales.git"


def test_prints_what_was_made_and_what_comes_next(tmp_path: Path) -> None:
    path = tmp_path / "sales"

    done = CliRunner().invoke(command, [str(path), "--defaults", "--data", "sample=none"])

    assert done.exception is None
    files = sum(1 for file in path.rglob("*") if file.is_file() and ".git" not in file.parts)
    assert done.output == (
        f"sales is ready: {path}\n"
        "\n"
        f"  bundle      sales, {files} files, on branch develop\n"
        "  catalogs    dev → dev, staging → staging, prod → prod\n"
        "  sample      none\n"
        "  sign-in     secret\n"
        "\n"
        "It has no uv.lock yet (there is no network); make one with: uv lock\n"
        "\n"
        "Next:\n"
        f"  cd {path}\n"
        "  bricklane test unit\n"
        "  git remote add origin URL\n"
        "  git push -u origin main develop\n"
        "  README.md says how to set up the forge\n"
    )


def test_a_file_of_answers_and_single_answers(tmp_path: Path, git: Git) -> None:
    file = tmp_path / "answers.yml"
    file.write_text("_bricklane: ignored\nsample: none\ncatalog_prod: live\ncode_owners:\n")
    arguments = [str(tmp_path / "x"), "--defaults", "--data-file", str(file)]

    done = CliRunner().invoke(command, [*arguments, "--data", "catalog_prod=main"])

    assert done.exception is None
    assert "prod → main" in done.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"project": "Sales!"}, "expected lower-case words joined by hyphens"),
        ({"project": "on"}, "means something else in YAML"),
        ({"project": "numpy"}, "is the name of something that the project depends on"),
        ({"package": "import"}, "that Python or the project itself imports"),
        ({"package": "calendar"}, "that Python or the project itself imports"),
        ({"package": "pandas"}, "that Python or the project itself imports"),
        ({"package": "null"}, "means something else in YAML"),
        ({"description": 'a "quoted" one'}, "expected one line without quotation marks"),
        ({"catalog_dev": "a.b"}, "expected the name of a catalog"),
        ({"service_principal_prod": "sp"}, "expected an application id such as"),
        ({"owner": "a/b"}, "expected the name of a GitHub account"),
        ({"code_owners": "acme"}, "expected names that begin with @"),
        ({"sample": "taxi"}, "taxi"),
        ({"authentication": "token"}, "token"),
        ({"python_version": "3.9"}, "3.9"),
        ({"main": "-x"}, "expected the name of a branch"),
        ({"develop": "main"}, "is the branch of production already"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    with pytest.raises(BricklaneError) as caught:
        create(tmp_path / "sales", given, defaults=True)

    assert said in caught.value.message
    assert next(iter(given)) in caught.value.message
    assert repr(next(iter(given.values()))) in caught.value.message
    assert caught.value.hint == f"choose another: --data {next(iter(given))}=VALUE"
    assert caught.value.exit_code is ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "project"),
    [
        ("Sales Reports", "sales-reports"),
        ("Gebühren_2026", "gebuhren-2026"),
        ("9lives", "project-9lives"),
        ('$(touch x)"; rm -rf', "touch-x-rm-rf"),
        ("no", "no-project"),
        ("pandas", "pandas-project"),
        ("a" * 39 + "-bc", "a" * 39),
        ("版本", ""),
    ],
)
def test_a_folder_suggests_a_name_that_fits(folder: str, project: str) -> None:
    assert default_name(Path("/x", folder)) == project


def test_a_package_has_no_name_that_python_imports_itself(tmp_path: Path) -> None:
    made = create(tmp_path / "statistics", {"sample": "none"}, defaults=True)

    assert (made.answers["project"], made.answers["package"]) == (
        "statistics",
        "statistics_project",
    )
    assert (made.root / "src" / "statistics_project" / "days.py").exists()


def test_a_folder_that_suggests_no_name_needs_one(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match='"project" is required') as caught:
        create(tmp_path / "版本", {"sample": "none"}, defaults=True)

    assert caught.value.hint == "answer it: --data QUESTION=ANSWER"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xff", "cannot be read as YAML"),
        (b"project: [", "cannot be read as YAML"),
        (b"- one", "expected one `question: answer` on each line"),
    ],
)
def test_a_file_of_answers_that_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "answers.yml"
    file.write_bytes(content)

    done = CliRunner().invoke(command, [str(tmp_path / "x"), "--data-file", str(file)])

    assert isinstance(done.exception, BricklaneError)
    assert done.exception.message.startswith(str(file))
    assert said in done.exception.message
    assert done.exception.exit_code is ExitCode.USAGE


def test_a_place_where_nothing_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BricklaneError, match="cannot be made: Not a directory") as caught:
        create(tmp_path / "file" / "sub" / "sales", {}, defaults=True)

    assert "that you may write to" in (caught.value.hint or "")


def test_why_there_is_no_lock_file_is_told_whole(tmp_path: Path) -> None:
    reason = "`uv lock --quiet` ended with exit code 1:\n  No solution found\n  because of x"
    made = NewProject(tmp_path / "it's", ANSWERS, 3, reason, "")

    lines = report(made)

    assert "It has no uv.lock yet; make one with: uv lock" in lines
    assert "    No solution found" in lines
    assert f"""  cd '{tmp_path}/it'"'"'s'""" in lines


def test_an_answer_to_no_question_is_refused() -> None:
    with pytest.raises(BricklaneError, match=r"no such question: catalog_prd; did you mean"):
        checked({"catalog_prd": "x"})


@pytest.mark.parametrize("name", [name for name in questions() if name != "project"])
def test_every_question_says_what_it_asks_and_has_a_default(name: str) -> None:
    question = questions()[name]

    assert question["help"]
    assert "default" in question


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(BricklaneError, match="is there already") as caught:
        create(tmp_path, {}, defaults=True)

    assert "bricklane adopt" in (caught.value.hint or "")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "sales").mkdir()

    assert create(tmp_path / "sales", {"sample": "none"}, defaults=True).files > 20


def test_without_a_terminal_answers_have_to_be_given(tmp_path: Path) -> None:
    with pytest.raises(BricklaneError, match="no terminal to ask questions on") as caught:
        create(tmp_path / "sales", {}, defaults=False)

    assert "--defaults" in (caught.value.hint or "")


def test_a_broken_attempt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise BricklaneError("git is broken")

    monkeypatch.setattr(scaffold, "commit_all", fail)

    with pytest.raises(BricklaneError, match="git is broken"):
        create(tmp_path / "sales", {"sample": "none"}, defaults=True)

    assert list(tmp_path.iterdir()) == []


def test_someone_whom_git_does_not_know_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "")

    with pytest.raises(BricklaneError, match="git does not know who you are") as caught:
        create(tmp_path / "sales", {}, defaults=True)

    assert "git config --global user.name" in (caught.value.hint or "")
