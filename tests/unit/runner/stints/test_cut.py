from run_kit import job

from bot.joblist import Job
from bot.runner.stints.cut import MOST_ORDERS, cut_for


def jobs(count: int, store: str = "UK") -> list[Job]:
    return [
        job(f"112-{number:07}-{len(store):07}").model_copy(update={"store": store}) for number in range(1, count + 1)
    ]


def sizes(stints: list[tuple[Job, ...]]) -> list[int]:
    return [len(stint) for stint in stints]


def test_stints_become_smaller_towards_the_end_of_the_list() -> None:
    made = sizes(cut_for(jobs(40), 4))
    assert made == [5, 5, 4, 4, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1]
    assert sum(made) == 40


def test_each_of_two_workers_gets_one_of_two_orders() -> None:
    assert sizes(cut_for(jobs(2), 2)) == [1, 1]


def test_no_stint_is_longer_than_the_longest() -> None:
    assert max(sizes(cut_for(jobs(1000), 2))) == MOST_ORDERS


def test_stores_take_turns_and_no_stint_has_two() -> None:
    made = cut_for([*jobs(4, "UK"), *jobs(4, "Germany")], 2)
    assert [{one.store for one in stint} for stint in made[:4]] == [{"UK"}, {"Germany"}, {"UK"}, {"Germany"}]
    assert sum(sizes(made)) == 8


def test_every_order_is_in_one_stint_in_the_order_of_the_list() -> None:
    listed = jobs(60)
    assert [one for stint in cut_for(listed, 3) for one in stint] == listed
