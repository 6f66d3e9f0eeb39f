"""The Admin's sign-in form: sending it once, and saying what it means when it comes back."""

from pydantic import SecretStr

from bot.access.attempts import one_try
from bot.admin import Admin
from bot.admin.first_page import Approach
from bot.admin.screen import Screen
from bot.errors import CannotSignIn, FormRefused, ScreenNotReached, SignInRefused
from bot.ledger.signins import Factor
from bot.wording import cut, harmless

GOOGLE = "www.google.com"
"""Where reCAPTCHA's script comes from."""

FORCED = "password_change_forced"
"""The interruption that says so."""

AFTER_SIGN_IN = ("start_page", "two_factor")


def send_form(admin: Admin, screen: Screen, username: str, password: SecretStr) -> Screen:
    """Enter user name and password, send the form, and be on the screen that follows.

    Raises:
        CannotSignIn: nothing was entered, because the form asks for what only a person can give or no attempt is left.
        SignInRefused: the Admin refused what was entered.
        FormRefused: the form was refused for another reason, or never sent; that counts as no attempt.
    """
    admin.ready_to_sign_in()
    _refuse_recaptcha(admin)
    screen.fill("username", username)
    screen.fill("password", password.get_secret_value())
    with Approach(admin) as approach, one_try(admin, Factor.PASSWORD, username, password):
        approach.leaves()
        screen.click("sign_in")
        try:
            return approach.come_to(
                *AFTER_SIGN_IN, besides=("sign_in",), at_rest=lambda: _refuse_form_that_is_back(admin, screen)
            )
        except ScreenNotReached as nothing:
            if not approach.sent and not approach.has_left():
                raise _never_sent(admin) from nothing
            raise


def refuse_forced_password_change(admin: Admin) -> None:
    """Stop at once where the Admin shows nothing but the page on which an account's password is changed.

    Raises:
        RunStopped: it does.
    """
    if FORCED in admin.pack.screens and admin.screen(FORCED).shows_its_signs():
        admin.notice_interruptions(besides=AFTER_SIGN_IN)


def _refuse_recaptcha(admin: Admin) -> None:
    """A form with Google reCAPTCHA holds itself back until Google's script has spoken, which is no allowed host."""
    if not admin.may_talk_to(GOOGLE) and admin.page.evaluate(_HAS_RECAPTCHA):
        raise CannotSignIn(
            "The Admin's sign-in form has Google reCAPTCHA, which a program cannot pass. Nothing was entered.",
            "Ask an administrator to switch reCAPTCHA off for the Admin's sign-in, or sign in by hand: start with "
            f"--headed and COUNTERMAND_ALLOWED_HOSTS={GOOGLE},www.gstatic.com.",
        )


def _refuse_form_that_is_back(admin: Admin, form: Screen) -> None:
    """Say why the form is there again, if it is."""
    if not form.is_here():
        return
    if words := admin.page.evaluate(_SAYS):
        raise SignInRefused(
            f"The sign-in form came back, and the page says: {cut(harmless(words), 300)!r}.",
            "Check COUNTERMAND_USERNAME and COUNTERMAND_PASSWORD, and sign in by hand once. It counts as a refusal.",
        )
    kept = admin.page.context.cookies(admin.url)
    why = (
        "the Admin's session cookie was lost on the way"
        if kept
        else "the browser was given no session cookie that it keeps for this address"
    )
    raise FormRefused(
        f"The sign-in form came back without a word: {why}. The password was not looked at.",
        "Use in COUNTERMAND_ADMIN_URL exactly the address that the Admin has configured (Base URL: scheme, host, "
        "port), and ask the shop's administrator about the cookie's domain and path, and whether it is for https:// "
        "only.",
    )


def _never_sent(admin: Admin) -> FormRefused:
    held = " reCAPTCHA on the page holds it back." if admin.page.evaluate(_HAS_RECAPTCHA) else ""
    return FormRefused(
        f"The sign-in form was not sent within {admin.patience:g} s of clicking Sign in.{held} That is no attempt.",
        "Look with --headed at what the page shows, and sign in by hand there.",
    )


_HAS_RECAPTCHA = """() => document.querySelector(
    '.g-recaptcha, [class*="recaptcha"], iframe[src*="recaptcha"], script[src*="recaptcha/"]') !== null"""

_SAYS = """() => [...document.querySelectorAll(".messages .message, [role=alert], .message-error")]
    .map((one) => one.innerText.trim()).filter(Boolean).join(" ")"""
"""What the page says to the person."""
