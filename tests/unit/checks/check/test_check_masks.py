from bot.checks.check.inspector import masks
from bot.checks.check.model import Box
from bot.checks.check.snapshot import Piece, Snapshot


def snapshot(*pieces: tuple[str, int, int, int]) -> Snapshot:
    """A page with these texts: words, left edge, top edge, width."""
    return Snapshot(
        things=(),
        rows=(),
        charts=(),
        pieces=tuple(
            Piece(text=words, box=Box(left, top, width, 20), row=False, control=False)
            for words, left, top, width in pieces
        ),
        window=Box(0, 0, 1440, 1000),
    )


def test_what_follows_data_on_its_line_is_moved_by_it_and_not_compared() -> None:
    seen = snapshot(("Total:", 0, 0, 50), ("121.80", 60, 0, 60), ("Status:", 140, 0, 60), ("Active", 210, 0, 60))
    assert set(masks(seen, ())) == {Box(60, 0, 60, 20), Box(140, 0, 60, 20), Box(210, 0, 60, 20)}


def test_what_stands_elsewhere_is_compared() -> None:
    seen = snapshot(
        ("121.80", 60, 0, 60), ("far to the right", 300, 0, 60), ("below", 60, 40, 60), ("before", 0, 0, 50)
    )
    assert list(masks(seen, ())) == [Box(60, 0, 60, 20)]
