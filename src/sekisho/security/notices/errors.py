"""What a notice is refused for."""


class NoticeWrong(Exception):
    """A notice file can't be published; the message names the file, the field and what to do."""
