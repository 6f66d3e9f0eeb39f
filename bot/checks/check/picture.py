"""How a screen looks: its picture with everything that is data painted over, and what differs between two.

Pillow does the comparing. It is imported by what needs it, because it is slow to import.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.checks.check.model import Box

if TYPE_CHECKING:
    from PIL.Image import Image

DATA_COLOR = (180, 186, 194)
"""What is painted over data, as in pictures of a run."""

THRESHOLD = 24
"""Out of 255: a pixel whose color differs by less is the same."""

MARGIN = 3
"""CSS pixels around data that are painted over with it."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What comparing two pictures gives."""

    changed: float
    """Percent of the pixels that differ, of those that were compared."""
    places: tuple[Box, ...]
    """The boxes around what differs, in pixels of the pictures, from the top."""
    picture: bytes
    """PNG: the picture of now, pale, with what differs in red and a frame around each place."""
    size: bool = False
    """Whether the two are of different sizes, so that only what both have was compared."""


def masked(png: bytes, masks: Iterable[Box], around: Box) -> bytes:
    """The picture, cut to ``around``, with each mask painted over, as PNG."""
    from PIL import Image, ImageDraw

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for box in masks:
        edges = (box.x - MARGIN, box.y - MARGIN, box.x + box.width + MARGIN, box.y + box.height + MARGIN)
        draw.rectangle(edges, fill=DATA_COLOR)
    left, top = max(0, around.x), max(0, around.y)
    right, bottom = min(picture.width, around.x + around.width), min(picture.height, around.y + around.height)
    return _png(picture.crop((left, top, max(left + 1, right), max(top + 1, bottom))))


def compare(before: bytes, after: bytes) -> Comparison:
    """What differs between two pictures. Where either is painted over, nothing is compared."""
    from PIL import Image, ImageChops, ImageDraw, ImageFilter

    old, new = (Image.open(io.BytesIO(png)).convert("RGB") for png in (before, after))
    differs_in_size = old.size != new.size
    size = (min(old.width, new.width), min(old.height, new.height))
    old, new = old.crop((0, 0, *size)), new.crop((0, 0, *size))
    red, green, blue = ImageChops.difference(old, new).split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    changed = strongest.point(_steps(THRESHOLD))
    for picture in (old, new):
        changed = ImageChops.subtract(changed, _painted(picture))
    # A lone pixel is no difference that a person sees: a third of those around it must differ as well.
    thick = ImageChops.darker(changed, changed.filter(ImageFilter.BoxBlur(1)).point(_steps(255 // 3 - 1)))
    covered = ImageChops.lighter(_painted(old), _painted(new)).histogram()[255]
    compared = max(1, size[0] * size[1] - covered)
    share = 100 * thick.histogram()[255] / compared

    places = _places(thick)
    pale = Image.blend(new, Image.new("RGB", size, (255, 255, 255)), 0.65)
    pale.paste((214, 32, 32), mask=thick.filter(ImageFilter.MaxFilter(3)))
    draw = ImageDraw.Draw(pale)
    for box in places:
        draw.rectangle(
            (box.x - 6, box.y - 6, box.x + box.width + 6, box.y + box.height + 6), outline=(214, 32, 32), width=2
        )
    return Comparison(changed=round(share, 3), places=places, picture=_png(pale), size=differs_in_size)


def _painted(picture: "Image") -> "Image":
    """White where the picture is painted over."""
    from PIL import ImageChops

    red, green, blue = (
        band.point([255 if value == level else 0 for value in range(256)])
        for band, level in zip(picture.split(), DATA_COLOR, strict=True)
    )
    return ImageChops.darker(ImageChops.darker(red, green), blue)


def _places(changed: "Image") -> tuple[Box, ...]:
    """Boxes around what is white, each a place that a person would point at."""
    from PIL import Image

    grid = 24
    small = changed.resize(
        (max(1, -(-changed.width // grid)), max(1, -(-changed.height // grid))), Image.Resampling.BOX
    ).point(_steps(1))
    left = {(x, y) for x in range(small.width) for y in range(small.height) if small.getpixel((x, y))}
    places = []
    while left:
        group, edge = set(), [left.pop()]
        while edge:
            x, y = edge.pop()
            group.add((x, y))
            near = {(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)} & left
            left -= near
            edge += near
        xs, ys = [x for x, _ in group], [y for _, y in group]
        area = (min(xs) * grid, min(ys) * grid, (max(xs) + 1) * grid, (max(ys) + 1) * grid)
        exact = changed.crop(area).getbbox()
        if exact:
            places.append(Box(area[0] + exact[0], area[1] + exact[1], exact[2] - exact[0], exact[3] - exact[1]))
    return tuple(sorted(places, key=lambda box: (box.y, box.x)))


def _steps(level: int) -> list[int]:
    return [255 if value >= level else 0 for value in range(256)]


def _png(picture: "Image") -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
