"""What a machine tells of itself, and that a seed is a seed."""

import ctypes
import os
import platform
import random
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import torch

from attention_course import device
from attention_course.device import (
    autocast,
    bfloat16_pays,
    cores,
    describe,
    device_for,
    forget_peak_memory,
    give_back_memory,
    memory,
    pays,
    peak_memory,
    pick_device,
    seed_everything,
    use_threads,
)


def draw():
    return random.random(), numpy.random.rand(), torch.rand(3).tolist(), torch.nn.Linear(2, 2).weight.tolist()  # noqa: NPY002


def test_the_same_seed_gives_the_same_numbers_everywhere():
    drawn = []
    for seed in (3, 3, 4):
        seed_everything(seed)
        drawn.append(draw())
    first, again, other = drawn
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


# Which device


def of_size(count, **options):
    """A model with so many parameters, some of them without a part in learning."""
    model = torch.nn.ParameterList([torch.empty(count // 2, **options), torch.empty(count - count // 2, **options)])
    model[0].requires_grad_(False)
    return model


SMALL, LARGE = of_size(1000), of_size(5_000_000)


@pytest.fixture
def machine(monkeypatch):
    """A machine with such GPUs."""

    def gpus(*kinds):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in kinds)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in kinds)

    monkeypatch.delenv("ATTENTION_COURSE_DEVICE", raising=False)
    return gpus


@pytest.mark.parametrize(
    "gpus, plain, large", [((), "cpu", "cpu"), (("mps",), "mps", "mps"), (("cuda",), "cuda", "cuda")]
)
def test_the_gpu_is_picked_where_there_is_one_and_for_a_model_where_it_pays(gpus, plain, large, machine):
    machine(*gpus)
    assert pick_device().type == plain
    assert pick_device(LARGE).type == device_for(LARGE).type == large
    assert pick_device(SMALL).type == device_for(SMALL).type == "cpu"


def test_cuda_goes_first(machine):
    machine("cuda", "mps")
    assert pick_device().type == pick_device(LARGE).type == "cuda"


def test_a_gpu_pays_from_a_number_of_parameters_on():
    for kind, least in device.PAYS_FROM.items():
        assert pays(of_size(least), kind) and not pays(of_size(least - 1), kind)
    assert not pays(LARGE, "cpu") and not pays(LARGE, "a device of tomorrow")
    double = of_size(5_000_000, dtype=torch.float64)
    assert pays(double, "cuda") and not pays(double, "mps")  # which has no float64


def test_the_environment_names_a_device_for_every_model(machine, monkeypatch):
    machine("cuda")
    for name in ("cpu", "meta"):  # any that PyTorch knows
        monkeypatch.setenv("ATTENTION_COURSE_DEVICE", name)
        assert {pick_device().type, pick_device(SMALL).type, device_for(SMALL).type, device_for(LARGE).type} == {name}
    monkeypatch.setenv("ATTENTION_COURSE_DEVICE", "")
    assert pick_device().type == "cuda"


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cuda", "mps", "auto", "CPU"])
def test_a_device_that_is_not_there_is_told(name, monkeypatch):
    try:
        torch.empty(0, device=name)
        pytest.skip("there is one")
    except (AssertionError, RuntimeError):
        pass
    monkeypatch.setenv("ATTENTION_COURSE_DEVICE", name)
    expected = "expected a device of this machine, such as cpu, cuda or mps; got"
    with pytest.raises(ValueError, match=f"ATTENTION_COURSE_DEVICE: {expected} '{name}'"):
        pick_device()
    if name != "auto":
        with pytest.raises(ValueError, match=f"device: {expected} '{name}'"):
            device_for(SMALL, name)


def test_what_is_asked_for_goes_first_and_a_model_that_is_elsewhere_stays_there(machine, monkeypatch):
    machine("cuda")
    monkeypatch.setenv("ATTENTION_COURSE_DEVICE", "meta")
    assert device_for(LARGE, "cpu").type == device_for(LARGE, torch.device("cpu")).type == "cpu"
    assert device_for(of_size(10, device="meta")).type == "meta"
    monkeypatch.setenv("ATTENTION_COURSE_DEVICE", "cpu")
    assert device_for(of_size(10, device="meta")).type == "meta" and device_for(LARGE).type == "cpu"


def test_the_description_is_one_line_without_a_path_or_a_name_of_the_machine():
    line = describe()
    assert "\n" not in line and os.sep not in line and str(Path.home()) not in line
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", line)
    for fact in (pick_device().type, f"{cores()} core", torch.__version__):
        assert fact in line


def test_the_description_goes_without_what_cannot_be_told(monkeypatch):
    monkeypatch.setattr("attention_course.device.memory", lambda: None)
    assert "memory" not in describe()


def test_half_width_pays_or_not():
    assert isinstance(bfloat16_pays(), bool)
    assert bfloat16_pays("a device of tomorrow") is False


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """Gives what a processor with some instructions is taken for, as PyTorch tells them, or Linux to an older one.

    capability: what PyTorch is left with. onednn: whether oneDNN says that it takes bfloat16.
    """
    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)

    def pays(told_by, instructions, capability="AVX512", onednn=True):
        bfloat16_pays.cache_clear()
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: onednn)
        monkeypatch.setattr("attention_course.processor.CPUINFO", tmp_path / "cpuinfo")
        if told_by == "PyTorch":
            told = {"avx2": True, "avx512_bf16": False, "amx_bf16": False, "architecture": "x86_64"}
            told |= dict.fromkeys(instructions, True)
            monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)
        else:
            monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
            (tmp_path / "cpuinfo").write_text(f"model name : X\nflags : fpu avx2 {' '.join(instructions)} xsave\n")
        return bfloat16_pays()

    yield pays
    bfloat16_pays.cache_clear()


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this PyTorch has no oneDNN")
@pytest.mark.parametrize("told_by", ["PyTorch", "Linux"])
@pytest.mark.parametrize(
    ("instructions", "pays"),
    [
        ([], False),
        (["avx512_f", "avx512_vnni", "avx512_fp16", "amx_int8"], False),
        (["avx512_bf16"], True),
        (["amx_tile", "amx_bf16"], True),
        (["neon", "bf16"], True),
    ],
)
def test_half_width_pays_where_the_processor_has_instructions_for_it(told_by, instructions, pays, processor):
    assert processor(told_by, instructions) is pays


def test_where_nothing_is_told_half_width_does_not_pay(processor, monkeypatch, tmp_path):
    processor("Linux", ["avx512_bf16"])
    monkeypatch.setattr("attention_course.processor.CPUINFO", tmp_path / "not there")
    bfloat16_pays.cache_clear()
    assert bfloat16_pays() is False


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this PyTorch has no oneDNN")
def test_half_width_does_not_pay_where_pytorch_or_onednn_is_limited(processor, monkeypatch):
    for instructions in (["avx512_bf16"], ["amx_tile", "amx_bf16"]):
        assert processor("PyTorch", instructions)
        assert not processor("PyTorch", instructions, capability="AVX2")
        assert not processor("PyTorch", instructions, onednn=False)
    arm = ["neon", "bf16"]  # which has other names for what PyTorch uses
    assert processor("PyTorch", arm, capability="DEFAULT") and processor("PyTorch", arm, capability="SVE256")
    assert not processor("PyTorch", arm, capability="DEFAULT", onednn=False)
    for name in ("DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA"):  # the newer one counts
        monkeypatch.setenv(name, "AVX512_CORE")  # where oneDNN says that it takes it, and emulates
        assert not processor("PyTorch", ["avx512_bf16"])
        monkeypatch.setenv(name, "avx512_core_bf16")
        assert processor("PyTorch", ["avx512_bf16"])


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="the limits are those of x86")
@pytest.mark.parametrize("limit", [{"ATEN_CPU_CAPABILITY": "avx2"}, {"ONEDNN_MAX_CPU_ISA": "AVX2"}])
def test_a_limit_to_avx2_is_seen(limit):
    # In a process of its own: it is read once.
    asking = "from attention_course.device import bfloat16_pays; print(bfloat16_pays())"
    run = subprocess.run(
        [sys.executable, "-c", asking], env=os.environ | limit, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"


def test_without_onednn_the_instructions_lie_idle(processor, monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert processor("PyTorch", ["avx512_bf16"]) is False


@pytest.mark.parametrize("pays", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
def test_half_width_is_taken_where_it_pays_and_is_wanted(enabled, pays, monkeypatch):
    monkeypatch.setattr("attention_course.device.bfloat16_pays", lambda device_type: pays)
    with autocast(torch.device("cpu"), enabled):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if enabled and pays else torch.float32)


def test_there_are_cores_and_memory_where_it_can_be_told():
    assert 1 <= cores() <= os.cpu_count()
    assert memory() is None or memory() > 0


@pytest.fixture
def container(monkeypatch, tmp_path):
    """A machine of eight cores; what is written into the folder, a container grants."""
    monkeypatch.setattr("attention_course.device.CGROUPS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "granted"),
    [
        ("max 100000", 8),
        ("400000 100000", 4),
        ("150000 100000", 1),
        ("50000 100000", 1),
        ("5000000 100000", 8),
        ("", 8),
    ],
)
def test_a_container_grants_time_instead_of_cores(container, written, granted):
    assert cores() == 8
    (container / "cpu.max").write_text(f"{written}\n")
    assert cores() == granted


@pytest.mark.parametrize(("quota", "granted"), [(-1, 8), (200_000, 2), (20_000, 1)])
def test_older_containers_tell_the_time_in_two_files(container, quota, granted):
    (container / "cpu").mkdir()
    (container / "cpu/cpu.cfs_quota_us").write_text(f"{quota}\n")
    (container / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert cores() == granted


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("variable", "most", "expected"),
    [(None, None, 8), (None, 1, 1), ("", 3, 3), ("1", None, 1), ("3", None, 3), ("3", 1, 1)],
)
def test_threads_are_those_of_the_variable_or_one_a_core(variable, most, expected, container, threads, monkeypatch):
    monkeypatch.delenv("ATTENTION_COURSE_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("ATTENTION_COURSE_THREADS", variable)
    use_threads(most)
    assert torch.get_num_threads() == expected
    assert cores() == 8  # what a lesson decides by its cores does not change with the threads of a worker


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_threads_is_named(wrong, threads, monkeypatch):
    monkeypatch.setenv("ATTENTION_COURSE_THREADS", wrong)
    with pytest.raises(ValueError, match=f"ATTENTION_COURSE_THREADS: expected a whole number .* got '{wrong}'"):
        use_threads()
    monkeypatch.delenv("ATTENTION_COURSE_THREADS")
    with pytest.raises(ValueError, match="most: expected"):
        use_threads(0)


def can_trim():
    try:
        return hasattr(ctypes.CDLL("libc.so.6"), "malloc_trim")
    except OSError:
        return False


FREEING = """
import os
from pathlib import Path
import torch
from attention_course.device import give_back_memory

resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
tensors = [torch.ones(25_000) for _ in range(2_000)]  # 100 kB each, too small to be mapped one by one
kept = tensors[::20] + tensors[-1:]  # between these are holes, which the C library keeps: it only ever cuts off the end
del tensors
before = resident()
give_back_memory()
assert all(t.sum() == 25_000 for t in kept)
print(before - resident())
"""


@pytest.mark.skipif(not can_trim(), reason="the C library has no malloc_trim")
def test_freed_memory_goes_back_to_the_system():
    # In a process of its own: holes that other tests have left would take the tensors in.
    run = subprocess.run([sys.executable, "-c", FREEING], capture_output=True, text=True, check=True)
    assert int(run.stdout) > 100e6


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells")
def test_the_peak_of_memory_is_in_bytes_and_can_be_forgotten():
    forget_peak_memory()
    before = peak_memory()
    touched = torch.ones(50, 1_000_000)  # 200 MB
    assert peak_memory() - before > 0.9 * touched.nbytes
    del touched
    give_back_memory()
    forget_peak_memory()
    assert peak_memory() < before + 100_000_000


def test_the_default_device_is_known_before_and_after_one_was_set():
    assert device.default_device().type == "cpu"
    for name in ("meta", None):
        torch.set_default_device(name)
        assert device.default_device().type == (name or "cpu")
