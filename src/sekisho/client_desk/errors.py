"""What the desk refuses."""


class DeskError(Exception):
    """Base of the family."""


class UploadUnknown(DeskError):
    """No such upload of this client body."""


class UploadOver(DeskError):
    """The upload is not waiting for that: it was begun, finished or given up."""


class UploadRefused(DeskError):
    """The upload can't be taken. ``code`` is a key of the desk's words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
