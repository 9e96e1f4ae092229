"""What the terminal tells a person instead of a trace."""


class TerminalError(Exception):
    """The command can't do its work; the message says why and what to do. Exit status 1."""
