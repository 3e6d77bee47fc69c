"""How the benchmarks time, weigh and keep: everyone gets the same turns, and what is measured on one kind of
processor takes nothing from another."""

import copy
import importlib
import json
import platform
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def modules_beside_each_other(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)  # as when a script there is run


@pytest.fixture
def racing():
    return load("attention_race")


def test_everyone_runs_as_often_and_goes_first_in_turn(racing):
    calls = []

    def noting(name):
        def function(x):
            calls.append(name)
            return 2 * x

        return racing.contender(function, [torch.ones(2)])

    seconds = racing.race({name: noting(name) for name in "abc"}, rounds=5)
    rounds = ["".join(calls[i : i + 6]) for i in range(0, len(calls), 6)]
    assert rounds == ["bbccaa", "ccaabb", "aabbcc"] * 2  # the first of them is not counted
    assert all(len(taken) == 5 and min(taken) > 0 for taken in seconds.values())


def test_the_backward_pass_reaches_inputs_and_parameters(racing):
    layer = nn.Linear(2, 2)
    linear = racing.contender(layer, [torch.ones(3, 2)], layer)
    assert [x.shape for x in linear.wanted] == [(3, 2), (2, 2), (2,)]
    reached = []
    for x in linear.wanted:
        x.register_hook(lambda gradient: reached.append(gradient.shape))
    linear.backward()
    assert sorted(reached) == sorted(x.shape for x in linear.wanted)
    assert not linear.forward().requires_grad


def test_a_ratio_above_one_means_that_ours_takes_less_time(racing):
    assert racing.ratios([1.0, 2.0], [4.0, 2.0]) == [4.0, 1.0]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="without /proc only the largest peak is known")
def test_memory_that_is_touched_is_seen():
    weighing = load("attention_memory")
    before = weighing.resident("VmRSS")
    block = bytearray(80_000_000)
    assert weighing.resident("VmHWM") - before > 70_000_000
    del block


# What is kept


@pytest.fixture
def keeping(monkeypatch, tmp_path):
    """Results in a folder of their own."""
    module = importlib.import_module("keeping")
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    for name in (*module.LIMITED, "DNNL_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)
    return module


@pytest.fixture
def on(keeping, monkeypatch):
    """`on(kind)`: what is measured from now on is measured there."""
    return lambda kind: monkeypatch.setattr(keeping, "kind", lambda where="cpu": kind)


def test_a_part_measured_anew_takes_the_place_of_itself_alone(keeping, on):
    on("AVX2")
    keeping.keep("race", {"speed": [1.0], "memory": {"tiled": 5}})
    on("AVX-512")
    assert keeping.here("race") == {}
    keeping.keep("race", {"speed": [2.0]})
    on("AVX2")
    keeping.keep("race", {"speed": [3.0, 4.0]})
    assert keeping.here("race") == {"speed": [3.0, 4.0], "memory": {"tiled": 5}}
    kept = keeping.kept("race")
    assert kept == {"AVX2": keeping.here("race"), "AVX-512": {"speed": [2.0]}}
    assert list(kept) == ["AVX2", "AVX-512"]  # a kind keeps its place in the tables
    assert [path.name for path in keeping.RESULTS.iterdir()] == ["race.json"]


def test_numbers_are_kept_to_five_digits(keeping, on):
    on("AVX2")
    keeping.keep("race", {"speed": [{"ours": (123456.7, 0.00123456)}], "parameters": 1234567, "words": "as told"})
    assert keeping.here("race") == {
        "speed": [{"ours": [123460.0, 0.0012346]}], "parameters": 1234567, "words": "as told"
    }  # fmt: skip


def test_nothing_measured_yet_is_nothing_kept(keeping):
    assert keeping.kept("race") == {}


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("", "no JSON"),
        ('{"AVX2": {"speed": 1}', "no JSON"),
        ("[]", "a list"),
        ('{"AVX2": {}, "speed": [1.0]}', "a list for 'speed'"),
    ],
)
def test_a_broken_file_is_told_and_left_as_it_is(text, got, keeping, on):
    on("AVX2")
    path = keeping.RESULTS / "race.json"
    path.write_text(text)
    message = rf"benchmarks/results/race.json: expected figures by kind of processor, .*; got {got}"
    with pytest.raises(ValueError, match=message):
        keeping.kept("race")
    with pytest.raises(ValueError, match=message):
        keeping.keep("race", {"speed": 2.0})
    assert path.read_text() == text


# Kinds of processors


@pytest.fixture
def processor(keeping, monkeypatch):
    """What a processor is called: what PyTorch uses of it, whether bfloat16 pays, and what it could do."""

    def called(capability, pays=False, instructions=()):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
        monkeypatch.setattr("attention_course.device.bfloat16_pays", lambda: pays)
        monkeypatch.setattr("attention_course.processor.instructions", lambda: set(instructions))
        return keeping.kind()

    return called


def test_a_kind_is_named_by_what_pytorch_uses(processor, keeping, monkeypatch):
    assert processor("AVX512", True, ["avx512_f"]) == "AVX-512 with bfloat16"
    assert processor("AVX512", False, ["avx512_f"]) == "AVX-512"
    assert processor("AVX2") == "AVX2"
    assert processor("SVE256", True) == "SVE256 with bfloat16"
    assert processor("DEFAULT") == platform.machine()
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H200")
    assert keeping.kind("cuda") == "CUDA, NVIDIA H200"
    assert keeping.kind("mps") == "MPS"


@pytest.mark.parametrize("told", ["avx512_f", "avx512f"])  # by PyTorch, and by Linux
def test_a_limited_processor_is_called_so(told, processor, keeping, monkeypatch):
    for name, value in keeping.LIMITED.items():
        monkeypatch.setenv(name, value)
    assert processor("AVX2", False, ["avx2", told]) == "AVX-512 limited to AVX2"
    assert processor("AVX2", False, ["avx2"]) == "AVX2"  # which it is in any case


@pytest.mark.parametrize("name", ["ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS"])
def test_what_is_limited_in_part_is_refused(name, processor, keeping, monkeypatch):
    expected = "limits of the processor: expected none, or all of ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2"
    for limit, value in keeping.LIMITED.items():
        monkeypatch.setenv(limit, value)
    monkeypatch.setenv(name, "SSE42")
    with pytest.raises(ValueError, match=f"{expected} .*; got .*{name}=SSE42"):
        processor("AVX2")
    monkeypatch.setenv(name, "")
    with pytest.raises(ValueError, match=expected):
        processor("AVX2")


# Pages


@pytest.fixture
def page(keeping):
    """`page(name, change)`: the page made of the committed figures, {kind: {part: figures}}, changed or not."""

    def made(name, change=lambda kept: None):
        shutil.copy(BENCHMARKS / f"results/{name}.json", keeping.RESULTS)
        kept = keeping.kept(name)
        change(kept)
        (keeping.RESULTS / f"{name}.json").write_text(json.dumps(kept))
        load(name).table()
        return (keeping.RESULTS / f"{name}.md").read_text(encoding="utf-8")

    return made


PAGES = ["attention", "translation", "decoding"]


@pytest.mark.parametrize("name", PAGES)
def test_committed_pages_are_made_of_committed_figures(name, page):
    assert page(name) == (BENCHMARKS / f"results/{name}.md").read_text(encoding="utf-8")


def one_kind(kept):
    """Of several the first."""
    for kind in list(kept)[1:]:
        del kept[kind]


def two_kinds(kept):
    """The first, and one on which the same was measured."""
    one_kind(kept)
    kept["of tomorrow"] = copy.deepcopy(next(iter(kept.values())))


def rows(page):
    return [line for line in page.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("name", PAGES)
def test_kinds_stand_below_each_other(name, page):
    alone, both = page(name, one_kind), page(name, two_kinds)
    assert "| processor |" not in alone and "Measured on" in alone
    kind = alone.split("Measured on ")[1].split(":")[0]
    assert both.count(f"| {kind} |") == both.count("| of tomorrow |") > 0
    assert both.count(f" on {kind}: ") == both.count(" on of tomorrow: ") == alone.count(f" on {kind}: ")
    above = None
    for row in rows(both):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if "of tomorrow" in cells:  # the same figures, and nothing where the name stands above
            place = cells.index("of tomorrow")
            assert not any(cells[:place]) and above[place:] == [kind, *cells[place + 1 :]]
        above = cells


def test_the_bars_are_judged_on_each_kind(page):
    def slower(kept):
        two_kinds(kept)
        first, second = kept.values()
        first["bars"]["beside"] = {name: [1.0] for name in first["bars"]["beside"]}
        for name in first["bars"]["beside"]:
            if name.startswith("PyTorch's kernel"):
                first["bars"]["beside"][name] = [20.0]
        second["bars"] = copy.deepcopy(first["bars"])
        second["bars"]["beside"]["local"] = [5.1]  # less than four times as fast

    section = page("attention", slower).split("## Against the length")[0]
    reached = [row.strip("| ").split(" | ")[-1] for row in rows(section)[2:]]
    assert reached == ["yes", "no", "yes", "yes", "yes", "yes"]


def test_whatever_the_kind_ours_trains_faster_than_the_peer():
    """A training in emulated bfloat16, on a kind without it, would be several times slower."""
    kept = json.loads((BENCHMARKS / "results/translation.json").read_text(encoding="utf-8"))
    slower = [(kind, row["setting"]) for kind in kept for row in kept[kind]["speed"]["rows"] if min(row["ratios"]) < 1]
    assert len(kept) > 1 and not slower


def test_a_part_that_one_kind_lacks_is_shown_for_the_other(page):
    def part(kept):
        two_kinds(kept)
        del kept["of tomorrow"]["quality"], kept["of tomorrow"]["cache"]
        speed = kept["of tomorrow"]["speed"]
        speed["rows"] = [row | {"precision": "float32"} for row in speed["rows"] if row["precision"] != "bfloat16"]

    made = page("translation", part)
    assert "of tomorrow" not in made.split("## RNNsearch")[0].split("For comparison")[0]
    assert "of tomorrow" not in made.split("writing with a cache")[1]
    shipped = [row for row in rows(made) if row.startswith("| each as shipped |")]
    below = rows(made)[rows(made).index(shipped[0]) + 1]
    assert below.startswith("|  | float32 |  | of tomorrow |")  # each as it is shipped, in the precision that pays
