"""Baselines: what a screen was like when a person last said that it was right.

Of each screen there are two files, to be kept beside the pack and reviewed like it: ``<screen>.yaml`` says in words
what was there and where, ``<screen>.png`` is its picture with everything that is data painted over.
"""

import io
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from bot.checks.check.model import LastHeld
from bot.errors import CannotStart
from bot.files import write_atomically
from bot.joblist.validation import validate
from bot.joblist.yamlfile import read_yaml
from bot.pack import Pack, packs_folder
from bot.reports.results import save

HEAD = "# Written by countermand check --update. Look at what has changed before you keep it.\n"


class Baseline(BaseModel):
    """What one screen was like."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    screen: str = Field(description="Name of the screen in the pack")
    pack: str = Field(description="Name of the pack")
    taken: str = Field(description="Day on which it was taken, yyyy-mm-dd")
    browser: str = Field(description="What it was taken with; another one draws letters a little differently")
    landmarks: tuple[str, ...] = Field(description="What was on the screen, in order; see bot.checks.check.landmarks")
    elements: dict[str, LastHeld] = Field(default_factory=dict, description="Where the pack's elements were")
    labels: dict[str, tuple[int, int, int, int]] = Field(
        default_factory=dict, description="Where the pack's further labels were: x, y, width, height"
    )


def baselines_folder(pack: Pack, named: Path | None) -> Path:
    """Where the baselines of a pack are: where ``named`` says, else beside the pack.

    A pack that comes with Countermand may lie where nothing can be written; its baselines are in ``baselines/<pack>``
    of the folder that the command is started in.
    """
    if named is not None:
        return named
    if pack.folder.resolve().is_relative_to(packs_folder().resolve()):
        return Path("baselines") / pack.name
    return pack.folder / "baselines"


def read_baseline(folder: Path, screen: str) -> tuple[Baseline, bytes] | None:
    """The baseline of a screen and its picture (PNG), or None if there is no baseline.

    Raises:
        InputInvalid: the file is damaged.
        CannotStart: its picture is missing.
    """
    path = folder / f"{screen}.yaml"
    if not path.is_file():
        return None
    baseline = validate(Baseline, read_yaml(path))
    try:
        return baseline, path.with_suffix(".png").read_bytes()
    except OSError as error:
        raise CannotStart(reason=f"{path.with_suffix('.png')} cannot be read: {error.strerror}.") from error


def write_baseline(folder: Path, baseline: Baseline, picture: bytes) -> None:
    """Write both files of a screen.

    Raises:
        CannotStart: they cannot be written.
        RunStopped: the words cannot be.
    """
    path = folder / f"{baseline.screen}.yaml"
    try:
        write_atomically(path.with_suffix(".png"), picture)
    except OSError as error:
        raise CannotStart(reason=f"The baseline {path} cannot be written: {error.strerror}.") from error
    save(path, HEAD + as_yaml(baseline.model_dump(mode="json", exclude_defaults=True)))


def as_yaml(content: object) -> str:
    """``content`` as YAML that people read: in the order in which it is, short lists on one line."""
    yaml = YAML()
    yaml.width = 110
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    file = io.StringIO()
    yaml.dump(_laid_out(content), file)
    return file.getvalue()


def _laid_out(content: object) -> object:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(content, dict):
        return CommentedMap((key, _laid_out(value)) for key, value in content.items())
    if isinstance(content, list | tuple):
        row = CommentedSeq(_laid_out(value) for value in content)
        if all(isinstance(value, int) for value in content):
            row.fa.set_flow_style()
        return row
    return content
