"""Many machines: one queue, one ledger, any number of workers.

A run that is submitted waits in the ledger, cut into stints: at most 25 orders of one store. Workers, on any machine
that reaches the ledger, take one stint after another. Handing out is the business of DBOS, an embedded engine that
keeps its tables beside the ledger's: each stint is one of its workflows, each order one of its steps. It hands each
stint to one worker, and hands it out again when that worker is gone.

What makes a cancel happen once is not its business. A worker that was frozen may wake and go on although another one
has its stint: the engine refuses its record of that step, not its click. So every order is claimed, and every Confirm
has its permit and its intent, as in any other run.

``stints``          how a list is cut
``backlog``         putting stints into the engine's queue, looking at them, taking over those of workers that are gone
``executor``        working the stints that the engine hands out, in a worker's process
``account_lease``   the lease on the Admin account that a worker has for itself
``run_session``     what a worker opens to work a run's orders: browser, Admin, recorder, log
``worker``          a worker's life: take a stint, work its orders, end it, take the next
``conclusion``      the results and the report of a run whose last stint has ended
``machines``        several workers on one machine
``listing``         what waits, who works, what is stuck: for people
``by_hand``         what a person does to a queued run

What a run with several workers of its own needs of the engine, too, is in ``bot.runner.stints``.
"""
