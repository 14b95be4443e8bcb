"""Executing a job from its first secret to its last output."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions import tokens
from bricklane_local.forge.actions.contexts import contexts
from bricklane_local.forge.actions.expressions import ExpressionError, render, text_of
from bricklane_local.forge.actions.runner.environment import base_environment
from bricklane_local.forge.actions.runner.lasting import LastingFolders, lasting_variables
from bricklane_local.forge.actions.runner.masking import Masker
from bricklane_local.forge.actions.runner.process import ActJob, ActProcess, JobFolder
from bricklane_local.forge.actions.runner.resolving import (
    Resolved,
    Resolver,
    UnresolvedActionError,
)
from bricklane_local.forge.actions.runner.rewriting import Given, github_variables, job_document
from bricklane_local.forge.actions.runner.transcript import Outcome, Transcript
from bricklane_local.forge.actions.runs.model import (
    CANCELLED,
    FAILURE,
    SUCCESS,
    TIMED_OUT,
    JobRun,
)
from bricklane_local.forge.actions.runs.planning import ActiveRun, minutes_of
from bricklane_local.forge.actions.settings import ActionsSettings
from bricklane_local.forge.actions.workflows.problems import scalar

if TYPE_CHECKING:
    from bricklane_local.forge.actions.runs.engine import Engine
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

NO_ACT = (
    "act, which runs jobs, was not found: start the local cloud with `bricklane local up`, which "
    "installs it, or name the program with --act"
)
# How long a job that was told to end may take, beyond the supervisor's own patience, in seconds.
PATIENCE = 15.0
NOTE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended."""

    conclusion: str
    message: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    environment_url: str = ""


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of a run.

    Args:
        root: folder of the run.
    """

    root: Path

    @property
    def artifacts(self) -> Path:
        """What its jobs keep for each other and for people."""
        return self.root / "artifacts"

    def log(self, job: int) -> Path:
        """The log of a job."""
        return self.root / f"{job}.log"

    def summary(self, job: int) -> Path:
        """The summary of a job, in Markdown."""
        return self.root / f"{job}.md"

    def work(self, job: int) -> JobFolder:
        """The folder a job works in."""
        return JobFolder(self.root / f"{job}.work")


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all executions share.

    Args:
        forge: where they run.
        settings: of this machine.
        resolver: finds actions.
        programs: folder of programs that jobs find on ``PATH``.
        lasting: folders that outlive jobs.
    """

    forge: Forge
    settings: ActionsSettings
    resolver: Resolver
    programs: Path
    lasting: LastingFolders

    def files(self, run: int) -> RunFiles:
        """Return the files of a run."""
        return RunFiles(self.forge.paths.runs / str(run))


class Execution:
    """One job being executed.

    Args:
        workshop: what it needs.
        active: its run.
        job: the job.
        engine: is told how far it is.
    """

    def __init__(self, workshop: Workshop, active: ActiveRun, job: JobRun, engine: Engine) -> None:
        self._workshop = workshop
        self._forge = workshop.forge
        self._active = active
        self._job = job
        self._engine = engine
        self._files = workshop.files(active.run.id)
        self._folder = self._files.work(job.id)
        self._masker = Masker()
        self._process: ActProcess | None = None
        self._lasting: Path | None = None
        self._cancelled = False
        self._noted = 0.0

    def cancel(self) -> None:
        """Have the job end soon."""
        self._cancelled = True
        if self._process is not None:
            self._process.tell("end")

    async def run(self) -> Result:
        """Run the job to its end, leave its log, and nothing else.

        Raises:
            asyncio.CancelledError: when the server stops; all processes are gone then.
        """
        self._files.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        transcript = self._transcript()
        conclusion = CANCELLED
        try:
            result = await self._run(transcript)
            conclusion = result.conclusion
            return result
        finally:
            transcript.close(conclusion)
            self._note(transcript, force=True)
            await asyncio.shield(asyncio.to_thread(self._leave, conclusion))

    def _leave(self, conclusion: str) -> None:
        if self._lasting is not None:
            whole = conclusion in (SUCCESS, FAILURE)
            self._workshop.lasting.give_back(self._lasting, whole=whole)
        self._folder.remove()

    def _transcript(self) -> Transcript:
        described = self._active.described(self._job)
        available = contexts(self._active.values_for(self._job))
        names = [step_name(step, available) for step in described.steps]
        ids = [str(step.get("id", "")) for step in described.steps]
        log, summary = self._files.log(self._job.id), self._files.summary(self._job.id)
        return Transcript(log, summary, self._masker, names, ids, self._forge.clock.now)

    async def _run(self, transcript: Transcript) -> Result:
        try:
            given, act = await self._prepare(transcript)
        except (ExpressionError, UnresolvedActionError) as error:
            return self._refusal(transcript, str(error))
        if act is None:
            return self._refusal(transcript, NO_ACT)
        if self._cancelled:
            return Result(CANCELLED, self._job.message)
        self._process = ActProcess(self._folder, act)
        minutes = minutes_of(self._active, self._job)
        try:
            async with asyncio.timeout(minutes * 60) as limit:
                code = await self._process.run(lambda message: self._take(transcript, message))
        except TimeoutError:
            if not limit.expired():
                raise
            message = (
                f"The job has exceeded the maximum execution time of {text_of(minutes)} minutes."
            )
            transcript.write(f"##[error]{message}")
            return Result(TIMED_OUT, message)
        return self._result(transcript, given, code)

    def _refusal(self, transcript: Transcript, message: str) -> Result:
        transcript.write(f"##[error]{message}")
        transcript.annotate("error", message)
        transcript.take({"stepid": ["--setup-job"], "stepResult": FAILURE})
        return Result(FAILURE, self._masker.clean(message))

    async def _prepare(self, transcript: Transcript) -> tuple[Given, ActJob | None]:
        active, job, run = self._active, self._job, self._active.run
        repository = self._forge.repositories.by_id(run.repository)
        assert repository is not None  # noqa: S101  (the engine has looked)
        described = active.described(job)
        given, granted = self._given(repository)
        _introduce(transcript, granted, run.fork)
        resolved = await self._resolved(transcript, repository)
        given = replace(given, standins=resolved.standins)
        if self._workshop.settings.act is None:
            return given, None
        self._folder.make()
        environment = base_environment(
            self._folder.home, self._workshop.programs, self._workshop.settings, os.environ
        )
        if not run.fork:
            self._lasting = self._workshop.lasting.take(
                repository.id, active.workflow.path, described
            )
            environment |= lasting_variables(self._lasting, environment)
        mark = {"RUNNER_TRACKING_ID": f"github_{uuid.uuid4()}"}
        variables, _ = github_variables(given)
        variables |= self._id_token_variables(granted)
        document = job_document(given)
        return given, ActJob(
            self._workshop.settings.act,
            described.id,
            run.event,
            run.actor,
            document,
            given.secrets,
            variables | {"RUNNER_NAME": "local", "RUNNER_ENVIRONMENT": "self-hosted"} | mark,
            active.payload,
            resolved.folders,
            environment | {"BRICKLANE_ARTIFACTS": str(self._files.artifacts)} | mark,
        )

    async def _resolved(self, transcript: Transcript, repository: Repository) -> Resolved:
        described = self._active.described(self._job)
        uses = [str(step["uses"]) for step in described.steps if "uses" in step]
        sha = self._active.run.sha
        resolved = await self._workshop.resolver.resolve(repository, sha, uses)
        for name in resolved.folders:
            transcript.write(f"Action: {name}")
        for name in resolved.standins:
            transcript.write(f"Action: {name} (a stand-in that is part of the local forge)")
        return resolved

    def _given(self, repository: Repository) -> tuple[Given, dict[str, str]]:
        active, job, run = self._active, self._job, self._active.run
        described = active.described(job)
        permissions = tokens.granted(
            active.workflow.permissions, described.permissions, fork=run.fork
        )
        secrets: dict[str, str] = {}
        if not run.fork:
            secrets |= self._forge.secrets.values(repository, job.environment)
        minutes = minutes_of(active, job)
        secrets["GITHUB_TOKEN"] = self._forge.users.issue_token(
            self._forge.users.bot,
            f"job {job.id}",
            permissions=permissions,
            repository=repository.id,
            job=job.id,
            on_behalf_of=run.actor,
            expires_at=self._forge.clock.now() + int((minutes + 5) * 60_000),
        )
        for value in secrets.values():
            self._masker.add(value)
        values = active.values_for(job)
        values["vars"] = self._forge.variables.values(repository, job.environment)
        return Given(active.workflow, described, values, secrets, {}), permissions

    def _id_token_variables(self, granted: Mapping[str, str]) -> dict[str, str]:
        """Return what the job's steps ask for ID tokens with, if it may."""
        if granted.get("id_token") != "write":
            return {}
        github, minutes = self._active.values["github"], minutes_of(self._active, self._job)
        variables = self._forge.oidc.admit(github, self._job, minutes)
        self._masker.add(variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
        return variables

    def _take(self, transcript: Transcript, message: Mapping[str, Any]) -> None:
        transcript.take(message)
        self._note(transcript)

    def _note(self, transcript: Transcript, *, force: bool = False) -> None:
        now = asyncio.get_running_loop().time()
        if force or (transcript.changed and now - self._noted > NOTE_SECONDS):
            self._noted, transcript.changed = now, False
            self._job.steps = transcript.steps
            self._job.annotations = transcript.annotations
            self._engine.note(self._job)

    def _result(self, transcript: Transcript, given: Given, code: int) -> Result:
        if self._cancelled:
            transcript.write("##[error]The operation was canceled.")
            return Result(CANCELLED, self._job.message)
        outcome = transcript.outcome
        if not outcome.result:
            assert self._process is not None  # noqa: S101  (it has just ended)
            complaint = self._process.complaint() or f"act exited {code} without a result"
            return self._refusal(transcript, f"act could not run the job: {complaint}")
        values = self._final_values(given, outcome)
        try:
            outputs = self._outputs(transcript, given, values)
            url = self._environment_url(given, values)
        except ExpressionError as error:
            return self._refusal(transcript, f"jobs.{self._job.key}: {error.message}")
        conclusion = SUCCESS if outcome.result == SUCCESS and code == 0 else FAILURE
        return Result(conclusion, "", outputs, url)

    def _final_values(self, given: Given, outcome: Outcome) -> dict[str, Any]:
        variables = {**given.workflow.env}
        if isinstance(given.job.env, Mapping):
            variables |= given.job.env
        available = contexts({**given.values, "secrets": dict(given.secrets)})
        env = {name: text_of(render(scalar(value), available)) for name, value in variables.items()}
        return {
            **given.values,
            "secrets": dict(given.secrets),
            "steps": outcome.steps_context(),
            "env": env | outcome.env,
            "job": {"status": outcome.result},
            "runner": {"os": "Linux", "name": "local", "environment": "self-hosted"},
        }

    def _outputs(
        self, transcript: Transcript, given: Given, values: dict[str, Any]
    ) -> dict[str, str]:
        found = {}
        for name, text in given.job.outputs.items():
            value = text_of(render(text, contexts(values)))
            if self._masker.hits(value):
                transcript.write(f"##[warning]Skip output '{name}' since it may contain secret.")
                value = ""
            found[name] = value
        return found

    def _environment_url(self, given: Given, values: dict[str, Any]) -> str:
        if given.job.environment is None or not given.job.environment.url:
            return ""
        url = self._masker.clean(text_of(render(given.job.environment.url, contexts(values))))
        return url if url.startswith(("http://", "https://")) else ""


def _introduce(transcript: Transcript, permissions: Mapping[str, str], fork: bool) -> None:
    transcript.write("Runner: this machine, by act")
    transcript.write("##[group]GITHUB_TOKEN Permissions")
    for name, level in sorted(permissions.items()):
        transcript.write(f"{name.replace('_', ' ').title().replace(' ', '')}: {level}")
    transcript.write("##[endgroup]")
    if fork:
        transcript.write("This run is of a fork's pull request: it gets no secrets.")


def step_name(step: Mapping[str, Any], available: Any) -> str:
    """Return how a step is shown."""
    if step.get("name"):
        text = scalar(step["name"])
        try:
            return text_of(render(text, available))
        except ExpressionError:
            return text  # it refers to steps before it
    if "uses" in step:
        return f"Run {step['uses']}"
    return f"Run {scalar(step.get('run')).strip().partition(chr(10))[0]}"
