"""``countermand check``: the Admin's screens held against the pack's contract and against baselines of before.

A screen is looked at as it is (``snapshot``), held against its pack file (``contract``) and against its baseline
(``landmarks``, ``looks``); what is not as it should be is a ``Drift``, and ``drift`` says what is there instead.
``inspector`` does all of it whenever a walk arrives at a screen. Nothing here acts on a page, and nothing mends a pack.
"""
