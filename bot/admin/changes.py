"""How often a page has changed, counted in the page itself, so that waiting is for a change and not for a time."""

from playwright.sync_api import Page


def count_on(page: Page) -> None:
    """Have the page count its changes from its beginning, so that no look is made only to begin to count."""
    page.add_init_script(_COUNT)


def note_lost_scripts(page: Page) -> None:
    """Have the page note from its beginning that a script could not be loaded: that is told only once."""
    page.add_init_script(_NOTE_SCRIPTS)


def wait_for_change(page: Page, known: int, seconds: float) -> int:
    """Wait, but no longer than ``seconds``, until the page has changed since it had changed ``known`` times.

    Returns how often it has changed by now: another number as soon as anything has, another document too.
    """
    return int(page.evaluate(_AWAIT_CHANGE, [known, seconds * 1000]))


def changes_so_far(page: Page) -> int:
    """How often the page has changed by now."""
    return int(page.evaluate(f"() => ({_COUNT_NOW}).count"))


def motion_ends(page: Page, limit: float) -> int:
    """Wait until nothing on the page moves that will come to an end, but no longer than ``limit`` seconds.

    Returns how often the page has changed by then.
    """
    return int(page.evaluate(_AWAIT_MOTION, limit * 1000))


def comes_to_rest(page: Page, rest: float, limit: float) -> bool:
    """Wait until the page has not changed for ``rest`` seconds; False when it never does within ``limit`` seconds."""
    return bool(page.evaluate(AWAIT_REST, [rest * 1000, limit * 1000]))


# The count lives in the window, which the page's own words and markup know nothing of; where it begins is another
# number for each document, so that no count of one is taken for the same count of the next.
_COUNT = """window[Symbol.for("countermand changes")] ??= (() => {
    const made = { count: Math.floor(Math.random() * 2 ** 30), heard: null };
    new MutationObserver(() => { made.count += 1; made.heard?.(); })
        .observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    return made;
})();"""
_COUNT_NOW = _COUNT.rstrip(";")

# A spinner never ends; what fades, slides or closes does.
_AWAIT_MOTION = f"""(limit) => new Promise((done) => {{
    const began = performance.now();
    const ends = (one) => Number.isFinite(one.effect?.getComputedTiming().endTime ?? Infinity);
    const look = () => {{
        const moving = document.getAnimations().some((one) => one.playState === "running" && ends(one));
        if (!moving || performance.now() - began >= limit) return done(({_COUNT_NOW}).count);
        requestAnimationFrame(look);
    }};
    requestAnimationFrame(() => requestAnimationFrame(look));
}})"""
_AWAIT_CHANGE = f"""([known, limit]) => new Promise((done) => {{
    const counter = {_COUNT}
    if (counter.count !== known) return done(counter.count);
    const finish = () => {{ clearTimeout(timer); counter.heard = null; done(counter.count); }};
    const timer = setTimeout(finish, limit);
    counter.heard = finish;
}})"""

AWAIT_REST = """([rest, limit]) => new Promise((done) => {
    const finish = (quiet) => { clearTimeout(timer); clearTimeout(end); watch.disconnect(); done(quiet); };
    let timer = setTimeout(finish, rest, true);
    const end = setTimeout(finish, limit, false);
    const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(finish, rest, true); });
    watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})"""

# A script that cannot be loaded says so once, and only to what listens by then.
_NOTE_SCRIPTS = """addEventListener("error", ({ target }) => {
    if (target?.tagName === "SCRIPT") window[Symbol.for("countermand scripts")] = true;
}, true);"""
