"""The doors that shops have in front of their Admin: what each says to a command line, as a person types it.

A row a case: the command, the settings, what the server does, and the whole message. Each command ends at once, presses
nothing, and ``run`` and ``plan`` say what ``doctor`` says.
"""

import base64
import shlex
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from front_kit import PASSPHRASE, Answer, Arrived, Certificates, ForwardProxy, Front
from many_commands import Ended, ManyCommands
from practice_kit import ORDER, US

from bot.access.find_browser import BrowserChoice
from bot.sandbox import Face, Sandbox

pytestmark = pytest.mark.sampled(12)

LIST = f"{ORDER} --store {US} --reason 'Buyer Canceled'"
PLAN, RUN = f"plan {LIST}", f"run {LIST} --yes"

HTML = {"Content-Type": "text/html; charset=utf-8"}
FORM = (
    '<label for="u">{0}</label><input id="u" name="login[username]"><label for="p">{1}</label>'
    '<input id="p" type="password" name="login[password]"><button>{2}</button>'
)
SIGN_IN = FORM.format("Username", "Password", "Sign in")

LET_THROUGH = (
    "Have the shop's firewall let this machine through: by its address, or by a header that you set in "
    "COUNTERMAND_REQUEST_HEADERS."
)
ASK_FIREWALL = (
    "Ask the shop's administrator whether a firewall or a list of allowed addresses keeps this machine out. If it wants "
    "a header, set COUNTERMAND_REQUEST_HEADERS."
)
HTTP_AUTH = (
    "Set COUNTERMAND_HTTP_USERNAME and COUNTERMAND_HTTP_PASSWORD; if they are set, they were refused: check them."
)
OWN_ADDRESS = (
    "If the Admin lives there, put that address into COUNTERMAND_ADMIN_URL; if it only passes through, add the host to "
    "COUNTERMAND_ALLOWED_HOSTS."
)
ACCOUNT = "Ask an administrator for an account that signs in with a user name and a password."
NO_ADMIN = (
    "Open COUNTERMAND_ADMIN_URL in a browser: it must show the Admin's sign-in page, in English. Many shops have an Admin "
    "address of their own; the shop's administrator knows it."
)
ADDRESS = "Check COUNTERMAND_ADMIN_URL: scheme, host and port."


def page(title: str, body: str = "", status: int = 200, **headers: str) -> Answer:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, HTML | told, f"<!doctype html><title>{title}</title><body>{body}".encode()


def elsewhere(url: str) -> Answer:
    return 302, {"Location": url}, b""


Row = tuple[str, str, Answer, str]

PAGES: list[Row] = [
    # what stands there, command, the answer of the server at {here}, the message
    (
        "HTTP authentication",
        PLAN,
        page("401", status=401, WWW_Authenticate='Basic realm="Staging"'),
        "{here} asks for a user name and password of its own before the Admin's (HTTP authentication, called 'Staging'). "
        + HTTP_AUTH,
    ),
    (
        "a 401 without a window",
        RUN,
        page("Unauthorized", status=401),
        f"{{here}} asks for a user name and password of its own before the Admin's (HTTP authentication). {HTTP_AUTH}",
    ),
    (
        "HTTP authentication that no program gives",
        PLAN,
        page("401", status=401, WWW_Authenticate="Digest realm=x, nonce=y"),
        "{here} asks for a user name and password of its own before the Admin's (HTTP authentication). It wants Digest, "
        "which this program cannot give. Ask the server's administrator for a way in without it, or with Basic, from this "
        "machine.",
    ),
    (
        "a list of addresses",
        PLAN,
        page("403 Forbidden", "<h1>403 Forbidden</h1><hr>nginx", status=403),
        f"{{here}} answers, but refuses to show the page (HTTP 403, a page called '403 Forbidden'). {ASK_FIREWALL}",
    ),
    (
        "Cloudflare's question",
        RUN,
        page("Just a moment...", "Verify you are human", status=403, cf_mitigated="challenge"),
        "Cloudflare stands in front of {here} and lets only people through (a page called 'Just a moment...', HTTP 403). "
        + LET_THROUGH,
    ),
    (
        "Cloudflare's question as it was",
        PLAN,
        page("Just a moment...", "Checking your browser before accessing shop", status=503),
        "Cloudflare stands in front of {here} and lets only people through (a page called 'Just a moment...', HTTP 503). "
        + LET_THROUGH,
    ),
    (
        "Cloudflare's refusal",
        PLAN,
        page("Attention Required! | Cloudflare", "Sorry, you have been blocked", status=403),
        "Cloudflare stands in front of {here} and lets only people through (a page called 'Attention Required! | "
        f"Cloudflare', HTTP 403). {LET_THROUGH}",
    ),
    (
        "Imperva",
        PLAN,
        page("", "Request unsuccessful. Incapsula incident ID: 1-2", status=200),
        f"Imperva stands in front of {{here}} and lets only people through (HTTP 200). {LET_THROUGH}",
    ),
    (
        "Akamai",
        PLAN,
        page(
            "Access Denied", 'You don\'t have permission to access "/admin" on this server.<p>Reference #18', status=403
        ),
        f"Akamai stands in front of {{here}} and lets only people through (a page called 'Access Denied', HTTP 403). {LET_THROUGH}",
    ),
    (
        "AWS",
        PLAN,
        page("", "", status=202, x_amzn_waf_action="challenge"),
        f"AWS WAF stands in front of {{here}} and lets only people through (HTTP 202). {LET_THROUGH}",
    ),
    (
        "Sucuri",
        PLAN,
        page("Sucuri WebSite Firewall - Access Denied", "blocked", status=403),
        "Sucuri stands in front of {here} and lets only people through (a page called 'Sucuri WebSite Firewall - Access "
        f"Denied', HTTP 403). {LET_THROUGH}",
    ),
    (
        "F5",
        PLAN,
        page("Request Rejected", "The requested URL was rejected. Please consult with your administrator.", status=200),
        f"F5 stands in front of {{here}} and lets only people through (a page called 'Request Rejected', HTTP 200). {LET_THROUGH}",
    ),
    (
        "Adobe ID, at another host",
        RUN,
        elsewhere("https://ims-na1.adobelogin.com/ims/authorize/v1?client_id=x"),
        f"The Admin has people sign in with Adobe ID (at ims-na1.adobelogin.com), which a program cannot do. {ACCOUNT} Or "
        "start with --headed, and sign in by hand; for that, add ims-na1.adobelogin.com and the other hosts that its page "
        "needs to COUNTERMAND_ALLOWED_HOSTS.",
    ),
    (
        "Adobe ID, on the Admin's own page",
        PLAN,
        page("Magento Admin", "<button>Sign in with Adobe ID</button>"),
        f"The Admin has people sign in with Adobe ID (at {{here}}), which a program cannot do. {ACCOUNT} Or start with "
        "--headed, and sign in by hand.",
    ),
    (
        "Microsoft's sign-on",
        PLAN,
        elsewhere("https://login.microsoftonline.com/tenant/saml2?SAMLRequest=x"),
        "The Admin has people sign in with Microsoft Entra ID (at login.microsoftonline.com), which a program cannot do. "
        f"{ACCOUNT} Or start with --headed, and sign in by hand; for that, add login.microsoftonline.com and the other "
        "hosts that its page needs to COUNTERMAND_ALLOWED_HOSTS.",
    ),
    (
        "Okta",
        PLAN,
        elsewhere("https://shop.okta.com/app/x/sso/saml"),
        f"The Admin has people sign in with Okta (at shop.okta.com), which a program cannot do. {ACCOUNT} Or start with "
        "--headed, and sign in by hand; for that, add shop.okta.com and the other hosts that its page needs to "
        "COUNTERMAND_ALLOWED_HOSTS.",
    ),
    (
        "Keycloak on the shop's own host",
        PLAN,
        elsewhere("/realms/staff/protocol/openid-connect/auth?client_id=magento"),
        f"The Admin has people sign in with Keycloak (at {{here}}), which a program cannot do. {ACCOUNT} Or start with "
        "--headed, and sign in by hand.",
    ),
    (
        "a redirect to a dead port",
        RUN,
        elsewhere("http://127.0.0.1:{dead}/admin/"),
        f"127.0.0.1:{{dead}} refused the connection: nothing listens there. {ADDRESS}",
    ),
    (
        "a page that leads to a dead port by itself",
        PLAN,
        page("Moved", '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:{dead}/admin/">'),
        f"127.0.0.1:{{dead}} refused the connection: nothing listens there. {ADDRESS}",
    ),
    (
        "a redirect to another host",
        PLAN,
        elsewhere("https://www.shop.example/admin/"),
        f"The Admin's address leads on to www.shop.example, which is not an allowed host. {OWN_ADDRESS}",
    ),
    (
        "a redirect in circles",
        PLAN,
        elsewhere("/admin/?again"),
        "{here} sends the browser around in a circle, last to http://{here}/admin/. Use in COUNTERMAND_ADMIN_URL the address "
        "that a person's browser ends up at.",
    ),
    (
        "maintenance that says so",
        RUN,
        page("Error 503: Service Unavailable", "Service Temporarily Unavailable", status=503),
        "The Admin is in maintenance, or down (HTTP 503).",
    ),
    (
        "maintenance with a good status",
        RUN,
        page("We'll be back soon", "<h1>Scheduled maintenance</h1>"),
        '{here} is in maintenance: it answers with a page called "We\'ll be back soon" in place of the Admin (HTTP 200). Run '
        "the list again when the shop is back.",
    ),
    (
        "maintenance in German",
        PLAN,
        page("Shop", "<h1>Wartungsarbeiten</h1>Gleich wieder da"),
        "{here} is in maintenance: it answers with a page called 'Shop' in place of the Admin (HTTP 200). Run the list again "
        "when the shop is back.",
    ),
    (
        "a shop in place of the Admin",
        RUN,
        page("Shoes", "<h1>Shoes</h1>"),
        f"{{here}} answers, but with a page called 'Shoes', which is not an Admin's sign-in page in English. {NO_ADMIN}",
    ),
    (
        "no page at this address",
        PLAN,
        page("Whoops", status=404),
        f"{{here}} answers, but has no page at this address (HTTP 404). {NO_ADMIN}",
    ),
    (
        "a page that is gone",
        PLAN,
        page("Gone", status=410),
        f"{{here}} answers, but refuses to show the page (HTTP 410). {NO_ADMIN}",
    ),
    (
        "a sign-in page in German",
        PLAN,
        page("Magento Admin", FORM.format("Benutzername", "Passwort", "Anmelden")),
        "The Admin's sign-in page is in German, not in English. Set COUNTERMAND_SIGN_IN_LANGUAGE=de_DE, and "
        "COUNTERMAND_LANGUAGE to the account's.",
    ),
    (
        "a sign-in page in a language that no pack has",
        RUN,
        (200, HTML, f"<html lang='ja'><body>{FORM.format('ユーザー名', 'パスワード', 'サインイン')}".encode()),
        "{here} answers with the Admin's sign-in page, in another language (ja) than the pack's, which is English. Set "
        "COUNTERMAND_SIGN_IN_LANGUAGE if the pack has that language (docs/languages.md says how to add one), or have the "
        "account and the sign-in page set to English in the Admin.",
    ),
    (
        "an Admin in a language that no pack has",
        PLAN,
        (200, HTML, "<html lang='ja'><body><nav class='admin__menu'><a href='#'>マーケティング</a></nav>".encode()),
        "{here} answers with the Admin's pages, in another language (ja) than the pack's, which is English. Set "
        "COUNTERMAND_LANGUAGE if the pack has that language (docs/languages.md says how to add one), or have the account "
        "and the sign-in page set to English in the Admin.",
    ),
    (
        "reCAPTCHA on the form",
        RUN,
        page("Magento Admin", f"<form>{SIGN_IN}<div class='g-recaptcha'></div></form>"),
        "The Admin's sign-in form has Google reCAPTCHA, which a program cannot pass. Nothing was entered. Ask an "
        "administrator to switch reCAPTCHA off for the Admin's sign-in, or sign in by hand: start with --headed and "
        "COUNTERMAND_ALLOWED_HOSTS=www.google.com,www.gstatic.com.",
    ),
    (
        "a form that comes back without a word",
        RUN,
        page("Magento Admin", f"<form method='post'>{SIGN_IN}</form>"),
        "The sign-in form came back without a word: the browser was given no session cookie that it keeps for this address. "
        "The password was not looked at. Use in COUNTERMAND_ADMIN_URL exactly the address that the Admin has configured (Base "
        "URL: scheme, host, port), and ask the shop's administrator about the cookie's domain and path, and whether it is "
        "for https:// only.",
    ),
    (
        "a form that comes back, and the cookie too",
        PLAN,
        page("Magento Admin", f"<form method='post'>{SIGN_IN}</form>", Set_Cookie="admin=new; path=/"),
        "The sign-in form came back without a word: the Admin's session cookie was lost on the way. The password was not "
        "looked at. Use in COUNTERMAND_ADMIN_URL exactly the address that the Admin has configured (Base URL: scheme, host, "
        "port), and ask the shop's administrator about the cookie's domain and path, and whether it is for https:// only.",
    ),
    (
        "a form of another session",
        RUN,
        page(
            "Admin",
            f"<div class='messages'><div class='message'>Invalid Form Key. Please refresh the page.</div></div>"
            f"<form method='post'>{SIGN_IN}</form>",
        ),
        "The Admin refused its own sign-in form (Invalid Form Key), so the password was not looked at. Run it again. If it "
        "happens again, the Admin's session cookie is lost on the way: ask the shop's administrator about the cookie's domain "
        "and path, and whether the Admin's address is the one that it has configured (Base URL).",
    ),
    (
        "words that nobody knows",
        PLAN,
        page("Admin", f"<form method='post'>{SIGN_IN}</form><div role='alert'>Your plan does not include this.</div>"),
        "The sign-in form came back, and the page says: 'Your plan does not include this.'. Check COUNTERMAND_USERNAME and "
        "COUNTERMAND_PASSWORD, and sign in by hand once. It counts as a refusal.",
    ),
    (
        "a form that is never sent",
        RUN,
        page("Magento Admin", f"<form onsubmit='return false'>{SIGN_IN}</form>"),
        "The sign-in form was not sent within 3 s of clicking Sign in. That is no attempt. Look with --headed at what the "
        "page shows, and sign in by hand there.",
    ),
]

ALL = "Every setting is listed in .env.example."

SETTINGS: list[tuple[str, str, dict[str, str], str]] = [
    # what is wrong, command, settings ({folder} has the certificates), the message
    (
        "an address with a password",
        PLAN,
        {"ADMIN_URL": "https://bot:secret@shop.example/admin"},
        "environment: COUNTERMAND_ADMIN_URL: it must not contain a user name or password; set COUNTERMAND_HTTP_USERNAME and "
        "COUNTERMAND_HTTP_PASSWORD for HTTP authentication, COUNTERMAND_USERNAME and COUNTERMAND_PASSWORD for the Admin's own "
        "account.",
    ),
    (
        "half of HTTP authentication",
        PLAN,
        {"HTTP_USERNAME": "staging"},
        "environment: COUNTERMAND_HTTP_USERNAME: set both COUNTERMAND_HTTP_USERNAME and COUNTERMAND_HTTP_PASSWORD, or "
        "neither.",
    ),
    (
        "the other half",
        RUN,
        {"HTTP_PASSWORD": "secret"},
        "environment: COUNTERMAND_HTTP_PASSWORD: set both COUNTERMAND_HTTP_USERNAME and COUNTERMAND_HTTP_PASSWORD, or "
        "neither.",
    ),
    (
        "a colon in the user name",
        PLAN,
        {"HTTP_USERNAME": "a:b", "HTTP_PASSWORD": "secret"},
        "environment: COUNTERMAND_HTTP_PASSWORD: COUNTERMAND_HTTP_USERNAME must not contain a colon: nothing could tell "
        "where it ends.",
    ),
    (
        "a header without a name",
        PLAN,
        {"REQUEST_HEADERS": "secret"},
        "environment: COUNTERMAND_REQUEST_HEADERS: write it as Name: value, and several with a semicolon between them.",
    ),
    (
        "a header of the browser's own",
        PLAN,
        {"REQUEST_HEADERS": "Host: shop.example"},
        "environment: COUNTERMAND_REQUEST_HEADERS: Host is a header that the browser writes itself; it cannot be set.",
    ),
    (
        "a header twice",
        PLAN,
        {"REQUEST_HEADERS": "X-Pass: 1; x-pass: 2"},
        "environment: COUNTERMAND_REQUEST_HEADERS: x-pass is set twice.",
    ),
    (
        "a header with letters that none has",
        PLAN,
        {"REQUEST_HEADERS": "X-Pass: gehéim"},
        "environment: COUNTERMAND_REQUEST_HEADERS: the value of X-Pass has characters that no header may have.",
    ),
    (
        "two answers to HTTP authentication",
        PLAN,
        {"HTTP_USERNAME": "a", "HTTP_PASSWORD": "b", "REQUEST_HEADERS": "Authorization: Bearer x"},
        "environment: COUNTERMAND_REQUEST_HEADERS: Authorization is what COUNTERMAND_HTTP_USERNAME is for: leave out one of "
        "them.",
    ),
    (
        "a proxy without a scheme",
        PLAN,
        {"PROXY": "proxy.example:3128"},
        "environment: COUNTERMAND_PROXY: it must be an address such as http://proxy.example:3128; http, https and socks5 are "
        "known.",
    ),
    (
        "a proxy of another kind",
        PLAN,
        {"PROXY": "socks4://proxy.example:1080"},
        "environment: COUNTERMAND_PROXY: it must be an address such as http://proxy.example:3128; http, https and socks5 are "
        "known.",
    ),
    (
        "a proxy with a password",
        PLAN,
        {"PROXY": "http://bot:secret@proxy.example:3128"},
        "environment: COUNTERMAND_PROXY: it must not contain a user name or password; set COUNTERMAND_PROXY_USERNAME and "
        "COUNTERMAND_PROXY_PASSWORD.",
    ),
    (
        "an account at no proxy",
        PLAN,
        {"PROXY_USERNAME": "bot", "PROXY_PASSWORD": "secret"},
        "environment: COUNTERMAND_PROXY_PASSWORD: COUNTERMAND_PROXY_USERNAME goes with COUNTERMAND_PROXY, which is not set.",
    ),
    (
        "an account at a proxy that takes none",
        PLAN,
        {"PROXY": "socks5://proxy.example:1080", "PROXY_USERNAME": "bot", "PROXY_PASSWORD": "secret"},
        "environment: COUNTERMAND_PROXY_PASSWORD: browsers can give no user name to a socks5 proxy: use one that lets this "
        "machine through.",
    ),
    (
        "a certificate that is not there",
        PLAN,
        {"CLIENT_CERTIFICATE": "{folder}/nobody.pem"},
        "environment: COUNTERMAND_CLIENT_CERTIFICATE: the file {folder}/nobody.pem cannot be read: No such file or directory.",
    ),
    (
        "a certificate without its key",
        PLAN,
        {"CLIENT_CERTIFICATE": "{folder}/client.pem"},
        "environment: COUNTERMAND_CLIENT_CERTIFICATE: the file {folder}/client.pem holds no private key: name the file that "
        "does in COUNTERMAND_CLIENT_CERTIFICATE_KEY.",
    ),
    (
        "a key without its certificate",
        PLAN,
        {"CLIENT_CERTIFICATE_KEY": "{folder}/client.key"},
        "environment: COUNTERMAND_CLIENT_CERTIFICATE_KEY: COUNTERMAND_CLIENT_CERTIFICATE is not set, which this belongs to.",
    ),
    (
        "the key of another certificate",
        RUN,
        {"CLIENT_CERTIFICATE": "{folder}/client.pem", "CLIENT_CERTIFICATE_KEY": "{folder}/server.key"},
        "environment: COUNTERMAND_CLIENT_CERTIFICATE: the key in {folder}/server.key is not the one of the certificate in "
        "{folder}/client.pem.",
    ),
    (
        "a locked key",
        PLAN,
        {"CLIENT_CERTIFICATE": "{folder}/client.pem", "CLIENT_CERTIFICATE_KEY": "{folder}/locked.key"},
        "environment: COUNTERMAND_CLIENT_CERTIFICATE: the key in {folder}/locked.key needs "
        "COUNTERMAND_CLIENT_CERTIFICATE_PASSPHRASE.",
    ),
    (
        "a wrong passphrase",
        PLAN,
        {
            "CLIENT_CERTIFICATE": "{folder}/client.pem",
            "CLIENT_CERTIFICATE_KEY": "{folder}/locked.key",
            "CLIENT_CERTIFICATE_PASSPHRASE": "secret",
        },
        "environment: COUNTERMAND_CLIENT_CERTIFICATE_PASSPHRASE: the key in {folder}/locked.key cannot be read, or its "
        "passphrase is wrong.",
    ),
    (
        "a locked store of keys",
        PLAN,
        {"CLIENT_CERTIFICATE": "{folder}/client.p12"},
        "environment: COUNTERMAND_CLIENT_CERTIFICATE: the file {folder}/client.p12 cannot be opened: it is no certificate, or "
        "it needs COUNTERMAND_CLIENT_CERTIFICATE_PASSPHRASE.",
    ),
    (
        "hosts that are not named whole",
        PLAN,
        {
            "CLIENT_CERTIFICATE": "{folder}/client.pem",
            "CLIENT_CERTIFICATE_KEY": "{folder}/client.key",
            "ALLOWED_HOSTS": "*.shop.example",
        },
        "environment: COUNTERMAND_CLIENT_CERTIFICATE: with a client certificate each host is named whole, because its own "
        "certificate is checked one by one: replace *.shop.example in COUNTERMAND_ALLOWED_HOSTS.",
    ),
    (
        "a server's certificate as an authority",
        PLAN,
        {"CERTIFICATE_AUTHORITY": "{folder}/server.pem"},
        "environment: COUNTERMAND_CERTIFICATE_AUTHORITY: the certificate of CN=127.0.0.1 in {folder}/server.pem is a server's, "
        "not an authority's: name the one that signed it.",
    ),
    (
        "a key as an authority",
        PLAN,
        {"CERTIFICATE_AUTHORITY": "{folder}/server.key"},
        "environment: COUNTERMAND_CERTIFICATE_AUTHORITY: the file {folder}/server.key has no certificate in PEM (-----BEGIN "
        "CERTIFICATE-----).",
    ),
    (
        "a two-factor secret that is not base32",
        PLAN,
        {"TOTP_SECRET": "123456"},
        "environment: COUNTERMAND_TOTP_SECRET: it must be the secret as the Admin shows it beside the QR code: base32, "
        "letters A to Z and digits 2 to 7, spaces allowed.",
    ),
]

CAPTCHA = (
    "The Admin asks for the words in a picture (CAPTCHA), which a program cannot read. Sign in by hand once with this "
    "account (--headed shows the browser); the next sign-in then needs no CAPTCHA."
)

ADMINS: list[tuple[str, str, dict[str, Any], dict[str, str], str]] = [
    # what the Admin does, command, its switches, settings, the message
    (
        "a CAPTCHA on the form",
        RUN,
        {"captcha": True},
        {},
        CAPTCHA,
    ),
    (
        "a refused reCAPTCHA",
        RUN,
        {"recaptcha": True},
        {},
        "The Admin requires Google reCAPTCHA at sign-in, which a program cannot pass. Ask an administrator to switch "
        "reCAPTCHA off for the Admin's sign-in, or sign in by hand with --headed.",
    ),
    (
        "a wrong password",
        PLAN,
        {},
        {"PASSWORD": "wrong"},
        "The Admin refused the user name or password, or the account is locked for a while. Check COUNTERMAND_USERNAME and "
        "COUNTERMAND_PASSWORD. It is not tried again, because six failures lock an account.",
    ),
    (
        "a password that must be changed",
        RUN,
        {"password_expired": True},
        {},
        "The Admin forces this account to change its password, and shows nothing else until then. Sign in by hand with this "
        "account, change its password, and set COUNTERMAND_PASSWORD to the new one. An administrator can also set the "
        "password's lifetime (Stores > Configuration > Advanced > Admin > Security).",
    ),
    (
        "a password that should be changed",
        PLAN,
        {"password_old": True},
        {},
        "1 of 1 order would be canceled",
    ),
    (
        "a two-factor secret of 16 letters",
        PLAN,
        {"two_factor": "JBSWY3DPEHPK3PXP"},
        {"TOTP_SECRET": "JBSW Y3DP EHPK 3PXP"},
        "1 of 1 order would be canceled",
    ),
    (
        "a two-factor secret as the Admin makes them",
        PLAN,
        {"two_factor": ("JBSWY3DPEHPK3PXP" * 14)[:212]},
        {"TOTP_SECRET": ("JBSWY3DPEHPK3PXP" * 14)[:212]},
        "1 of 1 order would be canceled",
    ),
    (
        "a status as the store",
        f"run {ORDER} --store Active --reason 'Buyer Canceled' --yes",
        {},
        {},
        "There is no store 'Active' on the Amazon Sales Channel home page.",
    ),
    (
        "a website as the store",
        f"run {ORDER} --store 'Main Website' --reason 'Buyer Canceled' --yes",
        {"labels_apart": True},
        {},
        "There is no store 'Main Website' on the Amazon Sales Channel home page.",
    ),
    (
        "a folder for temporary files that is not there",
        PLAN,
        {},
        {"TMPDIR": "/no/such/folder"},
        "The folder for temporary files, /no/such/folder (the variable TMPDIR), does not exist, and the browser needs one. "
        "Make it, or set TMPDIR to a folder that you may write to.",
    ),
]


@pytest.fixture(scope="module")
def many() -> Iterator[ManyCommands]:
    with ManyCommands() as many:
        yield many


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def practice() -> Iterator[Sandbox]:
    with Sandbox(face=Face.PLAIN) as practice:
        yield practice


@pytest.fixture
def shop(practice: Sandbox) -> Sandbox:
    """The practice Admin as at the start; nobody can press the Commerce order's own Cancel in these tests."""
    practice.reset()
    return practice


Typed = Callable[..., Ended]


@pytest.fixture
def typed(many: ManyCommands, shop: Sandbox, browser_choice: BrowserChoice, tmp_path: Path) -> Typed:
    """Enters a command as a person types it, in an empty folder, and says how it ended and all that it said."""

    def typed(command: str, **settings: str) -> Ended:
        given = {"ADMIN_URL": shop.url, "USERNAME": shop.username, "PASSWORD": shop.password, "SETTLE": "0"}
        # Left out, a browser is found that a proxy can be set for.
        if browser_choice.executable and "PROXY" not in settings:
            given["BROWSER"] = str(browser_choice.executable)
        environment = {
            name if name == "TMPDIR" else f"COUNTERMAND_{name}": value for name, value in (given | settings).items()
        }
        return many.run(
            tmp_path, *shlex.split(command), PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring", **environment
        )

    return typed


def one_line(ended: Ended) -> str:
    return " ".join((ended.out + ended.err).split())


@pytest.fixture(scope="module")
def dead() -> Iterator[int]:
    """A port where nothing listens, and nobody else can begin to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize(("command", "answer", "message"), [row[1:] for row in PAGES], ids=[row[0] for row in PAGES])
def test_what_stands_in_front_is_named_at_once(
    typed: Typed, shop: Sandbox, dead: int, command: str, answer: Answer, message: str
) -> None:
    status, headers, body = answer
    headers = {name: value.replace("{dead}", str(dead)) for name, value in headers.items()}
    told = (status, headers, body.replace(b"{dead}", str(dead).encode()))
    ways = {"/realms/staff/protocol/openid-connect/auth": page("Log in to staff", "<input type=password>")}
    with Front(shop.url, refuse=lambda arrived: ways.get(arrived.path.partition("?")[0], told)) as front:
        settings = {"TIMEOUT": "3"} if "within 3 s" in message else {}
        ended = typed(command, ADMIN_URL=front.url(), **settings)
        here = f"127.0.0.1:{front.server_port}"
        assert message.replace("{here}", here).replace("{dead}", str(dead)) in one_line(ended)
        assert ended.status == 3
        assert [arrived.method for arrived in front.arrived].count("POST") <= 1
    assert shop.journal.cancels == ()


@pytest.mark.parametrize(
    ("command", "settings", "message"), [row[1:] for row in SETTINGS], ids=[row[0] for row in SETTINGS]
)
def test_a_setting_that_is_wrong_is_named_before_anything_is_opened(
    typed: Typed, certificates: Certificates, tmp_path: Path, command: str, settings: dict[str, str], message: str
) -> None:
    def here(text: str) -> str:
        return text.replace("{folder}", str(certificates.folder))

    ended = typed(command, **{name: here(value) for name, value in settings.items()})
    assert ended == (2, "", f"{here(message)}\n{ALL}\n")
    assert not (tmp_path / "runs").exists()
    assert "secret" not in ended.err.replace("secret as the Admin", "")


@pytest.mark.parametrize(
    ("command", "faults", "settings", "message"), [row[1:] for row in ADMINS], ids=[row[0] for row in ADMINS]
)
def test_what_the_admin_wants_is_named_or_given(
    typed: Typed, shop: Sandbox, command: str, faults: dict[str, Any], settings: dict[str, str], message: str
) -> None:
    shop.faults.update(faults)
    ended = typed(command, **settings)
    assert message in one_line(ended)
    assert shop.journal.cancels == ()


def test_the_tables_have_at_least_eighty_rows() -> None:
    assert len(PAGES) + len(SETTINGS) + len(ADMINS) + len(DOORS) >= 80


# --- Doors that open with a setting -------------------------------------------------------------------------------

NAME, PASS = "staging", "pass of the test"


def asks_for_password(arrived: Arrived) -> Answer | None:
    wanted = f"Basic {base64.b64encode(f'{NAME}:{PASS}'.encode()).decode()}"
    if arrived.headers.get("authorization") == wanted:
        return None
    return page("401", status=401, WWW_Authenticate='Basic realm="Staging"')


def asks_for_headers(arrived: Arrived) -> Answer | None:
    if (arrived.headers.get("x-shop-id"), arrived.headers.get("x-shop-pass")) == ("bot", PASS):
        return None
    return page("Forbidden", status=403)


def open_door(arrived: Arrived) -> Answer | None:
    return None


FRONT_PASSWORD = {"HTTP_USERNAME": NAME, "HTTP_PASSWORD": PASS}
CLIENT = {"CLIENT_CERTIFICATE": "{folder}/client.pem", "CLIENT_CERTIFICATE_KEY": "{folder}/client.key"}
TRUST = {"CERTIFICATE_AUTHORITY": "{folder}/authority.pem"}
CANCELED = "1 of 1 order canceled"
WANTS_CERTIFICATE = (
    "wants a certificate from the browser (TLS client certificate). Name one that the server trusts in "
    "COUNTERMAND_CLIENT_CERTIFICATE, or ask the server's administrator for a way in without one from this machine."
)

DOORS: list[tuple[str, str, Callable[[Arrived], Answer | None], dict[str, str], str]] = [
    # the door, its kind (tls; client, also unheard; proxy, also one with an account), what it asks for, settings, the
    # message of run
    ("HTTP authentication", "", asks_for_password, FRONT_PASSWORD, CANCELED),
    (
        "HTTP authentication, refused",
        "",
        asks_for_password,
        {"HTTP_USERNAME": NAME, "HTTP_PASSWORD": "wrong"},
        f"asks for a user name and password of its own before the Admin's (HTTP authentication, called 'Staging'). {HTTP_AUTH}",
    ),
    ("headers", "", asks_for_headers, {"REQUEST_HEADERS": f"X-Shop-Id: bot; X-Shop-Pass: {PASS}"}, CANCELED),
    (
        "headers, refused",
        "",
        asks_for_headers,
        {"REQUEST_HEADERS": "X-Shop-Pass: wrong"},
        f"refuses to show the page (HTTP 403, a page called 'Forbidden'). {ASK_FIREWALL}",
    ),
    ("an authority of the shop's own", "tls", open_door, TRUST, CANCELED),
    (
        "an authority that nobody named",
        "tls",
        open_door,
        {},
        "is self-signed, or of an authority that this machine does not know. If it is from an authority of your own, name "
        "that authority's file (PEM) in COUNTERMAND_CERTIFICATE_AUTHORITY, or add it to this machine's trust store; or have "
        "the shop's server use a certificate of a known authority.",
    ),
    ("a client certificate", "client", open_door, CLIENT | TRUST, CANCELED),
    (
        "a client certificate from a locked store",
        "client",
        open_door,
        {"CLIENT_CERTIFICATE": "{folder}/client.p12", "CLIENT_CERTIFICATE_PASSPHRASE": PASSPHRASE} | TRUST,
        CANCELED,
    ),
    (
        "a client certificate that nobody named",
        "client",
        open_door,
        TRUST,
        WANTS_CERTIFICATE,
    ),
    (
        "a client certificate that nobody named, and a refusal that the browser did not hear",
        "client, unheard",
        open_door,
        TRUST,
        WANTS_CERTIFICATE,
    ),
    (
        "a client certificate, and a server that nobody knows",
        "client",
        open_door,
        CLIENT,
        "is not one that this machine trusts (self-signed certificate in certificate chain). If it is from an authority of "
        "your own, name that authority's file in COUNTERMAND_CERTIFICATE_AUTHORITY.",
    ),
    ("a proxy", "proxy", open_door, {}, CANCELED),
    (
        "a proxy with an account",
        "proxy, account",
        open_door,
        {"PROXY_USERNAME": NAME, "PROXY_PASSWORD": "proxy-pass"},
        CANCELED,
    ),
    (
        "a proxy with an account that nobody named",
        "proxy, account",
        open_door,
        {},
        "The proxy asks for a user name and password, or refuses those that it was given (HTTP 407). Set "
        "COUNTERMAND_PROXY_USERNAME and COUNTERMAND_PROXY_PASSWORD; if they are set, check them.",
    ),
    (
        "a proxy with an account, and an encrypted Admin",
        "tls, proxy, account",
        open_door,
        TRUST | {"PROXY_USERNAME": NAME, "PROXY_PASSWORD": "proxy-pass"},
        CANCELED,
    ),
    (
        "a proxy with an account that nobody named, and an encrypted Admin",
        "tls, proxy, account",
        open_door,
        TRUST,
        "The proxy asks for a user name and password, or refuses those that it was given (HTTP 407). Set "
        "COUNTERMAND_PROXY_USERNAME and COUNTERMAND_PROXY_PASSWORD; if they are set, check them.",
    ),
    ("a client certificate through a proxy", "client, proxy", open_door, CLIENT | TRUST, CANCELED),
    (
        "HTTP authentication and a client certificate",
        "client",
        asks_for_password,
        CLIENT | TRUST | FRONT_PASSWORD,
        CANCELED,
    ),
    (
        "a proxy where nothing listens",
        "",
        open_door,
        {"PROXY": "http://127.0.0.1:{dead}", "ADMIN_URL": "https://shop.test/admin"},
        "The proxy could not be used to reach shop.test (ERR_PROXY_CONNECTION_FAILED). Check COUNTERMAND_PROXY: scheme, host "
        "and port, and whether the proxy lets this machine reach the shop.",
    ),
    (
        "everything at once",
        "client",
        asks_for_headers,
        CLIENT | TRUST | {"REQUEST_HEADERS": f"X-Shop-Id: bot; X-Shop-Pass: {PASS}"},
        CANCELED,
    ),
]


@pytest.mark.parametrize(
    ("kind", "asks", "settings", "message"), [row[1:] for row in DOORS], ids=[row[0] for row in DOORS]
)
def test_a_door_opens_with_its_setting_for_the_browser_and_for_the_cancel(
    typed: Typed,
    shop: Sandbox,
    certificates: Certificates,
    dead: int,
    kind: str,
    asks: Callable[[Arrived], Answer | None],
    settings: dict[str, str],
    message: str,
) -> None:
    kinds = kind.split(", ")
    asks_for_client, proxied = "client" in kinds, "proxy" in kinds
    tls = certificates.server(asks_for_client=asks_for_client) if asks_for_client or "tls" in kinds else None
    told = {
        name: value.replace("{folder}", str(certificates.folder)).replace("{dead}", str(dead))
        for name, value in settings.items()
    }
    user = f"{NAME}:proxy-pass" if "account" in kinds else ""
    with Front(shop.url, tls=tls, refuse=asks, cuts_browsers="unheard" in kinds) as front, ForwardProxy(user) as proxy:
        if proxied:
            told |= {"PROXY": proxy.url, "ALLOW_HTTP": "shop.test"}
        address = front.url("shop.test") if proxied else front.url()
        ended = typed(RUN, **({"ADMIN_URL": address} | told))
        said = one_line(ended)
        assert message in said
        canceled = [(cancel.order, cancel.store, cancel.reason) for cancel in shop.journal.cancels]
        assert canceled == ([(ORDER, US, "BuyerCanceled")] if message == CANCELED else [])
        assert (ended.status == 0) is (message == CANCELED)
        if message == CANCELED:
            let_in = [arrived for arrived in front.arrived if asks(arrived) is None]
            assert let_in == [
                arrived for arrived in front.arrived if arrived.path != "/favicon.ico" or arrived in let_in
            ]
            cancels = [arrived for arrived in front.arrived if b"cancelOrder" in arrived.body]
            assert [arrived.shown for arrived in cancels] == ["bot" if asks_for_client else ""]
            if proxied:
                assert {host_asked_for(arrived.path) for arrived in proxy.arrived} == {"shop.test"}
        for secret in ("wrong", PASS, PASSPHRASE, "proxy-pass"):
            assert secret not in said


def host_asked_for(target: str) -> str:
    """The host that a proxy was asked for, in either form."""
    return target.partition("://")[2].partition("/")[0].partition(":")[0] or target.partition(":")[0]


@pytest.mark.parametrize(
    ("kind", "asks", "settings"),
    [
        pytest.param(
            "client",
            asks_for_headers,
            CLIENT | TRUST | {"REQUEST_HEADERS": f"X-Shop-Id: bot; X-Shop-Pass: {PASS}"},
            id="all",
        ),
        pytest.param(
            "proxy",
            asks_for_password,
            FRONT_PASSWORD | {"PROXY_USERNAME": NAME, "PROXY_PASSWORD": "proxy-pass", "ALLOW_HTTP": "shop.test"},
            id="proxy and HTTP authentication",
        ),
    ],
)
def test_the_doctor_gets_in_by_the_same_settings(
    typed: Typed,
    shop: Sandbox,
    certificates: Certificates,
    kind: str,
    asks: Callable[[Arrived], Answer | None],
    settings: dict[str, str],
) -> None:
    told = {name: value.replace("{folder}", str(certificates.folder)) for name, value in settings.items()}
    tls = certificates.server(asks_for_client=True) if kind == "client" else None
    with Front(shop.url, tls=tls, refuse=asks) as front, ForwardProxy(f"{NAME}:proxy-pass") as proxy:
        if kind == "proxy":
            told |= {"PROXY": proxy.url, "ADMIN_URL": front.url("shop.test")}
        ended = typed(f"doctor --store {US}", **({"ADMIN_URL": front.url()} | told))
        assert ("cancelOrder" in str([arrived.body for arrived in front.arrived]), ended.status) == (False, 0)
        assert bool(proxy.arrived) is (kind == "proxy")
    assert "FAILED" not in ended.out
    assert shop.journal.cancels == ()


SAME_WORDS = (
    "HTTP authentication",
    "Cloudflare's question",
    "Adobe ID, at another host",
    "a redirect to a dead port",
    "maintenance with a good status",
    "a sign-in page in German",
    "a form of another session",
)


@pytest.mark.parametrize(("answer", "message"), [row[2:] for row in PAGES if row[0] in SAME_WORDS], ids=SAME_WORDS)
def test_run_plan_and_doctor_say_the_same_of_a_door(
    typed: Typed, shop: Sandbox, dead: int, answer: Answer, message: str
) -> None:
    status, headers, body = answer
    headers = {name: value.replace("{dead}", str(dead)) for name, value in headers.items()}
    with Front(shop.url, refuse=lambda arrived: (status, headers, body)) as front:
        here = f"127.0.0.1:{front.server_port}"
        wanted = (
            message.replace("{here}", here).replace("{dead}", str(dead)).replace("Run the list again", "Run it again")
        )
        for command in (RUN, PLAN, f"doctor --store {US}"):
            said = one_line(typed(command, ADMIN_URL=front.url()))
            assert wanted in said.replace(" -> ", " ").replace("Run the list again", "Run it again"), command
    assert shop.journal.cancels == ()


def test_an_admin_that_leaves_https_is_not_signed_in_to(
    typed: Typed, shop: Sandbox, certificates: Certificates
) -> None:
    told = {name: value.replace("{folder}", str(certificates.folder)) for name, value in TRUST.items()}
    with Front(shop.url) as plain:
        leads_there = elsewhere(plain.url())
        with Front(shop.url, tls=certificates.server(), refuse=lambda arrived: leads_there) as front:
            ended = typed(RUN, ADMIN_URL=front.url(), **told)
        assert (
            f"The Admin's sign-in page came over http:// from 127.0.0.1:{plain.server_port}, although the Admin's address "
            "is https://; no secret was typed into it."
        ) in one_line(ended)
        assert {arrived.method for arrived in plain.arrived} == {"GET"}
    assert ended.status == 3
    assert shop.journal.cancels == ()


def test_a_host_among_the_exceptions_is_reached_without_the_proxy(typed: Typed, shop: Sandbox) -> None:
    with Front(shop.url) as front, ForwardProxy("") as proxy:
        told = {"ADMIN_URL": front.url("shop.test"), "ALLOW_HTTP": "shop.test", "PROXY": proxy.url}
        ended = typed(PLAN, **told, PROXY_BYPASS="elsewhere.test,shop.test")
        assert proxy.arrived == []
        assert front.arrived == []  # only the proxy knows where this host is
    assert "shop.test" in one_line(ended)
    assert ended.status == 3
