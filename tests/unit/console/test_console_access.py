"""Who gets in, what every answer carries, and what is refused before anything looks at it."""

import re
import socket
from pathlib import Path

import pytest
from console_kit import HEADER, Served

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections

PAGES = (
    "/",
    "/runs",
    "/new",
    "/approve",
    "/settle",
    "/workers",
    "/screens",
    "/schedules",
    "/audit",
    "/audit.csv",
    "/tokens",
)
SAYS_NOTHING = re.compile(r"shop\.example|\bbot\b")


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_signing_in(mine: Served, page: str) -> None:
    answer = mine.browser().get(page)
    assert (answer.status, SAYS_NOTHING.search(answer.text)) == (401, None)


def test_the_one_time_address_signs_in_one_browser_and_another_one_is_printed(mine: Served) -> None:
    first, second = mine.browser(), mine.browser()
    (secret,) = mine.said
    assert (first.get(f"/enter/{secret}").place, first.get("/runs").status) == ("/runs", 200)
    assert (second.get(f"/enter/{secret}").status, second.cookie) == (403, "")
    assert len(mine.said) == 2
    assert second.get(f"/enter/{mine.said[1]}").status == 303


@pytest.mark.parametrize("guess", ["", "x", "../runs", "%00", "é"])
def test_a_guessed_address_signs_nobody_in(mine: Served, guess: str) -> None:
    browser = mine.browser()
    assert browser.get(f"/enter/{guess.encode('unicode_escape').decode()}").status in {403, 404}
    assert browser.cookie == ""


def test_the_cookie_is_out_of_the_reach_of_scripts_and_of_other_sites(mine: Served) -> None:
    told = mine.me().set_cookie.lower()
    assert all(word in told for word in ("; httponly", "; secure", "; samesite=lax", "; path=/"))
    assert "domain" not in told


def test_a_session_that_a_browser_brings_along_is_never_taken_over(mine: Served) -> None:
    browser = mine.browser()
    browser.cookie = fixed = f"countermand-{mine.port}=chosen-by-somebody-else"
    assert browser.get("/runs").status == 401
    browser.get(f"/enter/{mine.said[-1]}")
    assert browser.cookie != fixed
    stranger = mine.browser()
    stranger.cookie = fixed
    assert stranger.get("/runs").status == 401


def test_a_copy_of_the_cookie_is_of_no_use_after_signing_out(mine: Served) -> None:
    browser, thief = mine.me(), mine.browser()
    thief.cookie = browser.cookie
    assert thief.get("/runs").status == 200
    assert browser.post("/sign-out").status == 200
    assert thief.get("/runs").status == 401


def test_sessions_outlive_the_console_and_the_ledger_holds_none_of_their_secrets(mine: Served) -> None:
    browser = mine.me()
    secret = browser.cookie.partition("=")[2]
    raw = Path(mine.desk.settings.ledger or "").read_bytes()
    assert secret.encode() not in raw
    found = mine.ledger.console.session(secret)
    assert found is not None
    assert (found.person, found.way) == ("sole", "address")


def test_the_proxys_header_is_believed_from_listed_addresses_only(team: Served) -> None:
    assert team.browser("vera").get("/runs").status == 200
    assert team.desk.proxy is not None
    object.__setattr__(team.desk.proxy, "networks", ())
    refused = team.browser("adam").get("/runs")
    assert (refused.status, SAYS_NOTHING.search(refused.text)) == (403, None)
    assert "not one" in refused.text


def test_a_header_that_is_there_twice_is_nobodys(team: Served) -> None:
    with socket.create_connection(("127.0.0.1", team.port)) as raw:
        host = f"Host: 127.0.0.1:{team.port}\r\n"
        raw.sendall(f"GET /runs HTTP/1.0\r\n{host}{HEADER}: vera\r\n{HEADER}: adam\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401")


def test_somebody_without_a_role_sees_nothing(team: Served) -> None:
    answer = team.browser("mallory").get("/runs")
    assert (answer.status, SAYS_NOTHING.search(answer.text)) == (403, None)


def test_a_role_that_is_taken_away_is_gone_at_once(team: Served, tmp_path: Path) -> None:
    browser = team.browser("olga")
    assert browser.get("/new").status == 200
    (tmp_path / "roles.yaml").write_text("viewers: [olga]\n", encoding="utf-8")
    assert (browser.get("/new").status, browser.get("/runs").status) == (403, 200)


def test_a_roles_file_with_a_mistake_lets_nobody_in(team: Served, tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text("admins: [olga]\n", encoding="utf-8")
    answer = team.browser("olga").get("/runs")
    assert answer.status == 409
    assert "admins is not a known key" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec_fetch_site": None, "origin": "https://evil.example"},
        {"sec_fetch_site": None, "origin": None},
        {"sec_fetch_site": "cross-site", "origin": None},
    ],
)
def test_what_another_site_sends_in_somebodys_name_changes_nothing(mine: Served, headers: dict[str, str]) -> None:
    browser = mine.me()
    answer = browser.post("/queue/pause", **headers)
    assert answer.status == 403
    assert "This did not come from a page of this console." in answer.text
    assert mine.ledger.queue.paused() is None


def test_a_browser_that_sends_only_its_origin_gets_through(mine: Served) -> None:
    assert mine.me().post("/queue/pause", sec_fetch_site=None).status == 303
    assert mine.ledger.queue.paused() is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors"},
        {"sec_fetch_site": "cross-site", "sec_fetch_dest": "iframe"},
        {"sec_fetch_dest": "object"},
    ],
)
def test_another_site_reads_and_frames_nothing(mine: Served, headers: dict[str, str]) -> None:
    assert mine.me().get("/runs", **headers).status == 403


def test_a_link_from_another_site_opens(mine: Served) -> None:
    assert mine.me().get("/runs", sec_fetch_site="cross-site").status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", ""])
def test_another_name_for_this_computer_leads_nowhere(mine: Served, host: str) -> None:
    answer = mine.me().get("/runs", host=host)
    assert (answer.status, answer.text) == (421, f"This console is at http://127.0.0.1:{mine.port}/\n")


@pytest.mark.parametrize("page", ["/runs", "/new", "/no-such", "/static/console.js"])
def test_every_answer_says_what_a_page_may_do(mine: Served, page: str) -> None:
    answer = mine.me().get(page)
    policy = answer.headers["content-security-policy"]
    (nonce,) = re.findall(r"script-src 'nonce-([^']+)'", policy)
    assert "unsafe" not in policy
    assert all(rule in policy for rule in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert nonce not in mine.me().get(page).headers["content-security-policy"]
    if page == "/runs":
        tags = re.findall(r"<(?:script|link rel=\"stylesheet\")[^>]*>", answer.text)
        assert len(tags) == 6
        assert all(f'nonce="{nonce}"' in tag for tag in tags)
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=|https?://(?!127\.0\.0\.1)", answer.text)


def test_more_than_a_list_can_hold_is_refused_with_a_sentence(mine: Served) -> None:
    browser = mine.me()
    answer = browser.ask("POST", "/new", bytes(100 * 2**20), content_type="multipart/form-data; boundary=x")
    assert answer.status == 413
    assert "At most 65 MB can be sent at once." in answer.text
    assert mine.ledger.pages.count_runs() == 0


def test_more_than_that_in_pieces_is_refused_too(mine: Served) -> None:
    browser = mine.me()
    piece = bytes(2**20)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    pieces = (one for one in (head, *(piece for _ in range(70))))
    answer = browser.ask("POST", "/new", pieces, content_type="multipart/form-data; boundary=x")
    assert answer.status == 413
    assert mine.ledger.pages.count_runs() == 0
