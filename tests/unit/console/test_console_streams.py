"""Pages that follow what happens: streams that are many, slow, or somebody's who has signed out."""

import contextlib
import http.client
import socket
import time

import pytest
from console_kit import Browser, Served
from run_kit import TERMS

from bot.console import live
from bot.joblist import JobList

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections


def follow(browser: Browser, path: str = "/live/runs") -> http.client.HTTPResponse:
    """Open a stream, and leave it open."""
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=60)
    headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    if browser.cookie:
        headers["Cookie"] = browser.cookie
    if browser.name:
        headers["X-Forwarded-User"] = browser.name
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def words(stream: http.client.HTTPResponse, many: int) -> list[str]:
    """The next events of a stream."""
    found: list[str] = []
    while len(found) < many:
        line = stream.readline().decode()
        assert line, "the stream has ended"
        if line.startswith("event:"):
            found.append(line.partition(":")[2].strip())
    return found


def test_a_page_hears_when_something_happens(team: Served, three: JobList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY", 0.05)
    stream = follow(team.browser("vera"))
    assert (stream.status, words(stream, 1)) == (200, ["hello"])
    run_id = team.submitted(three, TERMS).run_id
    assert words(stream, 1) == ["changed"]
    of_run = follow(team.browser("vera"), f"/live/runs/{run_id}")
    assert words(of_run, 1) == ["hello"]
    assert team.browser("otto").post(f"/runs/{run_id}/stop").status == 303
    assert words(of_run, 1) == ["changed"]


@pytest.mark.parametrize("who", ["nobody", "no role"])
def test_who_is_not_signed_in_hears_nothing(mine: Served, team: Served, who: str) -> None:
    answer = follow(mine.browser() if who == "nobody" else team.browser("mallory"))
    assert answer.status == (401 if who == "nobody" else 403)
    assert b"event:" not in answer.read()


def test_a_stream_ends_when_its_person_has_signed_out(mine: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STILL_EVERY", 0.1)
    browser = mine.me()
    stream = follow(browser)
    assert words(stream, 1) == ["hello"]
    browser.post("/sign-out")
    assert b"event: changed" in stream.read().replace(b"\r", b"")


def test_a_thousand_streams_leave_the_pages_as_quick_as_they_were(team: Served) -> None:
    streams = [follow(team.browser("vera")) for _ in range(live.MOST_OF_ONE)]
    refused = [follow(team.browser("vera")) for _ in range(1_000 - live.MOST_OF_ONE)]
    assert {one.status for one in streams} == {200}
    assert {one.status for one in refused} == {503}
    assert refused[0].read().startswith(b"Too many pages are open.")
    assert team.browser("vera").get("/runs").status == 200
    assert follow(team.browser("otto")).status == 200
    for one in streams:
        one.close()
    team.desk.ledger.now()
    deadline = time.monotonic() + 60
    while (again := follow(team.browser("vera"))).status != 200:
        again.close()
        assert time.monotonic() < deadline, "streams that were left count for ever"
    assert words(again, 1) == ["hello"]


def test_readers_that_read_nothing_keep_nobody_waiting(team: Served, three: JobList) -> None:
    lazy = []
    for _ in range(100):
        one = socket.create_connection(("127.0.0.1", team.port))
        one.sendall(b"GET /runs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Forwarded-User: vera\r\n" % team.port)
        lazy.append(one)  # never ends its request
    for _ in range(20):
        one = socket.create_connection(("127.0.0.1", team.port))
        one.sendall(b"GET /runs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Forwarded-User: vera\r\n\r\n" % team.port)
        lazy.append(one)  # never reads its answer
    team.submitted(three, TERMS)
    assert "three.yaml" in team.browser("otto").get("/runs").text
    for one in lazy:
        with contextlib.suppress(OSError):
            one.close()
