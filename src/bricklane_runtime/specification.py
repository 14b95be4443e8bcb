"""What a task run is told: the JSON file that the local cloud's server writes for its worker."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class SparkSettings:
    """How to reach Spark.

    Args:
        remote: Spark Connect URL, ``sc://host:port``.
        token: the pre-shared token of that endpoint, or "" when it has none.
        conf: settings of the session.
        host: URL of the workspace as Spark reaches it; "" where that is as the run does.
        jars: files of the session's own classes.
    """

    remote: str = ""
    token: str = ""
    conf: dict[str, str] = field(default_factory=dict)
    host: str = ""
    jars: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NotebookTask:
    """A notebook to run.

    Args:
        path: its workspace path, without extension.
        language: ``PYTHON``, ``SQL``, ``SCALA`` or ``R``.
        format: ``SOURCE`` or ``JUPYTER``.
        content_file: a file with its content.
        parameters: values of its widgets.
    """

    path: str
    content_file: str
    language: str = "PYTHON"
    format: str = "SOURCE"
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WheelTask:
    """A Python package to run.

    Args:
        package_name: name of the distribution.
        entry_point: name of one of its entry points, or of a function of the package.
        parameters: command line arguments.
        named_parameters: arguments given as ``--key=value``.
    """

    package_name: str
    entry_point: str
    parameters: list[str] = field(default_factory=list)
    named_parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PythonFileTask:
    """A Python file to run.

    Args:
        path: its path as the user gave it.
        file: where its content is.
        parameters: command line arguments.
    """

    path: str
    file: str
    parameters: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SqlFileTask:
    """A SQL file to run.

    Args:
        path: its path as the user gave it.
        file: where its content is.
        parameters: values that its statements name as ``:name``.
    """

    path: str
    file: str
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DbtTask:
    """A dbt project to run.

    Args:
        commands: command lines, each beginning with ``dbt``.
        project: folder of the project.
        profile: name of the profile that it asks for.
        http_path: of the warehouse for which a profile is made, "" to use the project's own.
        catalog: of that profile.
        schema: of that profile.
        profiles_directory: where the project's own profiles are, relative to the project.
    """

    commands: list[str]
    project: str
    profile: str = "default"
    http_path: str = ""
    catalog: str = ""
    schema: str = ""
    profiles_directory: str = ""


@dataclass(frozen=True, slots=True)
class JvmTask:
    """A program of the Java virtual machine to run.

    Args:
        arguments: what the class that starts it finds in a file.
        command: command line up to that class.
    """

    arguments: list[str]
    command: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClassicSettings:
    """Whether a Python task runs on classic Spark.

    Args:
        when: ``always``, ``never``, or ``needed`` for when its code needs it.
        command: command line of its Java virtual machine, up to the name of a class.
        advice: what code is told that asks for it in vain: why there is none, and what to do.
    """

    when: str = "never"
    command: list[str] = field(default_factory=list)
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the server waits that has more to say to a process.

    Args:
        host: of the server, on loopback.
        port: where it waits.
        secret: by which it knows this process.
    """

    host: str
    port: int
    secret: str


@dataclass(frozen=True, slots=True)
class PipelineSource:
    """A source of a pipeline.

    Args:
        kind: ``notebook``, ``python`` or ``sql``.
        path: in the workspace.
        file: where its content is.
        folder: that holds it, where its imports and relative paths begin.
        language: of a notebook, ``PYTHON`` or ``SQL``.
        format: of a notebook, ``SOURCE`` or ``JUPYTER``.
    """

    kind: str
    path: str
    file: str
    folder: str
    language: str = "PYTHON"
    format: str = "SOURCE"


@dataclass(frozen=True, slots=True)
class PipelineTask:
    """A pipeline to update.

    Args:
        pipeline_id: its id.
        update_id: of the update.
        storage: folder for checkpoints and all else that it keeps beside its tables.
        sources: what defines it, as documents of :class:`PipelineSource`.
        configuration: settings by name.
        parameters: settings of this update.
        root_folder: folder that its sources import from, or "".
        log_table: full name of the table that publishes its event log, or "".
        continuous: run again and again until it is stopped.
        validate_only: change no table.
        full_refresh: empty all tables first.
        refresh_selection: tables to update; with the next, none for all.
        full_refresh_selection: tables to empty and update.
        reset_checkpoint_selection: flows that begin their sources again.
    """

    pipeline_id: str
    update_id: str
    storage: str
    sources: list[PipelineSource] = field(default_factory=list)
    configuration: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    root_folder: str = ""
    log_table: str = ""
    continuous: bool = False
    validate_only: bool = False
    full_refresh: bool = False
    refresh_selection: list[str] = field(default_factory=list)
    full_refresh_selection: list[str] = field(default_factory=list)
    reset_checkpoint_selection: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Specification:
    """One task run.

    Args:
        kind: ``notebook``, ``python_wheel``, ``spark_python``, ``sql_file``, ``dbt``,
            ``spark_jar_task``, ``spark_submit_task``, ``sql_worker``, ``execution_context``,
            ``pipeline`` or ``event_log``.
        run_directory: folder for the outputs.
        host: URL of the workspace.
        token: the run's own token.
        workspace: name of the workspace.
        workspace_id: its numeric id.
        user: name of the identity that the run acts as.
        spark: how to reach Spark.
        catalog: catalog of the session, or "" for Spark's own.
        schema: schema of the session.
        roots: path prefixes as user code writes them, to the folders that hold those files.
        memory_megabytes: bound of its own memory; 0 for none.
        streams_apart: whether it leaves what it prints on each stream in a file of its own, too.
        cores: numbers of those that it may use; empty for all.
        guard_volumes: whether file functions ask the workspace for the privileges on a volume.
        sys_path: folders with libraries, put before everything else.
        packages: folders with libraries for programs that the task starts, not for itself.
        working_directory: where to run, or None for the run directory.
        runtime_version: what ``DATABRICKS_RUNTIME_VERSION`` says.
        context: ids of the job, the run and the task.
        environment: more environment variables.
        compute: fields of a task that name the compute which the task itself runs on.
        notebook: with kind ``notebook``.
        wheel: with kind ``python_wheel``.
        python_file: with kind ``spark_python``.
        sql_file: with kind ``sql_file``.
        dbt: with kind ``dbt``.
        jvm: with kinds ``spark_jar_task`` and ``spark_submit_task``.
        classic: with kinds that may run on classic Spark; None for those that cannot.
        sql_worker: with kind ``sql_worker``.
        execution_context: with kind ``execution_context``.
        pipeline: with kind ``pipeline``.
    """

    kind: str
    run_directory: str
    host: str
    token: str
    workspace: str = ""
    workspace_id: str = ""
    user: str = ""
    spark: SparkSettings = field(default_factory=SparkSettings)
    catalog: str = ""
    schema: str = ""
    roots: dict[str, str] = field(default_factory=dict)
    memory_megabytes: int = 0
    streams_apart: bool = False
    cores: list[int] = field(default_factory=list)
    guard_volumes: bool = False
    sys_path: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    working_directory: str | None = None
    runtime_version: str = "17.3"
    context: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    compute: dict[str, Any] = field(default_factory=dict)
    notebook: NotebookTask | None = None
    wheel: WheelTask | None = None
    python_file: PythonFileTask | None = None
    sql_file: SqlFileTask | None = None
    dbt: DbtTask | None = None
    jvm: JvmTask | None = None
    classic: ClassicSettings | None = None
    sql_worker: Callback | None = None
    execution_context: Callback | None = None
    pipeline: PipelineTask | None = None

    def context_value(self, name: str) -> str:
        """Return an id of the context as text, "" when the server gave none."""
        value = self.context.get(name)
        return "" if value is None else str(value)


PARTS = {
    "spark": SparkSettings,
    "notebook": NotebookTask,
    "wheel": WheelTask,
    "python_file": PythonFileTask,
    "sql_file": SqlFileTask,
    "dbt": DbtTask,
    "jvm": JvmTask,
    "classic": ClassicSettings,
    "sql_worker": Callback,
    "execution_context": Callback,
    "pipeline": PipelineTask,
}


def parse(document: dict[str, Any]) -> Specification:
    """Return the specification in a JSON document; keys that this version does not know are left.

    Raises:
        TypeError: a required key is missing.
    """
    values = _known(Specification, document)
    for name, part in PARTS.items():
        if values.get(name) is not None:
            values[name] = part(**_known(part, values[name]))
    pipeline = values.get("pipeline")
    if pipeline is not None:
        sources = [PipelineSource(**_known(PipelineSource, item)) for item in pipeline.sources]
        values["pipeline"] = replace(pipeline, sources=sources)
    return Specification(**values)


def _known(kind: type, document: dict[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    return {
        key: value
        for key, value in document.items()
        if key in names and (value is not None or key == "working_directory")
    }


def take(path: Path) -> Specification:
    """Read a specification and remove its file, which holds tokens.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JSON.
        TypeError: a required key is missing.
    """
    text = path.read_text(encoding="utf-8")
    path.unlink()
    return parse(json.loads(text))
