"""What a lesson's outputs depend on: a change that can reach a lesson makes just that lesson stale, any other none."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from building import course, source
from building.reach import Reach, changed
from building.working import working

ROOT = Path(__file__).parents[1]
BESIDE = "from pathlib import Path\n\nPATH = Path(__file__).with_name('{}')\n\n\n"
FILES = {
    "__init__.py": '"""A course."""\n\n__version__ = "0"\n',
    "functional.py": "def softmax(x):\n    return x\n",
    "masks.py": "def causal():\n    return 1\n",
    "layers/__init__.py": "from attention_course.layers.one import One\nfrom .two import Two\n\n__all__ = ['One']\n",
    "layers/one.py": "from ..functional import softmax\n\n\nclass One:\n    attend = softmax\n",
    "layers/two.py": "def Two():\n    from attention_course import masks\n\n    return masks.causal()\n",
    "models/__init__.py": "",
    "models/only.py": "from attention_course.layers import One\n\nONLY = One()\n",
    "models/unused.py": "X = 1\n",
    "grammar/__init__.py": "from attention_course.grammar import rules\n\n\ndef pairs():\n    return rules.RULES\n",
    "grammar/rules.py": "RULES = [1]\n",
    "grammar/words.py": "WORDS = ['cat']\n",
    "widgets/__init__.py": "from .explorer import Explorer\nfrom .prediction import predict\n",
    "widgets/explorer.py": BESIDE.format("explorer.js") + "class Explorer: ...\n",
    "widgets/explorer.js": "draw();\n",
    "widgets/prediction.py": "def predict(): ...\n",
    "data/__init__.py": "",
    "data/nile.py": BESIDE.format("nile.csv") + "def nile():\n    return PATH.read_text()\n",
    "data/nile.csv": "1871,1120\n",
    "data/other.csv": "1,2\n",
    "checks/__init__.py": "def __getattr__(name): ...\n",
    "lessons/__init__.py": "",
    "lessons/lesson_00/__init__.py": "",
    "lessons/lesson_00/check.py": "from attention_course.lessons.lesson_00.problems.one import one\n",
    "lessons/lesson_00/problems/__init__.py": "",
    "lessons/lesson_00/problems/one.py": "one = 1\n",
    "lessons/lesson_00/problems/two.py": "two = 2\n",
    "claims.py": BESIDE.format("claims.toml") + "def verdict(id): ...\n",
    "claims.toml": "".join(
        f'[{id}]\nlesson = "{lesson}"\nresult = "{result}:key"\nholds = "> 0"\n'
        for id, lesson, result in [("shown", "10_ten", "20_long"), ("other", "30_thirty", "30_thirty")]
    ),
    "results/__init__.py": "def load(name): ...\n",
    "results/10_ten.json": "{}\n",
    "results/20_long.json": "{}\n",
    "results/30_thirty.json": "{}\n",
}
LESSONS = {
    "layers": "from attention_course.layers import One\nfrom attention_course.widgets import predict\n\npredict(One)\n",
    "attributes": "from attention_course import layers, widgets\n\nlayers.Two()\nwidgets.Explorer()\n",
    "model": "import attention_course.models.only as m\nfrom attention_course import grammar\n\nm, grammar.pairs()\n",
    "data": "from attention_course.data.nile import nile\n\nnile()\n",
    "shown": 'from attention_course import claims, results\n\nresults.load("10_ten")\nclaims.verdict("shown")\n',
    "table": 'from attention_course import claims\n\nclaims.table(lesson="30_thirty")\n',
    "all claims": "from attention_course import claims\n\nclaims.table()\n",
    "process": 'program = """\nfrom attention_course.functional import softmax\nsoftmax(1)\n"""\n',
    "version": "from attention_course import __version__\n\n__version__\n",
    "checked": "from attention_course.checks import lesson_00 as check\n\ncheck.one(1)\n",
    "everything": "from attention_course import widgets\nfrom attention_course.layers import *\n\nvars(widgets)\n",
    "nothing": "import torch\n\ntorch.ones(3)\n",
}
STALE = {  # a changed file: the lessons that it can reach
    "__init__.py": {"version"},
    "functional.py": {"layers", "model", "process", "everything"},
    "masks.py": {"attributes", "everything"},
    "layers/__init__.py": set(),  # it only hands on
    "layers/one.py": {"layers", "model", "everything"},
    "layers/two.py": {"attributes", "everything"},
    "models/only.py": {"model"},
    "models/unused.py": set(),
    "grammar/__init__.py": {"model"},
    "grammar/rules.py": {"model"},
    "grammar/words.py": set(),
    "widgets/explorer.py": {"attributes", "everything"},
    "widgets/explorer.js": {"attributes", "everything"},
    "widgets/prediction.py": {"layers", "everything"},
    "data/nile.py": {"data"},
    "data/nile.csv": {"data"},
    "data/other.csv": set(),
    "lessons/lesson_00/check.py": set(),  # it only hands on
    "lessons/lesson_00/problems/one.py": {"checked"},
    "lessons/lesson_00/problems/two.py": set(),
    "claims.py": {"shown", "table", "all claims"},
    "results/__init__.py": {"shown"},
    "results/10_ten.json": {"shown"},
    "results/20_long.json": {"shown", "all claims"},
    "results/30_thirty.json": {"table", "all claims"},
}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "attention_course" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def stale(root, name, text):
    """The lessons that a file's new text makes stale; what is told of each is that file."""
    before, package = {key: Reach(root).of(code) for key, code in LESSONS.items()}, Reach(root)
    (root / "attention_course" / name).write_text(text)
    told = {key: changed(before[key], package.of(code)) for key, code in LESSONS.items()}
    assert set(told.values()) <= {"", f"attention_course/{name}"}
    return {key for key, files in told.items() if files}


@pytest.mark.parametrize("name", STALE)
def test_a_change_reaches_just_these_lessons(root, name):
    assert stale(root, name, FILES[name] + ("__more__ = 2\n" if name.endswith(".py") else "\n")) == STALE[name]


@pytest.mark.parametrize("name", [name for name in STALE if name.endswith(".py")])
def test_words_about_the_code_reach_no_lesson(root, name):
    assert stale(root, name, f'"""Other words."""  # and more\n\n\n{FILES[name]}# the end\n') == set()


def test_a_claim_reaches_the_lessons_that_show_it(root):
    claims = FILES["claims.toml"]
    assert stale(root, "claims.toml", claims.replace("> 0", "> 1", 1)) == {"shown", "all claims"}
    assert stale(root, "claims.toml", claims + '[new]\nlesson = "31_new"\nresult = "31_new:key"\n') == {
        "shown",
        "all claims",
    }


def test_a_name_that_comes_from_elsewhere_is_followed_there(root):
    (root / "attention_course/layers/new.py").write_text("One = 1\n")
    before = Reach(root).of(LESSONS["layers"])
    (root / "attention_course/layers/__init__.py").write_text("from .new import One\nfrom .two import Two\n")
    told = changed(before, Reach(root).of(LESSONS["layers"]))
    assert told == "attention_course/functional.py, attention_course/layers/new.py and attention_course/layers/one.py"


def test_many_files_are_counted():
    names = [f"{i}.py" for i in range(6)]
    told = "attention_course/0.py, attention_course/1.py, attention_course/2.py and 3 more"
    assert changed(dict.fromkeys(names, "a"), dict.fromkeys(names, "b")) == told
    assert changed({"0.py": "a"}, {}) == "attention_course/0.py" and changed({}, {}) == ""


def test_only_what_does_something_is_kept_of_python():
    text = (
        '"""Of the\nmodule."""  # c\n\nA = "# kept"  # gone\n"""About A."""\n\n\ndef f(a):  # gone\n    """One."""\n'
        '    # gone\n    b = """kept\n    # kept\n    """\n    return f"{a} # kept", b\n'
    )
    kept = 'A = "# kept"\ndef f(a):\n    b = """kept\n    # kept\n    """\n    return f"{a} # kept", b'
    assert working(text) == kept
    assert working(kept) == kept


# The course itself


@pytest.fixture(scope="module")
def reaches():
    package = Reach(ROOT)
    lessons = [page for page in course.pages(ROOT) if page.is_lesson]
    return {page: set(package.of(source.program(source.read(page)))) for page in lessons}


def test_the_explorer_reaches_the_lessons_that_embed_it(reaches):
    for page, files in reaches.items():
        embeds = "AttentionExplorer" in page.source.read_text(encoding="utf-8")
        assert {"widgets/attention_explorer.js", "widgets/attention_explorer.css"} & files == (
            {"widgets/attention_explorer.js", "widgets/attention_explorer.css"} if embeds else set()
        )


def test_results_reach_the_lessons_that_load_them(reaches):
    for page, files in reaches.items():
        loaded = re.findall(r'results\.load\("(\w+)"\)', page.source.read_text(encoding="utf-8"))
        assert {f"results/{name}.json" for name in loaded} <= files
        assert "data/registry.json" in files or "data/registry.py" not in files


def test_exercises_reach_no_lesson_but_the_one_that_has_some(reaches):
    with_checks = [page.number for page, files in reaches.items() if any("/problems/" in name for name in files)]
    assert with_checks == ["00"]


def test_the_definition_of_attention_reaches_nearly_all(reaches):
    assert sum("functional.py" in files for files in reaches.values()) >= len(reaches) - 2


def test_every_file_that_is_reached_is_there(reaches):
    assert all((ROOT / "attention_course" / name).is_file() for files in reaches.values() for name in files)
