"""Spark submit tasks give their parameters to Spark's own ``spark-submit``, on one machine.

Source: https://docs.databricks.com/api/workspace/jobs/create (``spark_submit_task``): the platform
decides on master, deploy mode and cores; files come with options and settings with ``--conf``. The
options are those of https://spark.apache.org/docs/latest/submitting-applications.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bricklane_local.app.errors import invalid
from bricklane_local.compute.claims import cluster_of
from bricklane_local.compute.jars import program_file
from bricklane_local.compute.sources import SourceError
from bricklane_local.jobs.execution import Attempt
from bricklane_local.jobs.run_as import acting
from bricklane_local.jobs.task_types.task_type import Body, TaskType
from bricklane_local.jobs.task_types.worker import in_worker

NAME = "spark_submit_task"
CONF = ("--conf", "-c")
# Options that name files, with commas between them.
FILES = ("--jars", "--py-files", "--files", "--archives")
# Options that mean here what they mean there; sizes of machines mean nothing on one machine.
KEPT = (
    "--class",
    "--name",
    "--driver-memory",
    "--driver-cores",
    "--executor-memory",
    "--num-executors",
    "--total-executor-cores",
)
FLAGS = ("--verbose", "-v")
_PLATFORM = "the platform configures it by itself"
_LAUNCHER = "it is for the launcher of the Java virtual machine; use --jars and --conf"
# Options and settings about Maven coordinates → field of a library (with commas between).
MAVEN = {
    "--packages": "coordinates",
    "--exclude-packages": "exclusions",
    "--repositories": "repo",
    "spark.jars.packages": "coordinates",
    "spark.jars.excludes": "exclusions",
    "spark.jars.repositories": "repo",
}
# Option or setting → why it is refused.
REFUSED = {
    "--master": _PLATFORM,
    "--deploy-mode": _PLATFORM,
    "--executor-cores": _PLATFORM,
    "spark.master": _PLATFORM,
    "spark.submit.deployMode": _PLATFORM,
    "--driver-java-options": _LAUNCHER,
    "--driver-library-path": _LAUNCHER,
    "--driver-class-path": _LAUNCHER,
    "--properties-file": "name its settings with --conf",
}
LANGUAGES = (".jar", ".py")


@dataclass(slots=True)
class CommandLine:
    """What the parameters of a task say.

    Args:
        options: those that are passed on, each with its value.
        files: option → paths.
        conf: settings by name.
        maven: fields of libraries by Maven coordinates, of all of them.
        program: path of the jar or Python file.
        arguments: of the program.
    """

    options: list[str] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)
    conf: dict[str, str] = field(default_factory=dict)
    maven: dict[str, list[str]] = field(default_factory=dict)
    program: str = ""
    arguments: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, words: list[str]) -> CommandLine:
        """Read parameters.

        Raises:
            SourceError: naming what cannot be used, or is missing.
        """
        found, rest = cls(), iter(words)
        for word in rest:
            if not word.startswith("-"):
                found.program, found.arguments = word, list(rest)
            else:
                found._read(word, rest)
        if not found.program.endswith(LANGUAGES):
            raise SourceError(
                f"{NAME} must name a file that ends in {' or '.join(LANGUAGES)} after its "
                f"options; it has {found.program or 'none'}"
            )
        if found.program.endswith(".jar") and "--class" not in found.options:
            raise SourceError(f"{NAME} must name the class of {found.program} with --class")
        return found

    def _read(self, word: str, rest: Iterator[str]) -> None:
        option, equals, value = word.partition("=")
        _refuse(option)
        if option in FLAGS:
            self.options.append(option)
            return
        if option not in (*CONF, *FILES, *KEPT, *MAVEN):
            raise SourceError(f"{NAME} has the option {option}, which is not known here")
        given = value if equals else next(rest, None)
        if given is None:
            raise SourceError(f"{NAME} has the option {option} without a value")
        if option in FILES:
            self.files[option] = [path for path in given.split(",") if path]
        elif option in CONF:
            name, _, value = given.partition("=")
            _refuse(name)
            if name in MAVEN:
                self.maven[MAVEN[name]] = value.split(",")
            else:
                self.conf[name] = value
        elif option in MAVEN:
            self.maven[MAVEN[option]] = given.split(",")
        else:
            self.options += [option, given]

    def packages(self) -> list[Body]:
        """Return the libraries that it names by Maven coordinates, as those of a task are."""
        shared = {
            "repo": ",".join(self.maven.get("repo", [])),
            "exclusions": self.maven.get("exclusions", []),
        }
        coordinates = self.maven.get("coordinates", [])
        return [{"maven": {"coordinates": item, **shared}} for item in coordinates]

    def placed(self, place: Callable[[str], Path], jars: Sequence[Path]) -> list[str]:
        """Return the words for ``spark-submit``.

        Args:
            place: says where a file is that they name.
            jars: of libraries, beside those that they name.
        """
        files = {
            option: [_placed(path, place) for path in paths] for option, paths in self.files.items()
        }
        if jars:
            files["--jars"] = [*files.get("--jars", []), *map(str, jars)]
        named = [word for option, paths in files.items() for word in (option, ",".join(paths))]
        return [*self.options, *named, str(place(self.program)), *self.arguments]


def _refuse(name: str) -> None:
    if name in REFUSED:
        raise SourceError(f"{NAME} cannot have {name}: {REFUSED[name]}")


def _placed(path: str, place: Callable[[str], Path]) -> str:
    # An archive may say after a number sign what it shall be called.
    bare, sign, name = path.partition("#")
    return f"{place(bare)}{sign}{name}"


def _check(key: str, body: Body) -> None:
    if not all(isinstance(word, str) for word in body["parameters"]):
        raise invalid(f"Task {key}: {NAME}.parameters must be texts")


def _line(body: Body) -> CommandLine:
    return CommandLine.of([str(word) for word in body["parameters"]])


def _part(attempt: Attempt, folder: Path) -> Body:
    workspace = attempt.workspace
    if cluster_of(attempt).get("spark_conf"):
        raise SourceError(f"A cluster with spark_conf cannot run a {NAME}: give it --conf instead")
    line = _line(attempt.body)
    principal = acting(workspace, attempt.run)
    words = line.placed(lambda path: program_file(workspace, path, principal), attempt.jars)
    return {
        "kind": NAME,
        "working_directory": str(folder),
        "jvm": {"arguments": ["--master", "local[*]", *words], "conf": line.conf},
    }


SPARK_SUBMIT = TaskType(
    NAME,
    in_worker(_part),
    required=("parameters",),
    refused=("existing_cluster_id", "environment_key", "libraries"),
    check=_check,
    alone=True,
    jvm=True,
    packages=lambda body: _line(body).packages(),
    overrides={"spark_submit_params": "parameters"},
)
