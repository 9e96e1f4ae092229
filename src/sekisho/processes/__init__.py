"""Where everything is started: one folder per process (settings, wiring), the supervisor, the
terminal, and what they stand on (embedded PostgreSQL, sandbox, settings).

Only this package may import a zone, and each zone only from its own process folder.
"""
