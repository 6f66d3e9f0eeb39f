import pytest

from bot.cancel.attempt import Attempt


def test_an_attempt_begins_unpressed() -> None:
    assert not Attempt(order="112-1215998-3002091").pressed


def test_what_was_pressed_stays_pressed() -> None:
    attempt = Attempt()
    attempt.mark_pressed()
    with pytest.raises(AttributeError):
        attempt.pressed = False  # type: ignore[misc]
    assert attempt.pressed


def test_an_attempt_cannot_be_made_pressed() -> None:
    with pytest.raises(TypeError, match="_pressed"):
        Attempt(_pressed=True)  # type: ignore[call-arg]
