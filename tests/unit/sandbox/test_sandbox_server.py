from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from bot.errors import CannotStart
from bot.sandbox import Face, Faults, Sandbox

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Visitor


def test_reset_puts_everything_back(clerk: Visitor, sandbox: Sandbox) -> None:
    number = sandbox.shop.example("unshipped_recent").number
    clerk.call("cancelOrder", sandbox.shop.example("unshipped_recent"), reason="NoInventory")
    sandbox.faults.duplicate_row = True

    sandbox.reset()

    assert sandbox.shop.example("unshipped_recent").number == number
    assert sandbox.shop.example("unshipped_recent").status == "Unshipped"
    assert sandbox.faults == Faults()
    assert (sandbox.journal.requests, sandbox.journal.cancels) == ((), ())
    assert 'id="login-form"' in clerk.ask().text


def test_the_journal_has_every_request_with_its_account_and_operation(clerk: Visitor, sandbox: Sandbox) -> None:
    clerk.call("stores")

    assert [(it.method, it.operation, it.account) for it in sandbox.journal.requests] == [
        ("GET", "", ""),
        ("POST", "", ""),
        ("GET", "", "demo"),
        ("GET", "", "demo"),
        ("GET", "", "demo"),
        ("GET", "", "demo"),
        ("POST", "stores", "demo"),
    ]
    assert sandbox.journal.operations == ("stores",)


def test_the_journal_can_be_read_over_http(clerk: Visitor, sandbox: Sandbox) -> None:
    clerk.call("cancelOrder", sandbox.shop.example("unshipped_recent"), reason="NoInventory")

    journal = json.loads(clerk.ask("/sandbox/journal.json").text)

    assert [it["order"] for it in journal["cancels"]] == ["112-1215998-3002091"]
    assert journal["commerce_cancels"] == []
    assert len(journal["requests"]) == len(sandbox.journal.requests)


def test_faults_can_be_switched_over_http(visitor: Visitor, sandbox: Sandbox) -> None:
    answer = visitor.ask("/sandbox/faults", b'{"maintenance": true, "session_ends_before": "orders"}')

    assert json.loads(answer.text) == sandbox.faults.as_dict()
    assert (sandbox.faults.maintenance, sandbox.faults.session_ends_before) == (True, "orders")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            b'{"amazon_refuses": true, "maintenance": "yes"}',
            "maintenance needs a value of type bool, not 'yes'",
        ),
        (b"[1]", "'list' object has no attribute 'items'"),
    ],
)
def test_a_wrong_switch_switches_nothing(visitor: Visitor, sandbox: Sandbox, body: bytes, message: str) -> None:
    answer = visitor.ask("/sandbox/faults", body)

    assert (answer.status, json.loads(answer.text)) == (400, {"error": message})
    assert sandbox.faults == Faults()


def test_an_unknown_switch_names_the_known_ones(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match=r"^there is no switch nonsense; there are: amazon_refuses, answer_lost"):
        sandbox.faults.update({"nonsense": True})


def test_reset_over_http(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.maintenance = True

    assert visitor.ask("/sandbox/reset", b"").text == '{"reset":true}'
    assert sandbox.faults == Faults()


@pytest.mark.parametrize(("switch", "status"), [("maintenance", 503), ("server_error", 500), ("bad_gateway", 502)])
def test_a_site_in_trouble_answers_so_everywhere(clerk: Visitor, sandbox: Sandbox, switch: str, status: int) -> None:
    setattr(sandbox.faults, switch, True)

    assert clerk.ask().status == status
    assert clerk.ask(clerk.endpoint, b"{}").status == status


def test_background_requests_alone_can_be_answered_with_an_error(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.app_status = 504

    assert (clerk.ask().status, clerk.post("stores").status) == (200, 504)


def test_an_operation_can_be_lost_on_its_way(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.operation_lost = "stores"

    with pytest.raises(http.client.IncompleteRead):
        clerk.call("stores")
    assert "data" in clerk.call("recentOrders", uuid=sandbox.shop.stores[0].uuid)


def test_lists_say_whether_they_sort_themselves_anew(clerk: Visitor, sandbox: Sandbox) -> None:
    uuid = sandbox.shop.stores[0].uuid

    def told() -> list[bool]:
        return [
            clerk.call(operation, uuid=uuid)["data"][operation]["sortsAnew"] for operation in ("recentOrders", "orders")
        ]

    assert told() == [False, False]
    sandbox.faults.list_sorts_anew = True
    assert told() == [True, True]


def test_without_the_permission_the_page_says_so(clerk: Visitor, sandbox: Sandbox) -> None:
    address = clerk.ask().link("Amazon Sales Channel")
    sandbox.faults.permission_missing = True

    assert "Sorry, you need permissions to view this content." in clerk.ask(address).text


def test_the_app_script_can_be_missing(visitor: Visitor, sandbox: Sandbox) -> None:
    assert "createView" in visitor.ask("/static/app.js").text
    sandbox.faults.app_script_missing = True

    assert visitor.ask("/static/app.js").status == 404


def test_an_operation_can_be_made_to_fail(clerk: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.operation_fails = "stores"

    assert clerk.call("stores") == {"errors": [{"message": "Internal server error"}]}


def test_an_unknown_operation_is_an_error(clerk: Visitor) -> None:
    assert clerk.call("everything") == {"errors": [{"message": 'Cannot query field "everything"'}]}


def test_the_consent_question_comes_until_it_is_answered(visitor: Visitor, sandbox: Sandbox) -> None:
    sandbox.faults.usage_data_modal = True
    page = visitor.sign_in()
    answer_to = page.text.partition('data-answer="')[2].partition('"')[0]

    assert "admin-usage-notification _show" in page.text
    visitor.ask(answer_to, b"")
    assert "admin-usage-notification" not in visitor.ask().text


def test_the_closed_menu_and_the_closed_modal_are_in_every_page(clerk: Visitor) -> None:
    page = clerk.ask()

    assert page.text.count('<aside role="dialog" class="modal-popup confirm"') == 1
    assert "_show" not in page.text
    assert page.link("Amazon Sales Channel")


def test_nothing_is_loaded_from_another_host(clerk: Visitor) -> None:
    pages = [clerk.ask(), clerk.open_channel()]
    scripts = [
        clerk.ask(f"/static/{name}")
        for name in ("app.js", "plain.js", "spectrum.js", "admin.css", "plain.css", "spectrum.css")
    ]

    named = {host for answer in pages + scripts for host in re.findall(r"https?://([\w.-]+)", answer.text)}
    assert named <= {
        "www.w3.org",
        "reactjs.org",
        "github.com",
    }  # a name space, and errors of the components
    assert [answer.status for answer in scripts] == [200] * 6


def test_a_taken_port_is_named(sandbox: Sandbox) -> None:
    port = int(sandbox.url.split(":")[2].split("/")[0])

    with pytest.raises(CannotStart, match=rf"^The practice Admin cannot listen on port {port}: .+\.$"):
        Sandbox(port=port).start()


def test_it_has_no_address_before_it_serves() -> None:
    with pytest.raises(RuntimeError, match=r"^the practice Admin serves only inside its with block$"):
        _ = Sandbox().url


@pytest.mark.parametrize("face", list(Face))
def test_it_serves_out_of_process_and_says_where(face: Face) -> None:
    command = [sys.executable, "-m", "bot.sandbox", "--face", face.value, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            facts = json.loads(process.stdout.readline())
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(facts["url"], timeout=300) as response:
                page = response.read().decode()
        finally:
            process.terminate()
            status = process.wait(20)

    assert set(facts) == {"url", "username", "password"}
    assert 'id="login-form"' in page
    if sys.platform != "win32":
        assert status == 0
