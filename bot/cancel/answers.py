"""What the answer to a cancel says by itself, from the wire alone: the app's mutation, or the classic form."""

from bot.cancel.endpoint import Answered, Meaning, http_words, understand
from bot.outcomes import Answer


def answer_to_mutation(answered: Answered) -> tuple[Answer, str]:
    """What the endpoint's answer to a cancel says. It gives the store, or nothing, where all went well: no flag."""
    meaning, words, data = understand(answered)
    if meaning is Meaning.CUT:
        return Answer.NONE, words
    if meaning is Meaning.UNREADABLE:
        return Answer.UNCLEAR, words
    if meaning is not Meaning.GOOD:
        return Answer.ERROR, words
    return (Answer.UNCLEAR, "it says neither yes nor no") if False in data.values() or not data else (Answer.OK, "")


def answer_to_form(answered: Answered) -> tuple[Answer, str] | None:
    """What the answer to the classic form says by itself; None where only the page that it leads to says more."""
    if answered.trouble:
        return Answer.NONE, answered.trouble
    if answered.is_sign_in_page:
        return Answer.ERROR, "the session had ended, and the Admin asked to sign in"
    if answered.status >= 400:
        return Answer.ERROR, http_words(answered)
    if answered.status in {307, 308}:
        return Answer.UNCLEAR, f"it leads to another address (HTTP {answered.status}), which was not followed"
    return None
