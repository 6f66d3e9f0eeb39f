"""The words of the trade: order numbers, statuses and reasons, as results and job lists spell them.

These are the English terms of the results. What a screen shows for each of them is the pack's business
(``selectors/<pack>/pack.yaml``), because the Admin's wording differs between versions and languages.
"""

import re
from enum import StrEnum

AMAZON_ORDER_NUMBER = re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}")
"""An Amazon order number: three, seven and seven digits, such as ``112-1215998-3002091``."""


class Status(StrEnum):
    """The status of an Amazon order, as the extension names it. Only ``UNSHIPPED`` can be canceled here."""

    PENDING = "Pending"
    PENDING_AVAILABILITY = "PendingAvailability"
    UNSHIPPED = "Unshipped"
    PARTIALLY_SHIPPED = "PartiallyShipped"
    SHIPPED = "Shipped"
    COMPLETED = "Completed"
    CANCELED = "Canceled"
    ERROR = "Error"


class Reason(StrEnum):
    """Why an order is canceled: the codes that Amazon accepts from a seller, in the order the Admin lists them."""

    NO_INVENTORY = "NoInventory"
    SHIPPING_ADDRESS_UNDELIVERABLE = "ShippingAddressUndeliverable"
    CUSTOMER_EXCHANGE = "CustomerExchange"
    BUYER_CANCELED = "BuyerCanceled"
    GENERAL_ADJUSTMENT = "GeneralAdjustment"
    CARRIER_CREDIT_DECISION = "CarrierCreditDecision"
    RISK_ASSESSMENT_INFORMATION_NOT_VALID = "RiskAssessmentInformationNotValid"
    CARRIER_COVERAGE_FAILURE = "CarrierCoverageFailure"
    CUSTOMER_RETURN = "CustomerReturn"
    MERCHANDISE_NOT_RECEIVED = "MerchandiseNotReceived"

    @property
    def label(self) -> str:
        """The English words for this reason: ``BuyerCanceled`` is ``Buyer Canceled``."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.value)
