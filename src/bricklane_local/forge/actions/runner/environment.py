"""The environment of a job's processes: what a fresh machine would have, and nothing of ours."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from bricklane_local.clientconfig import RATE_LIMIT
from bricklane_local.forge.actions.settings import ActionsSettings

# How this machine reaches the network and packages; a job cannot do without.
INHERITED = (
    "TMPDIR",
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "NIX_SSL_CERT_FILE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
    *("UV_INDEX_STRATEGY", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_OFFLINE", "UV_HTTP_TIMEOUT"),
    *("UV_PYTHON_INSTALL_MIRROR", "UV_PYTHON_DOWNLOADS", "UV_CONFIG_FILE", "UV_LINK_MODE"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_CONFIG_FILE"),
    *("PIP_DEFAULT_TIMEOUT", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOFLAGS"),
    *("NPM_CONFIG_REGISTRY", "npm_config_registry", "BRICKLANE_MAVEN_REPOSITORY"),
)
# Programs that a GitHub runner has, too: name → how this machine calls it.
PYTHONS = ("python", "python3")
LINKS = ("uv", "uvx")


def base_environment(
    home: Path, programs: Path, settings: ActionsSettings, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that a job's processes start with.

    Args:
        home: an empty home folder.
        programs: folder with what a runner has on ``PATH`` before everything else.
        settings: where Java is.
        environment: of the server.
    """
    found = {name: environment[name] for name in INHERITED if name in environment}
    path = [str(home / ".local" / "bin"), str(programs)]
    if settings.java is not None:
        found["JAVA_HOME"] = str(settings.java)
        path.append(str(settings.java / "bin"))
    found |= {
        "HOME": str(home),
        "USER": "runner",
        "LANG": "C.UTF-8",
        "TZ": "UTC",  # As on the machines of GitHub.
        "PATH": os.pathsep.join([*path, _without_ours(environment.get("PATH", os.defpath))]),
        # Prompts and pagers would wait for somebody who is not there.
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        "PAGER": "cat",
        "DEBIAN_FRONTEND": "noninteractive",
        "ACT_DISABLE_VERSION_CHECK": "1",
        # As in the profiles of this cloud's workspaces: its jobs deploy to them.
        "DATABRICKS_RATE_LIMIT": RATE_LIMIT,
    }
    return found | _caches(environment)


def _caches(environment: Mapping[str, str]) -> dict[str, str]:
    """Return where downloads are kept: on this machine they outlive a job, for speed."""
    from platformdirs import user_cache_dir

    home = Path(environment.get("HOME", str(Path.home())))
    cache = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
    found = {
        "UV_CACHE_DIR": environment.get("UV_CACHE_DIR") or str(cache / "uv"),
        "BRICKLANE_CACHE_DIR": environment.get("BRICKLANE_CACHE_DIR")
        or user_cache_dir("bricklane"),
    }
    settings = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    for name, file in (
        ("UV_CONFIG_FILE", settings / "uv" / "uv.toml"),
        ("PIP_CONFIG_FILE", settings / "pip" / "pip.conf"),
    ):
        if name not in environment and file.is_file():
            found[name] = str(file)
    return found


def _without_ours(path: str) -> str:
    """Return ``PATH`` without the environment that the server itself runs in."""
    ours = {str(Path(sys.prefix) / "bin"), str(Path(sys.executable).parent)}
    if sys.prefix == sys.base_prefix:
        return path
    return os.pathsep.join(part for part in path.split(os.pathsep) if part not in ours)


def lay_out_programs(folder: Path) -> None:
    """Fill ``folder`` with links to the programs that a runner has and this machine may not.

    Args:
        folder: made when absent; links that lead nowhere are renewed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    targets = {name: base_python() for name in PYTHONS}
    uv = find_uv()
    if uv is not None:
        targets |= {name: uv.with_name(name) for name in LINKS if uv.with_name(name).exists()}
    for name, target in targets.items():
        link = folder / name
        if link.is_symlink() and link.readlink() == target:
            continue
        fresh = folder / f".{name}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(link)


def base_python() -> Path:
    """Return the interpreter that the server's environment was made from."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def find_uv() -> Path | None:
    """Return uv, which is installed with the local cloud, else the one on ``PATH``, or None."""
    try:
        import uv

        return Path(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    return Path(found) if found else None
