"""What the explorer hands to the browser and to readers without one; tests/browser drives it."""

import json
import os
import subprocess
import sys
import zlib
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from figures import some_weights
from PIL import Image

import attention_course
from attention_course.plots import ATTENTION_COLOURS, head_grid
from attention_course.widgets import AttentionExplorer

pytest.importorskip("anywidget")

ROOT = Path(attention_course.__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
FRENCH = ["le", "chat", "était", "assis", "sur", "le", "tapis"]
ENGLISH = ["the", "cat", "sat", "on", "the", "mat"]
ATTACK = "<img src=x onerror=alert(1)>"


def restored(explorer):
    """The weights as the browser sees them."""
    levels = np.frombuffer(zlib.decompress(explorer.levels), np.uint8).reshape(explorer.content["shape"])
    peaks = np.array(explorer.content["peaks"] or 1.0)
    return levels / 255 * (peaks.reshape(*levels.shape[:3], 1, 1) if peaks.ndim else peaks)


@pytest.mark.parametrize("shape", [(7, 6), (8, 7, 6), (2, 8, 7, 6)])
def test_weights_arrive_within_half_a_level(shape):
    weights = some_weights(*shape)
    weights.flat[:6] = [0, 1, 1 / 510, 1e-9, 0.5, 1.0005]
    got = restored(AttentionExplorer(weights, FRENCH, ENGLISH))
    assert got.shape == (1,) * (4 - len(shape)) + shape
    assert np.abs(got - np.minimum(weights, 1).reshape(got.shape)).max() <= 1 / 510 + 1e-12


def test_an_even_map_over_many_regions_does_not_vanish():
    image = np.zeros((56, 56, 3), np.uint8)
    weights = np.full((3, 28, 28), 1 / 784)
    weights[1] = 0
    weights[2, 3, 4] = 0.9
    got = restored(AttentionExplorer(weights, ["a", "red", "cat"], image=image))[0, 0]
    np.testing.assert_allclose(got[:2], weights[:2], rtol=1e-12)
    assert np.abs(got - weights).max() <= 1 / 510


def test_rows_need_not_sum_to_one_and_tensors_may_require_grad():
    weights = torch.rand(2, 7, 6, requires_grad=True)
    assert np.abs(restored(AttentionExplorer(weights, FRENCH, ENGLISH))[0] - weights.detach().numpy()).max() < 1 / 500
    assert not restored(AttentionExplorer(np.zeros((7, 6)), FRENCH, ENGLISH)).any()
    assert restored(AttentionExplorer([[1]], ["a"])).shape == (1, 1, 1, 1)


def test_the_browser_gets_the_words_the_names_and_where_to_start():
    explorer = AttentionExplorer(
        some_weights(2, 3, 7, 6), FRENCH, ENGLISH, layers=["hop 1", "hop 2"],
        layer=np.int64(1), head=torch.tensor(2), query=0, query_label="French", key_label="English",
    )  # fmt: skip
    content = json.loads(json.dumps(explorer.content))
    assert content["queries"] == FRENCH and content["keys"] == ENGLISH and content["labels"] == ["French", "English"]
    assert content["layers"] == ["hop 1", "hop 2"] and content["heads"] == ["head 1", "head 2", "head 3"]
    assert content["start"] == {"layer": 1, "head": 2, "query": 0}
    colours = np.frombuffer(explorer.colours, np.uint8).reshape(256, 3)
    np.testing.assert_array_equal(colours, ATTENTION_COLOURS(np.arange(256), bytes=True)[:, :3])


def test_without_keys_the_queries_are_the_keys():
    assert AttentionExplorer(some_weights(6, 6), ENGLISH).content["keys"] == ENGLISH
    with pytest.raises(ValueError, match="queries: expected 6, one for each column of weights, got 7"):
        AttentionExplorer(some_weights(7, 6), FRENCH)


@pytest.mark.parametrize("photograph", [True, False])
def test_a_picture_travels_in_its_smaller_form(photograph):
    image = np.full((60, 80, 3), 200, np.uint8)
    image[10:30, 20:50] = [200, 30, 30]
    if photograph:
        noise = np.random.default_rng(0).normal(0, 20, image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    explorer = AttentionExplorer(some_weights(3, 20).reshape(3, 4, 5), ["a", "red", "cat"], image=image)
    sent = Image.open(BytesIO(explorer.picture))
    assert sent.format == ("JPEG" if photograph else "PNG") and sent.size == (80, 60)
    if not photograph:
        np.testing.assert_array_equal(np.asarray(sent.convert("RGB")), image)
    assert explorer.content["keys"] == [] and explorer.content["shape"] == (1, 1, 3, 4, 5)


def test_readers_without_widgets_see_the_heads_side_by_side():
    weights = some_weights(2, 8, 7, 6)
    explorer = AttentionExplorer(weights, FRENCH, ENGLISH)
    data, metadata = explorer._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    grid = head_grid(weights, FRENCH, ENGLISH)
    assert b64decode(data["image/png"]) == grid.png()
    assert data["text/plain"] == metadata["image/png"]["alt"] == grid.alt


def test_a_saved_explorer_is_small():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(4, 8, 30, 8))
    scores = np.exp(vectors @ vectors.swapaxes(-1, -2) / 8**0.5)
    words = [f"word{i}" for i in range(30)]
    explorer = AttentionExplorer(scores / scores.sum(-1, keepdims=True), words)
    state = sum(len(str(value)) for value in [explorer._esm, explorer._css, json.dumps(explorer.content)])
    state += (len(explorer.levels) + len(explorer.colours)) * 4 / 3
    assert len(str(explorer._esm)) + len(str(explorer._css)) < 16_000
    assert state < 60_000 and state + len(explorer._repr_mimebundle_()[0]["image/png"]) < 130_000


def test_no_script_makes_html_of_words_or_loads_anything():
    explorer = AttentionExplorer([[1.0]], [ATTACK], [ATTACK])
    assert explorer.content["queries"] == explorer.content["keys"] == [ATTACK]
    script = str(explorer._esm)
    assert "innerHTML" not in script.replace("never innerHTML", "") and "insertAdjacentHTML" not in script
    loads = ["http:", "import", "fetch", "XMLHttp", "eval("]
    assert not [word for word in loads if word in script.replace("http://www.w3.org/2000/svg", "")]
    assert "url(" not in str(explorer._css) and "@import" not in str(explorer._css)


PICTURE = np.zeros((8, 8, 3), np.uint8)


@pytest.mark.parametrize("weights, arguments, message", [
    (np.full((2, 2), np.nan), {}, "weights: expected finite numbers, got nan"),
    (np.full((2, 2), np.inf), {}, "weights: expected finite numbers, got inf"),
    (np.full((2, 2), -0.1), {}, "weights: expected no number below 0"),
    (np.full((2, 2), 1.1), {}, "weights: expected no number above 1"),
    (np.ones((2, 2), complex), {}, "weights: expected real numbers"),
    (np.ones(2), {}, r"weights: expected shape \(queries, keys\), got \(2,\)"),
    (np.ones((1, 1, 1, 2, 2)), {}, r"weights: expected shape \(layers, heads, queries, keys\)"),
    (np.ones((2, 0)), {}, "with at least one of each"),
    (np.ones((3, 2)), {}, "queries: expected 3, one for each row of weights, got 2"),
    (np.ones((2, 3)), {"keys": ["c"]}, "keys: expected 3, one for each column of weights, got 1"),
    (np.ones((2, 2)), {"keys": "cd"}, "keys: expected 2 separate words"),
    (np.ones((2, 2, 2)), {"heads": ["a"]}, "heads: expected 2, one for each head of weights, got 1"),
    (np.ones((2, 2)), {"head": 1}, "head: expected a position from 0 to 0, got 1"),
    (np.ones((2, 2)), {"query": -1}, "query: expected a position from 0 to 1, got -1"),
    (np.ones((2, 2)), {"image": PICTURE}, r"weights: expected shape \(queries, rows, columns\), got \(2, 2\)"),
    (np.ones((2, 2, 2)), {"image": PICTURE, "keys": ["c", "d"]}, "keys: expected none with an image"),
    (np.ones((2, 2, 2)), {"image": PICTURE / 255}, r"image: expected uint8 of shape \(height, width, 3\), got float64"),
    (np.ones((2, 2, 2)), {"image": PICTURE[..., 0]}, r"image: expected uint8 .* got uint8 of \(8, 8\)"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(weights, arguments, message):
    with pytest.raises(ValueError, match=message):
        AttentionExplorer(weights, ["a", "b"], **arguments)


def test_what_would_swell_a_notebook_is_refused():
    words = [f"w{i}" for i in range(101)]
    with pytest.raises(ValueError, match="queries: expected at most 100 words, got 101; show a part of them"):
        AttentionExplorer(np.zeros((101, 2)), words, ["a", "b"])
    with pytest.raises(ValueError, match="keys: expected at most 100 words, got 101"):
        AttentionExplorer(np.zeros((2, 101)), ["a", "b"], words)
    with pytest.raises(ValueError, match="weights: expected at most 150,000 numbers, got 160,000; choose heads"):
        AttentionExplorer(np.zeros((4, 4, 100, 100)), words[:100])


WITHOUT = """
import sys
sys.modules["anywidget"] = None
from attention_course.widgets import AttentionExplorer
data, metadata = AttentionExplorer([[0.25, 0.75]], ["a"], ["b", "c"])._repr_mimebundle_()
print(sorted(data), metadata["image/png"]["alt"])
"""


def test_without_anywidget_the_static_picture_remains():
    ran = subprocess.run([sys.executable, "-c", WITHOUT], env=ENVIRONMENT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("['image/png', 'text/plain'] Attention map, 1 queries (rows) over 2 keys")


LESSON = """\
# %% name="explorer"
import numpy as np
from attention_course.widgets import AttentionExplorer

AttentionExplorer(np.eye(3).reshape(1, 3, 3).repeat(2, 0), ["the", "cat", "sat"])
"""


def test_a_built_notebook_holds_its_state_and_is_the_same_every_time(tmp_path):
    for name, text in {
        "pyproject.toml": '[tool.course]\nrepository = ""\n',
        "attention_course/__init__.py": "",
        "notebooks/src/lessons/00_start.py": LESSON,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    build = [sys.executable, ROOT / "tools" / "notebooks.py", "--force", "--root", tmp_path]
    written = []
    for _ in range(2):
        ran = subprocess.run(build, env=ENVIRONMENT, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        written.append((tmp_path / "notebooks" / "00_start.ipynb").read_bytes())
    assert written[0] == written[1]
    metadata = json.loads(written[0])["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    (model,) = [model for model in metadata["state"].values() if model["model_name"] == "AnyModel"]
    assert {tuple(buffer["path"]) for buffer in model["buffers"]} == {("levels",), ("colours",), ("picture",)}
    assert model["state"]["content"]["queries"] == ["the", "cat", "sat"] and "render" in model["state"]["_esm"]
