"""Trusting an authority that this machine does not know, for one browser and for the client that sends a cancel.

Never by ignoring errors: the browser checks the Admin's certificate as it checks every other, and knows one authority
more. Chromium reads such authorities from a store in the user's home folder on Linux, so the browser is started with a
home folder of its own. On macOS and Windows it reads the system's store alone, and the message says how to use that.
"""

import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.access import nss_store
from bot.errors import CannotStart

_STORE = Path(".pki") / "nssdb"
_CERTIFICATE = "-----END CERTIFICATE-----"

_ELSEWHERE = {
    "darwin": "On macOS browsers trust what Keychain Access trusts: import {file} there, set it to Always Trust",
    "win32": "On Windows browsers trust what Windows trusts: import {file} with: certutil -user -addstore Root {file}",
}


@contextmanager
def home_with(authority: Path | None) -> Iterator[Path | None]:
    """A home folder for a browser that trusts the authorities of this file too; None where there are none.

    Raises:
        CannotStart: this system's browsers take no authority from a program, or the store could not be made.
    """
    if authority is None:
        yield None
        return
    if not sys.platform.startswith("linux"):
        how = _ELSEWHERE.get(sys.platform, "Import {file} into this system's store of certificates").format(
            file=authority
        )
        raise CannotStart(
            reason="COUNTERMAND_CERTIFICATE_AUTHORITY works on Linux only: on this system browsers read the system's "
            f"store and no other. {how}, and leave the setting out."
        )
    with tempfile.TemporaryDirectory(prefix="countermand-home-") as made:
        home = Path(made)
        _fill(home / _STORE, authority)
        yield home


def _fill(store: Path, authority: Path) -> None:
    known = Path.home() / _STORE
    if known.is_dir():  # what the person's own browser trusts stays trusted
        shutil.copytree(known, store)
    else:
        store.mkdir(parents=True)
    parts = authority.read_text(encoding="ascii", errors="replace").split(_CERTIFICATE)[:-1]
    files = []
    for number, part in enumerate(parts):
        begun = part[part.index("-----BEGIN CERTIFICATE-----") :]
        file = store.parent / f"{number}.der"
        file.write_bytes(ssl.PEM_cert_to_DER_cert(begun + _CERTIFICATE))
        files.append(str(file))
    made = subprocess.run(
        [sys.executable, nss_store.__file__, str(store), *files], capture_output=True, encoding="utf-8", check=False
    )
    if made.returncode:
        why = made.stderr.strip().splitlines()[-1:] or ["no reason was given"]
        raise CannotStart(
            reason=f"The authority in {authority} could not be made known to the browser: {why[0]}. "
            "Import it into this system's store of certificates, and leave COUNTERMAND_CERTIFICATE_AUTHORITY out."
        )


def home_in(environment: dict[str, str], home: Path | None) -> dict[str, str]:
    """The environment of a browser with this home folder; what else is found through the person's own is kept."""
    if home is None:
        return environment
    own = Path.home()
    kept = {
        "XAUTHORITY": own / ".Xauthority",
        "XDG_CONFIG_HOME": own / ".config",
        "XDG_DATA_HOME": own / ".local/share",
    }
    found = {name: str(path) for name, path in kept.items() if name not in environment and path.exists()}
    return environment | found | {"HOME": str(home)}


@contextmanager
def driver_environment(authority: Path | None) -> Iterator[None]:
    """While the block runs, what is started trusts what this machine trusts, and these authorities; no proxy is taken
    from the environment. It is for the start of Playwright's own client, which sends a cancel.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="countermand-") as folder:
        os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")
        if authority is not None:
            trusted = Path(folder) / "authorities.pem"
            others = os.environ.get("NODE_EXTRA_CA_CERTS", "")
            texts = [Path(file).read_text(encoding="ascii", errors="replace") for file in (others, authority) if file]
            trusted.write_text("\n".join(texts), encoding="ascii", errors="replace")
            os.environ["NODE_EXTRA_CA_CERTS"] = str(trusted)
        for name in list(os.environ):
            if name.upper() in {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}:
                del os.environ[name]
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
