"""Job lists: which orders to cancel, in which store, for which reason.

A list is read and checked completely, and every mistake in it is reported, before any browser opens::

    store: asc-v2-2.3-magentocommerce-us     # for every order that does not name one
    reason: Buyer Canceled                   # label or code
    orders:
      - 112-1215998-3002091
      - order: 112-1215998-3002092
        reason: NoInventory
        note: ticket 4711
        expect: {total: "121.80", buyer: Michael Blankenship}

The same as a table has one order a row: as CSV, as a workbook, or as a report of Amazon's or an export of the Admin's.
``reading`` says what is read how.
"""

from bot.joblist.model import MOST_ORDERS, Expect, Job, JobList, job_list_schema
from bot.joblist.reading import Given, job_list_of, orders_by_number, read_job_list, read_upload

__all__ = [
    "MOST_ORDERS",
    "Expect",
    "Given",
    "Job",
    "JobList",
    "job_list_of",
    "job_list_schema",
    "orders_by_number",
    "read_job_list",
    "read_upload",
]
