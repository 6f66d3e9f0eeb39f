"""Files of certificates that the settings name: read and checked before anything is opened."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from bot.connection import ClientCertificate


def authorities_in(file: Path) -> list[x509.Certificate]:
    """The certificates of a file of authorities.

    Raises:
        ValueError: it cannot be read, or holds none, or one that is no authority's.
    """
    try:
        found = x509.load_pem_x509_certificates(_read(file))
    except ValueError as useless:
        raise ValueError(
            _reason(useless, f"the file {file} has no certificate in PEM (-----BEGIN CERTIFICATE-----)")
        ) from None
    for one in found:
        try:
            signs = one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            signs = one.issuer == one.subject  # as authorities of the first version of X.509 are
        if not signs:
            name = one.subject.rfc4514_string()
            raise ValueError(
                f"the certificate of {name} in {file} is a server's, not an authority's: name the one that signed it"
            )
    return found


def check_client_certificate(certificate: ClientCertificate) -> None:
    """Make sure that a client certificate can be used.

    Raises:
        ValueError: a file cannot be read, the passphrase is wrong, or key and certificate do not belong together.
    """
    data = _read(certificate.certificate)
    secret = certificate.passphrase.get_secret_value().encode() if certificate.passphrase else None
    if not data.lstrip().startswith(b"-----") and b"-----BEGIN" not in data:
        try:
            key, own, _ = pkcs12.load_key_and_certificates(data, secret)
        except ValueError:
            told = "its passphrase is wrong" if secret else "it needs COUNTERMAND_CLIENT_CERTIFICATE_PASSPHRASE"
            raise ValueError(
                f"the file {certificate.certificate} cannot be opened: it is no certificate, or {told}"
            ) from None
        if key is None or own is None:
            raise ValueError(f"the file {certificate.certificate} must hold a certificate and its key")
        if certificate.key is not None:
            raise ValueError(
                f"the file {certificate.certificate} holds its key: leave out COUNTERMAND_CLIENT_CERTIFICATE_KEY"
            )
        return
    keyfile = certificate.key or certificate.certificate
    pem = data if certificate.key is None else _read(certificate.key)
    if b"PRIVATE KEY-----" not in pem:
        raise ValueError(
            f"the file {keyfile} holds no private key: name the file that does in COUNTERMAND_CLIENT_CERTIFICATE_KEY"
            if certificate.key is None
            else f"the file {keyfile} holds no private key"
        )
    try:
        key = load_pem_private_key(_key_of(pem), secret)
    except TypeError:
        raise ValueError(
            f"the key in {keyfile} needs COUNTERMAND_CLIENT_CERTIFICATE_PASSPHRASE"
            if secret is None
            else f"the key in {keyfile} has no passphrase: leave out COUNTERMAND_CLIENT_CERTIFICATE_PASSPHRASE"
        ) from None
    except ValueError:
        raise ValueError(f"the key in {keyfile} cannot be read, or its passphrase is wrong") from None
    try:
        own = x509.load_pem_x509_certificates(data)[0]
    except ValueError:
        raise ValueError(f"the file {certificate.certificate} has no certificate in PEM or PKCS #12") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if own.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise ValueError(f"the key in {keyfile} is not the one of the certificate in {certificate.certificate}")


def made_for_the_moment() -> tuple[bytes, bytes]:
    """A certificate that says nothing, and its key, both in PEM."""
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "none")])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=2)
    )
    told = made.sign(key, SHA256())
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return told.public_bytes(Encoding.PEM), key.private_bytes(*form)


def _key_of(pem: bytes) -> bytes:
    found = re.search(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", pem, re.DOTALL)
    return found[0] if found else pem


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as trouble:
        raise ValueError(f"the file {file} cannot be read: {trouble.strerror}") from None


def _reason(error: ValueError, otherwise: str) -> str:
    return str(error) if "cannot be read" in str(error) else otherwise
