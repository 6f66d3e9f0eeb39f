"""What one look saw, kept for as long as several questions are to be answered from one instant."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.admin.look import Request

Answer = dict[str, Any]


class Held:
    """A look that was made: what it was asked, and what it saw."""

    def __init__(self, parts: Sequence[Request], seen: Answer) -> None:
        self._seen = seen
        self._parts = [(part, answer) for part, answer in zip(parts, seen["parts"], strict=True)]

    def answer(self, parts: Sequence[Request]) -> Answer | None:
        """What a look for these parts would have seen in that instant; None where it was not looked for."""
        answers = [self._answer(part) for part in parts]
        return None if None in answers else {**self._seen, "parts": answers}

    def _answer(self, wanted: Request) -> Answer | None:
        return next(
            (found for part, answer in self._parts if (found := _part_of(wanted, part, answer)) is not None), None
        )


def _part_of(wanted: Request, part: Request, answer: Answer) -> Answer | None:
    """What of an answer to one part answers another; None where it does not answer all of it."""
    if (
        wanted.keys() - {"covers", "finds", "reading", "wants", "late"}
        or wanted.get("covers", part["covers"]) != part["covers"]
    ):
        return None
    finds: dict[str, Any] = {}
    for key, request in wanted.get("finds", {}).items():
        same = next((name for name, asked in part["finds"].items() if _tells(asked, request)), None)
        if same is None:
            return None
        finds[key] = answer["finds"][same]
    reading = _reading_of(wanted.get("reading"), part["reading"], answer["reading"])
    return None if reading is None else {"busy": answer["busy"], "finds": finds, "reading": reading or None}


def _tells(asked: Request, request: Request) -> bool:
    """Whether what was asked of an element answers a request for the same, and tells as much of it."""

    def bare(one: Request) -> Request:
        return {key: value for key, value in one.items() if key not in {"tell", "commerce"}}

    return bare(asked) == bare(request) and {*request.get("tell", ())} <= {*asked.get("tell", ())}


def _reading_of(wanted: Request | None, asked: Request | None, answer: Answer | None) -> Answer | None:
    """Of what was read, what is wanted; empty if nothing is, None where not all of it was read."""
    if wanted is None:
        return {}
    if asked is None or answer is None or not all(_within(wanted[kind], asked[kind]) for kind in ("fields", "columns")):
        return None
    read = {kind: {name: answer[kind][name] for name in wanted[kind]} for kind in ("fields", "columns")}
    return {**answer, **read}


def _within(wanted: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    return all(asked.get(name) == words for name, words in wanted.items())
