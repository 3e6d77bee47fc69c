"""Scenes: boxes hold what is drawn, captions are true, and each scene has one alone."""

import itertools

import numpy as np
import pytest

from attention_course.data.scenes import COLOURS, KINDS, Scene, Thing, box, compose, draw, new_ground, picture, scenes
from attention_course.data.scenes.captions import PLURALS, caption, relation
from attention_course.data.scenes.drawing import Box, around

SCENES = scenes(150)
SINGULAR = {PLURALS.get(kind, kind + "s"): kind for kind in KINDS} | {"fish": "fish"}
WORDS = {"to the left of": (0, 2), "to the right of": (2, 0), "above": (1, 3), "below": (3, 1)}


def parsed(words):
    """Noun phrases as (count, colour, kind), and the words between them."""
    phrases, joints, rest = [], [], list(words)
    while rest:
        start = next(i for i, word in enumerate(rest) if word in ("a", "an", "two"))
        joints.append(" ".join(rest[:start]))
        count, colour, noun = rest[start : start + 3]
        if count == "two":
            phrases.append((2, colour, SINGULAR[noun]))
        else:
            assert (count == "an") == (colour[0] in "aeiou")
            phrases.append((1, colour, noun))
        rest = rest[start + 3 :]
    return phrases, joints


def is_true(scene, words):
    """Whether the words are the scene's caption, decided from kinds, colours and boxes alone."""
    phrases, joints = parsed(words)
    there = [[t for t in scene.things if (t.colour, t.kind) == phrase[1:]] for phrase in phrases]
    counts = [len(things) for things in there]
    if sum(counts) != len(scene.things) or counts != [phrase[0] for phrase in phrases]:
        return False
    boxes = [[box(thing) for thing in things] for things in there]
    if len(phrases) == 1:
        return True

    def before(a, b, near, far):  # all of a on one side of all of b
        down = near > far
        return all((x[near] > y[far]) if down else (x[far] < y[near]) for x, y in itertools.product(a, b))

    if len(phrases) == 2:
        first, second = WORDS.get(joints[1], (None, None))
        if first is None or there[0][0].size <= there[1][0].size:
            return False
        (x, y), (other_x, other_y) = (around(b).centre for b in boxes)
        main = abs(x - other_x) > abs(y - other_y)
        return main == (joints[1] in ("to the left of", "to the right of")) and before(*boxes, first, second)
    middle, one, other = boxes
    return joints == ["", "between", "and"] and any(
        before(one, middle, *axis) and before(middle, other, *axis) for axis in ((0, 2), (1, 3))
    )


def candidates(scene):
    """Every sentence of the grammar with the scene's groups in it."""
    groups = {}
    for thing in scene.things:
        groups.setdefault((thing.colour, thing.kind), []).append(thing)
    phrases = []
    for (colour, kind), things in groups.items():
        single = len(things) == 1
        article = ("an" if colour == "orange" else "a") if single else "two"
        phrases.append([article, colour, kind if single else PLURALS.get(kind, kind + "s")])
    for order in itertools.permutations(phrases):
        joints = {1: [[]], 2: [[r.split()] for r in WORDS], 3: [[["between"], ["and"]]]}[len(order)]
        for between in joints:
            yield tuple(
                word for phrase, joint in zip(order, [[], *(between or [])], strict=True) for word in [*joint, *phrase]
            )


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: " ".join(s.words))
def test_the_caption_is_true_and_no_other_is(scene):
    assert [words for words in candidates(scene) if is_true(scene, words)] == [scene.words]


def test_the_names_are_of_the_things():
    for scene in SCENES:
        assert sorted(i for things in scene.names.values() for i in things) == list(range(len(scene.things)))
        for position, things in scene.names.items():
            noun = scene.words[position]
            assert {scene.things[i].kind for i in things} == {noun if len(things) == 1 else SINGULAR[noun]}
            assert {scene.things[i].colour for i in things} == {scene.words[position - 1]}
            assert scene.named(position) == [scene.boxes[i] for i in things]


def test_boxes_hold_the_pixels_and_lie_inside():
    for scene in SCENES[:60]:
        ground = new_ground(scene.ground, 160)
        for thing, its_box in zip(scene.things, scene.boxes, strict=True):
            assert min(its_box) >= 0 and max(its_box) <= 1
            alone = draw([thing], ground).astype(int)
            rows, columns = np.nonzero(np.abs(alone - ground).max(-1) > 8)
            left, top, right, bottom = (side * 160 for side in its_box)
            assert left - 0.51 <= columns.min() <= left + 4 and right - 4 <= columns.max() + 1 <= right + 0.51
            assert top - 0.51 <= rows.min() <= top + 4 and bottom - 4 <= rows.max() + 1 <= bottom + 0.51
            assert len(rows) > 0.1 * (right - left) * (bottom - top)


def test_nothing_covers_anything():
    for scene in SCENES:
        for a, b in itertools.combinations(scene.boxes, 2):
            assert a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top


def test_every_box_holds_the_centre_of_a_region():
    """Else a map of 10 by 10 regions could not point at it."""
    centres = [((x + 0.5) / 10, (y + 0.5) / 10) for x in range(10) for y in range(10)]
    for scene in SCENES:
        assert all(any(its_box.holds(*centre) for centre in centres) for its_box in scene.boxes)


def test_the_same_arguments_give_the_same_scenes_and_parts_share_no_caption():
    assert scenes(20) == SCENES[:20]
    assert scenes(5, seed=1) != SCENES[:5]
    unseen = scenes(40, part="test")
    assert not {s.words for s in unseen} & {s.words for s in SCENES}
    assert np.array_equal(unseen[0].image(64), unseen[0].image(64))
    assert unseen[0].image(64).shape == (64, 64, 3) and unseen[0].image(64).dtype == np.uint8


def test_a_known_scene():
    apples = [Thing("apple", "red", x, 0.25, 0.3) for x in (0.3, 0.7)]
    scene = compose([*apples, Thing("cat", "orange", 0.5, 0.8, 0.2)])
    assert scene.words == ("two", "red", "apples", "above", "an", "orange", "cat")
    assert scene.names == {2: (0, 1), 6: (2,)}
    star, tree, fish = (Thing(k, "blue", x, 0.5, 0.2) for k, x in (("star", 0.8), ("tree", 0.2), ("fish", 0.5)))
    assert " ".join(compose([star, tree, fish]).words) == "a blue fish between a blue tree and a blue star"
    assert compose([Thing("cat", "red", 0.3, 0.3, 0.3), Thing("dog", "red", 0.7, 0.7, 0.2)]).words == ()


def test_relations():
    one, other = Box(0.1, 0.4, 0.2, 0.5), Box(0.6, 0.4, 0.7, 0.5)
    assert relation(one, other) == "to the left of" and relation(other, one) == "to the right of"
    turned = [Box(b.top, b.left, b.bottom, b.right) for b in (one, other)]
    assert relation(*turned) == "above" and relation(*turned[::-1]) == "below"
    assert relation(one, Box(0.4, 0.7, 0.5, 0.8)) is None


def test_pictures_differ_and_have_the_colour():
    for kind in KINDS:
        height, width = picture(kind).shape[:2]
        assert 0.6 <= height / width <= 1 / 0.6
        for colour, rgb in COLOURS.items():
            painted = picture(kind, colour)
            seen = painted[painted[..., 3] > 200][:, :3].astype(float)
            fill = seen[seen.max(-1) > 90]
            distances = {other: np.abs(fill.mean(0) - np.array(c)).sum() for other, c in COLOURS.items()}
            hue = fill.mean(0) / fill.mean(0).max() - np.array(rgb) / max(rgb)
            assert np.abs(hue).max() < 0.2 or min(distances, key=distances.get) == colour, (kind, colour)


def test_errors_say_what_was_expected():
    with pytest.raises(ValueError, match=r"kind: expected one of cat, .*'cow'"):
        picture("cow")
    with pytest.raises(ValueError, match=r"colour: expected one of red, .*'beige'"):
        picture("cat", "beige")
    with pytest.raises(ValueError, match="expected all inside the scene"):
        Scene((Thing("cat", "red", 0.95, 0.5, 0.3),), 0).image()
    with pytest.raises(ValueError, match="one to three kinds, got 0"):
        caption([])
    cats = [Thing("cat", colour, 0.5, 0.5, 0.2) for colour in ("red", "blue")]
    with pytest.raises(ValueError, match="both in one colour"):
        compose(cats)
    with pytest.raises(ValueError, match="expected 0 or more scenes, got -1"):
        scenes(-1)
    with pytest.raises(ValueError, match="'train' or 'test', got 'val'"):
        scenes(1, part="val")
