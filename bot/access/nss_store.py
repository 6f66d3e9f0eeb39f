"""Makes a store of trusted authorities as Chromium reads it on Linux (NSS), in a process of its own.

Started as ``python nss_store.py FOLDER FILE...``, each file one certificate in DER. It imports nothing of this program.
The library is the one that Chromium itself needs. A process of its own, because NSS can be started once in a process.
"""

import ctypes
import ctypes.util
import sys
from pathlib import Path

_TRUSTED_FOR_SERVERS = b"C,,"


class _Item(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int), ("data", ctypes.c_char_p), ("length", ctypes.c_uint))


class _Trust(ctypes.Structure):
    _fields_ = (("servers", ctypes.c_uint), ("mail", ctypes.c_uint), ("code", ctypes.c_uint))


def make(folder: str, certificates: list[bytes]) -> None:
    """Add these certificates to the store in a folder, as authorities that vouch for servers.

    Raises:
        OSError: there is no NSS here, or it refuses.
    """
    nss = ctypes.CDLL(ctypes.util.find_library("nss3") or "libnss3.so")
    for name in ("PK11_GetInternalKeySlot", "CERT_GetDefaultCertDB", "CERT_NewTempCertificate"):
        getattr(nss, name).restype = ctypes.c_void_p
    _done(nss.NSS_InitReadWrite(f"sql:{folder}".encode()), "open the store")
    slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
    if nss.PK11_NeedUserInit(slot):
        _done(nss.PK11_InitPin(slot, None, b""), "begin the store")
    database = ctypes.c_void_p(nss.CERT_GetDefaultCertDB())
    for number, der in enumerate(certificates):
        item = _Item(0, der, len(der))
        made = ctypes.c_void_p(nss.CERT_NewTempCertificate(database, ctypes.byref(item), None, 0, 1))
        if not made:
            raise OSError("NSS cannot read a certificate")
        trust, called = _Trust(), f"countermand-{number}".encode()
        _done(nss.PK11_ImportCert(slot, made, ctypes.c_ulong(0), called, 0), "import a certificate")
        _done(nss.CERT_DecodeTrustString(ctypes.byref(trust), _TRUSTED_FOR_SERVERS), "say what it is trusted for")
        _done(nss.CERT_ChangeCertTrust(database, made, ctypes.byref(trust)), "trust a certificate")
        nss.CERT_DestroyCertificate(made)
    nss.PK11_FreeSlot(slot)
    _done(nss.NSS_Shutdown(), "write the store")


def _done(result: int, what: str) -> None:
    if result:
        raise OSError(f"NSS could not {what}")


if __name__ == "__main__":
    try:
        make(sys.argv[1], [Path(file).read_bytes() for file in sys.argv[2:]])
    except OSError as trouble:
        sys.exit(str(trouble))
