"""Where a cloud keeps what: every path below its state folder is named here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StatePaths:
    """The layout of one cloud's state folder.

    Args:
        root: the folder itself.
        storage_root: the folder for what Spark reads and writes, when a Spark elsewhere has to see
            it; None for the state folder.
    """

    root: Path
    storage_root: Path | None = None

    @property
    def storage(self) -> Path:
        """What Spark sees: tables, volumes, files of workspaces."""
        return self.storage_root or self.root

    @property
    def database(self) -> Path:
        """The SQLite file of all documents."""
        return self.root / "cloud.sqlite"

    @property
    def blobs(self) -> Path:
        """Large contents, by digest."""
        return self.root / "blobs"

    @property
    def client_config(self) -> Path:
        """Profiles for Databricks clients, with tokens (0600)."""
        return self.root / "config"

    @property
    def server_record(self) -> Path:
        """What the running server says of itself: process and listeners."""
        return self.root / "server.json"

    @property
    def server_lock(self) -> Path:
        """Locked by the running server as long as it lives."""
        return self.root / "server.lock"

    @property
    def logs(self) -> Path:
        """Log files."""
        return self.root / "logs"

    @property
    def server_log(self) -> Path:
        """What the server process prints."""
        return self.logs / "server.log"

    @property
    def request_log(self) -> Path:
        """One line a request, as JSON."""
        return self.logs / "requests.jsonl"

    @property
    def metastore(self) -> Path:
        """The data of tables, volumes and models."""
        return self.storage / "metastore"

    @property
    def external(self) -> Path:
        """What URLs of object stores stand for, by scheme and bucket."""
        return self.storage / "external"

    @property
    def volumes(self) -> Path:
        """Files of volumes, by catalog, schema and volume: what ``/Volumes`` shows."""
        return self.metastore / "Volumes"

    @property
    def tables(self) -> Path:
        """Folders of managed tables, by table id."""
        return self.metastore / "tables"

    @property
    def uploads(self) -> Path:
        """Files that are being received, on the file system of the volumes."""
        return self.metastore / "uploads"

    @property
    def forge(self) -> Path:
        """All that the forge keeps beside its documents: git repositories, runs, its key."""
        return self.root / "forge"

    @property
    def forge_credentials(self) -> Path:
        """Where the forge is, and a token for each of its people (0600)."""
        return self.root / "forge.json"

    @property
    def environments(self) -> Path:
        """Python packages of job environments, by digest."""
        return self.storage / "environments"

    @property
    def libraries(self) -> Path:
        """Jars of libraries by Maven coordinates, by digest."""
        return self.root / "libraries"

    @property
    def spark(self) -> Path:
        """Spark's own files: plugin, settings, logs."""
        return self.root / "spark"

    @property
    def spark_status(self) -> Path:
        """What Spark does, as the server noted last."""
        return self.spark / "status.json"

    @property
    def workers(self) -> Path:
        """Files of the process that forks the workers of runs."""
        return self.root / "workers"

    @property
    def choices(self) -> Path:
        """What the cloud was told of Spark and storage, for its next start (0600)."""
        return self.root / "compute.json"

    @property
    def spark_token(self) -> Path:
        """The token by which this cloud enters a remote Spark (0600)."""
        return self.root / "spark-remote.token"

    @property
    def spark_remote(self) -> Path:
        """What a remote Spark needs of this cloud, in the storage that it sees."""
        return self.storage / "spark-remote"

    @property
    def spark_remote_record(self) -> Path:
        """Where the workspaces are, as a remote Spark reaches them."""
        return self.spark_remote / "workspaces.json"

    @property
    def files_of_workspaces(self) -> Path:
        """The folders of workspaces with what Spark sees of them."""
        return self.storage / "workspaces"

    def workspace(self, name: str) -> Path:
        """Return the folder of the workspace ``name``."""
        return self.root / "workspaces" / name

    def view(self, name: str) -> Path:
        """Return the folder that runs of workspace ``name`` see as ``/Workspace``."""
        return self.files_of_workspaces / name / "view"

    def dbfs(self, name: str) -> Path:
        """Return the folder behind ``dbfs:/`` of workspace ``name``."""
        return self.files_of_workspaces / name / "dbfs"

    def statements(self, name: str) -> Path:
        """Return the folder of results of SQL statements of workspace ``name``."""
        return self.workspace(name) / "statements"

    def execution_contexts(self, name: str) -> Path:
        """Return the folder of the processes that run commands of workspace ``name``."""
        return self.workspace(name) / "contexts"

    def sql_workers(self, name: str) -> Path:
        """Return the folder of the processes that run SQL statements of workspace ``name``."""
        return self.workspace(name) / "sql"

    def pipelines(self, name: str) -> Path:
        """Return the folder of what updates of pipelines of workspace ``name`` leave."""
        return self.workspace(name) / "pipelines"

    def pipeline_storage(self, name: str) -> Path:
        """Return the folder of what pipelines of workspace ``name`` keep beside their tables."""
        return self.files_of_workspaces / name / "pipelines"

    def runs(self, name: str) -> Path:
        """Return the folder of run outputs of workspace ``name``."""
        return self.workspace(name) / "runs"
