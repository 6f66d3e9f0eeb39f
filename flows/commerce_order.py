"""The detour of versions 4.0 to 4.2: the order number opens the Commerce order, which leads to the Amazon order.

The manual: under *Recent orders* click the order number, which opens the Commerce order; in its *Payment Information*
click *View or Cancel Amazon Order*.
"""

from bot.admin import Admin
from bot.admin.screen import Screen
from bot.errors import NotImported
from bot.joblist import Job
from flows.order_link import OrderLink, read_listed


def open_commerce_order(admin: Admin, job: Job, orders: Screen) -> OrderLink:
    """Click the order number, which opens the Commerce order's page. Its link to the Amazon order is the only thing
    that is ever clicked there.

    Raises:
        NotImported: the order number is not a link, because there is no Commerce order.
        LeadsElsewhere: it leads to Seller Central, as where order import is disabled; it was not followed.
    """
    with admin.step("open_commerce_order"):
        listed = read_listed(orders)
        if not orders.count("order_link") and admin.is_absent(orders, lambda: orders.count("order_link")):
            raise NotImported(order=job.order)
        orders.click("order_link")
        commerce_order = admin.arrive("commerce_order", order=job.order)
    return OrderLink(here=commerce_order, element="view_or_cancel", listed=listed)
