import pytest

from bot.cancel.confirm_screen import CancelDialog, CancelPage, confirm_screen
from bot.pack import Pack, load_pack
from bot.pack.model import Way
from flows import classic, commerce_order, spectrum
from flows.generation import Generation, generation_of

OF_4_3 = Generation(
    lists_on="store_dashboard",
    open_store=spectrum.open_dashboard,
    all_orders=spectrum.open_all_orders,
    find_order=spectrum.find_order,
    order_link=spectrum.order_link,
    go_back=spectrum.go_back,
    go_back_to_list=spectrum.go_back_to_list,
    reopen_order=spectrum.reopen_order,
    open_cancel_screen=spectrum.open_cancel_dialog,
)
OF_4_0 = Generation(
    lists_on="store_dashboard",
    open_store=spectrum.open_dashboard,
    all_orders=spectrum.open_all_orders,
    find_order=spectrum.find_order,
    order_link=commerce_order.open_commerce_order,
    go_back=classic.go_to_dashboard,
    go_back_to_list=classic.go_to_dashboard,
    reopen_order=classic.reopen_order,
    open_cancel_screen=classic.open_cancel_page,
)
OF_2 = Generation(
    lists_on="orders_grid",
    open_store=classic.open_orders_tab,
    all_orders=None,
    find_order=classic.find_in_grid,
    order_link=spectrum.order_link,
    go_back=classic.go_to_grid,
    go_back_to_list=classic.go_to_grid,
    reopen_order=classic.reopen_order,
    open_cancel_screen=classic.open_cancel_page,
)


@pytest.mark.parametrize(
    ("pack", "expected", "confirms"),
    [("asc-4.3", OF_4_3, CancelDialog), ("asc-4.0", OF_4_0, CancelPage), ("asc-2", OF_2, CancelPage)],
)
def test_each_shipped_pack_has_the_generation_that_its_manual_describes(
    pack: str, expected: Generation, confirms: type[CancelDialog | CancelPage]
) -> None:
    loaded = load_pack(pack)
    assert generation_of(loaded) == expected
    assert type(confirm_screen(loaded)) is confirms


def with_way(pack: Pack, **way: str) -> Pack:
    info = pack.info.model_copy(update={"way": Way.model_validate(way)})
    return pack.model_copy(update={"info": info})


def test_a_pack_may_mix_them() -> None:
    mixed = generation_of(with_way(load_pack("asc-4.3"), orders="grid", opens="commerce_order"))
    assert (mixed.find_order, mixed.order_link, mixed.open_cancel_screen) == (
        classic.find_in_grid,
        commerce_order.open_commerce_order,
        spectrum.open_cancel_dialog,
    )
