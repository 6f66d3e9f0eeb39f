"""The console: lists, approvals, live pictures and what waits for a person, in the browser.

It reads and writes through the ledger and the queue only. Whatever it does, the command line can do, and the other way
round. Every page is made on the server and works without JavaScript; with it, pages follow what happens.

``people``         roles, and the file that says who has which
``ways_in``        how it is proved who somebody is: the one-time address, a reverse proxy's header
``oidc``           the same at a provider of OpenID Connect
``shown``          what pages and programs are told: runs, orders, approvals; the same for both
``reading``        where that comes from: the ledger, the queue, the evidence
``acting``         what people do, each with the role that it needs
``desk``           what everything here shares: settings, ledger, queue, the worker inside
``worker_inside``  the worker that comes with the console
``rendering``      templates, and the few words that they need
``visit``          one request: who asks, and what is answered
``guard``          what every request has to pass, and what every answer carries
``live``           telling open pages that something has changed
``pages``          the pages, a module each
``api``            the same for programs, with its description
``app``            which address leads where
``server``         from the command to a server that listens
"""
