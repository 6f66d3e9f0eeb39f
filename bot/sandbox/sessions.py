"""Who is signed in to the practice Admin: sessions, keys and locked accounts, as the Admin handles them."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.shop import Store

PASSWORD = "practice123"
"""The password of every practice account."""
ACCOUNTS = ("demo", "channels", *(f"worker-{number}" for number in range(1, 9)))
"""The practice accounts. Several, because a second sign-in with one account ends its first session."""
PICTURE_AFTER = 3
"""Wrong passwords in a row after which the sign-in form shows a CAPTCHA."""
PICTURE = "K7mP4"
"""The letters and numbers in the picture."""
TRIES = 6
"""Wrong passwords in a row that lock an account."""

WRONG = "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later."
EXPIRED = "Your current session has been expired."
TAKEN_OVER = "Someone logged into this account from another device or browser. Your current session is terminated."
OTHERS_ENDED = "All other open sessions for this account were terminated."
SET_UP = "You need to configure Two-Factor Authorization in order to proceed to your store's admin area"
RECAPTCHA = "reCAPTCHA verification failed."
WRONG_PICTURE = "Incorrect CAPTCHA."
CHANGE_PASSWORD = "It's time to change your password."
BAD_KEY = "Invalid security or form key. Please refresh the page."


@dataclass(eq=False)
class Session:
    """One browser's session, with somebody signed in or nobody."""

    id: str = field(default_factory=lambda: secrets.token_hex(16))
    form_key: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    account: str = ""
    """Who is signed in; empty for nobody."""
    owes_code: bool = False
    """Whether the password was good and the second factor is still to come."""
    seen: float = 0.0
    """When it was last used, in seconds of the clock."""
    messages: list[tuple[str, str]] = field(default_factory=list)
    """Banners (kind, words) for the next page."""
    asks_picture: bool = False
    """Whether its sign-in form asks for the words in a picture."""
    redirected: bool = False
    """Whether a background request was sent to the sign-in page since the session ended."""
    usage_answered: bool = False
    notes_closed: bool = False
    listed_store: Store | None = None
    """The store whose orders were listed first since the page was loaded."""

    def key(self, route: str) -> str:
        """The secret key, 64 hexadecimal digits, that a URL with this route needs in this session."""
        return hashlib.sha256(f"{route} {self.form_key}".encode()).hexdigest()

    def url(self, route: str, **parameters: str) -> str:
        """The path, with its key, of one of the Admin's pages."""
        pairs = "".join(f"{name}/{value}/" for name, value in parameters.items())
        return f"/admin/{route}/{pairs}key/{self.key(route)}/"

    def take_messages(self) -> list[tuple[str, str]]:
        """The banners that wait for the next page; they wait no longer."""
        waiting, self.messages = self.messages, []
        return waiting


class Sessions:
    """Every session of the practice Admin. Account sharing is off, as it is by default in the Admin.

    ``lifetime`` is in seconds; ``clock`` tells seconds.
    """

    def __init__(self, lifetime: float = 900.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._failures: dict[str, int] = {}

    def find(self, session_id: str) -> Session:
        """The session of that id, or a new one with nobody signed in. One unused for too long has expired."""
        session = self._sessions.get(session_id) or self._add(Session())
        now = self._clock()
        if session.account and now - session.seen > self._lifetime:
            self.end(session, EXPIRED)
        session.seen = now
        return session

    def sign_in(self, session: Session, account: str, password: str) -> Session | None:
        """Sign somebody in: the new session, or none if the password is wrong or the account locked."""
        failures = self._failures.get(account, 0)
        if account not in ACCOUNTS or password != PASSWORD or failures >= TRIES:
            self._failures[account] = failures + 1
            session.asks_picture = failures + 1 >= PICTURE_AFTER
            return None
        self._failures.pop(account, None)
        fresh = self._add(Session(account=account, seen=self._clock()))
        for other in list(self._sessions.values()):
            if other is not fresh and other.account == account:
                self.end(other, TAKEN_OVER)
                fresh.messages = [("warning", OTHERS_ENDED)]
        self._sessions.pop(session.id, None)
        return fresh

    def wants_picture(self, account: str) -> bool:
        """Whether a sign-in with this account needs the words in the picture, on whatever form it was entered."""
        return self._failures.get(account, 0) >= PICTURE_AFTER

    def end(self, session: Session, why: str = "") -> None:
        """End a session; its next page is the sign-in form with the words ``why``."""
        session.account = ""
        session.redirected = False
        session.form_key = secrets.token_urlsafe(12)
        session.messages = [("error", why)] if why else []

    def clear(self) -> None:
        """Forget every session, and every wrong password."""
        self._sessions.clear()
        self._failures.clear()

    def _add(self, session: Session) -> Session:
        self._sessions[session.id] = session
        return session
