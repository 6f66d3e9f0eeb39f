"""Comparing two pictures: what differs is found and shown, what is painted over is not compared."""

import io

from PIL import Image, ImageDraw

from bot.checks.check.model import Box
from bot.checks.check.picture import DATA_COLOR, compare, masked

AROUND = Box(0, 0, 200, 100)


def picture(*boxes: tuple[int, int, int, int], colour: str = "black", size: tuple[int, int] = (200, 100)) -> bytes:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for x, y, width, height in boxes:
        draw.rectangle((x, y, x + width - 1, y + height - 1), fill=colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_two_equal_pictures_do_not_differ() -> None:
    seen = compare(picture((10, 10, 30, 20)), picture((10, 10, 30, 20)))
    assert (seen.changed, seen.places, seen.size) == (0, (), False)


def test_what_moved_is_found_in_both_its_places() -> None:
    seen = compare(picture((10, 10, 30, 20)), picture((110, 50, 30, 20)))
    assert seen.changed == 6.0
    assert seen.places == (Box(10, 10, 30, 20), Box(110, 50, 30, 20))


def test_a_line_of_one_pixel_is_found_and_a_lone_pixel_is_not() -> None:
    assert compare(picture(), picture((10, 10, 50, 1))).changed > 0.2
    assert compare(picture(), picture((10, 10, 1, 1))).changed == 0


def test_a_colour_that_hardly_differs_is_the_same() -> None:
    assert compare(picture(), picture((10, 10, 50, 50), colour="#f0f0f0")).changed == 0
    assert compare(picture(), picture((10, 10, 50, 50), colour="#e0e0e0")).changed == 12.5


def test_what_is_painted_over_in_either_is_not_compared() -> None:
    before = masked(picture((10, 10, 30, 20)), [Box(10, 10, 30, 20)], AROUND)
    after = masked(picture((60, 10, 50, 20)), [Box(60, 10, 50, 20)], AROUND)
    assert compare(before, after).changed == 0


def test_a_mask_hides_what_is_under_it() -> None:
    with Image.open(io.BytesIO(masked(picture((10, 10, 30, 20)), [Box(10, 10, 30, 20)], AROUND))) as image:
        assert image.crop((10, 10, 40, 30)).getcolors() == [(600, DATA_COLOR)]


def test_a_picture_is_cut_to_the_dialog() -> None:
    with Image.open(io.BytesIO(masked(picture(), [], Box(50, 20, 100, 40)))) as image:
        assert image.size == (100, 40)


def test_pictures_of_different_sizes_are_compared_where_both_are() -> None:
    seen = compare(picture(), picture(size=(150, 120)))
    assert (seen.changed, seen.size) == (0, True)
    with Image.open(io.BytesIO(seen.picture)) as image:
        assert image.size == (150, 100)


def test_the_picture_of_the_difference_shows_it_in_red() -> None:
    with Image.open(io.BytesIO(compare(picture(), picture((100, 50, 20, 20))).picture)) as image:
        assert image.getpixel((110, 60)) == (214, 32, 32)
        assert image.getpixel((5, 5)) == (255, 255, 255)
