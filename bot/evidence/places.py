"""Which store the evidence of a run is in: its own folder, or what ``COUNTERMAND_EVIDENCE`` names.

A run keeps to the place that it began with, whatever the setting says later. A folder has another path on each machine
that shares it, so only that it is one is remembered; the address of a bucket is the same everywhere.
"""

from pathlib import Path

from bot.errors import CannotStart
from bot.evidence.addressed import AddressedStore
from bot.evidence.objects import MARKER, FolderObjects, Objects
from bot.evidence.store import EvidenceStore, LocalStore
from bot.ledger import Ledger, has_ledger

S3 = "s3://"
SHARED_FOLDER = "a folder"
"""What is remembered of a run whose evidence is in a folder that the setting names."""

LATEST = 1000
"""How many of the latest runs are asked where their evidence is, before a folder is taken for a new one."""


def kept_in(setting: str | None) -> str:
    """What is remembered of where a new run keeps its evidence; empty for its own folder."""
    if not setting:
        return ""
    return setting if setting.startswith(S3) else SHARED_FOLDER


def prepare(setting: str | None, ledger_place: Path | str) -> None:
    """Make the folder that the setting names one for evidence, before its first run.

    One that is empty although the ledger knows runs that kept evidence in it is a share that is not mounted: pictures
    would be written to this machine's disk, where nobody looks for them.

    Raises:
        CannotStart: it is such a one, or cannot be made.
        LedgerTrouble: the ledger cannot be read.
    """
    if not setting or setting.startswith(S3):
        return
    folder = Path(setting)
    objects = FolderObjects(folder)
    if objects.is_marked:
        return
    earlier = _runs_in_a_folder(ledger_place)
    if earlier and not any((folder / run_id).is_dir() for run_id in earlier):
        raise CannotStart(
            reason=f"COUNTERMAND_EVIDENCE names {folder}, where earlier runs kept their evidence, and nothing of it is "
            "there.",
            next_step="If it is a share, mount it. If the evidence was moved or removed on purpose, make a file "
            f"{MARKER} in that folder.",
        )
    try:
        objects.mark()
    except OSError as trouble:
        why = trouble.strerror or str(trouble)
        raise CannotStart(reason=f"COUNTERMAND_EVIDENCE names {folder}, which cannot be used: {why}.") from trouble


def _runs_in_a_folder(ledger_place: Path | str) -> list[str]:
    if not has_ledger(ledger_place):
        return []
    with Ledger.open(ledger_place) as ledger:
        return [run.run_id for run in ledger.runs.latest(LATEST) if run.evidence == SHARED_FOLDER]


def store_at(folder: Path, kept: str, setting: str | None) -> EvidenceStore:
    """The evidence of the run in this folder, which is kept where it was remembered.

    Raises:
        CannotStart: this machine's ``COUNTERMAND_EVIDENCE`` does not say where that is, or the folder that it names
            is not there, or is not one of evidence.
    """
    if not kept:
        return LocalStore(folder)
    run_id = folder.resolve().name
    return AddressedStore(_objects(run_id, kept, setting), run_id)


def store_of_run(folder: Path, ledger: Ledger, setting: str | None) -> EvidenceStore:
    """The evidence of the run in this folder, as the ledger says where it is.

    Raises:
        CannotStart: as ``store_at``.
        LedgerTrouble: the ledger cannot be read.
    """
    try:
        info = ledger.runs.find(folder.resolve().name)
    except ValueError:  # what the ledger says of the run was changed: verify names it
        info = None
    return store_at(folder, info.evidence if info else "", setting)


def _objects(run_id: str, kept: str, setting: str | None) -> Objects:
    if kept.startswith(S3):
        from bot.evidence.s3 import S3Objects

        return S3Objects(kept)
    if not setting or setting.startswith(S3):
        raise CannotStart(
            reason=f"The evidence of run {run_id} is in a folder that machines share, and this one does not know where "
            "that is.",
            next_step="Set COUNTERMAND_EVIDENCE to that folder.",
        )
    folder = Path(setting)
    if not folder.is_dir():
        raise CannotStart(
            reason=f"The evidence of run {run_id} is in {folder}, and there is no such folder.",
            next_step="If it is a share, mount it.",
        )
    objects = FolderObjects(folder)
    if not objects.holds(run_id):
        raise CannotStart(
            reason=f"The evidence of run {run_id} is in {folder}, and neither {MARKER} nor that run is there, as where "
            "a share is not mounted.",
            next_step=f"If it is a share, mount it. If it is the right folder all the same, make a file {MARKER} in "
            "it.",
        )
    return objects
