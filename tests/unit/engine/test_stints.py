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
    [(1, [1]), (4, [1] * 4), (20, [1] * 20), (30, [2] * 15), (1000, [MOST_ORDERS] * 40), (510, [25] * 20 + [10])],
)
def test_a_short_list_is_cut_small_so_that_several_workers_get_some(orders: int, sizes: list[int]) -> None:
    # 510 orders: 26 a stint would be too many.
    assert [len(stint) for stint in cut(jobs(*["UK"] * orders))] == sizes
