"""The script that looks at pages: whether what is put into them was built from the source beside it."""

from bundle_kit import ROOT, check_lock, source_sum

SOURCE = ROOT / "bot" / "admin" / "look_source"


def test_the_bundle_belongs_to_its_source() -> None:
    banner = (SOURCE.parent / "look.js").read_text(encoding="utf-8").partition("\n")[0]

    assert banner == f"/*! Source: bot/admin/look_source, sha256 {source_sum(SOURCE)}. License: look.NOTICE.txt */", (
        "run: make look-bundle"
    )


def test_the_notice_has_the_license_of_what_is_in_the_bundle() -> None:
    notice = (SOURCE.parent / "look.NOTICE.txt").read_text(encoding="utf-8")

    assert notice.startswith("look.js contains dom-accessibility-api 0.7.1 (MIT), changed ")
    assert "Permission is hereby granted, free of charge" in notice


def test_the_lock_names_no_registry_and_has_every_hash() -> None:
    check_lock(SOURCE)
