"""The supervisor (`sekisho up`): makes what is missing, holds the sockets, starts every process,
watches it and starts it again, and stops everything in order.

It holds every listening socket itself and hands it down, so that a process that dies and comes back
has lost no connection. It alone knows the database superuser's password. It reads nothing that
comes from outside but the health answers of its own processes.
"""
