"""Signing in is tried again after a passing fault, within the attempts that are allowed."""

from typing import Any, cast

import pytest

from bot.admin import Admin
from bot.errors import CannotSignIn, Interrupted, InTheWay, RunStopped
from bot.runner.entering import enter


class FakeAdmin:
    """An Admin that fails as often as it is told to, and then lets in."""

    def __init__(self, *troubles: Exception, asked_to_stop: bool = False) -> None:
        self.troubles = list(troubles)
        self.did: list[str] = []
        self.asked_to_stop = asked_to_stop

    def sign_in(self, admin: Admin) -> None:
        self._try("sign in")

    def begin_again(self) -> None:
        self._try("begin again")

    def say(self, remark: str) -> None:
        self.did.append(remark)

    def wait(self, seconds: float) -> None:
        self.did.append(f"wait {seconds:g}")

    def heed_stop(self) -> None:
        if self.asked_to_stop:
            raise Interrupted

    def _try(self, what: str) -> None:
        self.did.append(what)
        if self.troubles:
            raise self.troubles.pop(0)

    def enter(self, attempts: int) -> None:
        enter(cast(Any, self), self.sign_in, attempts, self.wait)


BROKEN = "The Admin answered with an error (HTTP 500)."


def broken() -> InTheWay:
    return InTheWay(BROKEN, "Run it again.")


def test_what_passes_is_tried_again_on_a_fresh_page_after_a_pause() -> None:
    admin = FakeAdmin(broken(), broken())
    admin.enter(3)
    assert admin.did == [
        "sign in",
        f"{BROKEN} Trying again in 1 s.",
        "wait 1",
        "begin again",
        f"{BROKEN} Trying again in 2 s.",
        "wait 2",
        "begin again",
    ]


def test_what_stays_ends_it_once_the_attempts_are_used_up() -> None:
    admin = FakeAdmin(broken(), broken())
    with pytest.raises(InTheWay):
        admin.enter(2)
    assert [what for what in admin.did if "again in" not in what] == ["sign in", "wait 1", "begin again"]


@pytest.mark.parametrize("stop", [RunStopped(reason="In maintenance."), CannotSignIn(reason="Wrong password.")])
def test_what_trying_again_does_not_mend_ends_it_at_once(stop: RunStopped) -> None:
    admin = FakeAdmin(stop)
    with pytest.raises(RunStopped):
        admin.enter(5)
    assert admin.did == ["sign in"]


def test_a_person_who_asks_to_stop_meanwhile_is_heard() -> None:
    admin = FakeAdmin(broken(), asked_to_stop=True)
    with pytest.raises(Interrupted):
        admin.enter(5)
    assert admin.did == ["sign in", f"{BROKEN} Trying again in 1 s.", "wait 1"]
