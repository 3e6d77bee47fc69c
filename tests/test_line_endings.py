"""A clone has the same bytes where git would write other line endings: notebooks are compared by them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(*arguments):
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", *who, *map(str, arguments)], check=True, env=os.environ | NO_SETTINGS)


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_autocrlf_changes_nothing(tmp_path):
    repository, clone = tmp_path / "repository", tmp_path / "clone"
    git("init", "-q", repository)
    here = ["--git-dir", repository / ".git", "--work-tree", ROOT]
    git(*here, "add", "--all")
    git(*here, "commit", "-q", "-m", "all that is here")
    git("-c", "core.autocrlf=true", "clone", "-q", repository, clone)
    files = [path for path in clone.rglob("*") if path.is_file() and ".git" not in path.relative_to(clone).parts]
    assert clone / ".ci/run" in files and clone / "notebooks/00_start_here.ipynb" in files
    assert [path for path in files if path.read_bytes() != (ROOT / path.relative_to(clone)).read_bytes()] == []
    assert b"\r" not in (clone / ".ci/run").read_bytes()
