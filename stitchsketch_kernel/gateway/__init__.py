"""The one HTTP entrance for phones, scripts and kernels, which never hold a database password.

`permissions` is the one table of who may do what; `app` makes a FastAPI application of it and
refuses to start with a route that has no row. `settings` reads the environment, `tokens`
verifies who asks, `guard` holds them against the table, `problems` tells what is wrong
(RFC 9457). `routes/` holds the endpoints by room; `uploads` keeps what has come so far of a file,
`events` tells how a run goes on, `once` answers a repeated request as the first time.

Written against the interfaces of `projects`, `users` and `storage`, whatever stands behind them.
Start it with ``stitchsketch gateway --port 8010``; the other side is the room `client`.
"""
