"""The command line: what this machine can do, what has been solved, and the data sets to fetch beforehand."""

import argparse
import sys

OFF = "Progress is not kept: ATTENTION_COURSE_PROGRESS is off, or CI is set."


def main(argv: list[str] | None = None) -> int:
    """Do what the command line asks; 0 when all is well."""
    if hasattr(sys.stdout, "reconfigure"):  # a console that does not know a character shows a question mark for it
        sys.stdout.reconfigure(errors="replace")
    options = parser().parse_args(argv)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The commands and what they take. Nothing heavy is imported until one of them runs."""
    result = argparse.ArgumentParser(prog="attention-course", description="Look after the course on this machine.")
    commands = result.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "doctor", help="this machine, the versions, the data sets, and where progress is kept"
    )
    command.set_defaults(run=doctor)
    command = commands.add_parser("progress", help="the exercises solved, lesson by lesson")
    command.set_defaults(run=progress)
    command = commands.add_parser("data", help="fetch data sets, so that the lessons find them without a network")
    wanted = command.add_mutually_exclusive_group(required=True)
    wanted.add_argument("names", nargs="*", default=[], metavar="NAME", help="a data set that `doctor` lists")
    wanted.add_argument("--all", action="store_true", help="every data set")
    command.set_defaults(run=data)
    return result


def doctor(options: argparse.Namespace) -> int:
    """What to tell when something does not work, or when numbers differ."""
    from importlib import metadata

    from attention_course import device
    from attention_course.checks.progress import file
    from attention_course.data import registry

    print(device.describe())
    for package in ("numpy", "matplotlib", "jupyterlab"):
        try:
            print(package, metadata.version(package))
        except metadata.PackageNotFoundError:
            print(package, "is not installed")
    print("\nData sets:")
    states = {
        "mirror": "in the mirror",
        "cache": "here",
        "download": "can be downloaded",
        None: "out of reach just now",
    }
    rows = [
        (name, f"{files} file{'s' * (files > 1)}", f"{size:.1f} MB", states[where])
        for name, files, size, where in registry.report()
    ]
    print_table(rows, "<>><")
    place = file()
    print(f"\nProgress is kept in {place}" if place else f"\n{OFF}")
    return 0


def progress(options: argparse.Namespace) -> int:
    """A line for each lesson: how many of its problems are solved, and the tries it took so far."""
    from attention_course import checks
    from attention_course.checks.progress import file, load

    kept = load()
    rows = [("lesson", "solved", "tries")]
    for lesson in checks.lessons():
        name = lesson.__name__.split(".")[-2]
        entries = (kept or {}).get(name, {})
        problems = checks.problems(lesson)
        mine = [entries[problem] for problem in problems if problem in entries]
        solved = sum(entry["outcome"] == "correct" for entry in mine)
        title = (lesson.__doc__ or name).partition("\n")[0].removeprefix("Lesson ").rstrip(".")
        rows.append((title, f"{solved} of {len(problems)}", str(sum(entry["tries"] for entry in mine))))
    print_table(rows, "<>>")
    place = file()
    print(f"\nKept in {place}; delete this file to start afresh." if place else f"\n{OFF}")
    if kept is None:
        print("It could not be read. The next check will set it aside and begin another.")
    return 0


def data(options: argparse.Namespace) -> int:
    """Fetch all files of the data sets. One that cannot be had does not keep the others back."""
    from attention_course.data import registry

    files = {}
    for name in registry.entries():
        files.setdefault(name.partition("/")[0], []).append(name)
    if unknown := [name for name in options.names if name not in files]:
        print(f"There is no data set {', '.join(unknown)}; there are {', '.join(files)}.", file=sys.stderr)
        return 1
    failed = 0
    for dataset in files if options.all else options.names:
        try:
            for name in files[dataset]:
                print(registry.fetch(name))
        except registry.DatasetUnavailable as error:
            print(error, file=sys.stderr)
            failed = 1
    return failed


def print_table(rows: list[tuple[str, ...]], sides: str) -> None:
    """Print columns, each to its side: < or >."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)]
        print("  ".join(cells).rstrip())
