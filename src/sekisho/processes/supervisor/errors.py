"""What stops the supervisor; each message names the thing and says what to do."""


class SupervisorError(Exception):
    """The platform can't come up."""


class PortTaken(SupervisorError):
    """Another program listens where one of our processes should."""


class AlreadyRunning(SupervisorError):
    """Another supervisor holds this data folder."""


class FolderUnusable(SupervisorError):
    """The data folder can't be written, or can't be entered without root's privileges."""


class SettingsUnreadable(SupervisorError):
    """A site's file is not TOML."""


class PrepareFailed(SupervisorError):
    """A process could not make its keys or migrate its schema."""
