"""Which generation of the screens an Admin has, recognized on the page: a look, in which nothing is pressed."""

from bot.admin import Admin
from bot.admin.screen import Screen
from bot.errors import GenerationUnknown
from bot.pack import Pack


def recognize_by_menu(admin: Admin, start: Screen) -> Screen:
    """Of the packs that are still possible, keep those whose entry the side menu has, open or closed.

    Where it has none of these entries, all is left as it is said of the newest generation.
    """
    if not admin.candidates:
        return start
    entry = "amazon_sales_channel"
    starts = {pack.name: Screen(admin, pack.screens["start_page"], {}) for pack in admin.candidates}
    fits = [pack for pack in admin.candidates if starts[pack.name].find(entry, hidden_too=True).count()]
    if len(fits) == 1:
        admin.use_pack(fits[0])
    else:
        admin.narrow_to(fits or admin.candidates[:1])
    return admin.arrive("start_page")


def recognize(admin: Admin, store: str) -> Screen:
    """On a store's page, find the one pack that describes it, and go on with that one.

    A pack fits when its dashboard is what is open and the order numbers there lead to where it says; all of the app's
    dashboards look the same.

    Raises:
        GenerationUnknown: none fits, or several do; the run cannot go on.
    """
    misfits: dict[str, str] = {}

    def look() -> list[Pack]:
        misfits.clear()
        for pack in admin.candidates:
            misfits[pack.name] = misfit(admin, pack, store)
        fits = [pack for pack in admin.candidates if not misfits[pack.name]]
        if not fits:
            admin.notice_interruptions(besides=("store_dashboard",))
        return fits

    fits = admin.until(look) or []
    if len(fits) != 1:
        names = " and ".join(pack.name for pack in fits)
        why = f"{names} fit." if names else " ".join(f"{name}: {why}" for name, why in misfits.items())
        raise GenerationUnknown(store=store, why=why)
    admin.use_pack(fits[0])
    return admin.arrive("store_dashboard", store=store)


def misfit(admin: Admin, pack: Pack, store: str) -> str:
    """Why the pack does not describe the store's page that is open, in a sentence; empty when it does."""
    dashboard = Screen(admin, pack.screens["store_dashboard"], {"store": store})
    failing = dashboard.failing_check()
    if failing is not None:
        return dashboard.told(failing)
    wanted = pack.info.list_leads_to
    if wanted is None:
        return ""
    leads = {
        address
        for number in dashboard.texts("order_number")["order_number"]
        for address in Screen(admin, dashboard.spec, {"store": store, "order": number}).leads_to("order_link")
    }
    if any(wanted in address for address in leads):
        return ""
    return f"no order number in the list leads to an address with {wanted!r}."
