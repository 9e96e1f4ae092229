"""`sekisho payout file`: the bank's transfer file (全銀 総合振込) of approved payouts."""

import argparse
import os
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sekisho.bank_files.zengin import Sender, Transfer
    from sekisho.crossings.payments import PayoutShown

SENDER_FILE = Path(__file__).with_name("sender.toml")
MAX_PAYOUTS_ASKED = 400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payout file`."""
    parser.add_argument("day", type=date.fromisoformat, help="payouts to be paid on this day")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="must not exist yet")
    parser.add_argument(
        "--sender", type=Path, default=SENDER_FILE, metavar="FILE", help="our own account, as TOML"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the file for the bank: every approved payout of one day, with check totals."""
    from sekisho.bank_files.errors import BankFileWrong
    from sekisho.bank_files.zengin import TransferFile, write_transfers
    from sekisho.processes.terminal.errors import TerminalError

    payouts = [one for one in _approved(arguments) if one.pay_on == arguments.day]
    if not payouts:
        raise TerminalError(f"no approved payout is to be paid on {arguments.day}")
    transfers = [_transfer(one) for one in payouts]
    file = TransferFile(_sender(arguments.sender), arguments.day, transfers)
    try:
        body = write_transfers(file)
    except BankFileWrong as wrong:
        raise TerminalError(f"the format can't say it: {wrong}; nothing was written") from None
    _write(arguments.to, body)
    total = sum(one.amount_yen for one in payouts)
    print(f"{arguments.to}: {len(payouts):,} transfers, {total:,} yen, on {arguments.day}")
    return 0


def _approved(arguments: argparse.Namespace) -> "list[PayoutShown]":
    from sekisho.crossings.payments import ListPayouts
    from sekisho.processes.terminal.ask_payments import ask

    found: list[PayoutShown] = []
    after = ""
    while True:
        message = ListPayouts(
            client_body="*", state="approved", after=after, limit=MAX_PAYOUTS_ASKED
        )
        page = ask(arguments, message)
        found += page.payouts
        after = page.next_after
        if not after:
            return sorted(found, key=lambda one: one.payout_id)


def _transfer(payout: "PayoutShown") -> "Transfer":
    from sekisho.bank_files.zengin import Account, Transfer

    account = payout.account
    return Transfer(
        Account(
            account.bank_code,
            account.bank_name,
            account.branch_code,
            account.branch_name,
            account.kind,  # type: ignore[arg-type]
            account.number,
        ),
        account.holder,
        payout.amount_yen,
    )


def _sender(path: Path) -> "Sender":
    from sekisho.bank_files.zengin import Account, Sender
    from sekisho.processes.terminal.errors import TerminalError

    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return Sender(told["code"], told["name"], Account(**told["account"]))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise TerminalError(f"{path} does not say who pays: {error}") from None


def _write(path: Path, body: bytes) -> None:
    """Write a new file that only its owner reads; never over another."""
    from sekisho.processes.terminal.errors import TerminalError

    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as target:
            target.write(body)
    except OSError as error:
        raise TerminalError(f"{path} can't be written: {error.strerror}") from None
