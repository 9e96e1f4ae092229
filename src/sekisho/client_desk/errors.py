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


class WebhookRefused(DeskError):
    """Something about events or webhooks can't be done. ``code`` is stable and a key of the
    desk's words; ``detail`` is for people, ``field`` names what is wrong. ``reason``: of an
    address, what is wrong with it (``hook_sender.AddressWrong``)."""

    def __init__(
        self, code: str, detail: str = "", field: str | None = None, *, reason: str = ""
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.reason = reason
        self.detail = detail
        self.field = field


class RefundUnknown(DeskError):
    """No such refund request of this client body."""


class RefundRefused(DeskError):
    """The refund can't be asked for or decided. ``code`` is a key of the desk's words; ``field``
    the form's field that it is about."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


class StaffRefused(DeskError):
    """An act of an administrator can't be done. ``code`` is a key of the desk's words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
