import pytest

from bricklane.delivery.log import GroupedLog, terminal
from bricklane.flow import Outcome, Step, run_flow


def test_a_log_folds_each_step_and_remembers_it() -> None:
    lines: list[str] = []
    log = GroupedLog(lines.append)
    log("plan", "staging", Outcome.DOING)
    log("plan", "staging", Outcome.DONE)
    log("tag", "1.0.0", Outcome.DONE_BEFORE)
    assert lines == ["::group::plan: staging", "::endgroup::", "tag: 1.0.0 (already done)"]
    assert log.done == [
        ("plan", "staging", Outcome.DONE),
        ("tag", "1.0.0", Outcome.DONE_BEFORE),
    ]


def test_a_step_that_failed_ends_its_group_and_stays_marked() -> None:
    lines: list[str] = []
    log = GroupedLog(lines.append)
    log("deploy", "", Outcome.DOING)
    log.close()
    log.close()
    assert lines == ["::group::deploy", "::endgroup::"]
    assert log.done == [("deploy", "", Outcome.DOING)]


def test_a_flow_inside_a_step_is_told_flat() -> None:
    lines: list[str] = []
    log = GroupedLog(lines.append)
    inner = Step("inner", lambda _: False, lambda _: None)
    outer = Step("outer", lambda _: False, lambda w: run_flow([inner], w, log))
    run_flow([outer], None, log)
    assert lines == ["::group::outer", "::endgroup::", "::group::inner", "::endgroup::"]
    assert [outcome for _, _, outcome in log.done] == [Outcome.DONE, Outcome.DONE]


def test_where_logs_do_not_fold_there_are_no_commands() -> None:
    lines: list[str] = []
    log = GroupedLog(lines.append, groups=False)
    log("plan", "", Outcome.DOING)
    log("plan", "", Outcome.DONE)
    assert lines == ["> plan"]


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome.DOING, "> plan: dev\n"),
        (Outcome.WOULD_DO, "? plan: dev (would do)\n"),
        (Outcome.DONE_BEFORE, "= plan: dev (already done)\n"),
        (Outcome.DONE, ""),
    ],
)
def test_a_terminal_has_one_line_a_step(
    outcome: Outcome, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal("plan", "dev", outcome)
    assert capsys.readouterr().out == line
