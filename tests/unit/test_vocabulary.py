import pytest

from bot.vocabulary import AMAZON_ORDER_NUMBER, Reason, Status


def test_a_whole_order_number_is_recognized() -> None:
    assert AMAZON_ORDER_NUMBER.fullmatch("112-1215998-3002091")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "000000033",
        "112-1215998-300209",
        "112-1215998-30020911",
        "1112-1215998-3002091",
        "112-121599-3002091",
        "112 1215998 3002091",
        "11212159983002091",
        "112-1215998-300209x",
        " 112-1215998-3002091",
        "112-1215998-3002091\n",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert AMAZON_ORDER_NUMBER.fullmatch(text) is None


def test_an_order_number_is_found_in_a_sentence() -> None:
    assert AMAZON_ORDER_NUMBER.findall("Cancel order 112-1215998-3002091?") == ["112-1215998-3002091"]


def test_the_statuses_are_those_of_the_extension() -> None:
    assert [str(status) for status in Status] == [
        "Pending",
        "PendingAvailability",
        "Unshipped",
        "PartiallyShipped",
        "Shipped",
        "Completed",
        "Canceled",
        "Error",
    ]


def test_the_reasons_are_those_of_the_extension_with_their_labels() -> None:
    assert {str(reason): reason.label for reason in Reason} == {
        "NoInventory": "No Inventory",
        "ShippingAddressUndeliverable": "Shipping Address Undeliverable",
        "CustomerExchange": "Customer Exchange",
        "BuyerCanceled": "Buyer Canceled",
        "GeneralAdjustment": "General Adjustment",
        "CarrierCreditDecision": "Carrier Credit Decision",
        "RiskAssessmentInformationNotValid": "Risk Assessment Information Not Valid",
        "CarrierCoverageFailure": "Carrier Coverage Failure",
        "CustomerReturn": "Customer Return",
        "MerchandiseNotReceived": "Merchandise Not Received",
    }
