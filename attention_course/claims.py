"""What the survey and the glossary assert, against what was measured.

A claim states its thresholds before anything is measured. Its verdict is

- **holds** when the whole 95 % interval of the mean over seeds meets `holds`;
- **holds in part** otherwise, when the mean meets `in_part`; where `in_part` asks for a direction (> or <), when the
  whole interval meets it, since a difference is not shown while 0 lies in its interval;
- **not decided here** otherwise, when some of the interval meets `holds`, or the direction asked for;
- **does not hold here** otherwise.

One seed has no interval, so that a claim measured with one can hold in part at most, and shows no direction. (At first
the mean was enough for a direction, too. That rule was changed when the verdicts were known, and with it one of them,
that of `hierarchy-helps-documents`, from in part to not decided.)
"""

import math
import operator
import re
import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from html import escape
from pathlib import Path

from attention_course import results

PATH = Path(__file__).with_name("claims.toml")
COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
HOLDS, IN_PART, OPEN, NOT_HERE = "holds", "holds in part", "not decided here", "does not hold here"


@dataclass(frozen=True)
class Threshold:
    sign: str
    bound: float

    @classmethod
    def parse(cls, text) -> "Threshold":
        found = re.fullmatch(r"(>=|<=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", str(text).strip())
        if not found:
            raise ValueError(f"expected a comparison with a number, such as '>= 0.95', got {text!r}")
        return cls(found[1], float(found[2]))

    @property
    def is_direction(self) -> bool:
        return self.sign in ("<", ">")

    def met(self, *values: float | int) -> bool:
        return all(COMPARISONS[self.sign](value, self.bound) for value in values)

    def __str__(self):
        return f"{self.sign} {self.bound:g}"


@dataclass(frozen=True)
class Claim:
    """One table of claims.toml; the comment at its head says what the fields mean."""

    id: str
    lesson: str
    source: str
    wording: str
    measure: str
    result: str
    holds: Threshold
    in_part: Threshold
    decided: str = "Decided beforehand"
    per: str = "seed"

    @property
    def rule(self) -> str:
        """When it holds, and when in part, as a sentence goes on."""
        holds = f"holds when the whole interval is {self.holds}"
        if not self.in_part.is_direction:
            return f"{holds}, in part when the mean is {self.in_part}"
        return holds if self.in_part == self.holds else f"{holds}, in part when it is {self.in_part}"


@dataclass(frozen=True, repr=False)
class Verdict:
    """A claim, its outcome and the figure behind it: the mean over `n` seeds, or what else, with its 95 % interval."""

    claim: Claim
    outcome: str
    figure: float
    interval: tuple[float, float]
    n: int
    provenance: str

    @property
    def wording(self) -> str:
        return self.claim.wording

    @property
    def source(self) -> str:
        return self.claim.source

    def measured(self) -> str:
        low, high = self.interval
        spread = "no interval" if math.isnan(low) else f"95 % interval {low:.3g} to {high:.3g}"
        return f"{self.figure:.3g} ({spread}, {self.n} {self.claim.per}{'s' * (self.n != 1)})"

    def _rule(self) -> str:
        return f"{self.claim.decided}: {self.claim.rule}."

    def __repr__(self):
        return (
            f"Claim ({self.source}): {self.wording}\n{self.outcome.capitalize()}: {self.measured()}.\n"
            f"Measure: {self.claim.measure}. {self._rule()}\n{self.provenance}"
        )

    def _repr_markdown_(self):
        said = f"Claim ({self.source}): *{self.wording}*", f"**{self.outcome.capitalize()}**: {self.measured()}."
        how = f"Measure: {self.claim.measure}. {self._rule()}", self.provenance
        return "\n>\n".join(f"> {line}" for line in (*said, *how))

    def _repr_html_(self):
        # only the page's own colours, so that it reads in light and dark themes
        return (
            '<div style="border-left:3px solid currentColor;padding-left:0.8em">'
            f"<p>Claim ({escape(self.source)}): <em>{escape(self.wording)}</em></p>"
            f"<p><strong>{escape(self.outcome.capitalize())}</strong>: {escape(self.measured())}.</p>"
            f"<p><small>Measure: {escape(self.claim.measure)}. {escape(self._rule())}<br>"
            f"{escape(self.provenance)}</small></p></div>"
        )


@dataclass(frozen=True, repr=False)
class Table:
    """Claims, each with its verdict, or None where nothing has been measured yet. As text it is a Markdown table.

    The table of one lesson says how each claim was measured and what was decided beforehand, in place of the lesson.
    """

    rows: tuple[tuple[Claim, Verdict | None], ...]
    of_one_lesson: bool = False

    def _cells(self) -> list[tuple[str, ...]]:
        if self.of_one_lesson:
            head = ("claim", "measure", "holds when", "outcome", "measured")
            said = [(c.wording, c.measure, str(c.holds)) for c, _ in self.rows]
        else:
            head = ("claim", "source", "lesson", "outcome", "measured")
            said = [(c.wording, c.source, c.lesson) for c, _ in self.rows]
        found = [(v.outcome, v.measured()) if v else ("not measured yet", "") for _, v in self.rows]
        return [head, *(a + b for a, b in zip(said, found, strict=True))]

    def __repr__(self):
        head, *body = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in self._cells())
        return "\n".join(f"| {line} |" for line in [head, "--- | --- | --- | --- | ---", *body])

    _repr_markdown_ = __repr__

    def _repr_html_(self):
        rows = []
        for tag, cells in zip(["th"] + ["td"] * len(self.rows), self._cells(), strict=True):
            inner = "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in cells)
            rows.append(f"<tr>{inner}</tr>")
        return f"<table>{''.join(rows)}</table>"


def load() -> dict[str, Claim]:
    """All claims by id. ValueError names the claim and the field that is missing, unknown or malformed."""
    return {id: _claim(id, given) for id, given in tomllib.loads(PATH.read_text(encoding="utf-8")).items()}


def verdict(id: str) -> Verdict:
    """The verdict on one claim. KeyError for an unknown id; FileNotFoundError, with the command, before measuring."""
    claims = load()
    if id not in claims:
        near = get_close_matches(id, claims) or list(claims)
        raise KeyError(f"no claim {id!r}; there is {', '.join(near)}")
    return _judge(claims[id])


def table(lesson: str | None = None) -> Table:
    """The verdicts on all claims, or on those of one lesson (`NN_slug`), in the order of claims.toml."""
    rows = []
    for claim in load().values():
        if lesson not in (None, claim.lesson):
            continue
        try:
            rows.append((claim, _judge(claim)))
        except FileNotFoundError:
            rows.append((claim, None))
    return Table(tuple(rows), of_one_lesson=lesson is not None)


def _claim(id: str, given: dict) -> Claim:
    names = {field.name for field in fields(Claim)} - {"id"}
    if wrong := names ^ ({"decided", "per"} | given.keys()):
        raise ValueError(f"{PATH.name}, {id}: missing or unknown: {', '.join(sorted(wrong))}")
    given = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
    for name in ("holds", "in_part"):
        try:
            given[name] = Threshold.parse(given[name])
        except ValueError as error:
            raise ValueError(f"{PATH.name}, {id}: {name}: {error}") from None
    holds, in_part = given["holds"], given["in_part"]
    if holds != in_part and (holds.sign[0] != in_part.sign[0] or not in_part.met(holds.bound)):
        raise ValueError(f"{PATH.name}, {id}: in_part: expected what is easier to meet than {holds}, got {in_part}")
    if not re.fullmatch(r"\d\d_[a-z0-9_]+:\w+", given["result"]):
        raise ValueError(f"{PATH.name}, {id}: result: expected NN_slug:key, got {given['result']!r}")
    return Claim(id, **given)


def _judge(claim: Claim) -> Verdict:
    name, key = claim.result.split(":")
    measured = results.load(name)
    values = measured[key]
    if not isinstance(values, list):
        raise ValueError(f"{claim.result}: expected a list with one value a seed, got {values!r}")
    mean, low, high = results.interval(values)
    part, asked = claim.in_part, [claim.holds]
    if part.is_direction:
        asked.append(part)
    if claim.holds.met(low, high):
        outcome = HOLDS
    elif part.met(low, high) if part.is_direction else part.met(mean):
        outcome = IN_PART
    elif any(threshold.met(value) for threshold in asked for value in (low, mean, high)):
        outcome = OPEN
    else:
        outcome = NOT_HERE
    return Verdict(claim, outcome, mean, (low, high), len(values), measured.provenance)
