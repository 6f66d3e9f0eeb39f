"""Signing in at a provider of OpenID Connect: who gets in, and every way in which somebody else would."""

import base64
import hmac
import html
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from console_kit import Answer, Browser, Served, served
from oidc_kit import CLIENT, SECRET, Claims, OidcProvider, key_of, key_on_a_curve, person, signed, unsigned

from bot.console import oidc
from bot.console.oidc import page_of_this_console
from bot.ledger import Ledger

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the engine's own connections


@pytest.fixture(scope="module")
def _provider() -> Iterator[OidcProvider]:
    with OidcProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def _console(_provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("console"), team=True, **_provider.settings) as console:
        yield console


@pytest.fixture
def provider(_provider: OidcProvider) -> OidcProvider:
    """The provider, where Olga of the support signs in next."""
    _provider.good_again()
    _provider.person = person("olga", "support")
    return _provider


@pytest.fixture
def console(_console: Served, provider: OidcProvider) -> Served:
    """A console whose people sign in there."""
    assert _console.desk.provider is not None
    _console.desk.provider._metadata = (0.0, {})  # what a test has had it say of itself
    return _console


def words(answer: Answer) -> str:
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def to_provider(browser: Browser, to: str = "/audit") -> str:
    """Begin to sign in; gives the address at the provider."""
    answer = browser.get(f"/sign-in?{urlencode({'to': to})}")
    assert answer.status == 303
    return answer.place


def back(browser: Browser, place: str, **headers: str) -> Answer:
    """Come back from the provider, as a link from there."""
    parts = urlsplit(place)
    assert parts.netloc == urlsplit(browser.origin).netloc
    return browser.get(f"{parts.path}?{parts.query}", **{"sec_fetch_site": "cross-site", **headers})


def signed_in(console: Served, provider: OidcProvider, to: str = "/audit") -> Browser:
    browser = console.browser()
    assert back(browser, provider.visit(to_provider(browser, to))).status == 303
    return browser


def is_nobody(console: Served, browser: Browser) -> bool:
    return browser.get("/runs").status == 401 and console.desk.cookie not in browser.cookies


# --- The way in ---


def test_somebody_signs_in_at_the_provider_and_gets_the_page_that_they_came_for(
    console: Served, provider: OidcProvider
) -> None:
    browser = console.browser()
    asked = browser.get("/audit?by=olga")
    (link,) = re.findall(r'href="(/sign-in[^"]*)"', asked.text)
    assert (asked.status, link) == (401, "/sign-in?to=%2Faudit%3Fby%3Dolga")
    there = browser.get(link).place
    sent = {name: value for name, (value,) in parse_qs(urlsplit(there).query).items()}
    assert sent.pop("state") != sent.pop("nonce")
    assert len(sent.pop("code_challenge")) == 43
    assert sent == {
        "response_type": "code",
        "response_mode": "query",
        "client_id": CLIENT,
        "redirect_uri": f"{console.desk.origin}/sign-in/callback",
        "scope": "openid profile email",
        "code_challenge_method": "S256",
    }
    came = back(browser, provider.visit(there))
    assert (came.status, came.place) == (303, "/audit?by=olga")
    assert list(browser.cookies) == [console.desk.cookie]
    told = browser.set_cookie.lower()
    assert all(word in told for word in ("; httponly", "; secure", "; samesite=lax", "; path=/"))
    page = browser.get("/new")
    assert (page.status, "olga@shop.example" in page.text) == (200, True)
    latest = list(console.ledger.audit.all())[-1]
    assert (latest.action, latest.by, latest.about) == ("signed in", "olga@shop.example", provider.issuer)


def test_neither_ledger_nor_ticket_shows_a_secret(console: Served, provider: OidcProvider) -> None:
    browser = console.browser()
    there = to_provider(browser)
    (ticket,) = browser.cookies.values()
    state = parse_qs(urlsplit(there).query)["state"][0]
    assert state not in ticket
    back(browser, provider.visit(there))
    raw = console.desk.settings.ledger_place.read_bytes()  # type: ignore[union-attr]  # a file
    assert browser.cookies[console.desk.cookie].encode() not in raw
    assert SECRET.encode() not in raw


@pytest.mark.parametrize(
    ("groups", "may"),
    [
        (["support"], {"/new": 200, "/tokens": 403}),
        (["staff", "others"], {"/runs": 200, "/new": 403}),
        (["leads", "managers"], {"/runs": 200, "/new": 403}),
    ],
)
def test_groups_of_the_provider_have_the_roles_that_the_settings_give_them(
    console: Served, provider: OidcProvider, groups: list[str], may: dict[str, int]
) -> None:
    provider.person = person("grete", *groups)
    browser = signed_in(console, provider)
    assert {path: browser.get(path).status for path in may} == may


def test_the_file_of_roles_counts_too_and_what_it_takes_away_is_gone_at_once(
    console: Served, provider: OidcProvider
) -> None:
    assert console.desk.roles is not None
    file = console.desk.roles._file
    before = file.read_text(encoding="utf-8")
    file.write_text("administrators: [ken@shop.example]\n", encoding="utf-8")
    try:
        provider.person = person("ken")
        browser = signed_in(console, provider)
        assert browser.get("/tokens").status == 200
        file.write_text("viewers: [ken@shop.example]\n", encoding="utf-8")
        assert (browser.get("/tokens").status, browser.get("/runs").status) == (403, 200)
        file.write_text("viewers: []\n", encoding="utf-8")
        assert browser.get("/runs").status == 403
    finally:
        file.write_text(before, encoding="utf-8")


def test_a_key_on_a_curve_is_as_good(console: Served, provider: OidcProvider) -> None:
    provider.sign = lambda claims: signed(claims, key_on_a_curve(), "ES256", "curve")
    assert signed_in(console, provider).get("/runs").status == 200


# --- What a provider would not say, or another says in its place ---


def hmac_of_the_public_key(claims: Claims) -> str:
    text = unsigned(claims, "HS256").rstrip(".")
    made = hmac.digest(key_of("its own").as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


SAID = "What {host} says of you was not believed: {why}."
FORGED: dict[str, tuple[Callable[[Claims], Claims], Callable[[Claims], str], str]] = {
    "nonce": (lambda claims: claims | {"nonce": "another"}, signed, "it is not the answer to this sign-in"),
    "no nonce": (lambda claims: without(claims, "nonce"), signed, "it is not the answer to this sign-in"),
    "issuer": (lambda claims: claims | {"iss": "https://evil.example"}, signed, "it is from another service"),
    "no issuer": (lambda claims: without(claims, "iss"), signed, "it is from another service"),
    "audience": (lambda claims: claims | {"aud": "another"}, signed, "it is for another program"),
    "audience with us as party": (
        lambda claims: claims | {"aud": ["another"], "azp": CLIENT},
        signed,
        "it is for another program",
    ),
    "several audiences": (lambda claims: claims | {"aud": [CLIENT, "another"]}, signed, "it is for another program"),
    "another party": (lambda claims: claims | {"azp": "another"}, signed, "it is for another program"),
    "expired": (lambda claims: claims | {"exp": claims["iat"] - 61}, signed, "it has expired"),
    "no end": (lambda claims: without(claims, "exp"), signed, "its exp is missing or wrong"),
    "from the future": (lambda claims: claims | {"iat": claims["iat"] + 120}, signed, "its iat is missing or wrong"),
    "alg none": (lambda claims: claims, unsigned, "it is not signed with a key of this service"),
    "alg NONE": (
        lambda claims: claims,
        lambda claims: unsigned(claims, "nOnE"),
        "it is not signed with a key of this service",
    ),
    "another key": (
        lambda claims: claims,
        lambda claims: signed(claims, key_of("another")),
        "it is not signed with a key of this service",
    ),
    "a key of another name": (
        lambda claims: claims,
        lambda claims: signed(claims, key_of("another"), kid="another"),
        "it is not signed with a key of this service",
    ),
    "the public key as a password": (
        lambda claims: claims,
        hmac_of_the_public_key,
        "it is not signed with a key of this service",
    ),
    "changed": (
        lambda claims: claims,
        lambda claims: signed(claims).replace(".", f".{'A' * 4}", 1),
        "it is not signed with a key of this service",
    ),
    "nothing": (lambda claims: claims, lambda claims: "", "it is not signed with a key of this service"),
}


def without(claims: Claims, name: str) -> Claims:
    return {key: value for key, value in claims.items() if key != name}


@pytest.mark.parametrize("attack", FORGED)
def test_what_is_not_the_providers_word_for_this_sign_in_lets_nobody_in(
    console: Served, provider: OidcProvider, attack: str
) -> None:
    provider.change, provider.sign, why = FORGED[attack]
    browser = console.browser()
    answer = back(browser, provider.visit(to_provider(browser)))
    host = urlsplit(provider.issuer).netloc
    assert (answer.status, SAID.format(host=host, why=why) in words(answer)) == (403, True), words(answer)
    assert is_nobody(console, browser)
    assert browser.cookies == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": None}, "did not say your email, which this console knows people by."),
        ({"email": ""}, "did not say your email, which this console knows people by."),
        ({"email": ["olga@shop.example"]}, "did not say your email, which this console knows people by."),
        ({"email_verified": False}, "does not say that your e-mail address is verified."),
        ({"email_verified": None}, "does not say that your e-mail address is verified."),
        ({"email_verified": "true"}, "does not say that your e-mail address is verified."),
        ({"email": "ol\nga"}, "cannot be a name in this console."),
        ({"email": "o" * 256}, "cannot be a name in this console."),
    ],
)
def test_who_has_no_name_that_can_be_trusted_does_not_get_in(
    console: Served, provider: OidcProvider, changed: Claims, said: str
) -> None:
    provider.person |= changed
    browser = console.browser()
    answer = back(browser, provider.visit(to_provider(browser)))
    assert (answer.status, said in words(answer)) == (403, True), words(answer)
    assert is_nobody(console, browser)


@pytest.mark.parametrize("claimed", [{}, {"realm_access": "support"}, {"realm_access": {"roles": {"support": True}}}])
def test_somebody_without_a_role_gets_no_session(console: Served, provider: OidcProvider, claimed: Claims) -> None:
    provider.person = without(person("mallory"), "realm_access") | claimed
    before = console.ledger.audit.count()
    browser = console.browser()
    answer = back(browser, provider.visit(to_provider(browser)))
    assert answer.status == 403
    said = "mallory@shop.example has no role in this console. An administrator gives out roles."
    assert said in words(answer)
    assert (is_nobody(console, browser), console.ledger.audit.count()) == (True, before)


# --- Somebody in between ---


def test_an_answer_with_another_state_is_refused(console: Served, provider: OidcProvider) -> None:
    browser = console.browser()
    place = provider.visit(to_provider(browser))
    answer = back(browser, re.sub("state=[^&]+", "state=another", place))
    assert answer.status == 403
    said = "This answer belongs to another sign-in than the one that this browser began. Begin again."
    assert said in words(answer)
    assert is_nobody(console, browser)


def test_nobody_is_signed_in_as_somebody_else_by_a_link(console: Served, provider: OidcProvider) -> None:
    victim, mallory = console.browser(), console.browser()
    place = provider.visit(to_provider(mallory))
    to_provider(victim)
    assert back(victim, place).status == 403
    fresh = console.browser()
    answer = back(fresh, place)
    assert answer.status == 403
    said = "This sign-in took longer than ten minutes, or began in another browser. Begin again."
    assert said in words(answer)
    assert is_nobody(console, victim)
    assert is_nobody(console, fresh)


def test_a_sign_in_ends_after_ten_minutes(
    console: Served, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = console.browser()
    place = provider.visit(to_provider(browser))
    monkeypatch.setattr(oidc, "LIFE", -1)
    answer = back(browser, place)
    assert answer.status == 403
    assert "This sign-in took longer than ten minutes, or began in another browser." in words(answer)
    assert is_nobody(console, browser)


def test_an_answer_is_good_once(console: Served, provider: OidcProvider) -> None:
    browser = console.browser()
    place = provider.visit(to_provider(browser))
    copy = dict(browser.cookies)
    assert back(browser, place).status == 303
    for code in provider.codes.values():
        code.used = False  # a provider that does not see to it
    thief = console.browser()
    thief.cookies = copy
    answer = back(thief, place)
    assert (answer.status, "This answer was used before. Begin again." in words(answer)) == (403, True)
    assert is_nobody(console, thief)


def test_a_stolen_code_is_of_no_use_in_another_sign_in(console: Served, provider: OidcProvider) -> None:
    victim, mallory = console.browser(), console.browser()
    stolen = parse_qs(urlsplit(provider.visit(to_provider(victim))).query)["code"][0]
    mine = provider.visit(to_provider(mallory))
    answer = back(mallory, re.sub("code=[^&]+", f"code={stolen}", mine))
    host = urlsplit(provider.issuer).netloc
    assert f"{host} took back its answer: invalid_grant. Begin again." in words(answer)
    assert (answer.status, provider.complaints, is_nobody(console, mallory)) == (403, ["the verifier"], True)


@pytest.mark.parametrize("iss", ["https://evil.example", ""])
def test_an_answer_in_the_name_of_another_provider_is_refused_before_a_code_is_sent(
    console: Served, provider: OidcProvider, iss: str
) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    provider.answers = {"iss": iss} if iss else {}
    browser = console.browser()
    place = provider.visit(to_provider(browser))
    asked = list(provider.asked)
    answer = back(browser, place)
    said = "The answer came from another sign-in service than the one that this console trusts."
    assert (answer.status, said in words(answer)) == (403, True)
    assert (provider.asked, is_nobody(console, browser)) == (asked, True)


def test_an_answer_that_names_its_provider_is_good(console: Served, provider: OidcProvider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    provider.answers = {"iss": provider.issuer}
    assert signed_in(console, provider).get("/runs").status == 200


def test_what_the_provider_says_went_wrong_is_shown_as_text(console: Served, provider: OidcProvider) -> None:
    browser = console.browser()
    state = parse_qs(urlsplit(to_provider(browser)).query)["state"][0]
    error = urlencode({"error": "<script>alert(1)</script>\u202e", "state": state})
    answer = back(browser, f"{browser.origin}/sign-in/callback?{error}")
    assert answer.status == 403
    assert "&lt;script&gt;alert(1)" in answer.text
    assert not re.search("<script>alert|\u202e", answer.text)


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/runs\\..\\",
    "/\u2215evil.example",
    "",
    "/sign-in?to=/runs",
    "/sign-out",
    "/enter/x",
    "/api/runs",
    "/live/runs",
]


def test_nobody_is_sent_to_another_site_after_signing_in(console: Served, provider: OidcProvider) -> None:
    assert {page_of_this_console(to) for to in ELSEWHERE} == {"/runs"}
    for to in (ELSEWHERE[0], ELSEWHERE[1], ELSEWHERE[3], ELSEWHERE[5]):
        browser = console.browser()
        assert back(browser, provider.visit(to_provider(browser, to))).place == "/runs"


@pytest.mark.parametrize("to", ["/runs/20260301-021405-a1b2?page=2", "/audit?by=a%40b", "/approve/x", "/"])
def test_pages_of_this_console_are_gone_back_to(to: str) -> None:
    assert page_of_this_console(to) == to


# --- Sessions ---


def test_a_session_that_was_put_into_the_browser_before_is_of_no_use_after_signing_in(
    console: Served, provider: OidcProvider
) -> None:
    mallory = signed_in(console, provider)
    victim = console.browser()
    victim.cookies = {console.desk.cookie: mallory.cookies[console.desk.cookie]}
    provider.person = person("anna", "leads")
    assert back(victim, provider.visit(to_provider(victim))).status == 303
    assert victim.cookies[console.desk.cookie] != mallory.cookies[console.desk.cookie]
    assert mallory.get("/runs").status == 401
    made_up = console.browser()
    made_up.cookies = {console.desk.cookie: "chosen-by-mallory"}
    assert back(made_up, provider.visit(to_provider(made_up))).status == 303
    assert made_up.cookies[console.desk.cookie] != "chosen-by-mallory"


def test_a_copy_of_a_session_is_of_no_use_after_signing_out(console: Served, provider: OidcProvider) -> None:
    browser, thief = signed_in(console, provider), console.browser()
    thief.cookies = dict(browser.cookies)
    assert thief.get("/runs").status == 200
    left = browser.post("/sign-out")
    host = urlsplit(provider.issuer).netloc
    assert f"You are signed out. {host} may still know you." in words(left)
    assert [one.get("/runs").status for one in (browser, thief)] == [401, 401]
    assert thief.post("/queue/pause").status == 401
    assert console.ledger.queue.paused() is None


def test_a_session_of_another_way_in_does_not_count(console: Served, provider: OidcProvider) -> None:
    with Ledger.open(console.desk.place) as ledger:
        of_address = ledger.console.sign_in("olga@shop.example", "address")
        elsewhere = ledger.console.sign_in(
            "olga@shop.example", "oidc", issuer="https://old.example", claimed=("support",)
        )
        good = ledger.console.sign_in("olga@shop.example", "oidc", issuer=provider.issuer, claimed=("support",))
    browser = console.browser()
    found = []
    for secret in (of_address, elsewhere, good):
        browser.cookies = {console.desk.cookie: secret}
        found.append(browser.get("/runs").status)
    assert found == [401, 401, 200]


def test_there_is_no_other_way_in(console: Served, provider: OidcProvider) -> None:
    assert console.browser("adam").get("/runs").status == 401  # by a proxy's header
    assert console.browser().get("/enter/x").status == 403


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/callback?code=x&state=y"])
def test_without_a_provider_there_is_no_such_page(mine: Served, path: str) -> None:
    assert mine.browser().get(path).status == 404


# --- A provider that is away ---


def test_a_provider_that_is_away_keeps_nobody_out_who_is_signed_in_and_is_not_asked_again_at_once(
    console: Served, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx2

    browser, newcomer = signed_in(console, provider), console.browser()
    began = provider.visit(to_provider(newcomer))
    tries: list[str] = []

    def away(address: str, **how: Any) -> None:
        tries.append(address)
        raise httpx2.ConnectError("no route")

    monkeypatch.setattr(httpx2, "get", away)
    host = urlsplit(provider.issuer).netloc
    said = f"{host}, where people sign in to this console, cannot be reached now. Try again in a minute."
    answer = back(newcomer, began)
    assert (answer.status, said in words(answer)) == (503, True)
    console.desk.provider._metadata = (0.0, {})  # type: ignore[union-attr]  # there is one
    for _ in range(3):
        answer = newcomer.get("/sign-in")
        assert (answer.status, said in words(answer)) == (503, True)
    assert [one.rpartition("/")[2] for one in tries] == ["keys", "openid-configuration"]
    assert browser.get("/runs").status == 200


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"issuer": "https://evil.example"}, "calls itself https://evil.example, not http://127.0.0.1:"),
        ({"token_endpoint": None}, "does not say its token_endpoint, or it is no https:// address."),
        ({"jwks_uri": "file:///etc/passwd"}, "does not say its jwks_uri, or it is no https:// address."),
        ({"authorization_endpoint": "javascript:alert(1)"}, "does not say its authorization_endpoint, or it is no"),
    ],
)
def test_a_provider_that_is_not_the_one_of_the_settings_is_not_used(
    console: Served, provider: OidcProvider, metadata: Claims, said: str
) -> None:
    provider.metadata = metadata
    answer = console.browser().get("/sign-in")
    assert (answer.status, said in words(answer)) == (503, True), words(answer)


def test_another_console_with_the_same_secret_takes_a_ticket_and_one_without_does_not(
    console: Served, provider: OidcProvider
) -> None:
    known, here = console.desk.settings, console.desk.provider
    assert here is not None
    _, ticket = here.begin("/audit")
    same = oidc.Provider(known, console.desk.origin)
    other = oidc.Provider(known.model_copy(update={"console_oidc_secret": None}), console.desk.origin)
    with pytest.raises(oidc.NotSignedIn, match="belongs to another sign-in"):
        same.finish(ticket, {"state": "x", "code": "y"})
    with pytest.raises(oidc.NotSignedIn, match="began in another browser"):
        other.finish(ticket, {"state": "x", "code": "y"})
    for one in (same, other):
        one.threads.shutdown()
