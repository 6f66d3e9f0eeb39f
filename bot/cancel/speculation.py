"""No page has addresses fetched before anyone goes there.

Speculation rules ask Chromium to fetch, or draw, pages that a person may open next. Such a request goes past every
means to hold it: a rule that names the address of a cancel would cancel an order by a mere guess. So rules are taken
out of a page before Chromium reads them, and a file of rules, which a server or a network in front of it names in a
header, is not loaded. What stays possible is a rule in a shadow root that a page is delivered with, if that is closed,
or if the network delivers it later than its element.
"""

from contextlib import suppress
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

_RULES = "application/speculationrules+json"

TAKE_RULES_OUT = """(() => {
    const isRules = (node) => node.nodeName === 'SCRIPT' && node.type.trim().toLowerCase() === 'speculationrules';
    const watched = new WeakSet();
    // Of an element that is new: rules in it, and in the open shadow roots that came with it.
    const takeOut = (root) => {
        lookInside(root);
        for (const one of root.querySelectorAll('*')) {
            if (isRules(one)) one.remove();
            else lookInside(one);
        }
    };
    const lookInside = ({ shadowRoot: root }) => {
        if (!root || watched.has(root)) return;
        watch(root);
        takeOut(root);
    };
    // Called before Chromium considers the rules of the elements that have changed.
    const watch = (root) => {
        watched.add(root);
        new MutationObserver((changes) => {
            for (const { target, addedNodes } of changes) {
                if (isRules(target)) target.remove();
                lookInside(target);
                for (const node of addedNodes) {
                    if (isRules(node)) node.remove();
                    else if (node.nodeType === Node.ELEMENT_NODE) takeOut(node);
                }
            }
        }).observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ['type'] });
    };
    watch(document);
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (...how) {
        const root = attach.apply(this, how);
        watch(root);
        return root;
    };
})();"""


def refuse_speculation(page: Page) -> None:
    """Keep the pages that this page shows from having Chromium fetch what nobody asked for."""
    page.add_init_script(TAKE_RULES_OUT)
    try:
        session = page.context.new_cdp_session(page)
    except PlaywrightError:  # no other browser follows such rules
        return

    def paused(event: dict[str, Any]) -> None:
        headers = event.get("responseHeaders", [])
        is_rules = any(one["name"].lower() == "content-type" and _RULES in one["value"].lower() for one in headers)
        told = {"requestId": event["requestId"]}
        with suppress(PlaywrightError):  # its page has gone meanwhile
            if is_rules:
                session.send("Fetch.failRequest", {**told, "errorReason": "BlockedByClient"})
            else:
                session.send("Fetch.continueRequest", told)

    session.on("Fetch.requestPaused", paused)
    # What is neither a document nor anything that pages are made of: few requests.
    session.send(
        "Fetch.enable", {"patterns": [{"urlPattern": "*", "resourceType": "Other", "requestStage": "Response"}]}
    )
