import torch

from attention_course.checks.problem import Problem, mistake


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
        yield "two rows of three patches", (image(4, 6), 2)
        yield "three rows of two patches, each 3 × 3", (image(9, 6), 3)

    def admissible(self, generator):
        rows, columns, side = (int(n) for n in torch.randint(1, 5, (3,), generator=generator))
        return torch.rand(rows * side, columns * side, generator=generator), side

    def answer(image, side):
        rows, columns = image.shape[0] // side, image.shape[1] // side
        patches = image.reshape(rows, side, columns, side)
        return patches.transpose(1, 2).reshape(rows, columns, side * side)

    reshaped = (
        "The numbers were only given another shape. Pixels that follow each other in memory stand in one line of the image, and a patch is a square: split both sides, "
        "and let two axes change places first."
    )
    other_axes = (
        "The axes were ordered otherwise before the last reshape, so that pixels of several patches are mixed. It takes the order patch row, patch column, pixel row, "
        "pixel column."
    )
    columns_for_rows = "Rows and columns of patches changed places. The sentences here are rows: the first axis counts from the top down."
    in_one_list = "All patches stand in one list. Here the rows are kept apart: (rows, columns, side · side)."
    overlapping = "The patches overlap: each begins one pixel after the one before. Go on by `side` pixels, so that every pixel is in one patch."
    one_number = "Each patch was reduced to one number. Its pixels are its vector."
    pixels_first = "The right numbers, with the pixels on the first axis. The last axis is a patch's vector: (rows, columns, side · side)."
    strips = "These are strips, one pixel high. A patch is a square of side × side pixels."
    last_missing = (
        "The last patch of each row or column is missing. A range ends before its end: range(0, height, side)."
    )

    @mistake(reshaped)
    def only_reshaped(image, side):
        return image.reshape(image.shape[0] // side, image.shape[1] // side, side * side)

    @mistake(reshaped)
    def only_reshaped_columns_first(image, side):
        return image.reshape(image.shape[1] // side, image.shape[0] // side, side * side)

    @mistake(columns_for_rows)
    def columns_first(image, side):
        return PatchRows.answer(image, side).transpose(0, 1)

    @mistake("The image was turned first, so that rows became columns, of patches and of pixels. Leave it as it is.")
    def image_turned(image, side):
        return PatchRows.answer(image.mT, side)

    @mistake("Inside a patch the pixels run down its columns. Read them as a page, line by line.")
    def pixels_down(image, side):
        patches = PatchRows.answer(image, side)
        return patches.unflatten(-1, (side, side)).transpose(-1, -2).flatten(-2)

    @mistake(other_axes)
    def first_axes_exchanged(image, side):
        return split(image, side).transpose(0, 1).reshape(image.shape[0] // side, image.shape[1] // side, side * side)

    @mistake(other_axes)
    def last_axes_exchanged(image, side):
        return split(image, side).transpose(2, 3).reshape(image.shape[0] // side, image.shape[1] // side, side * side)

    @mistake(other_axes)
    def outer_axes_exchanged(image, side):
        return split(image, side).transpose(0, 2).reshape(image.shape[0] // side, image.shape[1] // side, side * side)

    @mistake(other_axes)
    def pixels_in_front(image, side):
        pixels = split(image, side).permute(1, 3, 0, 2)
        return pixels.reshape(image.shape[0] // side, image.shape[1] // side, side * side)

    @mistake(other_axes)
    def columns_in_front_reshaped(image, side):
        columns = split(image, side).permute(2, 0, 1, 3)
        return columns.reshape(image.shape[0] // side, image.shape[1] // side, side * side)

    @mistake(pixels_first)
    def pixels_first_of_all(image, side):
        return PatchRows.answer(image, side).permute(2, 0, 1)

    @mistake(pixels_first)
    def pixels_first_in_one_list(image, side):
        return PatchRows.answer(image, side).flatten(0, 1).mT

    @mistake(
        "The patches are still square. A word is one vector: its pixels in one axis, (rows, columns, side · side)."
    )
    def square(image, side):
        return PatchRows.answer(image, side).unflatten(-1, (side, side))

    @mistake("The image was split and the axes left as they were: (rows, side, columns, side).")
    def only_split(image, side):
        return split(image, side)

    @mistake(in_one_list)
    def no_rows(image, side):
        return PatchRows.answer(image, side).flatten(0, 1)

    @mistake(
        "All pixels of a row stand in one vector. A row is a sentence of several patches: (rows, columns, side · side)."
    )
    def no_words(image, side):
        return PatchRows.answer(image, side).flatten(1)

    @mistake(
        "All pixels of a row stand in one vector. A row is a sentence of several patches: (rows, columns, side · side)."
    )
    def rows_of_pixels(image, side):
        return image.reshape(image.shape[0] // side, side * image.shape[1])

    @mistake("The values are right, but an axis of one stands in front. One image is (rows, columns, side · side).")
    def in_a_batch(image, side):
        return PatchRows.answer(image, side).unsqueeze(0)

    @mistake(one_number)
    def averaged(image, side):
        return PatchRows.answer(image, side).mean(-1)

    @mistake(one_number)
    def summed(image, side):
        return PatchRows.answer(image, side).sum(-1)

    @mistake(one_number)
    def brightest(image, side):
        return PatchRows.answer(image, side).amax(-1)

    @mistake(overlapping)
    def all_overlapping(image, side):
        return image.unfold(0, side, 1).unfold(1, side, 1).flatten(-2)

    @mistake(overlapping)
    def first_of_the_overlapping(image, side):
        return (
            image.unfold(0, side, 1).unfold(1, side, 1).flatten(-2)[: image.shape[0] // side, : image.shape[1] // side]
        )

    @mistake(strips)
    def strips_across(image, side):
        return image.reshape(image.shape[0], image.shape[1] // side, side)

    @mistake(
        "A patch holds pixels from all over the image here, `rows` and `columns` apart. Its pixels are neighbours: the patch's number is the first of the two axes "
        "of a side, and the pixel's the second."
    )
    def spread_out(image, side):
        rows, columns = image.shape[0] // side, image.shape[1] // side
        return image.reshape(side, rows, side, columns).permute(1, 3, 0, 2).reshape(rows, columns, side * side)

    @mistake(last_missing)
    def last_row_missing(image, side):
        return PatchRows.answer(image, side)[:-1]

    @mistake(last_missing)
    def last_column_missing(image, side):
        return PatchRows.answer(image, side)[:, :-1]

    @mistake(last_missing)
    def last_of_both_missing(image, side):
        return PatchRows.answer(image, side)[:-1, :-1]

    @mistake("The pixels of each patch run backwards. The first is the one above on the left.")
    def backwards(image, side):
        return PatchRows.answer(image, side).flip(-1)

    @mistake("The rows of patches run from the bottom up. The first sentence is the top row.")
    def bottom_up(image, side):
        return PatchRows.answer(image, side).flip(0)

    @mistake("The numbers were brought to another scale. They are to be the pixels as they are.")
    def scaled(image, side):
        return PatchRows.answer(image, side) / 255

    @mistake("The argument `side` was taken for the number of patches. It is the number of pixels on a patch's side.")
    def side_is_a_number(image, side):
        if image.shape[0] % side or image.shape[1] % side:
            raise ValueError("side")
        high, wide = image.shape[0] // side, image.shape[1] // side
        return image.reshape(side, high, side, wide).transpose(1, 2).reshape(side, side, high * wide)

    @mistake(
        "The image was taken to be as wide as it is high. It has two sides: rows from its height, columns from its width."
    )
    def as_wide_as_high(image, side):
        rows = image.shape[0] // side
        return image.reshape(rows, side, rows, side).transpose(1, 2).reshape(rows, rows, side * side)


def split(image, side):
    """(patch row, pixel row, patch column, pixel column)."""
    return image.reshape(image.shape[0] // side, side, image.shape[1] // side, side)
