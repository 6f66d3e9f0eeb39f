"""Makes what the upgrade tests begin with: the folder of a person who worked with an older version.

Give it a checkout of that version. It starts that version's own practice Admin and its own command line, which cancels
orders, is killed right after it has pressed Confirm for one, and leaves one for a person. All of the folder goes into
``countermand-VERSION.zip``: ``.env``, lists, a pack of the person's own, runs, ledger and kept session; and, where a
PostgreSQL server is installed, the same ledger as such a server holds it.
"""

import argparse
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "kit"))

from environment_kit import clean_environment  # noqa: E402
from server_kit import Server, programs  # noqa: E402

US = "store: asc-v2-2.3-magentocommerce-us\nreason: BuyerCanceled\norders:\n"
MAIN = "store: asc-v2-2.3-magentocommerce\nreason: NoInventory\norders:\n"
LISTS = {
    "first.yaml": US + "  - order: 112-1215998-3002091\n    note: ticket 4711\n  - 112-1215998-3002069\n",
    "not-sent.yaml": MAIN + "  - 111-1071022-7105011\n",
    "killed.yaml": US + "  - 112-6177312-0215004\n",
}
"""One is canceled and one cannot be; one is canceled and Amazon is not told; and one whose run is killed."""

KILLED_AT = "press_confirm:after:1"

TO_SERVER = """
import sys
from pathlib import Path
import sqlalchemy as sa
from bot.ledger.database import Database, connect
from bot.ledger.schema import version_table

old, new = (Database(*connect(place, 10)) for place in (Path(sys.argv[1]), sys.argv[2]))
with old._engine.connect() as source, new.writing() as target:
    for table in version_table.metadata.sorted_tables:
        rows = [dict(row._mapping) for row in source.execute(sa.select(table))]
        if rows and table is not version_table:
            target.execute(table.insert(), rows)
        column = table.autoincrement_column
        if rows and column is not None and table is not version_table:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            target.execute(sa.select(sa.func.setval(sequence, max(row[column.name] for row in rows))))
"""
"""Run by the older version: its own code makes the tables on the server."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="Folder with a checkout of the older version.")
    parser.add_argument("version", help="What that version is called, such as 0.1.0.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work(asked.checkout.resolve(), Path(folder))
        pack_up(Path(folder), HERE / f"countermand-{asked.version}.zip")


def work(checkout: Path, folder: Path) -> None:
    """A person's work with that version, in a folder of their own."""
    environment = clean_environment(
        PYTHONPATH=str(checkout), PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring", PYTHONUTF8="1"
    )
    if browser := os.environ.get("COUNTERMAND_BROWSER"):
        environment["COUNTERMAND_BROWSER"] = browser
    command = [sys.executable, "-c", "from bot.cli import main; main()"]
    sandbox = subprocess.Popen(
        [*command, "sandbox", "--face", "plain"], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert sandbox.stdout is not None
        url, username, password = (sandbox.stdout.readline().partition(": ")[2].strip() for _ in range(3))
        shutil.copytree(checkout / "selectors" / "asc-4.3", folder / "screens")
        write_settings(
            checkout, folder, ADMIN_URL=url, USERNAME=username, PASSWORD=password, PACK="screens", SETTLE="1"
        )
        for name, text in LISTS.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        for name in ("first.yaml", "not-sent.yaml"):
            subprocess.run([*command, "run", name, "--yes"], env=environment, cwd=folder, check=False)
        killed = [sys.executable, str(checkout / "tests" / "chaos" / "killed_at.py"), "run", "killed.yaml", "--yes"]
        subprocess.run(killed, env=environment | {"KILL_AT": KILLED_AT}, cwd=folder, check=False)
        subprocess.run([*command, "status"], env=environment, cwd=folder, check=True)
        let_leases_end(folder / "runs" / "ledger.sqlite")
    finally:
        sandbox.terminate()
        sandbox.communicate()
    found = programs()
    if found is not None:
        with Server(found) as server:
            address = server.address.replace("+psycopg", "")
            to_server = [sys.executable, "-c", TO_SERVER, "runs/ledger.sqlite", address]
            subprocess.run(to_server, env=environment, cwd=folder, check=True)
            dump = [
                str((found / "initdb").resolve().with_name("pg_dump")),
                "--inserts",
                "--no-owner",
                "--no-privileges",
                f"--dbname={address}",
            ]
            told = subprocess.run(dump, stdout=subprocess.PIPE, text=True, check=True).stdout
        (folder / "ledger.sql").write_text(statements_of(told), encoding="utf-8", newline="\n")


def let_leases_end(ledger: Path) -> None:
    """What the killed run had is free again, as it is five minutes later: by any computer's clock."""
    with closing(sqlite3.connect(ledger)) as connection, connection:
        for table in ("claims", "accounts"):
            assert connection.execute(f"UPDATE {table} SET until = 0").rowcount == 1


def write_settings(checkout: Path, folder: Path, **settings: str) -> None:
    """``.env`` as a person makes it: the version's own example, filled in."""
    text = (checkout / ".env.example").read_text(encoding="utf-8")
    for name, value in settings.items():
        text, count = re.subn(rf"^#?COUNTERMAND_{name}=.*$", f"COUNTERMAND_{name}={value}", text, flags=re.MULTILINE)
        assert count == 1, name
    (folder / ".env").write_text(text, encoding="utf-8", newline="\n")


def statements_of(dump: str) -> str:
    """What of a dump makes the tables, in whatever schema they are made."""
    kept = [
        line
        for line in dump.splitlines()
        if line and not line.startswith(("--", "SET ", "\\", "SELECT pg_catalog.set"))
    ]
    kept += [line for line in dump.splitlines() if line.startswith("SELECT pg_catalog.setval")]
    return "\n".join(kept).replace("public.", "") + "\n"


def pack_up(folder: Path, archive: Path) -> None:
    """Everything in a folder, in an archive, but the pictures of one run only."""
    first = min(path.name for path in (folder / "runs").glob("2*"))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            a_picture = path.name == "report.html" or ("/evidence/" in name and f"/{first}/" not in name)
            if path.is_file() and not a_picture:
                zipped.write(path, name)
    print(f"{archive}: {archive.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
