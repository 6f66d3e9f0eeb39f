"""An S3 store of a test's own: moto's server, in a process of its own."""

import importlib.util
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from environment_kit import clean_environment

BUCKET = "evidence"
SECRET = "a-secret-of-the-store"

_SERVE = """
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


def is_installed() -> bool:
    """Whether the store and the library that talks to it are installed."""
    return all(importlib.util.find_spec(name) for name in ("moto", "flask", "obstore"))


@contextmanager
def bucket() -> Iterator[Mapping[str, str]]:
    """The environment of a program that may use a bucket; it is empty at first, and gone afterwards."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        address = f"http://127.0.0.1:{int(server.stdout.readline())}"
        make = urllib.request.Request(f"{address}/{BUCKET}", method="PUT")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(make):
            yield MappingProxyType(
                {
                    "AWS_ACCESS_KEY_ID": "somebody",
                    "AWS_SECRET_ACCESS_KEY": SECRET,
                    "AWS_REGION": "us-east-1",
                    "AWS_ENDPOINT_URL": address,
                }
            )
    finally:
        server.stdin.close()
        server.stdout.close()
        server.terminate()
        server.wait()
