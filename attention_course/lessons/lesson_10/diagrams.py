"""The diagrams of lesson 10, in the language of `plots.diagram`."""

import torch
from matplotlib.figure import Figure

from attention_course.plots.diagram import Board
from attention_course.plots.places import Place
from attention_course.plots.roles import ROLES, SOFT
from attention_course.plots.text import SMALL

ROLE_NAMES = {"query": "queries", "key": "keys", "value": "values"}
WORD, SCORE = (0.42, 0.26), (0.5, 0.26)
ON_WEIGHT = {"role": "weight", "colour": "white"}
SAT = 2  # the row that is followed


def overview() -> Figure:
    """Two heads, from the word vectors to the output, with the shapes of the example."""
    board = Board(6.05, 6.25, "Multi-head attention with two heads, for 6 words of 4 numbers.")
    steps = (
        (0.3, "word vectors"),
        (1.4, "matrices (4, 2):\nqueries, keys,\nvalues"),
        (2.5, "dot products"),
        (2.98, "scale"),
        (3.46, "softmax"),
        (4.0, "average the\nvalues"),
        (5.0, "join the heads"),
        (5.92, "add, normalise"),
    )
    for number, (y, text) in enumerate(steps, 1):
        board.step(0.2, y, number, text)
    words = board.box(3.72, 0.3, "6 word vectors", "input", 1.5, shape="(6, 4)", bold=True)
    joined = board.matrix(2.97, 4.68, [["head 1", "head 2"]], "context", cell=(0.75, 0.27), cuts=[1], shape="(6, 4)")
    for number, middle in ((1, 2.68), (2, 4.74)):
        context = _head(board, number, middle, words)
        board.arrow(context.side("bottom"), joined.side("top", 0.5 * number - 0.25), "context")
    matrix = board.box(3.72, 5.32, "$W^O$", "output", 0.6, 0.28, shape="(4, 4)")
    after = board.box(3.72, 5.92, "add and normalise", "input", 1.6, shape="(6, 4)", bold=True)
    board.arrow(joined, matrix, "output")
    board.arrow(matrix, after, "output")
    board.text(3.85, 5.61, "(6, 4)", SMALL, SOFT, ha="left", family="monospace")
    board.path([(5.05, 0.3), (5.9, 0.3), (5.9, 5.92), (5.08, 5.92)], "input")
    return board.picture


def _head(board, number, middle, words) -> Place:
    """One head of the overview, from its three matrices to its contexts."""
    board.panel(middle - 0.99, 0.78, middle + 0.99, 4.42, f"head {number}")
    look = {"width": 0.95, "height": 0.28, "size": SMALL}
    score = board.box(middle - 0.3, 2.5, "scores (6, 6)", "score", **look)
    weight = board.box(middle - 0.3, 3.46, "weights (6, 6)", **ON_WEIGHT, **look)
    scaled = board.box(middle - 0.3, 2.98, r"$\div\ \sqrt{2}$", "score", 0.95, 0.28)
    context = board.box(middle + 0.2, 4.0, "contexts (6, 2)", "context", 1.15, 0.28, size=SMALL)
    goals = {"query": (score, 0.25), "key": (score, 0.8), "value": (context, 0.85)}
    for (role, (goal, at)), x in zip(goals.items(), (middle - 0.65, middle, middle + 0.65), strict=True):
        matrix = board.box(x, 1.05, f"$W^{ROLES[role].letter}_{number}$", role, 0.5, 0.3)
        made = board.box(x, 1.7, f"{ROLE_NAMES[role]}\n(6, 2)", role, 0.6, 0.42, size=SMALL)
        board.arrow(words, matrix, "input", start_at=0.36 * number - 0.04)
        board.arrow(matrix, made, role)
        board.arrow(made, goal, role, end_at=at)
    board.arrow(score, scaled, "score")
    board.arrow(scaled, weight, "weight")
    board.arrow(weight, context, "weight", end_at=0.2)
    return context


def swap(values, one, two) -> Figure:
    """What *sat* receives, by sentence, from one average and from two. values: {noun: its value}."""
    board = Board(6.05, 3.5, "Two sentences with cat and mat exchanged: what sat receives.")
    names = ", ".join(f"{noun} ({int(value[0])}, {int(value[1])})" for noun, value in values.items())
    board.say(6.0, 0.2, f"values: {names}", ha="right")
    board.heading(0.1, 0.2, "one head: one average")
    board.heading(0.1, 3.3, "two heads: two averages")
    for left, sentence in zip((0.1, 3.15), one, strict=True):
        nouns = {1: "value", 5: "value", SAT: "plain"}
        blend = board.matrix(left + 0.85, 0.5, [one[sentence]], "context")
        boxes = board.sentence(left, 1.65, sentence.split(), nouns, gap=0.05)
        joined = board.matrix(left + 0.45, 2.6, [two[sentence]], "context", cuts=[2])
        for head, (noun, at) in enumerate(((1, 0.2), (5, 0.8))):
            board.arrow(boxes[noun].side("top"), blend.side("bottom", at), "weight", "½")
            end = joined.side("top", 0.25 + 0.5 * head)
            board.arrow(boxes[noun].side("bottom"), end, "weight", f"head {head + 1}")
    return board.picture


def project(words, features, X, maps) -> Figure:
    """The word vectors at the left, the three matrices of head 1 above their products. maps: {role: matrix}."""
    board = Board(6.05, 3.8, "The word vectors times the three matrices of head 1.")
    look = {"cell": WORD, "frame": SAT}
    x = board.matrix(
        0.5, 1.95, X, rows=words, columns=features, title="word vectors", shape="(6, 4)", cell=(0.47, 0.26), frame=SAT
    )
    for (role, matrix), left in zip(maps.items(), (2.95, 4.03, 5.11), strict=True):
        above = board.matrix(left, 0.36, matrix, role, cell=WORD)
        board.say(above.x, 0.2, f"$W^{ROLES[role].letter}_1$", colour=ROLES[role].edge)
        board.matrix(left, 1.95, X @ matrix, role, title=ROLE_NAMES[role], shape="(6, 2)", **look)
        board.arrow((above.x, above.bottom), (above.x, 1.68), role)
    board.text(2.67, x.row(SAT).y - 0.14, "times", SMALL, SOFT)
    board.arrow(x.row(SAT).side("right"), (2.95, x.row(SAT).y))
    board.step(0.2, 0.5, 2, "three matrices (4, 2)")
    return board.picture


def look(words, query, K, V, scores, weights) -> Figure:
    """One query against all keys: scores, scaled scores, weights, weighted values, context."""
    board = Board(6.05, 4.1, "The query of sat meets six keys.")
    asked = board.matrix(1.47, 0.4, [query], "query", title="query of sat", cell=WORD)
    board.text(2.5, asked.y, "with the key of cat: 3 · 2 + 0 · 0 = 6", SMALL, SOFT, ha="left")
    rows = {"frame": 1}
    keys = board.matrix(0.45, 1.15, K, "key", title="keys", rows=words, cell=(0.34, 0.26), **rows)
    score = board.matrix(1.47, 1.15, scores, "score", title="scores", cell=SCORE, **rows)
    scaled = board.matrix(2.28, 1.15, scores / len(query) ** 0.5, "score", title="scaled", cell=SCORE, **rows)
    weight = board.matrix(3.14, 1.15, weights, "weight", title="weights", cell=SCORE, **rows)
    values = board.matrix(4.09, 1.15, V, "value", title="values", cell=(0.34, 0.26), **rows)
    share = board.matrix(5.0, 1.15, weights[:, None] * V, "value", title="products", cell=SCORE, **rows)
    context = board.matrix(5.0, 3.6, [weights @ V], "context", title="context", cell=SCORE)
    for start, end in ((keys, score), (score, scaled), (scaled, weight)):
        board.arrow(start, end, "score")
    board.arrow(values, share, "value")
    board.text((weight.right + values.left) / 2, values.y, "×", 13)
    board.arrow((score.x, asked.bottom), (score.x, 0.86), "query")
    board.arrow(share, context, "context", start_at=0.95, end_at=0.95)
    last = "times weight,\nadd up"
    steps = ((1.36, "query · key"), (2.17, "÷ √2"), (2.97, "softmax"), (4.4, last))
    for number, (x, text) in enumerate(steps, 3):
        board.step(x, 2.95, number, text, below=True)
    return board.picture


def both_heads(words, maps) -> Figure:
    """The weights of two heads."""
    board = Board(6.05, 2.75, "The weights of both heads, a row for each word that asks.")
    for head, left in enumerate((0.55, 3.45)):
        look = {"columns": words, "cell": (0.41, 0.27), "size": SMALL, "frame": SAT, "shape": "(6, 6)"}
        look["rows"] = words if head == 0 else ()
        board.matrix(left, 0.62, maps[head], "weight", title=f"head {head + 1}", **look)
    return board.picture


def join(words, features, free, X, contexts, W_O) -> Figure:
    """Contexts side by side, times W_O; and the output of the framed row, added to its word vector.

    free: what the first two numbers of a verb say, in place of the first two features.
    """
    said = [*free, *features[2:]]
    joined = torch.cat(list(contexts), -1)
    output = joined @ W_O
    board = Board(6.05, 5.0, "The contexts of both heads side by side, times W^O, give the output.")
    look = {"cell": (0.48, 0.26), "frame": SAT}
    left = board.matrix(
        0.5, 2.2, joined, "context", title="head 1       head 2", rows=words, cuts=[2], shape="contexts (6, 4)", **look
    )
    reads = [f"head {head}: {feature}" for head in (1, 2) for feature in features[:2]]
    matrix = board.matrix(3.75, 0.62, W_O, "output", rows=reads, columns=said, cell=look["cell"])
    board.say(matrix.x, 0.28, "$W^O$ (4, 4)", colour=ROLES["output"].edge)
    made = board.matrix(3.75, 2.2, output, "output", title="output", shape="(6, 4)", **look)
    board.arrow((matrix.x, matrix.bottom), (matrix.x, 1.95), "output")
    board.arrow(left.row(SAT), made.row(SAT), "output")
    board.step(3.08, left.row(SAT).y - 0.24, 7)
    parts = (("input", X[SAT], "sat"), ("output", output[SAT], "output"), ("plain", X[SAT] + output[SAT], "sum"))
    for x, sign, (role, row, title) in zip((0.15, 2.15, 4.15), ("", "+", "="), parts, strict=True):
        names = features if role == "input" else said
        place = board.matrix(x, 4.6, [row], role, title=title, columns=names, cell=(0.45, 0.26), size=SMALL)
        board.text(x - 0.1, place.y, sign, 12, bold=True)
    board.step(5.75, 4.2, 8)
    return board.picture


def cut_into_heads(named) -> Figure:
    """Numbers named after their words on their way through view and transpose: (words, heads, 2) names."""
    n, heads, _ = named.shape
    board = Board(6.05, 2.85, "view cuts the numbers of each word into heads. transpose brings the heads in front.")
    shade, look = [[0.12, 0.12], [0.5, 0.5], [1.0, 1.0]], {"cell": (0.42, 0.27)}
    wide = [row * heads for row in shade]
    start = board.matrix(0.12, 1.0, named.reshape(n, -1), "query", title="queries", shape="(L, H·D) = (3, 4)",
                         cuts=[2], shade=wide, **look)  # fmt: skip
    blocks = []
    for word in range(n):
        part = [shade[word]] * heads
        blocks.append(board.matrix(2.72, 0.38 + 0.7 * word, named[word], "query", shade=part, **look))
    board.text(blocks[1].x, 2.62, "(L, H, D) = (3, 2, 2)", SMALL, SOFT, family="monospace")
    ends = []
    for head in range(heads):
        top, title = 0.42 + 1.25 * head, f"head {head + 1}"
        ends.append(board.matrix(4.75, top, named[:, head], "query", title=title, shade=shade, **look))
    board.text(ends[1].x - 0.05, 2.72, "(H, L, D) = (2, 3, 2)", SMALL, SOFT, family="monospace")
    for block in blocks:
        board.arrow(start.row(blocks.index(block)).side("right"), block.side("left"), "query")
        for head, end in enumerate(ends):
            middle = 0.25 + 0.5 * head
            board.arrow(block.side("right", middle), end.row(blocks.index(block)).side("left"), "query")
    board.say(2.22, 0.3, "view", bold=True)
    board.say(4.1, 0.3, "transpose", bold=True)
    return board.picture


def masks(words, padding, causal) -> Figure:
    """Three masks, dark where a word may not look."""
    board = Board(6.05, 2.65, "Three masks, a row for each word that asks. T: may look. F, dark: may not.")
    shapes = {"padding": "(B, 1, 1, S)", "causal": "(L, S)", "padding & causal": "(B, 1, L, S)"}
    padding, causal = torch.broadcast_tensors(torch.as_tensor(padding), torch.as_tensor(causal))
    for left, title, mask in zip((0.45, 2.36, 4.27), shapes, (padding, causal, padding & causal), strict=True):
        names = words if left < 1 else ()
        look = {"rows": names, "columns": words, "cell": (0.34, 0.27), "shape": shapes[title]}
        board.matrix(left, 0.75, mask, "mask", title=title, **look)
    return board.picture


def cross_attention() -> Figure:
    """Where queries, keys and values come from when one sentence asks and another is looked at."""
    board = Board(6.05, 2.5, "One head of cross-attention: 3 French words ask, 6 English words are looked at.")
    x = board.box(1.3, 0.25, "x: 3 French words", "input", 1.6, bold=True)
    source = board.box(3.95, 0.25, "source: 6 English words", "input", 2.05, bold=True)
    weights = board.box(2.1, 1.65, "weights (3, 6)", width=1.3, **ON_WEIGHT)
    output = board.box(4.1, 2.15, "contexts: 3 vectors", "context", 1.6)
    ways = (
        ("query", 1.3, 3, x, 0.5, weights, 0.25),
        ("key", 3.05, 6, source, 0.25, weights, 0.8),
        ("value", 4.9, 6, source, 0.8, output, 0.8),
    )
    for role, middle, n, origin, start_at, goal, end_at in ways:
        made = board.box(middle, 0.95, f"{n} {ROLE_NAMES[role]}", role, 0.95)
        board.arrow(origin, made, role, start_at=start_at)
        board.arrow(made, goal, role, end_at=end_at)
    board.path([weights.side("bottom"), (weights.x, output.y), output.side("left")], "weight")
    return board.picture


def layer() -> Figure:
    """The whole layer in letters, with all steps."""
    board = Board(6.05, 5.75, "The whole layer: two inputs, three linear maps, split, masked attention, merge, W^O.")
    x = board.box(1.35, 0.3, "x: who asks", "input", 1.2, shape="(B, L, E)", bold=True)
    source = board.box(4.2, 0.3, "source: who is looked at", "input", 2.1, shape="(B, S, E)", bold=True)
    score = board.box(1.95, 2.65, r"scores $\div\ \sqrt{D}$", "score", 1.2, 0.28, shape="(B, H, L, S)", sheets=2)
    mask = board.box(0.6, 3.02, "mask", "plain", 0.62, 0.28, dashed=True)
    board.say(0.6, 3.3, "True = may look", SMALL, SOFT)
    look = {"width": 1.2, "height": 0.28, "sheets": 2, "shape": "(B, H, L, S)"}
    weight = board.box(1.95, 3.65, "weights", **ON_WEIGHT, **look)
    context = board.box(3.9, 4.2, "contexts", "context", 1.0, 0.28, shape="(B, H, L, D)", sheets=2)
    matrix = board.box(3.9, 4.95, "$W^O$", "output", 0.6, 0.28, shape="(E, E)")
    board.box(3.9, 5.5, "output", "output", 1.0, shape="(B, L, E)", bold=True)
    ways = (
        ("query", 1.35, x, 0.5, score, 0.25, "L"),
        ("key", 3.2, source, 0.2, score, 0.8, "S"),
        ("value", 4.95, source, 0.8, context, 0.85, "S"),
    )
    for role, middle, origin, start_at, goal, end_at, n in ways:
        linear = board.box(middle, 0.95, f"$W^{ROLES[role].letter}$", role, 0.6, 0.28, shape="(E, E)")
        made = board.box(middle, 1.8, ROLE_NAMES[role], role, 0.75, 0.28, sheets=2)
        board.text(middle + 0.05, made.bottom + 0.14, f"(B, H, {n}, D)", SMALL, SOFT, family="monospace")
        board.arrow(origin, linear, role, start_at=start_at)
        board.arrow(linear.side("bottom"), (middle, made.top), role, "split")
        board.arrow((middle, made.bottom + 0.22), goal.side("top", end_at), role)
    board.arrow(score, weight, "score")
    board.arrow(mask.side("right"), (1.97, mask.y))
    board.path([weight.side("bottom"), (weight.x, context.y), context.side("left")], "weight")
    board.arrow(context, matrix, "context", "merge")
    board.arrow(matrix.side("bottom"), (3.9, 5.34), "output")
    places = (
        (0.45, 0.3, 1, ""),
        (0.45, 0.95, 2, ""),
        (0.45, 2.65, 3, ""),
        (0.78, 2.65, 4, ""),
        (2.2, 3.2, 5, "softmax"),
    )
    for x_at, y, number, text in (*places, (2.6, 4.0, 6, ""), (3.2, 4.95, 7, "")):
        board.step(x_at, y, number, text)
    return board.picture


def eight_steps(english, two, looks, guesses) -> Figure:
    """The steps for one French word in a trained translator: a head in numbers, the weights of another, then all eight.

    two: {head: (scores, weights)}. looks: of each head, the word with the largest weight. guesses: words and their
    probabilities.
    """
    board = Board(6.05, 5.95, "The eight steps before the first French word is written.")
    board.step(0.2, 0.3, 1, "vectors")
    board.box(2.02, 0.3, "French GRU", "input", 1.0)
    board.box(4.5, 0.3, f"two English GRUs: ({len(english)}, 128)", "input", 2.6)
    board.step(0.2, 1.0, 2, "queries,\nkeys, values")
    for x, count, role in ((2.02, "1", "query"), (3.9, f"{len(english)}", "key"), (5.1, f"{len(english)}", "value")):
        name = "query" if role == "query" else ROLE_NAMES[role]
        board.arrow((x, 0.46), board.box(x, 1.0, f"{count} {name}", role, 0.9, 0.28).side("top"), role)
    board.say(1.57, 1.3, "after <bos>", SMALL, SOFT, ha="left")
    for y, (head, (scores, weights)) in zip((2.0, 3.06), two.items(), strict=True):
        board.text(0.03, y, f"head {head + 1}", SMALL, bold=True, ha="left")
        lines = [(3, "Q · K", scores, "score"), (4, "÷ 4", scores / 4, "score"), (5, "softmax", weights, "weight")]
        for number, text, row, role in lines[-1:] if y > 3 else lines:
            board.step(0.69, y, number, text)
            look = {"cell": (0.635, 0.28), "digits": 2 if number == 5 else 1}
            place = board.matrix(1.565, y - 0.14, [row], role, columns=english if number == 3 else (), **look)
            y += 0.32
        left = place.left + 0.635 * int(torch.as_tensor(weights).argmax())
        board.frame(Place(left, place.top, left + 0.635, place.bottom))
    board.step(0.2, 3.65, 6, "contexts")
    matrix = board.box(3.77, 4.48, "8 · 16 = 128 numbers, times $W^O$", "output", 2.9, 0.28)
    for head, word in enumerate(looks):
        x = 1.5 + 0.605 * head
        board.box(x, 3.65, f"head {head + 1}", "context", 0.55, 0.28, size=SMALL, bold=head in two)
        board.say(x, 3.95, word, SMALL, bold=head in two)
        board.arrow((x, 4.05), matrix.side("top", 0.06 + 0.88 * head / 7), "context")
    board.step(0.2, 4.48, 7, "join")
    board.step(0.2, 5.06, 8, "add, normalise")
    total = board.box(3.77, 5.06, "+ the French state that asked, LayerNorm", "input", 3.4, 0.28)
    board.arrow(matrix, total, "output")
    board.arrow(total.side("bottom"), (3.77, 5.53))
    best = "     ".join(f"{word} {share:.1%}" for word, share in guesses)
    board.heading(3.77, 5.7, f"next word:  {best}", ha="center")
    return board.picture


def all_maps(english, french, weights) -> Figure:
    """The weights of every head, on one scale, without numbers: (heads, French, English). Framed: the first word."""
    board = Board(6.05, 4.6, "The weights of eight heads, a row for each French word, dark where a head looks.")
    for head, shown in enumerate(torch.as_tensor(weights)):
        down, across = divmod(head, 4)
        left, top = 0.62 + 1.37 * across, 0.45 + 2.05 * down
        look = {"rows": french if across == 0 else (), "cell": (0.17, 0.165), "digits": None, "frame": 0}
        place = board.matrix(left, top, shown, "weight", title=f"head {head + 1}", **look)
        board.tell(f"“{french[0]}” looks most at “{english[int(shown[0].argmax())]}”, {shown[0].max():.2f}")
        for i, word in enumerate(english if down else ()):
            board.text(left + 0.17 * (i + 0.5), place.bottom + 0.06, word, SMALL, SOFT, va="top", rotation=90)
    return board.picture
