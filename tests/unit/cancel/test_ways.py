"""How a pack's screens cancel, as the wire is told."""

from typing import Any

import pytest

import bot.cancel.ways
from bot.cancel.cancels import Way
from bot.cancel.ways import ways_to_cancel, wire_for
from bot.pack import Pack, load_pack
from bot.pack.model import Names

URL = "https://shop.example/admin"
DIALOG, CANCEL_PAGE = load_pack("asc-4.3"), load_pack("asc-4.0")


def with_names(pack: Pack, names: Names) -> Pack:
    request = pack.info.cancel_request.model_copy(update={"names": names})
    return pack.model_copy(update={"info": pack.info.model_copy(update={"cancel_request": request})})


def test_a_mutation_is_known_by_its_arguments() -> None:
    assert ways_to_cancel([DIALOG]) == [
        Way(
            address="channel/amazon/graphql",
            mutation="cancelOrder",
            order="orderId",
            row="id",
            store="uuid",
            reason="reason",
        )
    ]


def test_a_form_is_known_by_its_fields() -> None:
    assert ways_to_cancel([CANCEL_PAGE]) == [
        Way(
            address="channel/amazon/order_cancel_save",
            mutation="",
            order="order_id",
            row="id",
            store="merchant_id",
            reason="reason",
        )
    ]


@pytest.mark.parametrize("pack", [DIALOG, CANCEL_PAGE])
def test_a_packs_own_names_hold(pack: Pack) -> None:
    (way,) = ways_to_cancel([with_names(pack, Names(order="o", row="w", store="s", reason="r"))])
    assert (way.order, way.row, way.store, way.reason) == ("o", "w", "s", "r")


def test_the_wire_knows_the_ways_of_every_pack_that_may_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(bot.cancel.ways, "Wire", lambda url, **how: told.update(how, url=url))
    wire_for(URL, [CANCEL_PAGE, DIALOG], {"api.example"}, "browser", {"X-Shop": "let me in"})
    assert told == {
        "url": URL,
        "ways": ways_to_cancel([CANCEL_PAGE, DIALOG]),
        "endpoint": "channel/amazon/graphql",
        "allowed_hosts": {"api.example"},
        "headers": {"X-Shop": "let me in"},
        "sent_by": "browser",
    }


def test_the_client_sends_a_cancel_unless_it_is_said_that_the_browser_shall() -> None:
    assert wire_for(URL, [DIALOG]).sent_by == "client"


def test_the_app_is_the_one_that_any_of_the_packs_names(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(bot.cancel.ways, "Wire", lambda url, **how: told.append(how["endpoint"]))
    without = CANCEL_PAGE.model_copy(update={"info": CANCEL_PAGE.info.model_copy(update={"endpoint": None})})
    wire_for(URL, [without, DIALOG])
    wire_for(URL, [without])
    wire_for(URL, [])
    assert told == ["channel/amazon/graphql", "", ""]
