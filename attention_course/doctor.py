"""What is missing on this machine, and the command that mends it."""

from importlib import metadata

from packaging.requirements import Requirement

DISTRIBUTION = "attention-course"
EXTRAS = ("", "lab")
"""The course itself, and what opens it; what tests, grades or publishes it is not looked for."""


def findings(data_sets: list[tuple[str, int, float, str | None]]) -> list[tuple[str, str]]:
    """What is missing, each with the command that mends it. data_sets: what `registry.report` says."""
    found = []
    for requirement in _requirements(DISTRIBUTION, EXTRAS):
        try:
            there = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            found.append((f"{requirement.name} is not installed", f'pip install "{requirement}"'))
            continue
        if not requirement.specifier.contains(there, prereleases=True):
            wrong = f"{requirement.name} is {there}, and the course needs {requirement.specifier}"
            found.append((wrong, f'pip install --upgrade "{requirement}"'))
    for name, _, _, where in data_sets:
        if where is None:
            found.append((f"the data set {name} is out of reach", f"attention-course data {name}   # with a network"))
    return found


def _requirements(distribution: str, extras: tuple[str, ...]) -> list[Requirement]:
    """What a distribution requires with some extras, those of its own extras resolved."""
    try:
        listed = [Requirement(text) for text in metadata.requires(distribution) or []]
    except metadata.PackageNotFoundError:  # run from a folder that was not installed
        return []
    wanted = {extra for extra in extras if extra}
    while (
        inner := {
            extra
            for requirement in listed
            if requirement.name == distribution and _applies(requirement, wanted)
            for extra in requirement.extras
        }
        - wanted
    ):
        wanted |= inner
    found = [r for r in listed if r.name != distribution and _applies(r, wanted)]
    for requirement in found:
        requirement.marker = None
    return found


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    """Whether a requirement is one of the distribution itself, or of one of the extras."""
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras))
