"""Telling people who do not watch: a message by webhook, e-mail, or any service that Apprise knows.

``messages``   what is said: figures, order numbers and outcomes; no secret, and nothing that a page or a list says
``channels``   how it gets there
``notifier``   sending it beside the work, so that nothing waits for it and nothing fails with it
``displays``   what hears of a run as it goes, and has the messages sent

A message that cannot be sent is logged. It never changes an outcome or an exit status.
"""
