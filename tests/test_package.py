"""The package as it is imported: light, and of one version."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import attention_course

ROOT = Path(attention_course.__file__).parents[1]
CORE = ["", ".functional", ".masks", ".scores", ".layers", ".models.seq2seq"]
HEAVY = {"matplotlib", "ipywidgets", "IPython", "pooch", "requests", "sacrebleu", "scipy"}
PROGRAM = f"""
import importlib, json, sys
import torch
imported = {{}}
for name in {CORE}:
    before = set(sys.modules)
    importlib.import_module("attention_course" + name)
    imported["attention_course" + name] = sorted({HEAVY} & (set(sys.modules) - before))
print(json.dumps(imported))
"""


def test_the_core_imports_no_plots_widgets_or_downloads():
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"attention_course" + name: [] for name in CORE}


def test_the_version_is_the_one_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert attention_course.__version__ == project["version"]
