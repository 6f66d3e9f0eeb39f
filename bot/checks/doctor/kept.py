"""The latest round of ``countermand doctor`` of each Admin, kept for those who look later: the console shows it."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bot import __version__
from bot.checks.doctor import Finding, FindingState, Show
from bot.files import write_atomically
from bot.identity import admin_name
from bot.settings import Settings

DOCTOR_FOLDER = "doctor"
"""The folder of these rounds, in that of the runs."""


class KeptRound(BaseModel):
    """A round of checks that was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    admin: str = Field(description="The Admin that was looked at")
    ended_at: datetime
    version: str = Field(description="Version of Countermand")
    findings: tuple[Finding, ...] = Field(description="What became of each check, in order")

    @property
    def failed(self) -> bool:
        """Whether a check failed."""
        return any(finding.state is FindingState.FAILED for finding in self.findings)


class Keeping:
    """Shows a round as another one does, and keeps it once it is over; for ``bot.checks.doctor.examine``.

    Args:
        show: shows it.
        read_settings: reads the settings, which say where it is kept.
    """

    def __init__(self, show: Show, read_settings: Callable[[], Settings]) -> None:
        self._show = show
        self._read_settings = read_settings
        self._settings: Settings | None = None
        self.begun, self.step, self.say, self.ended = show.begun, show.step, show.say, show.ended

    def settings(self) -> Settings:
        """Read the settings; where that fails, nobody knows which Admin it was, and nothing is kept."""
        self._settings = self._read_settings()
        return self._settings

    def over(self, findings: Sequence[Finding]) -> None:
        """Show the end, and keep the round in place of the one before."""
        self._show.over(tuple(findings))
        if self._settings is None:
            return
        admin = admin_name(self._settings.admin_url)
        kept = KeptRound(admin=admin, ended_at=datetime.now(UTC), version=__version__, findings=tuple(findings))
        try:
            write_atomically(file_of(self._settings.runs_dir, admin), kept.model_dump_json(indent=2))
        except OSError as trouble:
            self._show.say(f"What was found could not be kept for the console: {trouble.strerror or trouble}.")


def file_of(runs_dir: Path, admin: str) -> Path:
    """Where the latest round of an Admin is kept: under a name that every file system takes."""
    readable = re.sub(r"[^a-z0-9]+", "-", admin.lower()).strip("-")[:60]
    return runs_dir / DOCTOR_FOLDER / f"{readable}-{hashlib.sha256(admin.encode()).hexdigest()[:8]}.json"


def kept_rounds(runs_dir: Path) -> list[KeptRound]:
    """The latest round of each Admin, newest first; a file that cannot be read is left out."""
    found = []
    for file in (runs_dir / DOCTOR_FOLDER).glob("*.json"):
        try:
            found.append(KeptRound.model_validate_json(file.read_bytes()))
        except (OSError, ValueError):
            continue
    return sorted(found, key=lambda kept: kept.ended_at, reverse=True)
