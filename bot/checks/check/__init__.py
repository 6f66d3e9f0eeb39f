"""``countermand check``: the Admin's screens compared with the pack and with earlier baselines.

A screen is read as it is (``snapshot``), compared with its pack file (``contract``) and with its baseline
(``landmarks``, ``picture``); each difference is a ``Drift``, and ``drift`` says what is there instead.
``inspector`` does all of it at every screen of a walk. Nothing here acts on a page, and nothing changes a pack.
"""
