"""New projects: answers, refusals, and a repository that is ready to push."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bricklane.cli.new import command
from bricklane.errors import BricklaneError, ExitCode
from bricklane.project import scaffold
from bricklane.project.loading import load
from bricklane.project.rendering import checked, questions
from bricklane.project.scaffold import create

Git = Callable[..., str]


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
        "  uv run pytest\n"
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
        ({"package": "import"}, "is taken by something else"),
        ({"package": "null"}, "means something else in YAML"),
        ({"description": 'a "quoted" one'}, "expected one line without quotation marks"),
        ({"catalog_dev": "a.b"}, "expected the name of a catalog"),
        ({"service_principal_prod": "sp"}, "expected an application id such as"),
        ({"owner": "a/b"}, "expected the name of a GitHub account"),
        ({"code_owners": "acme"}, "expected names that begin with @"),
        ({"sample": "taxi"}, "taxi"),
        ({"authentication": "token"}, "token"),
        ({"python_version": "3.9"}, "3.9"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    with pytest.raises(BricklaneError) as caught:
        create(tmp_path / "sales", given, defaults=True)

    assert said in caught.value.message
    assert next(iter(given)) in caught.value.message
    assert caught.value.exit_code is ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


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
