"""`sekisho links create`."""

import argparse

TOLD = {
    "client_body_unknown": "--body: no site stands for this client body",
    "site_needed": "--site: {detail}",
    "site_unknown": "--site: {detail}",
    "bill_unknown": "--bill: the body has no such bill",
    "bill_paid": "--bill: it is paid already, reference {detail}",
    "bill_in_payment": "--bill: it is being paid, reference {detail}",
    "bill_withdrawn": "--bill: it was withdrawn",
    "bill_expired": "--bill: it is too late to pay it",
    "reference_taken": "--reference: another payment has it",
    "reference_wrong": "--reference: {detail}",
    "key_reused": "this --key made something else; choose another",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho links create`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--body", required=True, metavar="ID", help="for this client body")
    parser.add_argument("--bill", metavar="ID", help="to pay this bill; otherwise say the next")
    parser.add_argument("--amount", type=int, metavar="YEN", help="without the fee")
    parser.add_argument("--item", metavar="TEXT", help="what it is for, in Japanese")
    parser.add_argument("--item-en", default="", metavar="TEXT", help="the same in English")
    parser.add_argument("--reference", metavar="WORD", help="the body's own, once for each body")
    parser.add_argument("--site", metavar="ID", help="on whose page, where the body has several")
    parser.add_argument("--expires", metavar="MOMENT", help="30 days from now if not said")
    parser.add_argument("--return-url", default="", metavar="URL", help="offered after paying")
    parser.add_argument("--key", help="makes the link one, however often it is said")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make a page's address where one bill can be paid, and print it."""
    from sekisho.crossings.payments import CreateLink, LinkShown, ToPay
    from sekisho.processes.terminal.ask_payments import ask, print_json, who_types
    from sekisho.processes.terminal.errors import TerminalError
    from sekisho.processes.terminal.show_balance import read_moment
    from sekisho.processes.terminal.show_link import say_link
    from sekisho.vocabulary.identifiers import new_id

    to_pay = None
    if arguments.bill is None:
        if arguments.amount is None or not arguments.item or not arguments.reference:
            raise TerminalError("say --bill, or --amount with --item and --reference")
        to_pay = ToPay(
            amount_yen=arguments.amount,
            item_ja=arguments.item,
            item_en=arguments.item_en,
            reference=arguments.reference,
        )
    message = CreateLink(
        client_body=arguments.body,
        key=arguments.key or new_id("key"),
        bill_id=arguments.bill,
        to_pay=to_pay,
        site=arguments.site,
        expires_at=read_moment(arguments.expires) if arguments.expires else None,
        return_url=arguments.return_url,
        by=who_types(),
    )
    shown: LinkShown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        print(say_link(shown))
    return 0
