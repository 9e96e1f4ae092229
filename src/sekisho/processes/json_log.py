"""A process's own log: JSON lines, masked, rotated, never a card number (PCI DSS 3.5.1, 10.3)."""

import json
import logging
import logging.handlers
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path

from sekisho.edge.mask_secrets import mask_cards

LOG_FILE = "log.jsonl"
MAX_LOG_BYTES = 4 * 1024 * 1024
KEPT_LOGS = 5
MAX_LINE_CHARACTERS = 8_000
"""A line longer than this is cut; a traceback's end is kept, where the reason is."""


_TOKEN = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])", re.ASCII)
"""A bearer token as ``identifiers.new_token`` makes it: Django's own log of a refused request names
the address, and an invitation's or card form's address holds one."""


class JsonLines(logging.Formatter):
    """One JSON object per record: time, level, logger, text, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "text": _fit(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["trace"] = _fit("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(line, ensure_ascii=False)


def _fit(text: str) -> str:
    masked = _TOKEN.sub("~token", mask_cards(text))
    return masked if len(masked) <= MAX_LINE_CHARACTERS else "…" + masked[-MAX_LINE_CHARACTERS:]


def start_log(folder: Path, level: int = logging.INFO) -> None:
    """Send every logger of this process to `folder`/log.jsonl, and nothing to a terminal."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / LOG_FILE, maxBytes=MAX_LOG_BYTES, backupCount=KEPT_LOGS, encoding="utf-8"
    )
    (folder / LOG_FILE).chmod(0o600)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    # A failing handler must not print the record, with its arguments, to the terminal.
    logging.raiseExceptions = False
