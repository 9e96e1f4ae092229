"""The table of commands. A command's module is imported only when it is the one that was typed."""

from dataclasses import dataclass

PLACE = "sekisho.processes.terminal"


@dataclass(frozen=True)
class Command:
    """words: as typed; module: below this package; tells: one line for `sekisho --help`."""

    words: str
    module: str
    tells: str

    @property
    def dotted(self) -> str:
        """The module's full name."""
        return f"{PLACE}.{self.module}"


COMMANDS = (
    Command("up", "start_platform", "start every process and stay until Ctrl-C"),
    Command("down", "stop_platform", "stop a running platform"),
    Command("status", "show_status", "each process: sandbox, database role, memory, health"),
    Command("samples", "load_samples", "load sample bills and policies, or show what is to pay"),
    Command("bills import", "import_bills", "take in a CSV file of bills"),
    Command("bills find", "find_bills", "search bills"),
    Command("bills withdraw", "withdraw_bill", "take a bill back that nobody pays"),
    Command("policies import", "import_policies", "take in a CSV file of policies"),
    Command("payments show", "show_payment", "the whole history of one payment"),
    Command("payments find", "find_payments", "search payments"),
    Command("payments graph", "draw_graph", "draw the lifecycle of a payment"),
    Command("payments refund", "refund_payment", "give captured money back, whole or in part"),
    Command("payments capture", "capture_payment", "capture an authorised payment that waits"),
    Command("payments void", "void_payment", "give back an authorisation that was not captured"),
    Command("links create", "create_link", "make a page's address where one bill can be paid"),
    Command("links list", "list_links", "the newest links"),
    Command("links show", "show_link", "one link, with its address"),
    Command("links cancel", "cancel_link", "close a link"),
    Command("enrolments list", "list_enrolments", "standing orders, by status or policy"),
    Command("enrolments show", "show_enrolment", "one standing order with its history"),
    Command("enrolments end", "end_enrolment", "charge nothing more, for holder or body"),
    Command("enrolments reinstate", "reinstate_enrolment", "take an end back"),
    Command("charges list", "list_charges", "charge runs, newest first"),
    Command("charges plan", "plan_charges", "draft the yearly charge of a month"),
    Command("charges show", "show_charges", "one charge run: totals and how far it is"),
    Command("charges approve", "approve_charges", "approve what another person planned"),
    Command("charges stop", "stop_charges", "charge nobody more, for now or for good"),
    Command("charges resume", "resume_charges", "go on with a stopped charge run"),
    Command("charges items", "list_charge_items", "items of a run, by state: the work list"),
    Command("charges decide", "decide_charge", "work one item off the work list"),
    Command("disputes list", "list_disputes", "chargebacks by the day to answer by"),
    Command("disputes answer", "answer_dispute", "accept a chargeback, or contest it"),
    Command("clearing import", "import_clearing", "settle what the network's daily file names"),
    Command("settlement list", "list_settlements", "settled days, newest first"),
    Command("settlement show", "show_settlement", "one day: clearing, ledger and payout"),
    Command("settlement files", "list_clearings", "the network's files: taken, broken, missing"),
    Command("settlement differences", "list_differences", "the work list of settlement"),
    Command("payout list", "list_payouts", "payouts, and what is owed besides"),
    Command("payout prepare", "prepare_payout", "gather settled days into a payout"),
    Command("payout file", "write_transfers", "the bank's transfer file of approved payouts"),
    Command("payout mark", "mark_payout", "say what the bank said, or give a payout up"),
    Command("cases list", "list_cases", "payments that wait for two operators"),
    Command("guard show", "show_guard", "card testing: sites, and counters near their limits"),
    Command("guard close", "close_site", "take no more cards on a site"),
    Command("guard open", "open_site", "take cards on a site again"),
    Command("ledger verify", "verify_ledger", "check that the books balance"),
    Command("ledger balance", "show_balance", "the trial balance, now or at a past moment"),
    Command("ledger reconcile", "reconcile", "compare ledger, payments and evidence of a day"),
    Command("desk invite", "invite_staff", "invite a client body's staff; prints a link"),
    Command("desk reset", "reset_staff", "invite anew somebody who lost their second factor"),
    Command("keys list", "list_api_keys", "a client body's API keys, newest first"),
    Command("keys make", "make_api_key", "make an API key; prints it once"),
    Command("keys rotate", "rotate_api_key", "put a newer API key in a key's place"),
    Command("keys revoke", "revoke_api_key", "end an API key at once"),
    Command("webhooks list", "list_webhooks", "where client bodies are told, and what waits"),
    Command("webhooks replay", "replay_webhooks", "send the events since a moment again"),
    Command("console invite", "invite_operator", "invite an operator; prints a link"),
    Command("evidence show", "show_evidence", "the newest lines of evidence, by kind or subject"),
    Command("evidence verify", "verify_evidence", "check the evidence chain from its first line"),
    Command("vault rotate", "rotate_keys", "new keys for a client body, while payments run"),
    Command("vault rotation", "show_rotation", "how far each client body's keys are"),
    Command("vault erase", "erase_subject", "destroy the keys of a person's items or a card"),
    Command("vault budget", "show_budget", "this hour's card releases against their limits"),
    Command("vault postcards", "list_postcards", "postcards: printed or not, in which file"),
    Command("vault allow", "allow_releases", "close a tripped breaker: allow another budget"),
    Command("vault honey", "plant_honey", "plant cards that raise an alarm when they leave"),
    Command("alarms", "list_alarms", "the newest alarms: what a person must look at"),
    Command("simulator chargeback", "open_chargeback", "simulated network: dispute a payment"),
    Command("simulator decide", "decide_chargeback", "simulated network: decide a chargeback"),
    Command("simulator clearing", "fetch_clearing", "simulated network: a day's clearing file"),
)


def find_command(words: list[str]) -> tuple[Command, list[str]] | None:
    """The command that `words` begin with, and the words behind it."""
    for count in (2, 1):
        typed = " ".join(words[:count])
        for command in COMMANDS:
            if command.words == typed and len(words) >= count:
                return command, words[count:]
    return None
