"""Who is alive: what is taken from another process, when, and by whose clock."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from environment_kit import clean_environment
from pydantic import SecretStr
from run_kit import ORDER, permit

from bot.errors import ClaimLost
from bot.ledger import Ledger, database, leases
from bot.ledger.processes import UNKNOWN, Process, is_gone, this_process
from bot.ledger.signins import Factor

pytestmark = pytest.mark.slow("starts several processes for each test")

ADMIN = "shop.example/admin"
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has process namespaces and /proc")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process with a signal")

AS_A_RUN = """
import sys
from pathlib import Path
from types import SimpleNamespace
from bot.errors import ClaimLost
from bot.ledger import Ledger
from bot.ledger.processes import this_process
from bot.vocabulary import Reason
place, name, order = sys.argv[1:4]
ledger = Ledger.open(place if "://" in place else Path(place))
ledger.runs.go_on_as(name)
def say(*words):
    print(*words, flush=True)
"""

TAKE = (
    AS_A_RUN
    + """
say(ledger.claims.take("shop.example/admin", order, 300))
sys.stdin.readline()
"""
)

FREEZE = (
    AS_A_RUN
    + """
say(ledger.claims.take("shop.example/admin", order, 300))
sys.stdin.readline()
ledger.claims._renewed = (0, 0)  # a sign of life is due
ledger.claims.sign_of_life()
say(ledger.claims.holds("shop.example/admin", order))
try:
    ledger.intents.write("shop.example/admin", SimpleNamespace(order=order, store="S", reason=Reason.NO_INVENTORY))
    say("written")
except ClaimLost as lost:
    say(lost)
"""
)


@pytest.fixture
def start(place: Path | str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process on the ledger, as a run of its own, perhaps by way of another program."""
    started: list[subprocess.Popen[str]] = []

    def give(script: str, name: str, *by_way_of: str) -> subprocess.Popen[str]:
        command = [*by_way_of, sys.executable, "-c", script, str(place), name, ORDER]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield give
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def apart() -> tuple[str, ...]:
    """What starts a program in a process namespace of its own, as a container does, under the same host name."""
    command = ("unshare", "--pid", "--fork", "--mount-proc", "--uts", "--kill-child")
    try:
        tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if tried.returncode:
        pytest.skip(f"process namespaces are not permitted here: {tried.stderr.strip()}")
    return (*command, "sh", "-c", '"$@"; exit', "sh")  # so that the program is not number 1


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


# --- How a process is known ---


def mine() -> Process:
    process = Process.read(this_process())
    assert process is not None
    return process


def test_a_process_is_known_by_more_than_its_number() -> None:
    told = this_process()
    assert told == this_process()
    assert mine().name.endswith(f"/{os.getpid()}")
    assert len(mine().id) == 16
    assert not is_gone(told)
    assert len(told) <= 320


@pytest.fixture
def ended() -> Process:
    """A process that has ended."""
    script = "from bot.ledger.processes import this_process; print(this_process())"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    process = Process.read(told)
    assert process is not None
    return process


def test_a_process_that_has_ended_is_known_to_be_gone(ended: Process) -> None:
    assert ended.id != mine().id
    assert is_gone(str(ended))


@pytest.mark.parametrize(
    "otherwise",
    [
        {"system": "another-boot"},
        {"system": UNKNOWN},
        {"table": "4026532999"},
        {"table": UNKNOWN},
        {"name": "elsewhere/999999999"},
    ],
    ids=["another boot", "an unknown boot", "another table", "an unknown table", "another host name"],
)
def test_nothing_is_proved_of_a_process_elsewhere(ended: Process, otherwise: dict[str, Any]) -> None:
    assert not is_gone(str(replace(ended, **otherwise)))


@pytest.mark.parametrize("written", ["vm/999999999", "", "no process", "a b c d e f"])
def test_nothing_is_proved_of_a_process_of_which_an_older_version_wrote_less(written: str) -> None:
    assert not is_gone(written)


@linux
def test_where_proc_is_that_of_another_namespace_nothing_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.ledger import processes

    assert processes._table() != UNKNOWN
    monkeypatch.setattr(processes.Path, "readlink", lambda _: Path("1"))
    assert processes._table() == UNKNOWN


def test_a_process_that_cannot_look_at_itself_proves_nothing_and_works(
    ended: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.ledger import processes

    def no_proc() -> float:
        raise FileNotFoundError("/proc/stat")

    monkeypatch.setattr(psutil, "boot_time", no_proc)
    processes._process.cache_clear()
    blind = mine()
    processes._process.cache_clear()
    assert (blind.table, blind.started, blind.booted) == (UNKNOWN, 0, 0)
    assert not is_gone(str(ended))
    processes._process.cache_clear()


@pytest.fixture
def living() -> Process:
    """The process that started this one, as it would have written itself down."""
    parent = psutil.Process(os.getppid())
    name = mine().name.replace(f"/{os.getpid()}", f"/{parent.pid}")
    return replace(mine(), name=name, id="another", started=parent.create_time(), booted=psutil.boot_time())


def test_a_process_that_lives_is_not_gone(living: Process) -> None:
    assert not is_gone(str(living))


@pytest.mark.skipif(sys.platform == "darwin", reason="there, starts move with the clock and prove nothing")
def test_a_number_that_another_process_has_by_now_proves_that_the_first_is_gone(living: Process) -> None:
    assert is_gone(str(replace(living, started=living.started - 100)))


@pytest.mark.parametrize("hour", [3600, -3600])
def test_a_clock_that_was_set_since_proves_nothing(living: Process, hour: int) -> None:
    assert not is_gone(str(replace(living, started=living.started + hour, booted=living.booted + hour)))


@linux
def test_a_process_that_this_user_may_not_look_at_is_alive(living: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(number: int) -> None:
        raise psutil.NoSuchProcess(number)

    monkeypatch.setattr(psutil, "Process", hidden)
    assert not is_gone(str(living))


# --- Containers: one host name, one boot id, other process tables ---


@linux
def test_a_run_in_a_container_leaves_a_live_claim_of_the_host_alone(
    place: Path | str, start: Callable[..., subprocess.Popen[str]], apart: tuple[str, ...]
) -> None:
    with Ledger.open(place) as ledger:
        ledger.runs.go_on_as("here")
        assert ledger.claims.take(ADMIN, ORDER, 300)
        assert heard(start(TAKE, "container", *apart)) == "False"
        assert ledger.claims.holds(ADMIN, ORDER)


@linux
def test_two_runs_in_containers_with_one_host_name_leave_each_others_claims_and_accounts_alone(
    place: Path | str, start: Callable[..., subprocess.Popen[str]], apart: tuple[str, ...]
) -> None:
    first = start(TAKE.replace("claims.take", "accounts.take"), "one", *apart)
    assert heard(first) == "True"
    claims = start(TAKE, "one-too", *apart)
    assert heard(claims) == "True"
    not_forked = apart[:-4]  # number 1: in its table, the numbers of the others are nobody's
    assert heard(start(TAKE.replace("claims.take", "accounts.take"), "two", *not_forked)) == "False"
    assert heard(start(TAKE, "two-too", *not_forked)) == "False"
    with Ledger.open(place) as ledger:
        ledger.runs.go_on_as("here")
        assert not ledger.claims.take(ADMIN, ORDER, 300)
        assert [held.run_id for held in ledger.accounts.held()] == ["one"]


# --- Frozen over its lease ---


@posix
@pytest.mark.parametrize("meanwhile", ["nothing", "taken", "taken, done and given back"])
def test_a_process_that_was_frozen_over_its_lease_presses_nothing_when_it_wakes(
    place: Path | str, beside: Any, start: Callable[..., subprocess.Popen[str]], meanwhile: str
) -> None:
    frozen = start(FREEZE, "frozen")
    assert heard(frozen) == "True"
    os.kill(frozen.pid, signal.SIGSTOP)
    os.waitpid(frozen.pid, os.WUNTRACED)
    beside.change("UPDATE claims SET until = until - 301")
    with Ledger.open(place) as other:
        other.runs.go_on_as("other")
        if meanwhile != "nothing":
            assert other.claims.take(ADMIN, ORDER, 300)
        if meanwhile == "taken, done and given back":
            other.intents.settle(other.intents.write(ADMIN, permit()), "not-canceled", by="maria")
            other.claims.release(ADMIN, ORDER)
        written = beside.rows("SELECT * FROM intents")
        os.kill(frozen.pid, signal.SIGCONT)
        tell(frozen)
        assert (heard(frozen), heard(frozen)) == ("False", str(ClaimLost(order=ORDER)))
        assert beside.rows("SELECT * FROM intents") == written
        if meanwhile == "taken":
            assert other.claims.holds(ADMIN, ORDER)


@posix
def test_a_frozen_process_keeps_its_claim_as_long_as_its_lease_lasts(
    place: Path | str, start: Callable[..., subprocess.Popen[str]]
) -> None:
    frozen = start(FREEZE, "frozen")
    assert heard(frozen) == "True"
    os.kill(frozen.pid, signal.SIGSTOP)
    os.waitpid(frozen.pid, os.WUNTRACED)
    with Ledger.open(place) as other:
        other.runs.go_on_as("other")
        assert not other.claims.take(ADMIN, ORDER, 300)
    os.kill(frozen.pid, signal.SIGCONT)
    tell(frozen)
    assert (heard(frozen), heard(frozen)) == ("True", "written")


def test_a_claim_that_was_given_back_or_never_taken_holds_nothing_up(place: Path | str) -> None:
    with Ledger.open(place) as ledger:
        assert ledger.claims.holds(ADMIN, ORDER)
        ledger.claims.take(ADMIN, ORDER, 300)
        assert ledger.claims.holds(ADMIN, ORDER)
        ledger.claims.release(ADMIN, ORDER)
        assert ledger.claims.holds(ADMIN, ORDER)


# --- By whose clock ---


@pytest.fixture(params=[3600, -3600], ids=["an hour ahead", "an hour behind"])
def hour_off(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Sets this computer's clock, as far as the ledger asks for it, an hour forward or back."""

    def set_clock() -> None:
        real, hour = database.time.time, request.param
        off = SimpleNamespace(time=lambda: real() + hour, monotonic=leases.time.monotonic)
        monkeypatch.setattr(database, "time", off)
        monkeypatch.setattr(leases, "time", off)

    return set_clock


def test_on_a_server_a_computer_whose_clock_is_an_hour_off_leaves_a_live_claim_alone(
    on_server: str, hour_off: Callable[[], None]
) -> None:
    with Ledger.open(on_server) as one, Ledger.open(on_server) as two:
        one.runs.go_on_as("one")
        two.runs.go_on_as("two")
        assert one.claims.take(ADMIN, ORDER, 300)
        hour_off()
        assert not two.claims.take(ADMIN, ORDER, 300)
        assert [held.run_id for held in two.claims.held()] == ["one"]
        one.claims.sign_of_life()
        assert one.claims.holds(ADMIN, ORDER)
        assert not two.claims.take(ADMIN, ORDER, 300)
        one.intents.write(ADMIN, permit())


@pytest.mark.parametrize("off", ["+1h", "-1h"])
def test_on_a_server_another_program_whose_clock_is_an_hour_off_leaves_a_live_claim_alone(
    on_server: str, off: str
) -> None:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("there is no libfaketime")
    with Ledger.open(on_server) as ledger:
        ledger.runs.go_on_as("here")
        assert ledger.claims.take(ADMIN, ORDER, 300)
        tried = subprocess.run(
            [sys.executable, "-c", TAKE, on_server, "off", ORDER],
            env=clean_environment(LD_PRELOAD=str(library), FAKETIME=off),
            capture_output=True,
            text=True,
            input="go\n",
            check=False,
        )
        assert (tried.returncode, tried.stdout) == (0, "False\n")


def test_on_a_server_a_claim_of_a_computer_whose_clock_is_an_hour_off_ends_when_its_time_is_over(
    on_server: str, on_server_beside: Any, hour_off: Callable[[], None]
) -> None:
    with Ledger.open(on_server) as one, Ledger.open(on_server) as two:
        one.runs.go_on_as("one")
        two.runs.go_on_as("two")
        hour_off()
        assert one.claims.take(ADMIN, ORDER, 300)
        ((left,),) = on_server_beside.rows("SELECT until - extract(epoch FROM clock_timestamp()) FROM claims")
        assert 0 < float(str(left)) <= 300
        on_server_beside.change("UPDATE claims SET until = until - 301")
        one.claims.sign_of_life()
        assert not one.claims.holds(ADMIN, ORDER)
        assert two.claims.take(ADMIN, ORDER, 300)


def test_on_a_server_how_old_an_intent_is_does_not_hang_on_this_computers_clock(
    on_server: str, hour_off: Callable[[], None]
) -> None:
    with Ledger.open(on_server) as ledger:
        ledger.intents.write(ADMIN, permit())
        hour_off()
        (intent,) = ledger.intents.waiting()
        assert 0 <= ledger.intents.age(intent) < 3000
        assert 0 <= (ledger.now() - datetime.fromisoformat(intent.written_at)).total_seconds() < 3000


def test_on_a_server_a_sign_in_that_is_under_way_does_not_hang_on_this_computers_clock(
    on_server: str, hour_off: Callable[[], None]
) -> None:
    with Ledger.open(on_server) as ledger:
        number = ledger.sign_ins.begin(ADMIN, "demo", Factor.PASSWORD, SecretStr("right"))
        hour_off()
        assert number is not None
        assert ledger.sign_ins.begin(ADMIN, "demo", Factor.PASSWORD, SecretStr("right")) is None


def test_in_a_file_a_clock_that_is_set_forward_costs_a_run_its_claim_and_presses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as one, Ledger.open(tmp_path / "ledger.sqlite") as two:
        one.runs.go_on_as("one")
        two.runs.go_on_as("two")
        assert one.claims.take(ADMIN, ORDER, 300)
        real = database.time.time
        monkeypatch.setattr(database, "time", SimpleNamespace(time=lambda: real() + 3600))
        assert not one.claims.holds(ADMIN, ORDER)
        assert two.claims.take(ADMIN, ORDER, 300)
        with pytest.raises(ClaimLost):
            one.intents.write(ADMIN, permit())
        assert two.intents.waiting() == []
