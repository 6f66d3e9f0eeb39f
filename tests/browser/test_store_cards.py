"""A store is the card whose title is its name, on every face of the practice Admin and in both layouts of a card."""

from dataclasses import replace

import pytest
from practice_kit import MAIN, US, Cancels, MakeJob, Verdicts

from bot.admin import Admin
from bot.outcomes import Outcome
from bot.sandbox import Face, Sandbox
from bot.sandbox.shop import CANADA
from flows.open_order import open_sales_channel

pytestmark = [pytest.mark.both_faces, pytest.mark.sampled(4)]

MENTIONED = [
    "Active",
    "Amazon US Website",
    "Outlet Website",
    "Magento Website",
    "Status",
    "Created",
    "View Store",
    CANADA,
]
"""Words on cards, and in a system message, that are the title of none."""

CARDS = [US, MAIN, "Main Website"]
"""Titles of cards; the last is what another card has as its website."""


@pytest.fixture(params=[Face.PLAIN, Face.SPECTRUM], ids=str)
def face(request: pytest.FixtureRequest) -> Face:
    return Face(request.param)


@pytest.mark.parametrize("apart", [False, True], ids=["labels beside values", "labels apart"])
def test_a_store_is_the_card_with_its_title(
    admin: Admin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    renamed = [replace(one, name="Main Website") if one.name == CANADA else one for one in sandbox.shop.stores]
    monkeypatch.setattr(sandbox.shop, "stores", tuple(renamed))
    sandbox.faults.update({"labels_apart": apart, "system_message_store": CANADA})
    open_sales_channel(admin)
    for store in CARDS:
        (words,) = admin.screen("home", store=store).find("store_card").all_inner_texts()
        assert words.strip().startswith(store)
        assert admin.screen("home", store=store).count("view_store") == 1
    found = {words: admin.screen("home", store=words).count("store_card") for words in MENTIONED}
    assert found == dict.fromkeys(MENTIONED, 0)


@pytest.mark.parametrize("store", ["Active", "Main Website"])
def test_a_list_that_names_what_cards_mention_ends_as_not_found(
    store: str, verdicts: Verdicts, job: MakeJob, cancels: Cancels
) -> None:
    (verdict,) = verdicts(job("unshipped_recent", store=store))
    assert (verdict.outcome, verdict.message) == (
        Outcome.NOT_FOUND,
        f"There is no store {store!r} on the Amazon Sales Channel home page.",
    )
    assert cancels() == []
