from pathlib import Path

import pytest

from bricklane.bundle import cli, commands
from bricklane.bundle.cli import explain
from bricklane.bundle.commands import Bundle
from bricklane.errors import ExitCode
from bricklane.process import Result
from bricklane.project.bundlefile import BundleTarget

BUNDLE = Bundle(Path("/bin/databricks"), Path(), "staging")


def explained(error: str) -> cli.BundleError:
    return explain(commands.plan(BUNDLE), Result(1, "", error))


def test_an_error_says_which_command_and_target_and_what_the_cli_said() -> None:
    error = explained("Building shop...\nError: no such thing\n  at resources.jobs\n")
    assert error.message == (
        "`databricks bundle plan` failed for target staging (exit code 1):\n"
        "Error: no such thing\n  at resources.jobs"
    )
    assert (error.hint, error.exit_code) == (None, ExitCode.FAILED)


@pytest.mark.parametrize(
    ("said", "hint", "code"),
    [
        ("Error: cannot configure default credentials", "--profile", ExitCode.CONFIG),
        ("Error: /x has no zzz profile configured", "--profile", ExitCode.CONFIG),
        ("Error: use --auto-approve to continue", "the loss is wanted", ExitCode.FAILED),
        ("Error: Failed to acquire deployment lock: x", "--force-lock", ExitCode.FAILED),
        ("Error: invalid_client", "belong to this workspace", ExitCode.CONFIG),
        ("Error: x (403 PERMISSION_DENIED)", "permission that is named", ExitCode.FAILED),
        ("Error: dial tcp: connection refused", "check the host", ExitCode.NETWORK),
    ],
)
def test_known_errors_have_a_next_move(said: str, hint: str, code: ExitCode) -> None:
    error = explained(said)
    assert hint in (error.hint or "")
    assert error.exit_code is code


def test_a_program_that_is_not_the_cli_is_told(tmp_path: Path) -> None:
    program = tmp_path / "databricks"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    with pytest.raises(cli.BundleError, match=r"printed no JSON object but: 'hello") as caught:
        cli.plan(Bundle(program, tmp_path, "dev"))
    assert caught.value.exit_code is ExitCode.TOOL


def test_secrets_do_not_show_in_what_the_cli_said(tmp_path: Path) -> None:
    program = tmp_path / "databricks"
    program.write_text('#!/bin/sh\necho "Error: token dapi123 expired" >&2\nexit 1\n')
    program.chmod(0o755)
    with pytest.raises(cli.BundleError) as caught:
        cli.summary(Bundle(program, tmp_path, "dev", secrets=("dapi123",)))
    assert "token *** expired" in caught.value.message


def test_only_warnings_are_kept_of_what_the_cli_says_on_the_way(tmp_path: Path) -> None:
    program = tmp_path / "databricks"
    program.write_text(
        "#!/bin/sh\nprintf 'Warning: unknown field\\n  at x\\n\\nBuilding shop...\\n' >&2\n"
        "echo '{\"plan\": {}}'\n"
    )
    program.chmod(0o755)
    plan = cli.plan(Bundle(program, tmp_path, "dev"))
    assert plan.warnings == "Warning: unknown field\n  at x"


def test_a_missing_cli_is_told_with_how_to_install_it(tmp_path: Path) -> None:
    from bricklane.errors import BricklaneError

    nowhere = {"PATH": str(tmp_path), "BRICKLANE_CACHE_DIR": str(tmp_path)}
    with pytest.raises(BricklaneError, match=r"databricks >=1.10,<2 was not found") as caught:
        cli.open_bundle(tmp_path, BundleTarget("dev"), nowhere)
    assert "bricklane tools install databricks" in (caught.value.hint or "")
