"""What can go wrong between zones."""


class TransportError(Exception):
    """Base of the family."""


class CrossingUnavailable(TransportError):
    """The receiver can't be reached or is too busy; the message may or may not have arrived."""


class CrossingFailed(TransportError):
    """The receiver broke on the message; its log has the details under the given mark."""


class NotPermitted(TransportError):
    """The table of permits has no row for this caller and message."""


class HandshakeFailed(TransportError):
    """The other end could not prove who it is."""


class FrameBroken(TransportError):
    """The other end sent bytes that are no frame."""


class OutboxFull(TransportError):
    """Too many messages wait for their receivers; a door that meets it says that it is busy."""
