"""What an error of the browser's network means, in plain words."""

import pytest

from bot.admin.first_page import why_not

URL = "https://shop.example:8443/admin"
ADDRESS = "Check COUNTERMAND_ADMIN_URL: scheme, host and port."
NETWORK = (
    "Check that this machine may reach it: VPN, firewall, the shop's list of allowed addresses. If it is reached "
    "through a proxy, set COUNTERMAND_PROXY."
)
CERTIFICATE = "Ask the server's administrator for a certificate that browsers accept."


@pytest.mark.parametrize(
    ("error", "reason", "next_step"),
    [
        (
            "ERR_NAME_NOT_RESOLVED",
            "There is no address for the name shop.example (DNS).",
            "Check the host in COUNTERMAND_ADMIN_URL, and whether this machine needs a VPN to know the name.",
        ),
        (
            "ERR_CONNECTION_REFUSED",
            "shop.example:8443 refused the connection: nothing listens there.",
            ADDRESS,
        ),
        ("ERR_CONNECTION_TIMED_OUT", "shop.example:8443 did not answer in time.", NETWORK),
        ("ERR_EMPTY_RESPONSE", "shop.example:8443 closed the connection without an answer.", NETWORK),
        ("ERR_ADDRESS_UNREACHABLE", "There is no way from this machine to shop.example:8443.", NETWORK),
        ("ERR_SSL_PROTOCOL_ERROR", "shop.example:8443 answers, but does not speak HTTPS as browsers do.", ADDRESS),
        (
            "ERR_SSL_UNRECOGNIZED_NAME_ALERT",
            "shop.example:8443 answers, but does not speak HTTPS as browsers do.",
            ADDRESS,
        ),
        (
            "ERR_CERT_DATE_INVALID",
            "The certificate of shop.example:8443 has expired, or is not valid yet.",
            "Check this machine's date; if it is right, ask the server's administrator to renew the certificate.",
        ),
        (
            "ERR_CERT_AUTHORITY_INVALID",
            "The certificate of shop.example:8443 is self-signed, or of an authority that this machine does not know.",
            "If it is from an authority of your own, name that authority's file (PEM) in "
            "COUNTERMAND_CERTIFICATE_AUTHORITY, or add it to this machine's trust store; or have the shop's server "
            "use a "
            "certificate of a known authority.",
        ),
        (
            "ERR_CERT_COMMON_NAME_INVALID",
            "The certificate of shop.example:8443 is made out to another name.",
            "Use in COUNTERMAND_ADMIN_URL the name that the certificate is for, or ask for one for this name.",
        ),
        ("ERR_CERT_REVOKED", "The certificate of shop.example:8443 was revoked.", CERTIFICATE),
        (
            "ERR_CERT_WEAK_SIGNATURE_ALGORITHM",
            "The certificate of shop.example:8443 is not one that browsers accept (ERR_CERT_WEAK_SIGNATURE_ALGORITHM).",
            CERTIFICATE,
        ),
        ("ERR_FAILED", "The browser could not open shop.example:8443: ERR_FAILED.", ADDRESS),
    ],
)
def test_an_error_of_the_network_is_told_in_plain_words(error: str, reason: str, next_step: str) -> None:
    assert why_not(error, URL) == (reason, next_step)
