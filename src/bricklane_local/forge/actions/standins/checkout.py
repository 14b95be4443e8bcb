"""Checks out a commit of a repository of the forge, as actions/checkout does."""

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

SUPPORTED = (
    *("repository", "ref", "token", "path", "fetch-depth", "fetch-tags"),
    *("persist-credentials", "clean"),
)


def given(name: str) -> str:
    """Return an input."""
    return os.environ.get(f"INPUT_{name.upper()}", "").strip()


def credentials(server: str, token: str) -> dict[str, str]:
    """Return git settings that send the token to the forge, by their names."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {f"http.{server}/.extraheader": f"AUTHORIZATION: basic {basic}"}


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment that gives git these settings: they are in no argument or file."""
    rows = [("safe.directory", "*"), *settings.items()]
    found = {"GIT_CONFIG_COUNT": str(len(rows)), "GIT_TERMINAL_PROMPT": "0"}
    for number, (name, value) in enumerate(rows):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return {**os.environ, **found}


class Checkout:
    """One checkout."""

    def __init__(self) -> None:
        self.server = os.environ["GITHUB_SERVER_URL"].rstrip("/")
        self.repository = given("repository") or os.environ["GITHUB_REPOSITORY"]
        workspace = Path(os.environ["GITHUB_WORKSPACE"]).resolve()
        self.folder = (workspace / (given("path") or ".")).resolve()
        if workspace not in (self.folder, *self.folder.parents):
            sys.exit(f"::error::Repository path '{self.folder}' is not under '{workspace}'")
        self.settings = credentials(self.server, given("token")) if given("token") else {}

    def git(self, *arguments: str, quiet: bool = False) -> str:
        """Run git in the folder; return what it prints when that is to be ``quiet``."""
        print(f"[command] git {' '.join(arguments)}", flush=True)
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=environment(self.settings),
            check=True,
            stdout=subprocess.PIPE if quiet else None,
            text=True,
        )
        return (done.stdout or "").strip()

    def answer(self, *arguments: str) -> str:
        """Return what git prints."""
        return self.git(*arguments, quiet=True)

    def wanted(self) -> tuple[str, str]:
        """Return what to fetch, and the branch that is to be checked out, if it is one."""
        own = self.repository.lower() == os.environ["GITHUB_REPOSITORY"].lower()
        ref = given("ref")
        if not ref and own:
            return os.environ["GITHUB_SHA"], branch_of(os.environ.get("GITHUB_REF", ""))
        if not ref:
            return "HEAD", ""
        if is_commit(ref) or ref.startswith(("refs/tags/", "refs/pull/")):
            return ref, ""
        name = ref.removeprefix("refs/heads/")
        found = self.answer("ls-remote", "--", self.url, f"refs/heads/{name}", f"refs/tags/{name}")
        refs = [line.split("\t")[1] for line in found.splitlines() if "\t" in line]
        if f"refs/heads/{name}" in refs:
            return f"refs/heads/{name}", name
        if f"refs/tags/{name}" in refs:
            return f"refs/tags/{name}", ""
        sys.exit(f"::error::A branch or tag with the name '{ref}' could not be found")

    @property
    def url(self) -> str:
        """The address of the repository; there is no token in it."""
        return f"{self.server}/{self.repository}"

    def run(self) -> None:
        """Check out."""
        if self.folder.exists():
            for child in self.folder.iterdir():
                shutil.rmtree(
                    child
                ) if child.is_dir() and not child.is_symlink() else child.unlink()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", "--", self.url)
        self.git("config", "--local", "gc.auto", "0")
        wanted, branch = self.wanted()
        commit = self.fetch(wanted)
        if branch:
            remote = f"refs/remotes/origin/{branch}"
            self.git("update-ref", remote, commit)
            self.git("checkout", "--quiet", "--force", "-B", branch, remote)
        else:
            self.git("checkout", "--quiet", "--force", "--detach", commit)
        if given("persist-credentials").lower() == "true":
            self.persist()
        say("ref", given("ref") or os.environ.get("GITHUB_REF", ""))
        say("commit", commit)
        print(f"HEAD is now at {self.answer('log', '-1', '--format=%h %s')}")

    def fetch(self, wanted: str) -> str:
        """Fetch what is wanted; return its commit."""
        depth = int(given("fetch-depth") or "1")
        options = ["--no-recurse-submodules", "--quiet"]
        if depth <= 0:
            everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
            self.git("fetch", *options, "origin", *everything)
        else:
            options += ["--no-tags", f"--depth={depth}"]
            if given("fetch-tags").lower() == "true":
                self.git("fetch", *options, "origin", "+refs/tags/*:refs/tags/*")
        self.git("fetch", *options, "origin", wanted)
        if is_commit(wanted):
            return self.answer("rev-parse", f"{wanted}^{{commit}}")
        listed = (self.folder / ".git" / "FETCH_HEAD").read_text("utf-8", "replace").splitlines()
        return self.answer("rev-parse", f"{listed[0].split()[0]}^{{commit}}")

    def persist(self) -> None:
        """Leave the token where later git commands of the job find it; the folder goes with it."""
        config = self.folder / ".git" / "config"
        config.chmod(0o600)
        lines = ["\n"]
        for name, value in self.settings.items():
            section, _, key = name.rpartition(".")
            lines.append(f'[http "{section.removeprefix("http.")}"]\n\t{key} = {value}\n')
        with config.open("a", encoding="utf-8") as file:
            file.writelines(lines)


def is_commit(text: str) -> bool:
    """Say whether ``text`` is the whole name of a commit."""
    return len(text) == 40 and all(letter in "0123456789abcdef" for letter in text)


def branch_of(ref: str) -> str:
    """Return the branch that a ref is, or an empty text."""
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def say(name: str, value: str) -> None:
    """Set an output."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


def main() -> None:
    """Check out what the inputs say."""
    print(f"This is a stand-in for {sys.argv[1]}, a part of the local forge.", flush=True)
    unknown = [
        name.removeprefix("INPUT_").lower()
        for name in os.environ
        if name.startswith("INPUT_") and name.removeprefix("INPUT_").lower() not in SUPPORTED
    ]
    if unknown:
        sys.exit(f"::error::the stand-in does not know the inputs {', '.join(sorted(unknown))}")
    try:
        Checkout().run()
    except subprocess.CalledProcessError as error:
        sys.exit(f"::error::git {error.cmd[1]} failed with exit code {error.returncode}")


main()
