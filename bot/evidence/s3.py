"""Evidence in a bucket of an S3-compatible store, through ``obstore`` (extra ``s3``).

Who may write there is said as for every program that uses S3: by the variables ``AWS_ACCESS_KEY_ID``,
``AWS_SECRET_ACCESS_KEY`` and so on, or by the machine's own role.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from bot.errors import CannotStart
from bot.settings import SECRETS_OF_STORE

if TYPE_CHECKING:
    from obstore.store import S3Store

T = TypeVar("T")

SECONDS = 10
"""How long one request to the store may take."""

RETRIES, RETRY_SECONDS = 3, 30
"""How often a request is repeated that failed, and for how long at most. What is written is written once all the same:
the key says what it is."""

_TAKEN = {
    "access_key_id": ("AWS_ACCESS_KEY_ID",),
    "secret_access_key": SECRETS_OF_STORE[:1],
    "session_token": SECRETS_OF_STORE[1:],
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
}
"""What the client is told, and the variables that it is in; the first that is set counts."""


def access_from(environment: Mapping[str, str]) -> dict[str, SecretStr]:
    """What the environment says of the store, by the client's names for it."""
    found = {name: next(filter(None, map(environment.get, names)), "") for name, names in _TAKEN.items()}
    return {name: SecretStr(value) for name, value in found.items() if value}


class S3Objects:
    """A bucket, or what is below a prefix in it.

    Args:
        address: ``s3://bucket/prefix``.
        environment: says where and as whom; the process's own unless given.

    Raises:
        CannotStart: ``obstore`` is not installed, or does not take what the environment says.
    """

    def __init__(self, address: str, environment: Mapping[str, str] | None = None) -> None:
        self._address = address
        self._store = _open(address, os.environ if environment is None else environment)

    def __str__(self) -> str:
        return self._address

    def put(self, key: str, content: bytes) -> None:
        """See ``bot.evidence.objects.Objects``."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        def put() -> None:
            with suppress(AlreadyExistsError):  # with this content
                obstore.put(self._store, key, content, mode="create", attributes=_attributes(key))

        self._in_plain_words(put)

    def get(self, key: str, limit: int | None = None) -> bytes:
        """See ``bot.evidence.objects.Objects``."""
        import obstore

        if limit is None:
            return self._in_plain_words(lambda: bytes(obstore.get(self._store, key).bytes()))
        if limit == 0:
            return b""
        return self._in_plain_words(lambda: bytes(obstore.get_range(self._store, key, start=0, length=limit)))

    def link(self, key: str) -> str:
        """No browser has a way to the store."""
        return ""

    def list(self, under: str) -> Mapping[str, int]:
        """See ``bot.evidence.objects.Objects``."""
        import obstore

        def listed() -> Mapping[str, int]:
            pages = obstore.list(self._store, prefix=under)
            return dict(sorted((str(found["path"]), int(found["size"])) for page in pages for found in page))

        return self._in_plain_words(listed)

    def remove(self, keys: Sequence[str]) -> None:
        """See ``bot.evidence.objects.Objects``."""
        import obstore

        if keys:
            self._in_plain_words(lambda: obstore.delete(self._store, [*keys]))

    def remove_unfinished(self, under: str) -> None:
        """A bucket has whole files only."""

    def _in_plain_words(self, do: Callable[[], T]) -> T:
        from obstore.exceptions import BaseError

        try:
            return do()
        except FileNotFoundError as missing:
            raise FileNotFoundError(2, "No such file", f"in {self._address}") from missing
        except BaseError as trouble:
            raise OSError(5, f"{self._address} cannot be used: {_first_sentence(trouble)}") from trouble


def _open(address: str, environment: Mapping[str, str]) -> "S3Store":
    try:
        from obstore.store import S3Store
    except ModuleNotFoundError as missing:
        raise CannotStart(
            reason="COUNTERMAND_EVIDENCE names an S3 store, and the library for that is not installed.",
            next_step="Get it with: pip install 'countermand[s3]'",
        ) from missing
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    access: dict[str, Any] = {name: value.get_secret_value() for name, value in access_from(environment).items()}
    endpoint = access.get("endpoint", "")
    in_plain = endpoint.startswith("http://")
    if in_plain and not _is_near(endpoint) and environment.get("AWS_ALLOW_HTTP", "").lower() != "true":
        raise CannotStart(
            reason=f"{endpoint} would send the evidence in readable form.",
            next_step="Use https://, or set AWS_ALLOW_HTTP=true if nobody else can listen.",
        )
    try:
        return S3Store(
            bucket,
            prefix=prefix.strip("/") or None,
            client_options={"timeout": f"{SECONDS}s", "connect_timeout": f"{SECONDS}s", "allow_http": in_plain},
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
            **access,
        )
    except Exception as trouble:  # of the library's own kinds
        raise CannotStart(reason=f"{address} cannot be used: {_first_sentence(trouble)}") from trouble


def _attributes(key: str) -> dict[str, str]:
    kinds = {".jpg": "image/jpeg", ".txt": "text/plain; charset=utf-8"}
    found = next((kind for end, kind in kinds.items() if key.endswith(end)), "application/octet-stream")
    return {"Content-Type": found}


def _is_near(endpoint: str) -> bool:
    host = endpoint.removeprefix("http://").partition("/")[0]
    return host.partition(":")[0] in {"localhost", "127.0.0.1"} or host.startswith("[::1]")


def _first_sentence(trouble: Exception) -> str:
    """What went wrong, without the library's own notes about it."""
    return " ".join(str(trouble).partition("\n\nDebug source")[0].split())[:300]
