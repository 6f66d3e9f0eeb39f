"""Signing in to the Admin.

The manual: open the Admin's address; enter *Username* and *Password*; click *Sign in*. Where the Admin asks for it,
enter the *Authenticator code* and click *Confirm*.
"""

from pydantic import SecretStr

from bot.access.attempts import one_try, wait_for_a_person
from bot.access.form import refuse_forced_password_change, send_form
from bot.access.two_factor import codes_refused, fresh_code, no_secret
from bot.admin import Admin
from bot.admin.first_page import reach
from bot.errors import CannotSignIn, CodeRefused
from bot.ledger.signins import Factor


def sign_in(admin: Admin, username: str, password: SecretStr, totp_secret: SecretStr | None = None) -> None:
    """Open the Admin and sign in, or go on where a session still holds. Where a person looks on, they may do the rest.

    Raises:
        RunStopped: the Admin cannot be reached, is down, refused the user name, the password or two codes, or asks for
            something that this program cannot answer. A password is tried once: a locked account helps nobody.
    """
    try:
        with admin.step("open_admin"):
            screen = reach(admin)
            admin.on_arrival(screen)
        if screen.spec.screen == "sign_in":
            with admin.step("sign_in"):
                screen = send_form(admin, screen, username, password)
                admin.on_arrival(screen)
        if screen.spec.screen == "two_factor":
            enter_codes(admin, username, totp_secret)
        refuse_forced_password_change(admin)
    except CannotSignIn as why:
        if not admin.options.by_hand:
            raise
        with admin.step("sign_in_by_hand"):
            wait_for_a_person(admin, username, why)


def enter_codes(admin: Admin, username: str, totp_secret: SecretStr | None) -> None:
    """Enter a two-factor code that was never used, and another one if it is refused.

    Raises:
        CannotSignIn: there is no secret, or both codes were refused. A third is not tried: ten block the account.
    """
    if totp_secret is None:
        raise no_secret()
    try:
        enter_one_code(admin, username, totp_secret)
    except CodeRefused:
        with admin.step("open_admin"):
            admin.open()
            admin.arrive("two_factor")
        try:
            enter_one_code(admin, username, totp_secret)
        except CodeRefused as refused:
            raise codes_refused(admin) from refused


def enter_one_code(admin: Admin, username: str, totp_secret: SecretStr) -> None:
    """Enter a fresh code, waiting for one if needed, and confirm it.

    Raises:
        CodeRefused: the Admin says that it is not valid.
    """
    with admin.step("enter_code"):
        code = fresh_code(admin, username, totp_secret)
        screen = admin.screen("two_factor")
        screen.fill("code", code)
        with one_try(admin, Factor.CODE, username, totp_secret):
            screen.click("send_code")
            admin.arrive("start_page", besides=("two_factor",))
