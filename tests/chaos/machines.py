"""A queued run on several machines, with a fault every few seconds: every order is canceled once, whatever happens.

``python tests/chaos/machines.py --orders 500 --machines 4`` has a list worked by that many workers, each a process of
the real command line with plain requests in place of its browser (``machine_kit``). Every few seconds one of them is
killed and started again, or frozen past its lease and woken; or its disk is full for a while, or the folder of the
evidence is away for all, or a second worker comes with the account of one that is at work. Where PostgreSQL is
installed, the database is also ended as a crash does and started again, or restarted, or the link to it is cut or held
for a while, now and then for two minutes; the clocks of two machines are an hour off; and as root, each machine has a
process table and a host name of its own. At the end the practice Admin has counted one cancel of every order that the
run calls canceled, and none twice; folder, evidence and ledger agree.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext, suppress
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "kit"))  # as pytest does: see pyproject.toml

import psutil
from environment_kit import clean_environment
from link_kit import Link
from server_kit import Server, programs

from bot.evidence.places import store_of_run
from bot.evidence.verify import verify
from bot.ledger import Ledger
from bot.outcomes import Outcome
from bot.sandbox import Face, Sandbox, stock
from bot.vocabulary import Status

KIT = Path(__file__).resolve().parents[1] / "kit" / "machine_kit.py"
NOT_WORKED = {Outcome.FAILED, Outcome.SKIPPED}
LEASE = 6.0
"""Seconds after which a lease or a claim is over without a sign of life."""


WRONG_CLOCKS = {2: "3600", 3: "-3600"}
"""Machines whose clocks are an hour off, and how."""

OF_ITS_OWN = (
    ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts"]
    if shutil.which("unshare") and os.geteuid() == 0
    else []
)
"""What gives a process a process table and a host name of its own, where that is allowed."""

OF_ANY = ["kill", "kill", "freeze", "take the evidence away", "come with the same account"]
OF_LINUX = ["fill the disk"] if sys.platform.startswith("linux") else []
OF_A_SERVER = ["crash the database", "restart the database", "cut the link", "hold the link"]


def _worker_of(machine: "subprocess.Popen[bytes]") -> psutil.Process:
    """The worker itself, which may have been started by what gives it a process table of its own."""
    first = psutil.Process(machine.pid)
    return next(iter(first.children()), first) if OF_ITS_OWN else first


class Campaign:
    """The machines, what is done to them, and what came of it."""

    def __init__(
        self, folder: Path, sandbox: Sandbox, server: Server | None, link: Link | None, chance: random.Random
    ) -> None:
        self.folder, self.sandbox, self.server, self.chance = folder, sandbox, server, chance
        self.ledger: Path | str = folder / "runs" / "ledger.sqlite"
        if server and link:
            self.ledger = server.address.replace(f":{server.port}/", f":{link.port}/")
        self.link = link
        self.machines: list[subprocess.Popen[bytes]] = []
        self.faults: Counter[str] = Counter()

    def start(self, number: int, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command on a machine, with the account of that number."""
        settings = {
            "COUNTERMAND_ADMIN_URL": self.sandbox.url,
            "COUNTERMAND_USERNAME": self.sandbox.accounts[number],
            "COUNTERMAND_PASSWORD": self.sandbox.password,
            "COUNTERMAND_LEDGER": str(self.ledger),
            "COUNTERMAND_EVIDENCE": str(self.folder / "evidence"),
            "MACHINE_LEASE": f"{LEASE:g}",
            "MACHINE_SECONDS": "0.3",
        }
        if self.server and arguments == ("worker",) and number in WRONG_CLOCKS:
            settings["MACHINE_CLOCK"] = WRONG_CLOCKS[number]
        alone = OF_ITS_OWN if self.server and arguments == ("worker",) else []
        with (self.folder / f"machine-{number}.txt").open("ab") as said:
            return subprocess.Popen(
                [*alone, sys.executable, str(KIT), *arguments],
                cwd=self.folder,
                env=clean_environment(**settings, PYTHONUTF8="1"),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def work(self, machines: int, pause: float) -> None:
        """Have the queue worked, with a fault every few seconds, until nothing is left."""
        self.machines = [self.start(number, "worker") for number in range(machines)]
        while self._is_waiting():
            time.sleep(pause)
            for number, machine in enumerate(self.machines):
                if machine.poll() is not None:  # as the machine's own supervisor would
                    self.faults[f"ended with {machine.returncode}"] += machine.returncode != -signal.SIGKILL
                    self.machines[number] = self.start(number, "worker")
            self._fault(self.chance.randrange(machines))
        for machine in self.machines:
            self._stop(machine)

    def _stop(self, machine: "subprocess.Popen[bytes]") -> None:
        """Ask a worker to stop until it has. One that is just starting does not hear it, if it is the first process of
        a process table; nor does what gives it that table.
        """
        for _ in range(60):
            with suppress(psutil.NoSuchProcess):
                _worker_of(machine).terminate()
            with suppress(subprocess.TimeoutExpired):
                machine.wait(timeout=2)
                return
        machine.kill()
        raise RuntimeError("A worker did not stop within two minutes.")

    def _fault(self, number: int) -> None:
        machine = self.machines[number]
        kind = self.chance.choice([*OF_ANY, *OF_LINUX, *(OF_A_SERVER if self.server else [])])
        if kind in {"cut the link", "hold the link"} and self.chance.random() < 0.1:
            kind += " for 120 s"
        self.faults[kind] += 1
        if kind == "kill":
            machine.kill()
        elif kind == "freeze":
            whole = _worker_of(machine)
            whole.suspend()
            time.sleep(self.chance.choice([1.0, LEASE + 2]))
            whole.resume()
        elif kind == "fill the disk":
            self._fill_the_disk(machine)
        elif kind == "take the evidence away":
            self.evidence_leads_to("nowhere")
            time.sleep(5)
            self.evidence_leads_to("store")
        elif kind == "come with the same account":
            self._come_with_the_account_of(number)
        elif self.server and self.link:
            self._fault_between(kind, self.server, self.link)

    def _fill_the_disk(self, machine: "subprocess.Popen[bytes]") -> None:
        """For a while no process of a machine can write to a file, as on a disk that is full."""
        first = psutil.Process(machine.pid)
        for limit in (0, psutil.RLIM_INFINITY):
            for process in [first, *first.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.rlimit(psutil.RLIMIT_FSIZE, (limit, psutil.RLIM_INFINITY))
            if limit == 0:
                time.sleep(5)
                if not first.is_running():
                    return

    def evidence_leads_to(self, where: str) -> None:
        """Have the folder of the evidence be another one, or none, as a share does that is away."""
        link = self.folder / "evidence"
        link.unlink(missing_ok=True)
        link.symlink_to(self.folder / where)

    def _come_with_the_account_of(self, number: int) -> None:
        """A second worker with an account that is in use: it has to end, or it waits for one whose lease is over."""
        second = self.start(number, "worker", "--once")
        try:
            self.faults[f"a second worker ended with {second.wait(timeout=20)}"] += 1
        except subprocess.TimeoutExpired:
            second.kill()
            second.wait()

    def _fault_between(self, kind: str, server: Server, link: Link) -> None:
        """A fault of the server, or of the link to it."""
        if kind == "crash the database":
            server.end()
            time.sleep(self.chance.uniform(0.5, 8))
            server.start()
        elif kind == "restart the database":
            server.restart()
        else:
            (link.cut if kind.startswith("cut") else link.hold)()
            time.sleep(120 if kind.endswith("120 s") else 5)
            link.mend()

    def _is_waiting(self) -> bool:
        with Ledger.open(self.ledger) as ledger:
            return bool(ledger.queue.waiting())

    def violations(self, run_id: str, listed: set[str]) -> list[str]:
        """Everything that is not as it must be."""
        counted = Counter(record.order for record in self.sandbox.journal.cancels)
        with Ledger.open(self.ledger) as ledger:
            results = ledger.runs.results(run_id)
            became = {result.order: result.outcome for result in results}
            folder = self.folder / "runs" / run_id
            found = verify(folder, ledger, store_of_run(folder, ledger, str(self.folder / "evidence")))
        wrong = [f"{order} was canceled {count} times" for order, count in counted.items() if count > 1]
        wrong += [f"{order} has no result" for order in listed - set(became)]
        for order, outcome in became.items():
            if outcome in {Outcome.CANCELED, Outcome.ALREADY_CANCELED} and not counted[order]:
                wrong.append(f"{order} is {outcome} and never arrived")
            if outcome in {Outcome.FAILED, Outcome.SKIPPED} and counted[order]:
                wrong.append(f"{order} is {outcome} and did arrive")
        for words, count in Counter(one.message for one in results if one.outcome in NOT_WORKED).items():
            print(f"{count} times: {words}")
        print("Outcomes:", dict(Counter(str(outcome) for outcome in became.values())))
        return [*wrong, *([found.disagreement] if found.disagreement else [])]


def main() -> int:
    """Parse the words after the command, run the campaign, and return the exit status."""
    parser = argparse.ArgumentParser(description="Several machines, with a fault every few seconds.")
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--machines", type=int, default=4)
    parser.add_argument("--pause", type=float, default=5, help="seconds between two faults")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--file", action="store_true", help="the ledger in a file, also where PostgreSQL is installed")
    options = parser.parse_args()
    found = None if options.file else programs()
    stock.ORDERS = 3 * options.orders  # in each store, of which about a third can be canceled
    print(f"{options.orders} orders on {options.machines} machines, seed {options.seed}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="machines-", ignore_cleanup_errors=True) as made,
        Sandbox(face=Face.PLAIN) as sandbox,
        Server(found) if found else nullcontext() as server,
        Link(server.port) if server else nullcontext() as link,
    ):
        folder, begun = Path(made), time.monotonic()
        campaign = Campaign(folder, sandbox, server, link, random.Random(options.seed))
        (folder / "store").mkdir()
        campaign.evidence_leads_to("store")
        numbers = {order.number: order for order in sandbox.shop.select(status=Status.UNSHIPPED)}
        orders = list(numbers.values())[: options.orders]
        lines = [f"  - {{order: {order.number}, store: {order.store}}}" for order in orders]
        (folder / "jobs.yaml").write_text("\n".join(["reason: BuyerCanceled", "orders:", *lines, ""]), encoding="utf-8")
        if campaign.start(0, "submit", "jobs.yaml").wait(timeout=600):
            print((folder / "machine-0.txt").read_text(encoding="utf-8"))
            return 1
        run_id = (folder / "machine-0.txt").read_text(encoding="utf-8").split()[0]
        campaign.work(options.machines, options.pause)
        wrong = campaign.violations(run_id, {order.number for order in orders})
        print("Faults:", dict(campaign.faults))
        print(f"{time.monotonic() - begun:.0f} s; {len(wrong)} violations")
        for sentence in wrong:
            print(f"VIOLATION: {sentence}")
        if wrong:
            kept = Path(tempfile.mkdtemp(prefix="machines-kept-"))
            os.rename(folder, kept / "folder")
            print(f"The folder is kept in {kept}.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
