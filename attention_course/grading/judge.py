"""The judge: a process with the solutions and the instructor's secret, which tries what a submission hands over.

    python -m attention_course.grading.judge SOCKET < secret

It listens at the socket, one answer after the other, and prints each verdict, a line of JSON. It ends with its standard
input. A submission hears nothing of a verdict, so it cannot learn from one try what to answer in the next.
"""

import hashlib
import json
import select
import socket
import sys

from attention_course.checks import catalogue
from attention_course.checks.result import Result
from attention_course.grading import wire
from attention_course.grading.remote import Remote


def main() -> None:
    """Serve until standard input ends."""
    seed = seed_of(sys.stdin.readline().strip())
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen()
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([door, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            line, _ = door.accept()
            with line, line.makefile("rwb") as stream:
                if verdict := hear(stream, seed):
                    print(json.dumps(verdict), flush=True)


def seed_of(secret: str) -> int:
    """The seed of the inputs that all submissions of a course are tried on."""
    return int.from_bytes(hashlib.sha256(secret.encode()).digest()[:6])


def hear(stream, seed: int) -> dict[str, str | None] | None:
    """Judge the one answer that comes along a stream; None where it is for no problem that there is."""
    lesson = name = ""
    try:
        told = wire.from_submission(wire.receive(stream, wire.MOST_BYTES))
        lesson, name = str(told.get("lesson")), str(told.get("name"))
        problem = catalogue.problems(catalogue.lesson(lesson)).get(name) if lesson in catalogue.names() else None
        if problem is None:
            return None
        answer = Remote(stream, told.get("empty") is True) if told.get("callable") is True else told.get("answer")
        result = problem.judge(answer, seed)
        wire.send(stream, wire.of_judge({"wish": "done"}))
    except wire.Broken as error:
        if not name:
            return None
        result = Result("not judged", None, f"The submission broke off while its answer was tried: {error}.")
    except MemoryError:
        result = Result("not judged", None, "The answer returned more than can be compared.")
    return {"name": name, "outcome": result.outcome, "mistake": result.mistake, "message": result.message}


if __name__ == "__main__":
    main()
