"""The report of a run for people: one HTML file, with the pictures inside, that opens without a network.

The orders of a very long run, more than a browser shows well at once, are in further files beside it, the sheets. The
report itself then shows the figures and what did not go well.

The page itself is ``report.html.j2`` beside this module. Here is what it shows: the orders and the figures.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot import wording
from bot.errors import RunStopped
from bot.outcomes import OrderResult, Outcome, RunInfo
from bot.reports.figures import facts_of, figures_of, moment_words
from bot.reports.html_page import html_page
from bot.reports.results import save
from bot.reports.shown_evidence import Evidence, EvidenceSource, PageEvidence
from bot.wording import OUTCOME_WORDS, Group, Words, harmless

REPORT_FILE = "report.html"

EVIDENCE_BUDGET = 40_000_000
"""How many bytes of evidence go into the report itself; files beyond it are linked instead."""

SHEET = 2_000
"""How many orders are shown in one file: a browser opens them within a second."""

OPEN_LIMIT = 20
"""Orders that could not be canceled are shown open if there are at most this many."""

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_URGENCY = (Group.PERSON, Group.NOT_CANCELED, Group.SKIPPED, Group.DONE)


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order as the page shows it. Nothing in it can control a terminal or reverse the direction of text."""

    anchor: str
    result: OrderResult
    words: Words
    opened: bool
    number: str
    store: str
    status_before: str
    status_after: str
    message: str
    next_step: str
    note: str
    again: str
    """When it was canceled here, and what it read when it was looked at again; empty when it was not canceled here."""
    pictures: tuple[Evidence, ...]
    texts: tuple[Evidence, ...]

    @property
    def search(self) -> str:
        """What the text filter looks in, in small letters."""
        seen = (self.status_before, self.status_after, self.message, self.next_step, self.note)
        return " ".join((self.number, self.store, self.words.label, self.result.reason.label, *seen)).lower()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One of the files that the orders of a long run are in."""

    file: str
    title: str
    """Which orders: ``Orders 2,001 to 4,000``."""
    headline: str
    orders: tuple[OrderResult, ...]


def write_report(
    folder: Path,
    info: RunInfo,
    results: Sequence[OrderResult],
    source: EvidenceSource,
    looked_again: Mapping[str, str] | None = None,
    purged_at: datetime | None = None,
) -> Path:
    """Write ``report.html`` into the run's ``folder`` and say where it is.

    Args:
        folder: the run's folder.
        info: the run.
        results: what became of its orders.
        source: the evidence of the run.
        looked_again: for orders that were canceled here, a sentence that says when, and what they read later.
        purged_at: when the evidence was purged; then no evidence is shown, though some may still be there.

    Needs the evidence where ``results`` say it is; files that are not there are shown as missing. Beyond
    ``EVIDENCE_BUDGET`` bytes they are linked, beginning with those of the orders that went well. Beyond ``SHEET``
    orders the list is in files of its own, ``report-01.html`` and so on, and all pictures there are linked.

    Raises RunStopped when the file cannot be written, or the evidence cannot be listed.
    """
    page = _Page(folder, info, results, source, looked_again or {}, purged_at)
    everywhere = range(len(results))
    if len(results) <= SHEET:
        page.write(REPORT_FILE, everywhere, EVIDENCE_BUDGET)
        return folder / REPORT_FILE
    sheets = _sheets(results, info.command)
    for number, sheet in enumerate(sheets):
        page.write(sheet.file, everywhere[number * SHEET : (number + 1) * SHEET], 0, of=sheet)
    wrong = [place for place in everywhere if _group(results[place]) is not Group.DONE]
    page.write(REPORT_FILE, wrong[:SHEET], EVIDENCE_BUDGET, sheets=sheets, left_out=max(0, len(wrong) - SHEET))
    return folder / REPORT_FILE


class _Page:
    """The pages of a run's report."""

    def __init__(
        self,
        folder: Path,
        info: RunInfo,
        results: Sequence[OrderResult],
        source: EvidenceSource,
        later: Mapping[str, str],
        purged_at: datetime | None,
    ) -> None:
        self._folder = folder
        self._info = info
        self._results = results
        self._source = source
        self._files = _files_of(source) if purged_at is None else {}
        self._later = later
        self._purged_at = purged_at
        groups = Counter(map(_group, results))
        self._opened = {Group.PERSON}
        if groups[Group.NOT_CANCELED] <= OPEN_LIMIT:
            self._opened.add(Group.NOT_CANCELED)

    def write(
        self,
        file: str,
        places: Sequence[int],
        budget: int,
        *,
        of: Sheet | None = None,
        sheets: Sequence[Sheet] = (),
        left_out: int = 0,
    ) -> None:
        """Write one page with the orders at these places of the list.

        Args:
            file: the page's name.
            places: the orders that it shows.
            budget: how many bytes of evidence go into it.
            of: the sheet that it is, if it is one.
            sheets: those that it leads to, if there are any.
            left_out: how many orders that did not go well are on the sheets only.
        """
        info, purged_at = self._info, self._purged_at
        taken = PageEvidence(self._source, self._files, budget)
        shown = [self._results[place] for place in places]
        evidence: dict[int, list[Evidence]] = {}
        for place in sorted(places, key=lambda place: _URGENCY.index(_group(self._results[place]))):
            names = self._results[place].evidence if purged_at is None else ()
            evidence[place] = [taken.take(name) for name in names]
        orders = [self._order(place, evidence[place]) for place in places]
        counted = of.orders if of else self._results
        counts = Counter(result.outcome for result in counted)
        page = html_page(
            _TEMPLATE,
            title=f"Countermand report {harmless(info.run_id)}",
            command=harmless(info.command),
            of=of,
            sheets=sheets,
            left_out=left_out,
            find={result.order: place for place, result in enumerate(self._results)} if sheets else {},
            sheet_size=SHEET,
            report=REPORT_FILE,
            headline=wording.headline(counts.elements(), info.command),
            trial_sentence=wording.trial_sentence(info.command),
            audit_sentence=wording.audit_sentence(info, counts.elements()),
            stopped_early=harmless(info.stopped_early),
            unfinished=info.finished_at is None,
            unmasked=info.unmasked and purged_at is None,
            purged=moment_words(purged_at) if purged_at else "",
            facts=facts_of(info, purged_at),
            figures=figures_of(counts, info.command),
            orders=orders,
            people=[order for order in orders if order.words.group is Group.PERSON],
            legend=_legend(Counter(result.outcome for result in shown)),
            linked=taken.linked,
            elsewhere=taken.elsewhere,
            kept_in=harmless(str(self._source)),
            files=sum(len(result.evidence) for result in shown),
            budget=f"{EVIDENCE_BUDGET / 1_000_000:g} MB",
        )
        save(self._folder / file, page)

    def _order(self, place: int, evidence: Sequence[Evidence]) -> Order:
        result = self._results[place]
        again = self._later.get(result.order, "")
        return _order(place, result, evidence, again, opened=_group(result) in self._opened)


def _files_of(source: EvidenceSource) -> Mapping[str, int]:
    try:
        return source.list()
    except OSError as error:
        raise RunStopped(reason=f"{source} could not be read: {error.strerror or error}.") from error


def _sheets(results: Sequence[OrderResult], command: str) -> list[Sheet]:
    """The sheets of a long run."""
    sheets = []
    for first in range(0, len(results), SHEET):
        some = tuple(results[first : first + SHEET])
        number = first // SHEET + 1
        sheets.append(
            Sheet(
                file=f"report-{number:02}.html",
                title=f"Orders {first + 1:,} to {first + len(some):,}",
                headline=wording.headline((result.outcome for result in some), command),
                orders=some,
            )
        )
    return sheets


def _group(result: OrderResult) -> Group:
    return OUTCOME_WORDS[result.outcome].group


def _legend(counts: Counter[Outcome]) -> list[tuple[Outcome, Words, int]]:
    return [(outcome, words, counts[outcome]) for outcome, words in OUTCOME_WORDS.items() if outcome in counts]


def _order(place: int, result: OrderResult, evidence: Sequence[Evidence], again: str, *, opened: bool) -> Order:
    return Order(
        anchor=f"order-{place + 1}",
        result=result,
        words=OUTCOME_WORDS[result.outcome],
        opened=opened,
        number=harmless(result.order),
        store=harmless(result.store),
        status_before=wording.status_words(result.status_before),
        status_after=wording.status_words(result.status_after),
        message=harmless(result.message),
        next_step=harmless(result.next_step),
        note=harmless(result.note),
        again=harmless(again),
        pictures=tuple(item for item in evidence if item.text is None),
        texts=tuple(item for item in evidence if item.text is not None),
    )
