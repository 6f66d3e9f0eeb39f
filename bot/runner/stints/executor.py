"""The engine in a worker's process: it hands one piece of work after another to the process, and records its steps."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.ledger import Ledger
from bot.runner.stints.browser_thread import BrowserThread
from bot.runner.stints.database import Place, quiet

SCHEDULES_SECONDS = 10.0
"""How soon a worker notices that a schedule was added or removed."""

MOST_TIMES = 20
"""How often the engine hands out a piece of work whose worker died each time."""

Told = dict[str, Any]
"""What the engine records of a step, as JSON."""

Step = Callable[[str, Callable[[], Told]], Told]
"""Has a function called on the thread that owns the browser, as a step of that name; gives what the function told, or
told before, if this worker or an earlier one has done the step."""


def step_of(browser_thread: BrowserThread) -> Step:
    """Makes steps of the work that the engine has handed out."""

    def step(name: str, function: Callable[[], Told]) -> Told:
        from dbos import DBOS

        return DBOS.run_step({"name": name}, lambda: browser_thread.call(function))

    return step


@contextmanager
def executor_started(
    place: Path | str,
    ledger: Ledger,
    *,
    application: str,
    version: str,
    executor: str,
    workflows: Mapping[str, Callable[..., str]],
    queues: Sequence[str],
    register: Callable[[], None],
    browser_thread: BrowserThread,
    say: Callable[[str], None],
) -> Iterator[None]:
    """While the block runs, this process is handed what is in these queues of an application.

    ``workflows`` are the functions that work it, by name; ``register`` makes sure that the engine knows the queues,
    and ``say`` is told what goes wrong in the engine itself.

    Needs a ``version`` that no other application has had beside this ledger: the engine refuses to start if one has.
    Needs the name of the ``executor``, which no other process has: what an earlier process of that name left
    unfinished is handed out again at once.
    """
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

    if not executor.strip():  # the engine would call every such process the same
        raise ValueError("An executor needs a name.")

    quiet()
    errors = _Errors(say)
    logging.getLogger("dbos").addHandler(errors)
    where = Place.of(place, ledger)
    config = DBOSConfig(
        name=application,
        system_database_url=where.url,
        dbos_system_schema=where.schema,
        executor_id=executor,
        application_version=version,
        log_level="ERROR",
        serializer=DBOSPortableJSONSerializer(),
        scheduler_polling_interval_sec=SCHEDULES_SECONDS,
    )

    def start() -> None:
        for name, function in workflows.items():
            DBOS.workflow(name=name, max_recovery_attempts=MOST_TIMES)(function)
        DBOS.listen_queues(queues)
        DBOS.launch()
        register()

    DBOS(config=config)
    try:
        # Not on this thread: the engine refuses one that has an event loop, as Playwright's has while it runs.
        with ThreadPoolExecutor(max_workers=1) as starting:
            starting.submit(start).result()
        yield
    finally:
        browser_thread.close()
        logging.getLogger("dbos").removeHandler(errors)
        DBOS.destroy(destroy_registry=True)


class _Errors(logging.Handler):
    """Says what the engine logs as an error; what it only warns of, such as a database that is away, it tries again."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(f"The queue: {record.getMessage().partition(chr(10))[0]}")
