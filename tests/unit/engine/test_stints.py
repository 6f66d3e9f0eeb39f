import pytest
from run_kit import job

from bot.engine.stints import MOST_ORDERS, cut
from bot.joblist import Job


def jobs(*stores: str) -> list[Job]:
    return [job(f"112-1215998-{number:07}", store) for number, store in enumerate(stores, start=1)]


def test_a_stint_has_orders_of_one_store_in_the_order_of_the_list() -> None:
    listed = jobs(*["UK", "DE"] * 600)
    stints = cut(listed)
    assert {len({one.store for one in stint}) for stint in stints} == {1}
    assert [one for stint in stints for one in stint] == [
        one for store in ("UK", "DE") for one in listed if one.store == store
    ]


@pytest.mark.parametrize(
    ("orders", "sizes"),
    [(1, [1]), (4, [1] * 4), (8, [1] * 8), (30, [4] * 7 + [2]), (1000, [MOST_ORDERS] * 40), (201, [25] * 8 + [1])],
)
def test_a_short_list_is_cut_small_so_that_several_workers_get_some(orders: int, sizes: list[int]) -> None:
    # 201 orders: 26 a stint would be too many.
    assert [len(stint) for stint in cut(jobs(*["UK"] * orders))] == sizes
