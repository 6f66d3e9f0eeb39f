"""The spectrum face: whether what is served was built from the source beside it."""

import re

import pytest
from bundle_kit import ROOT, check_lock, source_sum

SOURCE = ROOT / "bot" / "sandbox" / "spectrum"
STATIC = ROOT / "bot" / "sandbox" / "static"


@pytest.mark.parametrize("made", ["spectrum.js", "spectrum.css"])
def test_the_bundle_belongs_to_its_source(made: str) -> None:
    banner = (STATIC / made).read_text(encoding="utf-8").partition("\n")[0]

    assert f"sha256 {source_sum(SOURCE)}." in banner, "run: make practice-bundle"


def test_the_bundle_loads_nothing_but_what_the_practice_admin_serves() -> None:
    script = (STATIC / "spectrum.js").read_text(encoding="utf-8")
    style = (STATIC / "spectrum.css").read_text(encoding="utf-8")

    assert set(re.findall(r'\bfrom"([^"]*)"', script)) == {"./dom.js", "./filters.js", "./words.js"}
    assert re.findall(r'\bimport\(|\bimport"', script) == []
    assert re.findall(r"url\(|@import", style) == []


def test_the_bundle_speaks_the_languages_of_the_practice_admin_only() -> None:
    script = (STATIC / "spectrum.js").read_text(encoding="utf-8")

    said = ("Select…", "Selecteren…", "Auswählen…", "Sélectionner…", "Seleccione…", "Vybrat…")
    assert [word for word in said if word in script] == ["Select…", "Selecteren…", "Auswählen…", "Sélectionner…"]


def test_the_lock_names_no_registry_and_has_every_hash() -> None:
    check_lock(SOURCE)
