"""Keywords with which a Robot Framework suite takes its turns."""

from turns import Order, Round, Turns

ROBOT_LIBRARY_SCOPE = "GLOBAL"

_turns = Turns()


def get_setting(name: str) -> object:
    """One of the settings that the benchmark gave."""
    return _turns.settings[name]


def next_round() -> Round | None:
    """The next round, or nothing."""
    return _turns.next_round()


def entered() -> None:
    """The Amazon Sales Channel is there."""
    _turns.entered()


def next_order() -> Order | None:
    """The next order, or nothing."""
    return _turns.next_order()


def wait_for_my_turn() -> None:
    """The dashboard is there; the clock runs from the end of this keyword on."""
    _turns.wait_for_go()


def order_is_done(status: str, pictures: int) -> None:
    """The clock stops."""
    _turns.done(status, pictures)
