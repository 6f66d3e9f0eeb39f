"""Stints, and the engine that hands them out: DBOS, which keeps its tables beside the ledger's.

A stint is a few orders of one run and one store, which one worker works one after another. What is here serves both
who works a list on one machine (``run --workers N``) and the workers of the queue (``bot.engine``).

``database``        where the engine keeps its tables, and asking it
``executor``        starting the engine in a worker's process: it is handed one stint after another
``browser_thread``  having work done on the one thread that may use the browser
``told``            what a worked order leaves with the engine
``run_queue``       the stints of a run that only its own workers are handed
``cut``             how such a run's list is cut

DBOS is imported inside of functions: it takes a moment, and a run with one worker does not need it.
"""
