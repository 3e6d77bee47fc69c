"""One set of versions: what pyproject asks for, what constraints.txt pins, and what conda and Binder install."""

import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if line[0] != "#")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted() -> list[Requirement]:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return [r for group in groups for r in map(Requirement, group) if r.name != "attention-course"]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_every_dependency_is_pinned_within_its_range(requirement):
    assert Version({normal(n): v for n, v in PINS.items()}[normal(requirement.name)]) in requirement.specifier


def test_pins_are_exact_and_local_to_no_machine():
    assert all(re.fullmatch(r"[\w.]+", version) for version in PINS.values())


@pytest.mark.parametrize("file", ["environment.yml", "binder/environment.yml"])
def test_conda_and_binder_take_a_python_that_the_project_allows(file):
    environment = yaml.safe_load((ROOT / file).read_text())
    [python] = [d for d in environment["dependencies"] if isinstance(d, str) and d.startswith("python=")]
    assert Version(python.removeprefix("python=")) in Requirement("python" + PROJECT["requires-python"]).specifier


def test_on_binder_a_lesson_takes_the_one_core_that_is_granted():
    """A lesson's `device.use_threads()` would otherwise take as many threads as the machine has cores."""
    [exports] = re.findall(r"^export (.+)$", (ROOT / "binder/start").read_text(), re.MULTILINE)
    assert set(exports.split()) == {"OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "ATTENTION_COURSE_THREADS=1"}


def test_conda_and_binder_install_the_pinned_versions():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    [pip] = [d["pip"] for d in dependencies if isinstance(d, dict)]
    assert "-c constraints.txt" in pip and "-e .[lab]" in pip
    assert '-c constraints.txt -e ".[lab]"' in (ROOT / "binder/postBuild").read_text()


def test_binder_s_files_are_such_as_repo2docker_reads():
    """Its rules: one folder whose files alone count, scripts that can be run, a start that goes on."""
    assert not (ROOT / ".binder").exists()
    assert {path.name for path in (ROOT / "binder").iterdir()} == {"environment.yml", "postBuild", "start"}
    for name in ("postBuild", "start"):
        script = ROOT / "binder" / name
        assert os.access(script, os.X_OK) and script.read_bytes().startswith(b"#!/usr/bin/env bash\n")
    assert (ROOT / "binder/start").read_text().rstrip().endswith('exec "$@"')
