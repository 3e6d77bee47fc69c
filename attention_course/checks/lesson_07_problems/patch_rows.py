import torch

from ..problem import Problem, mistake


class PatchRows(Problem):
    """An image as a document: rows of patches."""

    hints = (
        "Give each of the two sides of the image two axes: which patch, and which pixel inside it.",
        "image.reshape(rows, side, columns, side) has the axes patch row, pixel row, patch column, pixel column. Which two have to change places before the pixels "
        "of a patch stand together?",
        "rows, columns = image.shape[0] // side, image.shape[1] // side; patches = image.reshape(rows, side, columns, side); then "
        "patches.transpose(1, 2).reshape(rows, columns, side * side).",
    )
    praise = "A row of patches is a sentence, a patch a word; the two levels can read it as it is."

    def inputs(self, generator):
        def image(*shape):
            return torch.rand(shape, generator=generator)

        yield "an image of one patch", (image(2, 2), 2)
        yield "one row of two patches", (image(2, 4), 2)
        yield "two rows of one patch", (image(4, 2), 2)
        yield "two rows of two patches", (image(4, 4), 2)
        yield "patches of one pixel", (image(2, 3), 1)
        yield "three rows of two patches, each 3 × 3", (image(9, 6), 3)

    def answer(image, side):
        rows, columns = image.shape[0] // side, image.shape[1] // side
        patches = image.reshape(rows, side, columns, side)
        return patches.transpose(1, 2).reshape(rows, columns, side * side)

    @mistake(
        "The numbers were only given another shape. Pixels that follow each other in memory stand in one line of the image, and a patch is a square: split both sides, "
        "and let two axes change places first."
    )
    def only_reshaped(image, side):
        return image.reshape(image.shape[0] // side, image.shape[1] // side, side * side)

    @mistake(
        "Rows and columns of patches changed places. The sentences here are rows: the first axis counts from the top down."
    )
    def columns_first(image, side):
        return PatchRows.answer(image, side).transpose(0, 1)

    @mistake("Inside a patch the pixels run down its columns. Read them as a page, line by line.")
    def pixels_down(image, side):
        patches = PatchRows.answer(image, side)
        return patches.unflatten(-1, (side, side)).transpose(-1, -2).flatten(-2)

    @mistake(
        "The patches are still square. A word is one vector: its pixels in one axis, (rows, columns, side · side)."
    )
    def square(image, side):
        return PatchRows.answer(image, side).unflatten(-1, (side, side))

    @mistake(
        "All patches stand in one list. That is what lesson 16, to come, will do; here the rows are kept apart: (rows, columns, side · side)."
    )
    def no_rows(image, side):
        return PatchRows.answer(image, side).flatten(0, 1)

    @mistake("Each patch was reduced to its mean. Its pixels are its vector.")
    def averaged(image, side):
        return PatchRows.answer(image, side).mean(-1)

    @mistake("The argument `side` was taken for the number of patches. It is the number of pixels on a patch's side.")
    def side_is_a_number(image, side):
        if image.shape[0] % side or image.shape[1] % side:
            raise ValueError("side")
        high, wide = image.shape[0] // side, image.shape[1] // side
        return image.reshape(side, high, side, wide).transpose(1, 2).reshape(side, side, high * wide)
