"""From a checkout to a running system, with nothing but Python's own library.

`environment` makes the Python environment, `libraries` finds what WeasyPrint and the browser tests
need, `postgres` and `valkey` run private servers on sockets, `services` ties them to those who use
them. `demo`, `suite` and `services` are the three commands.
"""
