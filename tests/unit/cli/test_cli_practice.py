"""Commands on the practice Admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Countermand


def test_the_practice_admin_names_the_languages_that_it_speaks(countermand: Countermand) -> None:
    assert countermand("sandbox", "--language", "sv_SE") == (
        2,
        "",
        "The practice Admin does not speak 'sv_SE': it speaks en_US, nl_NL, de_DE, fr_FR.\n",
    )
