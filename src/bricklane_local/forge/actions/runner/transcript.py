"""What act says while it runs a job: a log for people, and the state of each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from bricklane_local.forge.actions.runner.masking import Masker
from bricklane_local.forge.actions.runner.step import GUARDED
from bricklane_local.forge.actions.runs.model import (
    COMPLETED,
    FAILURE,
    QUEUED,
    RUNNING,
    SKIPPED,
    SUCCESS,
)

# Commands of steps that become marked lines of the log, as GitHub writes them.
MARKS = {"error", "warning", "notice", "debug", "group", "endgroup"}
ANNOTATIONS = {"error": "failure", "warning": "warning", "notice": "notice"}
ANNOTATION_LIMIT, SUMMARY_LIMIT = 50, 1024 * 1024
SETUP, COMPLETE = "Set up job", "Complete job"
FORGIVEN = "Failed but continue next step"


@dataclass(slots=True)
class Outcome:
    """What is known of the steps beside their states.

    Args:
        outputs: of each step, by its id.
        results: ``outcome`` and ``conclusion`` of each step, by its id.
        env: variables that steps set for later ones.
        result: of the whole job, once act has said it.
    """

    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    results: dict[str, dict[str, str]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    result: str = ""

    def steps_context(self) -> dict[str, Any]:
        """Return the ``steps`` context."""
        return {
            name: {**result, "outputs": self.outputs.get(name, {})}
            for name, result in self.results.items()
        }


class Transcript:
    """Turns act's messages into a log and step states.

    Args:
        log: the file to write; made by this.
        summary: the file that takes what steps wrote as summaries.
        masker: keeps secrets out of both.
        names: how each step is shown, in order.
        ids: of the steps, empty where they have none.
        now: the time in milliseconds since the epoch.
    """

    def __init__(
        self,
        log: Path,
        summary: Path,
        masker: Masker,
        names: Sequence[str],
        ids: Sequence[str],
        now: Callable[[], int],
    ) -> None:
        self._log: TextIO = log.open("w", encoding="utf-8", errors="replace")
        self._lines = 0
        self._summary = summary
        self._masker = masker
        self._now = now
        self._index = {ids[at] or str(at): at for at in range(len(names))}
        self._ids = {name: name for name in self._index}
        self.outcome = Outcome()
        self.annotations: list[dict[str, Any]] = []
        shown = [SETUP, *(masker.clean(name) for name in names)]
        self.steps = [self._step(name, number) for number, name in enumerate(shown, start=1)]
        self._posts: dict[str, dict[str, Any]] = {}
        self.changed = True

    @staticmethod
    def _step(name: str, number: int) -> dict[str, Any]:
        return {
            "name": name,
            "number": number,
            "status": QUEUED,
            "conclusion": None,
            "started_at": 0,
            "completed_at": 0,
            "line": 0,
        }

    def write(self, text: str) -> None:
        """Add lines to the log."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        for line in self._masker.clean(text).splitlines() or [""]:
            self._log.write(f"{stamp} {line}\n")
            self._lines += 1
        self._log.flush()

    def annotate(self, level: str, message: str, place: Mapping[str, str] | None = None) -> None:
        """Note something that is shown with the run's result."""
        if len(self.annotations) < ANNOTATION_LIMIT:
            place = place or {}
            line = place.get("line", "")
            self.annotations.append(
                {
                    "annotation_level": ANNOTATIONS[level],
                    "message": self._masker.clean(message),
                    "title": self._masker.clean(place.get("title", "")),
                    "path": self._masker.clean(place.get("file", "")) or ".github",
                    "start_line": int(line) if line.isdigit() else 1,
                }
            )

    def take(self, message: Mapping[str, Any]) -> None:
        """Take one of act's messages."""
        text = str(message.get("msg", ""))
        if "jobResult" in message:
            self.outcome.result = str(message["jobResult"])
        elif "stepid" in message:
            self._frame(message, text)
        elif message.get("raw_output"):
            self.write(text.rstrip("\r\n"))
        elif "command" in message:
            self._command(message)
        elif "stage" in message:
            self._step_message(message, text)
        elif message.get("level") in ("error", "fatal") and "jobID" in message:
            self.write(f"##[error]{text}")

    def _frame(self, message: Mapping[str, Any], text: str) -> None:
        if message["stepid"] == ["--setup-job"]:
            step = self.steps[0]
        else:
            self._skip_rest()
            if self.steps[-1]["name"] != COMPLETE:
                self.steps.append(self._step(COMPLETE, len(self.steps) + 1))
            step = self.steps[-1]
        if "stepResult" in message:
            self._end(step, str(message["stepResult"]))
        elif text.startswith("\u2b50"):
            self._begin(step, shown=False)

    def _step_message(self, message: Mapping[str, Any], text: str) -> None:
        path = message.get("stepID") or []
        nested = len(path) != 1
        step = self._step_of(message)
        if step is None:
            return
        if text.startswith("\u2b50 Run"):
            if nested:
                self.write(f"##[group]{text.removeprefix(chr(0x2B50)).strip()}")
                self.write("##[endgroup]")
            else:
                self._begin(step)
        elif "stepResult" in message and not nested:
            self._end(step, str(message["stepResult"]))
            if message.get("stage") == "Main":
                self._note_result(str(path[0]), str(message["stepResult"]), step)
        elif text == FORGIVEN and not nested:
            step["forgiven"] = True
        elif message.get("level") == "error":
            code = text.removeprefix("exit status ")
            failed = f"Process completed with exit code {code}." if code.isdigit() else text
            self.write(f"##[error]{failed}")
            self.annotate("error", failed)

    def _step_of(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        path, stage = message.get("stepID") or [], message.get("stage")
        at = self._index.get(str(path[0])) if path else None
        if at is None:
            return None
        main = self.steps[at + 1]
        if stage == "Main":
            return main
        key = f"{stage} {path[0]}"
        if key not in self._posts:
            if not str(message.get("msg", "")).startswith("\u2b50 Run"):
                return None
            self._posts[key] = self._step(f"{stage} {main['name']}", len(self.steps) + 1)
            self.steps.append(self._posts[key])
        return self._posts[key]

    def _begin(self, step: dict[str, Any], *, shown: bool = True) -> None:
        for earlier in self.steps[: step["number"] - 1]:
            if earlier["status"] == QUEUED:
                self._close(earlier, SKIPPED)
        step |= {"status": RUNNING, "started_at": self._now(), "line": self._lines}
        if shown:
            self.write(f"##[group]{step['name']}")
            self.write("##[endgroup]")
        self.changed = True

    def _end(self, step: dict[str, Any], result: str) -> None:
        if step["status"] == QUEUED:
            step |= {"started_at": self._now(), "line": self._lines}
        self._close(step, SUCCESS if step.pop("forgiven", False) else result)

    def _close(self, step: dict[str, Any], conclusion: str) -> None:
        now = self._now()
        step |= {"status": COMPLETED, "conclusion": conclusion, "completed_at": now}
        step["started_at"] = step["started_at"] or now
        self.changed = True

    def _note_result(self, name: str, outcome: str, step: Mapping[str, Any]) -> None:
        self.outcome.results[name] = {"outcome": outcome, "conclusion": str(step["conclusion"])}

    def _skip_rest(self) -> None:
        for step in self.steps:
            if step["status"] == QUEUED and step["name"] != COMPLETE:
                self._close(step, SKIPPED)

    def _command(self, message: Mapping[str, Any]) -> None:
        command, argument = str(message["command"]), str(message.get("arg", ""))
        path = message.get("stepID") or [""]
        if command == "add-mask":
            self._masker.add(argument)
        elif command == "set-output" and len(path) == 1:
            self.outcome.outputs.setdefault(str(path[0]), {})[str(message["name"])] = argument
        elif command == "set-env":
            self.outcome.env[str(message["name"])] = argument.replace(GUARDED.decode(), "${{")
        elif command == "summary":
            self._summarise(str(message.get("content", "")))
        elif command in MARKS:
            self.write(f"##[{command}]{argument}")
            if command in ANNOTATIONS:
                self.annotate(command, argument, message.get("kvPairs") or {})

    def _summarise(self, content: str) -> None:
        if self._summary.exists() and self._summary.stat().st_size > SUMMARY_LIMIT:
            return
        with self._summary.open("a", encoding="utf-8", errors="replace") as file:
            file.write(self._masker.clean(content)[:SUMMARY_LIMIT] + "\n")

    def close(self, conclusion: str) -> None:
        """End the log, and every step that is still open."""
        for step in self.steps:
            if step["status"] == RUNNING:
                self._close(step, FAILURE if conclusion == SUCCESS else conclusion)
            elif step["status"] == QUEUED:
                self._close(step, SKIPPED)
        self._log.close()
