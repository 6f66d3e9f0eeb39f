"""Signing in to the Admin.

The manual: open the Admin's address; enter *Username* and *Password*; click *Sign in*.
"""

from pydantic import SecretStr

from bot.admin import Admin


def sign_in(admin: Admin, username: str, password: SecretStr) -> None:
    """Open the Admin and sign in, or go on where a session still holds.

    Raises:
        RunStopped: the Admin refused the user name or password, asks for something that this program cannot
            answer, or is down. Signing in is tried once, because a locked account helps nobody.
    """
    with admin.step("open_admin"):
        admin.open()
        screen = admin.arrive_at_one_of("sign_in", "start_page")
    if screen.spec.screen == "start_page":
        return
    with admin.step("sign_in"):
        screen.fill("username", username)
        screen.fill("password", password.get_secret_value())
        screen.click("sign_in")
        admin.arrive("start_page", besides=("sign_in",))
