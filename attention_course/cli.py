"""The command line: this machine, what has been solved, data sets to fetch beforehand, and assignments for a class."""

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
    command = commands.add_parser("assignment", help="for instructors: lay out a lesson's exercises as an assignment")
    command.add_argument("lesson", metavar="LESSON", help="its number, such as 04")
    command.add_argument("--course", default="course", metavar="FOLDER", help="of the course (default: course)")
    command.add_argument("--explain", action="store_true", help="also ask for explanations, which a person reads")
    command.add_argument("--sample", action="store_true", help="put ten pretended learners into the course, to try it")
    command.set_defaults(run=assignment)
    command = commands.add_parser("grade", help="for instructors: mark what was handed in")
    command.add_argument("lesson", nargs="*", metavar="LESSON", help="numbers of lessons (default: all released)")
    command.add_argument("--course", default="course", metavar="FOLDER", help="of the course (default: course)")
    command.add_argument("--at-once", type=int, default=1, metavar="N", help="submissions to run at the same time")
    command.set_defaults(run=grade)
    return result


def doctor(options: argparse.Namespace) -> int:
    """What to tell when something does not work, or when numbers differ."""
    from importlib import metadata

    from attention_course import device
    from attention_course import doctor as examination
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
    data_sets = list(registry.report())
    rows = [
        (name, f"{files} file{'s' * (files > 1)}", f"{size:.1f} MB", states[where])
        for name, files, size, where in data_sets
    ]
    print_table(rows, "<>><")
    place = file()
    print(f"\nProgress is kept in {place}" if place else f"\n{OFF}")
    missing = examination.findings(data_sets)
    print("\nMissing, with what mends it:" if missing else "\nNothing is missing.")
    for what, command in missing:
        print(f"- {what}:\n    {command}")
    return 0


def progress(options: argparse.Namespace) -> int:
    """A line for each lesson: how many of its problems are solved, and in how many tries. Then, where to go on."""
    from attention_course import checks
    from attention_course.checks.progress import file, load

    kept = load()
    rows, open_ones = [("lesson", "solved", "tries")], []
    for lesson in checks.lessons():
        name = lesson.__name__.split(".")[-2]
        entries = (kept or {}).get(name, {})
        problems = checks.problems(lesson)
        mine = {problem: entries[problem] for problem in problems if problem in entries}
        solved = [problem for problem, entry in mine.items() if entry["outcome"] == "correct"]
        open_ones += [(name.removeprefix("lesson_"), problem) for problem in problems if problem not in solved]
        title = (lesson.__doc__ or name).partition("\n")[0].removeprefix("Lesson ").rstrip(".")
        tries = sum(entry["tries"] for entry in mine.values())
        rows.append((title, f"{len(solved)} of {len(problems)}", str(tries)))
    print_table(rows, "<>>")
    if open_ones:
        number, problem = open_ones[0]
        print(f"\nGo on with lesson {number}: its problem {problem} is the first that is not solved.")
    else:
        print("\nAll is solved.")
    place = file()
    print(f"Kept in {place}; delete this file to start afresh." if place else OFF)
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


def assignment(options: argparse.Namespace) -> int:
    """Lay out an assignment, and release it by nbgrader."""
    from pathlib import Path

    from attention_course.grading import assignment, course, sample

    try:
        place = assignment.lay_out(Path(options.course), options.lesson, options.explain)
        course.release(Path(options.course), place.parent.name)
    except (assignment.Refused, course.NbgraderFailed) as error:
        print(error, file=sys.stderr)
        return 1
    if options.sample:
        sample.hand_in(Path(options.course), place.parent.name)
    print(f"With solutions, for you: {place}")
    print(f"To hand out:             {Path(options.course) / 'release' / place.parent.name}")
    handed_in = f"{options.course}/submitted/NAME/{place.parent.name}"
    print(f"Then put what comes back into {handed_in}, and run the command `grade`.")
    return 0


def grade(options: argparse.Namespace) -> int:
    """Mark what was handed in: a line for each learner, feedback for each, and a table of points."""
    from pathlib import Path

    if sys.platform != "linux":
        print("Submissions are marked on Linux only: their limits are set by its means.", file=sys.stderr)
        return 1
    from attention_course.grading import course, sandbox

    print(sandbox.kind())
    try:
        course.grade(Path(options.course), options.lesson, options.at_once)
    except course.NbgraderFailed as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nStopped. What was marked is kept: the same command goes on from there. "
            "Until then, feedback and tables may be those of the last whole run.",
            file=sys.stderr,
        )
        return 130
    return 0


def print_table(rows: list[tuple[str, ...]], sides: str) -> None:
    """Print columns, each to its side: < or >."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)]
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    sys.exit(main())
