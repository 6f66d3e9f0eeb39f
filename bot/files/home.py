"""``~`` in a path that a person wrote: everywhere in Countermand it is a home folder, whether or not a shell saw it."""

from pathlib import Path


def at_home(path: str | Path) -> Path:
    """The path, with a leading ``~`` or ``~user`` replaced by that home folder.

    Raises:
        ValueError: there is no such home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        start = Path(path).parts[0]
        raise ValueError(
            f"{start} is not a home folder on this machine; write a file or folder of that name with its whole path"
        ) from None
