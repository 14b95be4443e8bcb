"""The template's output for combinations of answers, rendered once each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bricklane.project.rendering import Adoption, ask, render

PRINCIPAL = "11111111-2222-3333-4444-555555555555"

COMBINATIONS: Mapping[str, Mapping[str, str]] = {
    "defaults": {"project": "flights"},
    "skeleton": {"project": "sales", "sample": "none"},
    "federated": {
        "project": "a-long-name-for-a-project-of-forty-chars",
        "description": "Line's 100 % of: everything # and more",
        "catalog_dev": "dev-1",
        "catalog_staging": "2024",
        "catalog_prod": "main",
        "service_principal_staging": PRINCIPAL,
        "service_principal_prod": PRINCIPAL,
        "warehouse": "Shared warehouse: the 2nd #1",
        "authentication": "oidc",
        "code_owners": "@acme/data @someone",
        "python_version": "3.12",
    },
    "federated skeleton": {
        "project": "x",
        "package": "x1_y",
        "sample": "none",
        "description": "yes",
        "service_principal_prod": PRINCIPAL,
        "authentication": "oidc",
    },
}
ADOPTIONS: Mapping[str, Adoption] = {
    "adopted": Adoption(build=None, version=True, principal=False),
    "adopted without wheel": Adoption(build="", version=False, principal=True),
}


@dataclass(frozen=True)
class Output:
    """What the template made.

    Args:
        root: the folder it is in.
        given: the answers that were given; the others are the defaults.
    """

    root: Path
    given: Mapping[str, str]


Rendered = Callable[[str], Output]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Return a function that gives the output of a combination, rendered once."""
    made: dict[str, Output] = {}

    def output(name: str) -> Output:
        if name not in made:
            place = tmp_path_factory.mktemp("rendered") / "project"
            place.mkdir()
            given, adopted = COMBINATIONS.get(name, {}), ADOPTIONS.get(name)
            render(ask(given, defaults=True, adopted=adopted), place, adopted=adopted)
            made[name] = Output(place, given)
        return made[name]

    return output


@pytest.fixture(params=[*COMBINATIONS, *ADOPTIONS])
def output(request: pytest.FixtureRequest, rendered: Rendered) -> Output:
    """Return each output in turn, adopted ones too."""
    return rendered(request.param)


@pytest.fixture(params=COMBINATIONS)
def project(request: pytest.FixtureRequest, rendered: Rendered) -> Output:
    """Return each whole project in turn."""
    return rendered(request.param)
