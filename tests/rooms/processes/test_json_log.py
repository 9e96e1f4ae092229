"""The log is JSON lines, and a card number in a message or a trace does not reach it."""

import json
import logging
import subprocess
import sys
from pathlib import Path

from sekisho.processes.json_log import JsonLines

CARD = "4111 1111 1111 1111"


def write(record: logging.LogRecord) -> dict[str, str]:
    line: dict[str, str] = json.loads(JsonLines().format(record))
    return line


def record_of(message: str, *arguments: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("zone", logging.ERROR, __file__, 1, message, arguments, exc_info)  # type: ignore[arg-type]


def test_masks_a_card_number_in_the_text_and_in_the_trace() -> None:
    try:
        raise ValueError(f"bad card {CARD}")
    except ValueError:
        line = write(record_of("refused %s", CARD, exc_info=sys.exc_info()))
    assert "1111" not in json.dumps(line)
    assert "ValueError" in line["trace"]
    assert line["level"] == "error"


def test_a_line_break_in_a_message_makes_no_second_line() -> None:
    text = JsonLines().format(record_of("one\ntwo"))
    assert "\n" not in text
    assert json.loads(text)["text"] == "one\ntwo"


def test_a_long_line_is_cut_at_its_beginning() -> None:
    line = write(record_of("%s end", "x" * 20_000))
    assert len(line["text"]) < 10_000
    assert line["text"].endswith(" end")


def test_a_broken_log_call_shows_its_arguments_to_nobody(tmp_path: Path) -> None:
    program = (
        "import logging, sys; from pathlib import Path;"
        "from sekisho.processes.json_log import start_log;"
        "start_log(Path(sys.argv[1])); logging.warning('%d', 'secret-word')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={"PYTHONPATH": str(Path(__file__).parents[3] / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "secret-word" not in done.stdout + done.stderr
