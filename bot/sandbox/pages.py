"""Draws the practice Admin's pages from their templates."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from bot.sandbox.faults import Faults
from bot.sandbox.languages import Tongue
from bot.sandbox.sessions import SET_UP, Session
from bot.sandbox.shop import Order

HERE = Path(__file__).parent
DASHBOARD = "admin/dashboard/index"
CHANNEL = "channel/amazon/index"
DATA = "channel/amazon/graphql"
DETAILS = "channel/amazon/order_details_index"
CANCEL = "channel/amazon/order_cancel_index"
SIGN_IN = "channel/auth/login"
CANCEL_SAVE = "channel/amazon/order_cancel_save"
ORDERS = "channel/amazon/order_index"
ORDER = "sales/order/view"
ORDER_CANCEL = "sales/order/cancel"
TWO_FACTOR = "tfa/google/auth"
TWO_FACTOR_ANSWER = "tfa/google/authpost"
TWO_FACTOR_SET_UP = "tfa/tfa/requestconfig"
TWO_FACTOR_DENIED = "tfa/tfa/accessdenied"
MY_ACCOUNT = "admin/system_account/index"
SIGN_OUT = "admin/auth/logout"
USAGE_ALLOWED = "adminAnalytics/config/enableAdminUsage"
USAGE_DECLINED = "adminAnalytics/config/disableAdminUsage"
NOTES = "releaseNotification/notification/closed"


@dataclass(frozen=True)
class Item:
    """One entry of the side menu: a page, or a heading with entries of its own."""

    title: str
    route: str = ""
    groups: tuple[tuple[str, tuple["Item", ...]], ...] = ()

    @property
    def name(self) -> str:
        """The title as part of an identifier."""
        return self.title.lower().replace(" ", "-").replace("&", "and")


def _items(**groups: str) -> tuple[tuple[str, tuple[Item, ...]], ...]:
    return tuple(
        (heading.replace("_", " "), tuple(Item(title, _filler(title)) for title in titles.split(", ")))
        for heading, titles in groups.items()
    )


def _filler(title: str) -> str:
    return f"practice/{title.lower().replace(' ', '-').replace('&', 'and')}/index"


IN_MENU, IN_MENU_OF_2 = "Amazon Sales Channel", "Amazon"
"""What the side menu calls the extension; the second in its versions 2 and 3."""

MENU = (
    Item("Dashboard", DASHBOARD),
    Item("Sales", groups=_items(Operations="Orders, Invoices, Shipments, Credit Memos, Transactions")),
    Item("Catalog", groups=_items(Inventory="Products, Categories")),
    Item("Customers", groups=_items(Customers="All Customers, Now Online, Customer Groups")),
    Item(
        "Marketing",
        groups=(
            *_items(Promotions="Catalog Price Rule, Cart Price Rules"),
            *_items(Communications="Email Templates, Newsletter Template, Newsletter Queue"),
            ("SEO & Search", _items(S="URL Rewrites, Search Terms, Search Synonyms, Site Map")[0][1]),
            ("Channels", (Item(IN_MENU, CHANNEL),)),
            *_items(User_Content="All Reviews, Pending Reviews"),
        ),
    ),
    Item("Content", groups=_items(Elements="Pages, Blocks, Widgets", Design="Configuration, Themes, Schedule")),
    Item("Reports", groups=_items(Marketing="Products in Cart, Abandoned Carts", Sales="Tax, Coupons")),
    Item("Stores", groups=_items(Settings="All Stores, Order Status", Taxes="Tax Rules, Tax Zones and Rates")),
    Item(
        "System",
        groups=_items(Tools="Cache Management, Index Management", Permissions="All Users, User Roles"),
    ),
)
"""The side menu, in the Admin's order. Only the dashboard and Amazon Sales Channel lead anywhere of use."""
FILLERS = {
    item.route: item.title
    for top in MENU
    for _, items in top.groups
    for item in items
    if item.route.startswith("practice/")
}
"""Pages that are there to be clicked by mistake, by route."""


class Pages:
    """Draws pages; ``face`` is the one that the Amazon Sales Channel page has, ``tongue`` knows in which language.

    ``in_menu`` is what the side menu calls the extension.
    """

    def __init__(self, face: str, faults: Faults, tongue: Tongue, in_menu: str = IN_MENU) -> None:
        self._in_menu = in_menu
        self._tongue = tongue
        self._face = face
        self._faults = faults
        self._late = (0, random.Random(0))
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )

    def sign_in(self, session: Session) -> HTMLResponse:
        """The sign-in form, at whatever address was asked for; also a background request uses its banners up."""
        return self._draw("sign_in.html", session, "Magento Admin")

    def two_factor(self, session: Session) -> HTMLResponse:
        """The page that asks for the second factor, or says that it is not set up yet."""
        if self._faults.two_factor_not_set_up:
            session.messages.append(("error", SET_UP))
        return self._draw("two_factor.html", session, "Magento Admin", {"answer": session.url(TWO_FACTOR_ANSWER)})

    def dashboard(self, session: Session, orders: tuple[Order, ...]) -> HTMLResponse:
        """The start page."""
        asks = self._faults.usage_data_modal and not session.usage_answered
        tells = self._faults.release_notes_modal and not session.notes_closed
        facts = {"orders": orders, "asks": asks, "tells": tells, "notes": NOTES}
        answers = {"allowed": USAGE_ALLOWED, "declined": USAGE_DECLINED}
        return self._draw("dashboard.html", session, "Dashboard", facts | answers)

    def channel(self, session: Session) -> HTMLResponse:
        """The page of the Amazon Sales Channel app; without the permission, a page that says so."""
        if self._faults.permission_missing:
            return self.denied(session)
        place = "Amazon Sales Channel / Channels / Marketing / Amazon Sales Channel"
        return self._draw("channel.html", session, "Amazon Sales Channel", {"data": DATA, "document_title": place})

    def denied(self, session: Session) -> HTMLResponse:
        """The page that says that the account may not see a page."""
        return self._draw("denied.html", session, "Access denied", status=403)

    def classic(self, template: str, session: Session, title: str, facts: Mapping[str, Any]) -> HTMLResponse:
        """One of the extension's pages that the server draws."""
        return self._draw(template, session, title, facts)

    def order(self, session: Session, order: Order, amazon_order: str) -> HTMLResponse:
        """The Commerce order page of an imported order, with the Cancel button that must not be pressed.

        ``amazon_order`` is where the link in its payment block leads to.
        """
        facts = {
            "order": order,
            "cancel": ORDER_CANCEL,
            "amazon_order": amazon_order,
            "commerce_status": order.commerce_status,
        }
        return self._draw("order.html", session, f"#{order.commerce_number}", facts)

    def filler(self, session: Session, title: str) -> HTMLResponse:
        """A page of the Admin that has nothing to do with Amazon orders."""
        return self._draw("filler.html", session, title)

    def not_found(self, session: Session) -> HTMLResponse:
        """The Admin's page for an address that it does not know."""
        return self._draw("not_found.html", session, "404 Error", status=404)

    def trouble(self, status: int) -> HTMLResponse:
        """The page of a server that is down for maintenance (503) or broken (500), or of a proxy in front of it."""
        known = f"{status}.html" if status in {429, 500, 503} else "502.html"
        return HTMLResponse(self._environment.get_template(known).render(), status_code=status)

    def _menu_delay(self) -> int:
        """How many milliseconds after this page is ready its side menu's script is bound; the same ones for a seed."""
        seed = self._faults.menu_bound_late
        if self._late[0] != seed:
            self._late = (seed, random.Random(seed))
        return self._late[1].randint(100, 1200) if seed else 0

    def _draw(
        self,
        template: str,
        session: Session,
        title: str,
        facts: Mapping[str, Any] | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        common = dict(
            title=title,
            document_title=f"{title} / Magento Admin",
            session=session,
            messages=session.take_messages(),
            menu=MENU,
            in_menu=self._in_menu,
            menu_delay=self._menu_delay(),
            channel=CHANNEL,
            face=self._face,
            faults=self._faults,
            sign_out=SIGN_OUT,
            start=DASHBOARD,
        )
        html = self._environment.get_template(template).render(common | dict(facts or {}))
        speech = self._tongue.of(session)
        html = html if speech is None else speech.page(html)
        return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})
