"""The diagrams of lesson 00, in the language of `plots.diagram`."""

from itertools import pairwise

from matplotlib.figure import Figure

from attention_course.plots.diagram import Board
from attention_course.plots.places import Place
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

ENGLISH = ["the", "cat", "sat", "on", "the", "mat", "."]
FRENCH = ["le", "chat", "s'", "est", "assis", "sur", "le", "tapis", "."]

LEFT, CELL = 1.35, (0.5, 0.28)  # where the seven words of `one_step` begin, and how wide each is
WIDE = len(ENGLISH) * CELL[0]
MIDDLE = LEFT + WIDE / 2

PARTS = (
    ("I", "What attention is", "00–05", "", "one look, done by hand; then a whole translator"),
    ("II", "Attention takes shapes", "06–10", "", "pictures, documents, a sentence that looks at itself"),
    ("III", "The Transformer", "11–13", "14–16", "the network behind today's language models"),
    ("IV", "Attention at scale", "17–20", "21–22", "long texts, and what they cost"),
    ("V", "Attention at work, and in question", "", "23–29", "uses, and what attention maps explain"),
)  # number, title, lessons that are there, lessons that are planned, what it is about


def looking_back() -> Figure:
    """A translator with one vector for a sentence, and one that looks back, at two moments."""
    board = Board(5.9, 5.75, "Translators without attention and with it. Arrows show what flows where.")
    board.heading(0.1, 0.2, "Without attention: one vector for the whole sentence")
    given = _sentence(board, 0.65, "English", ENGLISH)
    vector = board.box(2.95, 1.25, "one vector", "context", 1.4, 0.3, bold=True)
    written = _sentence(board, 1.85, "French", FRENCH)
    for number, word in enumerate(given):
        board.arrow((word.x, word.bottom), vector.side("top", (number + 1) / 8), "value")
    for number, word in enumerate(written):
        board.arrow(vector.side("bottom", (number + 1) / 10), (word.x, word.top), "context")
    board.heading(0.1, 2.45, "With attention: a new mixture before each French word")
    for top, place, looked in ((2.9, 1, 1), (4.5, 5, 3)):
        _look(board, top, place, looked)
    return board.picture


def _sentence(board, y, language, words) -> list[Place]:
    board.text(0.88, y, language, SMALL, SOFT, ha="right")
    return board.sentence(1.0, y, words)


def _look(board, top, place, looked) -> None:
    """Before the French word at `place`: the vectors of all English words are mixed, most from that at `looked`."""
    given = _sentence(board, top, "English", ENGLISH)
    written = _sentence(board, top + 1.0, "French", FRENCH[:place])
    x = written[-1].right + 0.38
    new = board.box(x, top + 1.0, FRENCH[place], "query", 0.55, 0.3, dashed=True, told=False, bold=True)
    board.text(new.right + 0.1, new.y, "comes next", SMALL, ROLES["query"].edge, ha="left")
    board.text(0.88, top + 0.34, "vectors", SMALL, SOFT, ha="right")
    for number, word in enumerate(given):
        role = "value" if number == looked else "plain"
        vector = board.box(word.x, top + 0.34, "", role, 0.22, 0.17, told=False)
        if number == looked:
            board.arrow((vector.x, vector.bottom), (new.x, new.top), role)
        else:
            board.rule((vector.x, vector.bottom), (new.x, new.top - 0.05))
    board.tell(f"Of the seven vectors mostly that of “{ENGLISH[looked]}” goes into “{FRENCH[place]}”, which comes next")


def annotations() -> Figure:
    """What the encoder leaves: two GRUs read the sentence, and each gives half of every annotation."""
    board = Board(6.05, 2.4, "The encoder: two GRUs read the sentence from both ends.")
    _, behind, pairs = _readers(board)
    for j, pair in enumerate(pairs, 1):
        board.panel(pair.left - 0.05, pair.top - 0.05, pair.right + 0.05, pair.bottom + 0.05)
        board.text(pair.x, pair.bottom + 0.19, f"$h_{j}$", colour=ROLES["value"].edge)
    board.text(1.42, pair.bottom + 0.19, "annotations", colour=ROLES["value"].edge, bold=True, ha="right")
    board.say(6.0, pair.bottom + 0.5, "each annotation: 64 + 64 = 128 numbers", SMALL, SOFT, ha="right")
    first = board.box(1.35, 2.15, "first state of the decoder", "query", 2.1, 0.3, shape="(128)")
    _bend(board, [behind[0].side("left"), (1.53, behind[0].y), (1.53, first.top)], "query")
    board.tell("It is made from the state in which the GRU that reads ← ends, at the first word")
    return board.picture


def _readers(board, covered=False) -> tuple[list[Place], list[Place], list[Place]]:
    """The English words and the two GRUs that read them. Gives the states of both, and the pairs of states.

    covered: whether all pairs but the first are drawn as covered, and the way from "cat" to "the" is shown.
    """
    xs, states = [1.95 + 0.6 * i for i in range(len(ENGLISH))], []
    for way, y in (("→", 0.3), ("←", 1.2)):
        board.text(1.42, y, f"GRU reads {way}", SMALL, SOFT, ha="right")
        looks = [{"dashed": covered, "role": "plain" if covered else "value"} for _ in xs[1:]]
        first = "plain" if covered and way == "→" else "value"
        looks = [{"dashed": False, "role": first}, *looks]
        states.append([
            board.box(x, y, way, width=0.36, height=0.24, told=False, **look) for x, look in zip(xs, looks, strict=True)
        ])  # fmt: skip
        for number, (a, b) in enumerate(pairwise(states[-1])):
            ends = (a.side("right"), b.side("left"))
            role = "value" if covered and (number, way) == (0, "←") else "plain"
            board.arrow(*(ends if way == "→" else ends[::-1]), role)
    pairs = [upper.around(lower) for upper, lower in zip(*states, strict=True)]
    board.text(1.42, 0.75, "English", SMALL, SOFT, ha="right")
    for number, (word, pair) in enumerate(zip(ENGLISH, pairs, strict=True)):
        followed = covered and number == 1
        board.text(pair.x, 0.75, word, bold=followed)
        board.arrow((pair.x, 0.64), (pair.x, states[0][number].bottom))
        board.arrow((pair.x, 0.86), (pair.x, states[1][number].top), "value" if followed else "plain")
    board.tell(f"“{' '.join(ENGLISH)}” is read → and ←. The two states at a word are its annotation")
    return *states, pairs


def _bend(board, points, role) -> None:
    """An arrow with corners that are closed."""
    *before, corner, end = points
    middle = ((corner[0] + end[0]) / 2, (corner[1] + end[1]) / 2)
    board.path([*before, corner, middle, end], role)
    board.arrow(corner, end, role)


def two_routes() -> Figure:
    """On which ways the gender of "cat" can reach "le", although the decoder may look at "the" alone."""
    board = Board(6.05, 3.75, "The decoder may look at “the” alone. The noun can reach it on two routes.")
    _, behind, pairs = _readers(board, covered=True)
    board.say(4.0, 1.5, "covered: the decoder may not look here,\nbut the encoder has read here", SMALL, SOFT)
    context = board.box(2.75, 2.35, "context vector", "context", 1.5, 0.3, bold=True)
    state = board.box(0.9, 2.35, "first state", "query", 1.1, 0.3, bold=True)
    decoder = board.box(1.95, 2.95, "decoder", "plain", 1.3, 0.3)
    le = board.box(1.95, 3.5, "le", "output", 0.6, 0.3, bold=True)
    _bend(
        board,
        [behind[0].side("left"), (1.53, behind[0].y), (1.53, 1.95), (state.x, 1.95), (state.x, state.top)],
        "query",
    )
    _bend(board, [pairs[0].side("bottom"), (pairs[0].x, 1.95), (2.5, 1.95), (2.5, context.top)], "value")
    board.text(2.02, 1.45, "$h_1$", colour=ROLES["value"].edge, ha="left")
    board.arrow((state.x + 0.3, state.bottom), (decoder.left + 0.2, decoder.top), "query")
    board.arrow((context.x - 0.1, context.bottom), (decoder.right - 0.2, decoder.top), "context")
    board.arrow(decoder, le, "output")
    board.say(2.65, 2.04, "route 1: through the annotation $h_1$", SMALL, ROLES["value"].edge, ha="left")
    board.say(1.43, 1.66, "route 2: through\nthe first state", SMALL, ROLES["query"].edge, ha="right")
    board.tell(
        "Both begin at “cat”, which the GRU that reads ← takes along to “the”; both end at the decoder, which writes le"
    )
    return board.picture


def one_step(words, before, word, scores, weights, share, sizes) -> Figure:
    """All that happens before one French word: from the English words, seven, down to `word`.

    before: the French word written last. share: the probability of `word`. sizes: how many numbers are in an
    annotation and in the decoder's state, and how many French words there are.
    """
    board = Board(6.05, 7.0, f"How the French word “{word}” comes about, after “{before}”.")
    annotation, state_size, vocabulary = sizes
    marks = _encoder(board, words, int(weights.argmax()), annotation)
    state, average = _attention(board, before, scores, weights, state_size)
    _bend(board, [marks.side("right"), (5.85, marks.y), (5.85, average.y), average.side("right")], "value")
    _writing(board, state, average, before, word, share, (annotation, state_size, vocabulary))
    return board.picture


def _encoder(board, words, looked, size) -> Place:
    """From the words to their annotations and the first state. Gives the place of all annotations."""
    encoder = board.box(MIDDLE, 0.76, "encoder: one GRU reads →, another ←", "plain", WIDE, 0.32)
    board.text(LEFT - 0.12, 0.25, "English", SMALL, SOFT, ha="right")
    marks = board.panel(LEFT, 1.1, LEFT + WIDE, 1.54)
    for i, word in enumerate(words):
        x = LEFT + (i + 0.5) * CELL[0]
        board.text(x, 0.25, word, bold=i == looked)
        annotation = board.box(x, 1.32, f"$h_{i + 1}$", "value", 0.4, 0.3, told=False)
        board.arrow((x, 0.34), (x, encoder.top))
        board.arrow((x, encoder.bottom), (x, annotation.top), "value")
    board.arrow((MIDDLE, marks.bottom), (MIDDLE, 1.79), "value")
    shape = f"({len(words)}, {size})"
    board.text(5.0, 1.0, "annotations", colour=ROLES["value"].edge, bold=True, ha="left")
    board.text(5.0, 1.18, shape, SMALL, SOFT, ha="left", family="monospace")
    _bend(board, [encoder.side("left"), (0.7, encoder.y), (0.7, 1.7)], "query")
    board.say(0.62, 1.2, "gives the\nfirst state", SMALL, ROLES["query"].edge, ha="right")
    board.tell(f"“{' '.join(words)}” goes in; annotations h_1 to h_{len(words)} {shape} and the first state come out")
    return marks


def _attention(board, before, scores, weights, size) -> tuple[Place, Place]:
    """From the state to the average, with scores and weights. Gives the places of the two."""
    compare = board.box(MIDDLE, 1.95, "compare each with the state", "plain", WIDE, 0.32)
    state = board.box(0.7, 1.95, "", "query", 0.92, 0.5, told=False)
    board.text(0.7, 1.87, "state", bold=True)
    board.text(0.7, 2.08, f"wrote “{before}”", SMALL, SOFT)
    board.text(0.78, 2.32, f"({size})", SMALL, SOFT, ha="left", family="monospace")
    board.tell(f"Box: the state that wrote “{before}” ({size})")
    look = {"cell": CELL, "shape": f"({len(scores)})"}
    score = board.matrix(LEFT, 2.6, [scores], "score", title="scores $z$", **look)
    weight = board.matrix(LEFT, 3.35, [weights], "weight", title="attention weights $a$", digits=3, **look)
    average = board.box(MIDDLE, 4.05, "multiply each by its weight, add up", "plain", WIDE, 0.32)
    board.arrow(state, compare, "query")
    for start, end, role in ((compare, score, "score"), (score, weight, "score"), (weight, average, "weight")):
        board.arrow((MIDDLE + 0.5, start.bottom), (MIDDLE + 0.5, end.top), role)
    board.step(compare.left + 0.22, compare.y, 1)
    board.step(MIDDLE + 0.75, 3.11, 2, "softmax")
    board.step(average.left + 0.22, average.y, 3)
    return state, average


def _writing(board, state, average, before, word, share, sizes) -> None:
    """From the average to the new state and the next word."""
    annotation, state_size, vocabulary = sizes
    context = board.box(MIDDLE, 4.6, "context vector $c$", "context", 1.7, 0.32, shape=f"({annotation})", bold=True)
    decoder = board.box(2.2, 5.3, "   decoder GRU", "plain", 1.7, 0.36)
    last = board.box(3.9, 5.3, f"“{before}”", "input", 0.8, 0.3)
    new = board.box(2.2, 6.15, "new state", "query", 1.1, 0.32, bold=True)
    output = board.box(4.4, 6.15, "   output layers", "plain", 1.7, 0.36)
    out = board.box(4.4, 6.78, word, "output", 0.9, 0.3, bold=True)
    board.arrow(average, context, "context")
    board.arrow((MIDDLE - 0.6, context.bottom), (MIDDLE - 0.6, decoder.top), "context")
    _bend(board, [(MIDDLE + 0.6, context.bottom), (MIDDLE + 0.6, 4.93), (4.85, 4.93), (4.85, output.top)], "context")
    board.arrow((last.left, last.y), (decoder.right, last.y))
    board.arrow((last.x, last.bottom), (last.x, output.top))
    _bend(board, [(0.7, state.bottom), (0.7, decoder.y), (decoder.left, decoder.y)], "query")
    board.arrow(decoder, new, "query")
    board.arrow(new, output, "query")
    board.arrow(output, out, "output")
    _bend(board, [new.side("left"), (0.08, new.y), (0.08, state.y), (state.left, state.y)], "query")
    board.text(new.x, new.bottom + 0.14, f"({state_size}), the state for the next word", SMALL, SOFT)
    board.say(out.right + 0.1, out.y, f"probability\n{share:.2f}", SMALL, SOFT, ha="left")
    board.text(output.x + 0.1, 6.47, f"{vocabulary} logits, softmax", SMALL, SOFT, ha="left")
    board.step(decoder.left + 0.22, decoder.y, 4)
    board.step(output.left + 0.22, output.y, 5)
    board.tell(
        "The new state is the state for the next word. The output layers read new state, context vector and last word"
    )


def course() -> Figure:
    """The five parts of the course in their order."""
    board, before = Board(6.05, 3.7, "The parts of the course, in their order."), None
    for row, (number, title, there, planned, about) in enumerate(PARTS):
        y = 0.35 + 0.74 * row
        part = board.box(0.45, y, number, "value" if there else "plain", 0.6, 0.42, dashed=not there, bold=True)
        board.say(0.95, y - 0.13, title, ha="left", bold=True)
        board.say(0.95, y + 0.13, about, SMALL, ha="left")
        lessons = "  ".join(filter(None, ("lessons", there, planned and f"({planned} planned)")))
        board.say(5.95, y - 0.13, lessons, SMALL, SOFT, ha="right")
        if before:
            board.arrow(before, part)
        before = part
    board.say(5.95, 0.48, "you are here: 00", SMALL, ROLES["value"].edge, ha="right")
    return board.picture
