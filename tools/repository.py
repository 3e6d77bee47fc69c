"""Set the course's public address, owner/name, everywhere it stands: `make repository REPO=owner/name`."""

import argparse
import re
import sys
from pathlib import Path

from building import course
from building.address import binder_badge, colab_badge
from building.assembly import build, write

FORM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}(?<!\.git)")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", help="the address on GitHub: owner/name")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="another repository than this one")
    options = parser.parse_args(arguments)
    if not FORM.fullmatch(options.repository):
        parser.error(f"the address must have the form owner/name, without a host or .git; got {options.repository!r}")
    set_address(options.root.resolve(), options.repository)
    return bool(build(options.root.resolve(), [], may_execute=False))


def set_address(root: Path, repository: str) -> None:
    """Write the address into pyproject.toml and, where they exist, CITATION.cff and README.md."""
    changes = {
        "pyproject.toml": lambda text: _in_pyproject(text, repository),
        "CITATION.cff": lambda text: _in_citation(text, f"https://github.com/{repository}"),
        "README.md": lambda text: _in_readme(text, badges(root, repository)),
    }
    for name, change in changes.items():
        path = root / name
        if path.exists():
            write(path, change(path.read_text(encoding="utf-8")))


def badges(root: Path, repository: str) -> str:
    """The README's badges: CI, and the first lesson on Binder and in Colab."""
    workflow = f"https://github.com/{repository}/actions/workflows/ci.yml"
    first = [page.shown(page.notebook) for page in course.pages(root) if page.is_lesson][:1]
    links = [f"{binder_badge(repository, path)} {colab_badge(repository, path)}" for path in first]
    return " ".join([*links, f"[![CI]({workflow}/badge.svg)]({workflow})"])


def _in_pyproject(text: str, repository: str) -> str:
    setting = re.compile(r'^(\[tool\.course\]\n(?:(?!\[).*\n)*?)repository = ".*"$', re.MULTILINE)
    text, count = setting.subn(rf'\g<1>repository = "{repository}"', text)
    if count != 1:
        raise ValueError('pyproject.toml: expected one line `repository = "..."` under [tool.course]')
    return text


def _in_citation(text: str, url: str) -> str:
    for key in ("url", "repository-code"):
        line = f'{key}: "{url}"'
        text, count = re.subn(rf"^{key}:.*$", line, text, flags=re.MULTILINE)
        if not count:
            text = re.sub(r"^(title:.*)$", rf"\1\n{line}", text, count=1, flags=re.MULTILINE)
    return text


def _in_readme(text: str, line: str) -> str:
    between = re.compile(r"(<!-- badges -->).*?(<!-- /badges -->)", re.DOTALL)
    return between.sub(rf"\1\n{line}\n\2", text)


if __name__ == "__main__":
    sys.exit(main())
