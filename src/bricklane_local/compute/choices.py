"""What a cloud was told of Spark and storage, which its next start need not be told again."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from bricklane_local.errors import LocalError
from bricklane_local.files import write_atomically

if TYPE_CHECKING:
    from bricklane_local.compute.settings import ComputeSettings
    from bricklane_local.compute.spark.remote.address import RemoteAddress
    from bricklane_local.paths import StatePaths

# A connection string may have a token in it, which has no place among arguments.
REMOTE_VARIABLE = "BRICKLANE_LOCAL_SPARK_REMOTE"
# How long a look at a remote Spark may take: the first tasks of one that has just begun are slow.
CHECK_SECONDS = 120.0
# The word that takes a cloud back to a Spark of its own.
OWN = "none"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Choices:
    """Options of ``bricklane local up`` that hold until others are given.

    Args:
        spark_remote: connection string of a remote Spark; "" for none.
        spark_token: its token when the connection string had one, else "".
        callback_host: by which the remote reaches this machine; "" for loopback.
        storage_root: folder of what Spark reads and writes; "" for the state folder.
    """

    spark_remote: str = field(default="", repr=False)
    spark_token: str = field(default="", repr=False)
    callback_host: str = ""
    storage_root: str = ""

    @classmethod
    def read(cls, file: Path) -> Choices:
        """Return what was written, or nothing chosen."""
        try:
            return cls(**orjson.loads(file.read_bytes()))
        except FileNotFoundError:
            return cls()

    def write(self, file: Path) -> None:
        """Write it down, for this user only."""
        write_atomically(file, orjson.dumps(asdict(self)))

    @property
    def connection(self) -> str:
        """The connection string with the token, if one is known here; a secret."""
        if not self.spark_token:
            return self.spark_remote
        separator = ";" if "/;" in self.spark_remote else "/;"
        return f"{self.spark_remote}{separator}token={self.spark_token}"

    @property
    def address(self) -> RemoteAddress | None:
        """Where the remote Spark is; None for a Spark of the cloud's own."""
        from bricklane_local.compute.spark.remote.address import parse_remote

        return parse_remote(self.spark_remote)[0] if self.spark_remote else None

    @property
    def storage(self) -> Path | None:
        """The folder of what Spark reads and writes; None for the state folder."""
        return Path(self.storage_root) if self.storage_root else None


def storage_folder(text: str) -> str:
    """Return a storage root as it is kept.

    Raises:
        LocalError: when it is in an object store, which volumes and the Files API cannot be on.
    """
    if _URL.match(text):
        raise LocalError(
            f"--storage-root: {text!r} is not a folder; volumes, DBFS and the Files API of a local "
            "cloud serve files, which an object store does not have",
            hint="name a folder that this machine and Spark both see at the same path, such as NFS",
        )
    return str(Path(text).absolute())


def settled(paths: StatePaths, compute: ComputeSettings) -> ComputeSettings:
    """Return settings that have what was chosen before where nothing is given.

    Args:
        paths: of the cloud.
        compute: as given.

    Raises:
        LocalError: when options do not go together, or with what the cloud has.
    """
    kept, given = Choices.read(paths.choices), compute.choices
    chosen = replace(_remote(kept, given), storage_root=_storage(paths, kept, given))
    if chosen.address is None and given.callback_host:
        raise LocalError(
            "--spark-callback-host is for a remote Spark, and this cloud has one of its own",
            hint="give --spark-remote sc://HOST:PORT with it",
        )
    if chosen.address is not None and compute.idle_minutes is not None:
        raise LocalError(
            "--spark-idle and --spark-remote do not go together: the cloud does not stop the Spark "
            f"at {chosen.address.name}, which it did not start",
            hint="leave out --spark-idle, or go back to a Spark of its own: --spark-remote none",
        )
    if chosen.address is not None:
        token_of(paths, chosen)
    return replace(compute, choices=chosen)


def carried(paths: StatePaths, compute: ComputeSettings) -> ComputeSettings:
    """Return settings for a cloud that begins anew in the place of this one, whose files go.

    Args:
        paths: of the cloud.
        compute: as given.

    Raises:
        LocalError: when there is no token for its remote Spark.
    """
    kept, given = Choices.read(paths.choices), compute.choices
    chosen = _remote(kept, given)
    if chosen.address is not None:
        chosen = replace(chosen, spark_token=token_of(paths, chosen))
    storage = given.storage_root or kept.storage_root
    return replace(compute, choices=replace(chosen, storage_root=storage))


def require_same(paths: StatePaths, given: Choices) -> None:
    """Refuse options of a cloud that runs with others.

    Raises:
        LocalError: naming what it runs with.
    """
    kept = Choices.read(paths.choices)
    wanted = replace(_remote(kept, given), storage_root=_storage(paths, kept, given))
    if replace(wanted, spark_token="") != replace(kept, spark_token=""):
        now = kept.address.name if kept.address else "a Spark of its own"
        raise LocalError(
            f"the cloud runs already, with {now}, and takes other choices when it starts only",
            hint="stop it first: bricklane local down",
        )


def _remote(kept: Choices, given: Choices) -> Choices:
    from bricklane_local.compute.spark.remote.address import parse_remote

    if given.spark_remote == OWN or not (given.spark_remote or kept.spark_remote):
        return Choices(callback_host=given.callback_host)
    callback_host = given.callback_host or kept.callback_host
    if not given.spark_remote:
        return replace(kept, callback_host=callback_host)
    address, token = parse_remote(given.spark_remote)
    if not token and address.url == kept.spark_remote:
        token = kept.spark_token
    return Choices(address.url, token, callback_host)


def _storage(paths: StatePaths, kept: Choices, given: Choices) -> str:
    if not given.storage_root:
        return kept.storage_root
    wanted = storage_folder(given.storage_root)
    has = kept.storage_root or str(paths.root)
    if wanted != has and replace(paths, storage_root=kept.storage).metastore.exists():
        raise LocalError(
            f"--storage-root: the tables of the cloud in {paths.root} are in {has}, and cannot be "
            f"moved to {wanted}",
            hint="begin another cloud with --name or --state\n"
            "or empty this one with: bricklane local reset",
        )
    return "" if wanted == str(paths.root) else wanted


def token_of(paths: StatePaths, choices: Choices) -> str:
    """Return the token that lets the cloud into its remote Spark.

    Raises:
        LocalError: when none was given and `bricklane local spark-plugin` has made none.
    """
    if choices.spark_token:
        return choices.spark_token
    try:
        return paths.spark_token.read_text("ascii").strip()
    except FileNotFoundError:
        raise LocalError(
            f"--spark-remote: there is no token for {choices.spark_remote.partition('/;')[0]}",
            hint="prepare the remote with `bricklane local spark-plugin`, which makes one\n"
            "or give the one that it has: sc://HOST:PORT/;token=TOKEN",
        ) from None
