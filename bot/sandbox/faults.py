"""Switches that make the practice Admin misbehave, each in one way that a real Admin can."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

LAYOUT = (
    "labels_apart",
    "header_is_heading",
    "order_links_open_windows",
    "order_links_tell_of_windows",
    "narrow_number_column",
)
"""The switches that change how the app draws its screens, and nothing else."""


@dataclass
class Faults:
    """What is wrong with the practice Admin just now. All off to begin with; may be switched while it runs.

    A switch that is a text names the thing concerned; empty means off. Numbers are milliseconds where the name ends in
    ``_ms``, and HTTP statuses where it ends in ``_status``; 0 means off.
    """

    amazon_refuses: bool = False
    """Every cancel fails at its second stage: the status says Canceled already, the answer is an error."""
    answer_lost: bool = False
    """The server acts on a cancel, and the connection is cut before its answer is complete."""
    request_lost: bool = False
    """The connection is cut before the server acts on a cancel."""
    cancel_late_ms: int = 0
    """How long the server waits before it acts on a cancel, even if the sender is gone by then."""
    cancel_hangs_ms: int = 0
    """The server acts on a cancel at once and holds its answer back for so long."""
    cancel_status: int = 0
    """The server acts on a cancel, and answers it with this status, which is an error."""
    cancel_script_missing: bool = False
    """The classic cancel page's script never starts, so that a click on its button cancels without a reason."""
    cancel_arrives_twice: bool = False
    """Every cancel arrives twice, as when something on its way sends it again; the server acts on both."""
    session_ends_before: str = ""
    """Name of the operation (``orderDetails``, ``cancelOrder``, ...) that finds its session just ended."""
    ajax_expired: bool = False
    """An ended session's background requests are answered as those of the Admin's own pages are (``ajaxExpired``),
    which the app does not understand.
    """
    data_forbidden: bool = False
    """The account may see the page of the Amazon Sales Channel, and not its data: HTTP 403."""
    operation_fails: str = ""
    """Name of the operation that answers ``Internal server error`` (HTTP 200, as all errors there)."""
    operation_lost: str = ""
    """Name of the operation whose connection is cut before the server acts on it."""
    app_status: int = 0
    """Every background request answers this status, and nothing is acted on; pages work normally."""
    hangs_ms: int = 0
    """Every Admin page and every background request waits for so long before anything is done about it."""
    ended_session: bool = False
    """Every signed-in user's session is expired at the next request."""
    maintenance: bool = False
    """Every Admin page and every background request answers HTTP 503."""
    server_error: bool = False
    """Every Admin page and every background request answers HTTP 500."""
    bad_gateway: bool = False
    """Every Admin page and every background request answers HTTP 502."""
    too_many_requests: bool = False
    """Every Admin page and every background request answers HTTP 429."""
    app_script_missing: bool = False
    """The script of the Amazon Sales Channel page is not there, so that its root stays empty."""
    permission_missing: bool = False
    """The account may not see the Amazon Sales Channel page."""
    key_banner_after_sign_in: bool = False
    """A good sign-in shows the banner about an invalid key once, as version 2.4.3 does."""
    wrong_details: bool = False
    """The details page shows another order of that store than the one asked for."""
    ships_after_details: bool = False
    """An Unshipped order becomes Shipped on the server right after its details were loaded."""
    ships_behind_dialog: bool = False
    """An Unshipped order becomes Shipped as its cancel dialog opens, and the page behind the dialog says so."""
    stale_list_after_store_switch: bool = False
    """All Orders keeps showing the store that was listed first, until the page is reloaded."""
    dialog_names_order: bool = False
    """The cancel dialog names the order that it is about."""
    dialog_for_other_order: bool = False
    """The cancel dialog names, and its Confirm cancels, another order."""
    dialog_hides_other_order: bool = False
    """The cancel dialog's Confirm cancels another order, and nothing on it says so."""
    second_confirm: bool = False
    """The cancel dialog has two Confirm buttons."""
    duplicate_row: bool = False
    """Every row of the order lists is there twice."""
    list_sorts_anew: bool = False
    """The order lists re-sort, within the visible rows, whenever the mouse is pressed on them."""
    missing_reason: str = ""
    """Code of the reason (``BuyerCanceled``, ...) that the dialog does not offer."""
    usage_data_modal: bool = False
    """The start page asks for consent to collect usage data, over everything else, until it is answered."""
    release_notes_modal: bool = False
    """The start page tells what is new in this version, in a window over everything else, until that is closed."""
    release_notes_stay: bool = False
    """The window that tells what is new has no button to close it."""
    start_page: str = ""
    """Title of the page (``Products``, ...) that accounts start at instead of the dashboard."""
    side_menu_missing: bool = False
    """No page has a side menu."""
    menu_lacks: str = ""
    """Title of the entry (``Marketing``, ``Amazon Sales Channel``, ...) that the side menu does not have."""
    menu_bound_late: int = 0
    """Seed of delays: the side menu does nothing until its script is bound, a random 0.1 to 1.2 seconds after each page
    is ready. 0 is off.
    """
    system_message: bool = False
    """A red strip about outdated indexes covers the top of every page."""
    system_message_store: str = ""
    """Name of a store that the red strip names, with a link of that name."""
    order_import_disabled: bool = False
    """In the lists of version 4.0, order numbers lead to Seller Central, which is another host."""
    slow_start: bool = False
    """The script of the Amazon Sales Channel page takes one and a half seconds to arrive."""

    dashboard_rows: int = 0
    """How many orders a store's dashboard lists; 0 is the usual ten."""
    labels_apart: bool = False
    """The cards of the home page have all labels in one column and all values in another."""
    header_is_heading: bool = False
    """The header of a store's pages is one heading: ``Store Name: X``."""
    order_links_open_windows: bool = False
    """Order numbers in the lists open a window of their own."""
    order_links_tell_of_windows: bool = False
    """Order numbers in the lists say, where only screen readers see it, that they open a new window."""
    narrow_number_column: bool = False
    """The column of order numbers is too narrow for them."""
    saved_filter: str = ""
    """Status (``Shipped``, ...) that the account's grid of orders was filtered by last time, in versions 2 and 3."""
    saved_page: int = 0
    """Page of that grid that the account turned to last time; 0 is the first."""
    cookie_banner: bool = False
    """A banner about cookies lies over the foot of the Amazon Sales Channel page until it is accepted."""

    language: str = ""
    """Code of the language (``de_DE``, ...) that accounts are spoken to in; empty is the practice Admin's own."""
    sign_in_language: str = ""
    """Code of the language of the sign-in page; empty is that of the accounts."""

    captcha: bool = False
    """The sign-in form asks for the words in a picture, as it does by itself after three wrong passwords."""
    recaptcha: bool = False
    """Every sign-in fails at Google reCAPTCHA."""
    two_factor: str = ""
    """Secret, in base32, that every account's two-factor codes are computed from: after a good password the Admin asks
    for one.
    """
    two_factor_codes_again: bool = False
    """A two-factor code is accepted as often as it comes, as long as it is good."""
    two_factor_not_set_up: bool = False
    """After a good password the Admin wants the second factor set up, and lets nobody in."""
    two_factor_denied: bool = False
    """After a good password the Admin says that the account's role may not use two-factor authentication."""
    password_expired: bool = False
    """A person who signs in gets no other page than that of their account, until the password is changed."""
    password_old: bool = False
    """After a good sign-in a banner recommends another password, and stops nothing."""
    two_factor_provider: str = ""
    """After a good password the Admin asks for a factor of this provider (``Authy Auth``, ``Duo Security``, ...)."""
    clock_ahead_ms: int = 0
    """The server's clock is so far ahead of this machine's, or behind it if negative."""

    @property
    def layout(self) -> str:
        """The names of the switches that change how the app draws its screens and that are on, with blanks between."""
        return " ".join(name for name in LAYOUT if getattr(self, name))

    def reset(self) -> None:
        """Switch everything off."""
        for field in fields(self):
            setattr(self, field.name, field.default)

    def as_dict(self) -> dict[str, bool | int | str]:
        """Every switch and its value."""
        return asdict(self)

    def update(self, switches: Mapping[str, object]) -> None:
        """Set several switches at once, or none of them when one is not valid.

        Raises ValueError if there is no switch of a name, or a value is of another type.
        """
        kinds = {field.name: type(field.default) for field in fields(self)}
        for name, value in switches.items():
            if name not in kinds:
                raise ValueError(f"there is no switch {name}; there are: {', '.join(kinds)}")
            if type(value) is not kinds[name]:
                raise ValueError(f"{name} needs a value of type {kinds[name].__name__}, not {value!r}")
        for name, value in switches.items():
            setattr(self, name, value)
