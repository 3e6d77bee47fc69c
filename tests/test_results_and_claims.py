"""Results come back as they were measured, with what made them; verdicts follow their rule."""

import json
import math
import operator
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from attention_course import claims, results

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
CLAIM = {
    "lesson": "00_start_here", "source": "a <text>", "wording": "It <b>looks</b> | there", "measure": "share",
    "result": "00_start_here:share", "holds": ">= 0.95", "in_part": ">= 0.5",
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def write_claims(tmp_path, monkeypatch):
    def write(**tables):
        lines = [f"[{name}]\n" + "".join(f"{k} = {v!r}\n" for k, v in table.items()) for name, table in tables.items()]
        (tmp_path / "claims.toml").write_text("\n".join(lines))

    monkeypatch.setattr(claims, "PATH", tmp_path / "claims.toml")
    return write


def save(values, name="00_start_here", **how):
    return results.save(name, values, **{"command": "make experiments", "seeds": [0, 1, 2], **how})


def test_results_come_back_rounded_with_their_origin(folder):
    values = {"share": [0.123456789, 1e-9], "n": 3, "ok": True, "none": None, "text": "été", "deep": {"a": (1, 2.5)}}
    values |= {"tensor": torch.tensor([[0.5]], requires_grad=True), "array": np.arange(2), "scalar": np.float32(0.1)}
    path = save(values, note="Small models.", precision="bfloat16")
    assert path == folder / "00_start_here.json" and path.read_text().endswith("}\n")
    loaded = results.load("00_start_here")
    assert loaded["share"] == [0.123457, 1e-9] and loaded["deep"] == {"a": [1, 2.5]} and loaded["text"] == "été"
    assert (loaded["tensor"], loaded["array"], loaded["scalar"]) == ([[0.5]], [0, 1], 0.1)
    assert (loaded["n"], loaded["ok"], loaded["none"]) == (3, True, None)
    assert loaded.provenance.startswith("Measured beforehand with `make experiments` on 20")
    assert "3 seeds, " in loaded.provenance and f"torch {torch.__version__} in bfloat16" in loaded.provenance
    assert loaded.provenance.endswith("Small models.") and loaded.provenance in repr(loaded)
    assert "<td" in loaded._repr_html_() and "été" in loaded._repr_html_()
    with pytest.raises(KeyError, match="'shares' is not in the results 00_start_here, which hold share, n"):
        loaded["shares"]
    with pytest.raises(AttributeError):
        loaded.values = {}


def test_the_file_says_what_made_it_and_nothing_about_where(folder):
    text = save({"share": [1.0]}).read_text()
    made = json.loads(text)["provenance"]
    assert set(made) == {"command", "commit", "seeds", "machine", "date", "note"} and made["seeds"] == [0, 1, 2]
    assert set(made["machine"]) == {"cores", "processor", "torch", "precision"}
    assert made["machine"]["precision"] == "float32" and re.fullmatch(r"\d{4}-\d\d-\d\d", made["date"])
    for path in (folder, Path.home(), Path.cwd(), Path(results.__file__).parent):
        assert str(path) not in text
    assert save({"share": [1.0]}).read_text() == text


def test_the_commit_tells_of_changes_but_not_of_rewritten_results(tmp_path, monkeypatch):
    inside = tmp_path / "attention_course" / "results"
    inside.mkdir(parents=True)
    monkeypatch.setattr(results, "__file__", str(inside / "__init__.py"))
    assert results.commit() == "unknown"

    def git(*words):
        run = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    assert results.commit() == "unknown"
    (inside / "__init__.py").write_text("1")
    (inside / "00_a.json").write_text("1")
    git("add", ".")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "--short=12", "HEAD")
    (inside / "00_a.json").write_text("2")
    (inside / "01_b.json").write_text("2")
    (tmp_path / "README.md").write_text("2")
    assert results.commit() == commit
    (inside.parent / "layers.py").write_text("2")
    assert results.commit() == f"{commit}+changes"


@pytest.mark.parametrize("values, error, message", [
    ({"a": {"b": [1.0, math.nan]}}, ValueError, r"values\['a'\]\['b'\]\[1\]: expected a finite number, got nan"),
    ({"a": {10: 1}}, ValueError, r"values\['a'\]: expected strings as keys, got 10"),
    ({"a": {1, 2}}, TypeError, r"values\['a'\]: expected numbers.*got set"),
])  # fmt: skip
def test_what_json_cannot_hold_is_refused(values, error, message, folder):
    with pytest.raises(error, match=message):
        save(values)
    assert not list(folder.iterdir())


def test_names_and_missing_files():
    with pytest.raises(ValueError, match="name: expected two digits and a slug, as in 04_translation"):
        save({}, name="x/../y")
    with pytest.raises(FileNotFoundError, match=r"`python experiments/07_x\.py` measures them, `make experiments`"):
        results.load("07_x")


def test_interval_agrees_with_a_computation_by_hand():
    # 1, 2, 3, 4: mean 2.5, standard deviation sqrt(5/3), t(3, 0.975) = 3.182446 from a table
    half = 3.182446 * math.sqrt(5 / 3) / 2
    assert results.interval([1, 2, 3, 4]) == pytest.approx((2.5, 2.5 - half, 2.5 + half), abs=1e-6)
    assert results.interval(torch.tensor([2.0, 4.0]), level=0.5) == pytest.approx((3, 2, 4))  # t(1, 0.75) = 1
    assert results.interval([0.3, 0.3]) == (0.3, 0.3, 0.3)
    mean, low, high = results.interval([0.5])
    assert mean == 0.5 and math.isnan(low) and math.isnan(high)
    for values in ([], [1.0, math.inf]):
        with pytest.raises(ValueError, match="values: expected one or more finite numbers"):
            results.interval(values)
    with pytest.raises(ValueError, match="level: expected a number between 0 and 1, got 95"):
        results.interval([1, 2], level=95.0)


@pytest.mark.parametrize("values, rule, outcome", [
    ([0.96, 0.97, 0.98], {}, "holds in part"),  # every value meets `holds`, the whole interval does not
    ([0.99, 0.99, 0.99], {}, "holds"),
    ([0.95, 0.95], {}, "holds"),
    ([0.9, 0.97, 0.99], {}, "holds in part"),  # the interval reaches over the threshold
    ([0.7, 0.7, 0.71], {}, "holds in part"),  # the mean meets in_part
    ([0.1, 0.1, 0.11], {}, "does not hold here"),
    ([0.0, 0.5], {}, "not decided here"),  # the mean meets neither, the wide interval some of `holds`
    ([0.99], {}, "holds in part"),  # one seed has no interval
    ([0.4], {}, "does not hold here"),
    ([1e-7, 2e-7], {"holds": "<= 1e-5", "in_part": "<= 1e-2"}, "holds"),
    ([1e-3, 1.1e-3], {"holds": "<= 1e-5", "in_part": "<= 1e-2"}, "holds in part"),
    ([1.2, 1.3, 1.2], {"holds": "< .5", "in_part": "< 1"}, "does not hold here"),
    # a direction: the whole interval has to meet it, for a mean alone shows no difference
    ([-0.01, 0.0, 0.03], {"holds": "> 0", "in_part": "> 0"}, "not decided here"),
    ([0.01, 0.0, -0.03], {"holds": "> 0", "in_part": "> 0"}, "not decided here"),
    ([0.01, 0.02, 0.03], {"holds": "> 0", "in_part": "> 0"}, "not decided here"),  # from -0.005 on
    ([0.02, 0.03, 0.03], {"holds": "> 0", "in_part": "> 0"}, "holds"),
    ([-0.02, -0.03, -0.03], {"holds": "> 0", "in_part": "> 0"}, "does not hold here"),
    ([0.10, 0.11, 0.10], {"holds": ">= .2", "in_part": "> 0"}, "holds in part"),
    ([0.00, 0.11, 0.05], {"holds": ">= .2", "in_part": "> 0"}, "not decided here"),
    ([-0.01, 0.0, -0.01], {"holds": ">= .2", "in_part": "> 0"}, "not decided here"),  # up to 0.005
    ([0.99], {"holds": ">= .5", "in_part": "> 0"}, "not decided here"),  # one seed shows no direction
    ([-0.10, -0.11, -0.10], {"holds": "<= -.2", "in_part": "< 0"}, "holds in part"),
    ([0.05, 0.01, -0.02], {"holds": "<= -.2", "in_part": "< 0"}, "not decided here"),
])  # fmt: skip
def test_each_outcome_follows_the_rule(values, rule, outcome, write_claims):
    write_claims(c=CLAIM | rule)
    save({"share": values})
    verdict = claims.verdict("c")
    mean, low, high = results.interval(values)
    assert verdict.outcome == outcome
    assert verdict.figure == mean and str(verdict.interval) == str((low, high)) and verdict.n == len(values)


def test_a_verdict_shows_itself_as_text_and_escaped_html(write_claims):
    write_claims(c=CLAIM, other=CLAIM | {"result": "01_none:share"})
    save({"share": [0.99, 0.99, 0.98]})
    verdict = claims.verdict("c")
    assert (verdict.wording, verdict.source) == (CLAIM["wording"], CLAIM["source"])
    text, html = repr(verdict), verdict._repr_html_()
    for part in ("Holds", "0.987 (95 % interval 0.972 to 1, 3 seeds)", "Measured beforehand with `make experiments`"):
        assert part in text and part in html
    assert CLAIM["wording"] in text and "<b>" not in html and "It &lt;b&gt;looks&lt;/b&gt;" in html
    assert not re.search(r"#[0-9a-f]{3}|rgb|background|[^-]color:(?!current)", html)  # any theme may show it
    table = claims.table()
    assert [(claim.id, v and v.outcome) for claim, v in table.rows] == [("c", "holds"), ("other", None)]
    lines = repr(table).splitlines()
    assert len(lines) == 4 and "looks</b> \\| there" in lines[2] and "| not measured yet |" in lines[3]
    assert table._repr_html_().count("<tr>") == 3 and "<b>" not in table._repr_html_()


def test_a_verdict_does_not_say_decided_beforehand_of_what_was_not(write_claims):
    write_claims(c=CLAIM, later=CLAIM | {"decided": "Added later"})
    save({"share": [0.99, 0.99, 0.98]})
    assert ". Decided beforehand: holds when" in repr(claims.verdict("c"))
    assert ". Added later: holds when" in repr(claims.verdict("later"))


def test_the_rule_says_what_is_asked_of_a_direction_and_of_a_size(write_claims):
    zero = {"holds": "> 0", "in_part": "> 0"}
    write_claims(size=CLAIM, both=CLAIM | zero, less=CLAIM | {"holds": ">= .2", "in_part": "> 0"})
    save({"share": [0.99, 0.99, 0.98]})
    said = {name: claims.verdict(name).claim.rule for name in ("size", "both", "less")}
    assert said["size"] == "holds when the whole interval is >= 0.95, in part when the mean is >= 0.5"
    assert said["both"] == "holds when the whole interval is > 0"
    assert said["less"] == "holds when the whole interval is >= 0.2, in part when it is > 0"
    assert f"Decided beforehand: {said['both']}.\n" in repr(claims.verdict("both"))


def test_what_has_one_value_is_called_by_its_name(write_claims):
    write_claims(c=CLAIM, timed=CLAIM | {"per": "round"})
    save({"share": [0.99, 0.99, 0.98]})
    assert claims.verdict("c").measured().endswith("3 seeds)")
    assert claims.verdict("timed").measured() == "0.987 (95 % interval 0.972 to 1, 3 rounds)"
    save({"share": [0.99]})
    assert claims.verdict("timed").measured() == "0.99 (no interval, 1 round)"


def test_the_table_of_a_lesson_has_its_claims_and_what_was_decided(write_claims):
    write_claims(c=CLAIM, other=CLAIM | {"lesson": "01_weighted_sum", "result": "01_weighted_sum:share"})
    save({"share": [0.99, 0.99, 0.98]})
    table = claims.table(lesson="00_start_here")
    assert [claim.id for claim, _ in table.rows] == ["c"]
    head, _, row = repr(table).splitlines()
    assert head == "| claim | measure | holds when | outcome | measured |"
    assert row.endswith("| share | >= 0.95 | holds | 0.987 (95 % interval 0.972 to 1, 3 seeds) |")
    assert "&gt;= 0.95" in table._repr_html_()
    assert not claims.table(lesson="09_none").rows


def test_verdicts_that_cannot_be_given_say_why(write_claims):
    write_claims(looks_at_cat=CLAIM, other=CLAIM)
    with pytest.raises(KeyError, match="no claim 'look-at-cat'; there is looks_at_cat"):
        claims.verdict("look-at-cat")
    with pytest.raises(FileNotFoundError, match=r"python experiments/00_start_here\.py"):
        claims.verdict("other")
    save({"share": 0.9})
    with pytest.raises(ValueError, match=r"00_start_here:share: expected a list with one value a seed, got 0\.9"):
        claims.verdict("other")
    save({"shares": [0.9]})
    with pytest.raises(KeyError, match="'share' is not in the results"):
        claims.verdict("other")


@pytest.mark.parametrize("change, message", [
    ({"holds": "95 %"}, "c: holds: expected a comparison with a number, such as '>= 0.95', got '95 %'"),
    ({"in_part": "=> 0.5"}, "c: in_part: expected a comparison"),
    ({"in_part": ">= 0.99"}, "c: in_part: expected what is easier to meet than >= 0.95, got >= 0.99"),
    ({"in_part": "<= 0.5"}, "c: in_part: expected what is easier"),
    ({"result": "share"}, "c: result: expected NN_slug:key, got 'share'"),
    ({"colour": "red"}, "c: missing or unknown: colour"),
])  # fmt: skip
def test_malformed_claims_fail_at_load(change, message, write_claims):
    write_claims(c=CLAIM | change)
    with pytest.raises(ValueError, match=re.escape(message)):
        claims.load()


def test_the_claims_of_the_course_are_well_formed():
    loaded = claims.load()
    assert str(loaded["chat-looks-at-cat"].holds) == ">= 0.95"
    assert all(claim.result[:2] <= claim.lesson[:2] and "\n" not in claim.wording for claim in loaded.values())
    assert len(claims.table().rows) == len(tomllib.loads(claims.PATH.read_text()))
    for claim in loaded.values():
        assert re.search(rf"one value a {claim.per}\b", claim.measure), (
            f"{claim.id}: does one {claim.per} have one value?"
        )
        assert claim.in_part.bound or claim.in_part.is_direction, (
            f"{claim.id}: >= 0 would be met by no difference at all"
        )


@pytest.fixture
def of_the_course(monkeypatch):
    monkeypatch.setattr(results, "FOLDER", Path(results.__file__).parent)


# The prose of the lessons is written for these outcomes. Where one changes, the text beside it has to be read again.
OUTCOMES = {
    "chat-looks-at-cat": "holds",
    "additive-slightly-better": "holds",
    "size-matters-little": "does not hold here",
    "multiplicative-is-faster": "holds",
    "scaling-reaches-additive": "holds in part",
    "no-score-is-best-everywhere": "holds in part",
    "one-vector-loses-long-sentences": "holds",
    "attention-keeps-long-sentences": "holds in part",
    "attention-keeps-longer-than-trained": "does not hold here",
    "attention-helps-long-sentences": "holds",
    "attention-learns-to-align": "holds",
    "words-look-at-their-objects": "holds",
    "attention-captions-better": "holds",
    "largest-weight-on-what-decides": "not decided here",
    "top-sentences-carry-the-document": "holds in part",
    "hierarchy-helps-documents": "not decided here",
    "stacking-answers-several-steps": "holds",
    "first-layer-looks-at-what-is-named": "holds",
    "last-layer-looks-at-the-answer": "holds",
    "self-attention-relates-distant-words": "holds",
    "attention-stacks-on-self-attention": "holds",
    "heads-look-at-different-things": "holds in part",
    "several-heads-are-better": "holds",
    "order-has-to-be-supplied": "holds",
    "positions-fail-on-long-sequences": "holds",
    "alibi-extrapolates": "holds",
    "attention-alone-translates-better": "not decided here",
    "attention-trains-in-less-time": "does not hold here",
    "attention-lets-gradients-flow": "holds",
    "local-costs-n-w": "holds",
    "sparse-costs-n-k": "holds",
    "local-memory-is-constant": "does not hold here",
    "local-memory-is-constant-word-by-word": "holds",
    "local-context-is-limited": "holds",
    "sparse-may-miss-dependencies": "holds",
    "linear-forms-scale-linearly": "holds in part",
    "recall-grows-with-the-state": "holds",
    "attention-is-low-rank": "does not hold here",
    "hashing-is-nearly-linear": "holds in part",
    "more-rounds-than-trained": "holds",
    "reversible-layers-keep-one": "holds",
    "three-ways-to-save-memory": "does not hold here",
    "tiles-need-linear-memory": "holds",
    "two-groups-nearly-as-good": "holds in part",
    "averaged-groups-nearly-as-good": "does not hold here",
    "initialisation-matters": "holds",
    "warm-up-helps": "holds",
    "dropout-and-smoothing-help": "does not hold here",
    "clipping-helps": "does not hold here",
    "three-ways-save-memory-in-training": "holds",
    "middle-batches-are-best": "does not hold here",
    "positions-are-to-be-chosen": "holds in part",
    "heads-are-to-be-chosen": "holds",
    "pre-norm-trains-better": "holds",
    "task-metrics-do-not-tell-of-attention": "does not hold here",
    "training-is-unstable-at-first": "holds",
    "many-settings-matter": "holds",
    "small-data-are-learned-by-heart": "holds",
    "gradients-vanish-in-deep-stacks": "holds",
}


def test_the_outcomes_are_those_that_the_prose_speaks_of(of_the_course):
    assert {claim.id: verdict and verdict.outcome for claim, verdict in claims.table().rows} == OUTCOMES


def test_what_holds_in_part_is_not_zero_by_its_interval(of_the_course):
    for claim, verdict in claims.table().rows:
        low, high = verdict.interval
        if verdict.outcome == "holds in part" and claim.in_part.is_direction:
            assert claim.in_part.met(low, high), claim.id


def test_that_attention_helps_long_sentences_is_tested_by_a_difference(of_the_course, monkeypatch):
    """Alike gains on short and long sentences are nothing in favour of the claim, however large they are."""
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    figures = import_module("04_translation").figures
    alike = [[[5, 10, 250, 40.0 + more], [15, 33, 250, 30.0 + more]] for more in (0.0, 20.0)]
    found = figures({"by_length_without": [alike[0]] * 3, "by_length_with": [alike[1]] * 3})
    assert found["gap_longest_less_shortest"] == [0.0, 0.0, 0.0] and min(found["gap_on_longest"]) > 12
    measured = results.load("04_translation")
    again = figures(measured.values)["gap_longest_less_shortest"]
    assert claims.verdict("attention-helps-long-sentences").figure == pytest.approx(sum(again) / 3, abs=1e-4)


def test_what_is_said_of_long_sentences_is_not_said_to_be_the_survey_s():
    """It says that attention keeps the whole of data of any length, and nothing of how translations fare with it."""
    for name in ("one-vector-loses-long-sentences", "attention-keeps-long-sentences", "attention-helps-long-sentences"):
        assert claims.load()[name].source.startswith("Bahdanau et al. 2015")
    for name in ("attention-keeps-longer-than-trained", "hierarchy-helps-documents"):
        assert claims.load()[name].source.startswith("a question of this course")


def test_no_learning_rate_of_the_look_up_is_the_least_or_the_largest_that_was_tried(of_the_course):
    for kind, by_size in results.load("02_score_functions")["look_up"].items():
        for k, measured in by_size.items():
            rates = sorted(map(float, measured["tried"]))
            assert len(rates) == 11, "lesson 02 says how many"
            assert rates[0] < measured["rate"] < rates[-1], f"{kind}, {k}"
            assert measured["tried"][f"{measured['rate']:g}"] == max(measured["tried"].values())


def test_where_the_largest_learning_rate_of_the_translator_was_the_best_twice_as_much_was_worse(of_the_course):
    measured = results.load("02_score_functions")
    chosen = {(kind, k): m["rate"] for kind, by_k in measured["translation"].items() for k, m in by_k.items()}
    twice = {(kind, k): rates for kind, by_k in measured["twice"].items() for k, rates in by_k.items()}
    assert set(twice) == {setting for setting, rate in chosen.items() if rate == max(chosen.values())}
    assert all(rates["0.02"] < rates["0.01"] for rates in twice.values())


def test_a_verdict_counts_what_the_results_were_measured_with(of_the_course):
    """As many seeds as the line below the verdict says, or its note speaks of fewer."""
    for claim, _ in claims.table().rows:
        name, key = claim.result.split(":")
        record = json.loads((results.FOLDER / f"{name}.json").read_text())
        n, made = len(record["values"][key]), record["provenance"]
        told = n == len(made["seeds"]) or f"with {n} of them" in made["note"]
        assert claim.per != "seed" or told, f"{claim.id}: {n} seeds, and the results name {len(made['seeds'])}"


def in_parts(monkeypatch, *named, name="00_start_here", **parts):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    monkeypatch.setattr(sys, "argv", ["it", *named])
    monkeypatch.setattr(results, "commit", lambda: "new")
    import_module("in_parts").measure(name, parts, seeds=range(3), figures=lambda values: {"sum": sum(values["a"])})
    return json.loads((results.FOLDER / f"{name}.json").read_text())


def test_an_experiment_is_measured_part_by_part_and_says_what_is_kept(folder, monkeypatch):
    def never():
        raise AssertionError("this part was not asked for")

    record = in_parts(monkeypatch, a=lambda: {"a": [1, 2]}, b=lambda: {"b": 5})
    assert record["values"] == {"a": [1, 2], "b": 5, "sum": 3} and record["provenance"]["note"] == ""
    record["provenance"]["commit"] = "old"
    (folder / "00_start_here.json").write_text(json.dumps(record))
    record = in_parts(monkeypatch, "a", a=lambda: {"a": [4]}, b=never)
    assert record["values"] == {"a": [4], "b": 5, "sum": 4, "kept_from": {"b": "old"}}
    assert record["provenance"]["command"] == "python experiments/00_start_here.py a"
    assert record["provenance"]["note"] == "Kept from earlier commits: b (old)."
    record = in_parts(monkeypatch, "figures", a=never, b=never)
    assert record["values"]["kept_from"] == {"a": "new", "b": "old"} and record["values"]["sum"] == 4
    with pytest.raises(SystemExit, match="expected names among a, b, figures; got c"):
        in_parts(monkeypatch, "c", a=never, b=never)


def one_by_one(monkeypatch, kept, commit="new", *named):
    """The module, which keeps what is finished in a folder of the test's own."""
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    monkeypatch.setattr(sys, "argv", ["it", *named])
    monkeypatch.setattr(results, "commit", lambda: commit)
    module = import_module("one_by_one")
    monkeypatch.setattr(module, "KEPT", kept)
    return module


def test_trainings_that_are_finished_are_not_done_again(tmp_path, monkeypatch, capsys):
    module = one_by_one(monkeypatch, tmp_path)
    with pytest.raises(ZeroDivisionError):
        module.measure_all("00_x", operator.truediv, [(6, 3), (8, 2), (1, 0)], processes=1)
    assert module.measure_all("00_x", operator.truediv, [(8, 2), (6, 3), (9, 2)], processes=1) == [4, 2, 4.5]
    assert "00_x: 2 of 3 trainings were done before" in capsys.readouterr().out
    assert module.kept_from("00_x") == ""


def test_another_commit_begins_anew_unless_it_is_told_to_keep(tmp_path, monkeypatch, capsys):
    def again(commit, *named):
        module = one_by_one(monkeypatch, tmp_path, commit, *named)
        assert module.measure_all("00_x", operator.mul, [(2, 3), (4, 5)], processes=1) == [6, 20]
        return capsys.readouterr().out.splitlines()[0][6:12], module.kept_from("00_x")

    assert again("old") == ("0 of 2", "")
    assert again("new") == ("0 of 2", "")
    assert again("newer", "--keep") == ("2 of 2", "Trainings kept from earlier commits: new.")
