"""Build the notebooks from notebooks/src, check them, run them, or fill the exercises with their solutions."""

import argparse
import sys
from pathlib import Path

import nbformat
from building import course, source
from building.assembly import build, write
from building.checking import check
from building.course import CourseError, Page
from building.execution import CellFailed, Cost, execute
from building.filling import filled
from tqdm import tqdm


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; 0 when all is well."""
    options = parser().parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # a console need not have the letters of a cell that failed
    root = options.root.resolve()
    try:
        if options.check:
            return bool(check(root, options.lesson))
        if options.run:
            return bool(run([page for page in course.pages(root, options.lesson) if page.is_lesson]))
        if options.filled:
            return fill(root, course.pages(root, options.lesson), options.filled)
        return bool(build(root, options.lesson, options.force, same_outputs=options.same_outputs))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; every notebook is as it was or complete", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description=__doc__)
    result.add_argument("lesson", nargs="*", help="numbers or names, such as 00 or 04_translation (default: all)")
    mode = result.add_mutually_exclusive_group()
    mode.add_argument("--force", action="store_true", help="execute lessons that are up to date as well")
    mode.add_argument(
        "--same-outputs",
        action="store_true",
        help="do not execute a lesson because the package has changed: you know that its outputs have not",
    )
    mode.add_argument("--check", action="store_true", help="only say which notebooks are not of their sources")
    mode.add_argument("--run", action="store_true", help="execute the lessons, write nothing, print time and memory")
    mode.add_argument("--filled", type=Path, metavar="DIR", help="write the exercises with their solutions to DIR")
    result.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="another repository than this one")
    return result


def run(lessons: list[Page]) -> int:
    """Execute the lessons in order and print what each costs; the number of those that failed."""
    costs: dict[str, Cost | None] = {}
    for page in (bar := tqdm(lessons, unit="lesson")):
        bar.set_postfix_str(page.name)
        try:
            costs[page.name] = execute(source.read(page), page.notebook.parent)
        except (CellFailed, CourseError) as error:
            costs[page.name] = None
            bar.write(f"{page.name}: {error}")
    done = [cost for cost in costs.values() if cost]
    costs["total"] = Cost(sum(cost.seconds for cost in done), max([cost.megabytes for cost in done], default=0))
    width = max(map(len, ["lesson", *costs]))
    print(f"{'lesson':{width}}  seconds  peak MB")
    for name, cost in costs.items():
        print(f"{name:{width}}  {cost.seconds:7.1f}  {cost.megabytes:7.0f}" if cost else f"{name:{width}}   failed")
    return len(lessons) - len(done)


def fill(root: Path, pages: list[Page], folder: Path) -> int:
    """Write every exercise, solved, to the folder."""
    sys.path.insert(0, str(root))  # the solutions are those of this repository's package
    exercises = [page for page in pages if not page.is_lesson and page.source.exists()]
    for page in exercises:
        write(folder / f"{page.name}.ipynb", nbformat.writes(filled(page)) + "\n")
    print(f"{len(exercises)} filled notebooks written to {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
