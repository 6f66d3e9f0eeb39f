"""The Admin's session, saved between runs, so that a run that follows another need not sign in.

Each account has a file that only its owner can read (mode 0600; on Windows the folder's rights say who can). It is
encrypted where the system has a keyring, which then holds the key. Without a keyring, the file's mode is all that
protects it: anyone who has the file is signed in until the session ends, by default after 15 minutes without use.
"""

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import cast

from cryptography.fernet import Fernet, InvalidToken
from loguru import logger
from playwright.sync_api import StorageState

from bot.files import write_atomically
from bot.identity import names_of_host
from bot.system import file_name

SERVICE = "countermand"
"""What the key is called in the keyring."""


class SavedSession:
    """The saved session of one account of one Admin.

    Needs the folder of these files, which is made when the first is saved.
    """

    def __init__(self, folder: Path, admin: str, account: str) -> None:
        self.file = folder / _file_name(admin, account)
        # Earlier versions knew an Admin by its host alone, and the session can be that of another one there.
        names = {_file_name(name, account) for name in names_of_host(admin)} - {self.file.name}
        self._outdated = [folder / name for name in sorted(names)]
        self._last: StorageState | None = None

    def load(self) -> StorageState | None:
        """The session as it was saved, or None if no file can be read.

        A session that an earlier version saved for the host alone is removed.
        """
        for file in self._outdated:
            with suppress(OSError):
                file.unlink()
        try:
            saved = json.loads(self.file.read_text(encoding="utf-8"))
            state = saved["session"]
            if saved["encrypted"]:
                key = _key()
                if key is None:
                    raise ValueError("its key is not in the keyring")
                state = json.loads(Fernet(key).decrypt(state.encode()))
            self._last = cast("StorageState", {"cookies": state["cookies"], "origins": state["origins"]})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, InvalidToken) as trouble:
            logger.info("the saved session {} cannot be used: {}", self.file.name, trouble or type(trouble).__name__)
            return None
        return self._last

    def save(self, state: StorageState) -> None:
        """Save a session in place of the last one. A folder that cannot be written is logged: nothing depends on it."""
        if state == self._last:
            return
        key = _key()
        session = Fernet(key).encrypt(json.dumps(state).encode()).decode() if key else state
        content = json.dumps({"encrypted": key is not None, "session": session})
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self.file, content, mode=0o600)
        except OSError as trouble:
            logger.warning("the session could not be saved for the next run: {}", trouble.strerror)
            return
        self._last = state

    def forget(self) -> None:
        """Remove it."""
        with suppress(OSError):
            self.file.unlink()


def _file_name(admin: str, account: str) -> str:
    # Names may hold anything; the hash tells apart what looks alike once it is fit to be a file's name.
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{admin}--{account}")[:80]
    return f"{file_name(readable)}-{hashlib.sha256(f'{admin} {account}'.encode()).hexdigest()[:8]}.json"


def _key() -> bytes | None:
    """The key from the system's keyring, made the first time; None if no keyring can be used."""
    import keyring  # slow to import, and not every command saves a session
    from keyring.errors import KeyringError

    try:
        if keyring.get_keyring().priority < 1:  # backends that hold nothing
            return None
        found = keyring.get_password(SERVICE, "sessions")
        if found is None:
            found = Fernet.generate_key().decode()
            keyring.set_password(SERVICE, "sessions", found)
        return found.encode()
    except (KeyringError, RuntimeError, OSError) as trouble:
        logger.info("the system's keyring cannot be used: {}", trouble or type(trouble).__name__)
        return None
