"""Files of bills and policies made for one session: every story gets a slip of its own."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sekisho.vocabulary.clock import business_date, now
from tests.running_platform import RunningPlatform

PAYEE = "13999"


@dataclass(frozen=True)
class Slip:
    """The four numbers of a payment slip, and what is asked for."""

    payment_number: str
    amount: int
    payee_number: str = PAYEE
    confirmation_number: str = "246813"
    category_number: str = "001"


class SlipBook:
    """Makes bills and lets the client body hand them in by `sekisho bills import`."""

    def __init__(self, platform: RunningPlatform, folder: Path) -> None:
        self._platform = platform
        self._folder = folder
        self._numbers = itertools.count(1)

    def new(self, *, amount: int = 34_500, opens_in: int = -1, due_in: int = 30) -> Slip:
        """One bill that is payable from ``opens_in`` to ``due_in`` days from today."""
        slip = Slip(f"{70_000_000_000_000_000_000 + next(self._numbers)}", amount)
        today = business_date(now())
        row = {
            "payee_number": slip.payee_number,
            "payment_number": slip.payment_number,
            "confirmation_number": slip.confirmation_number,
            "category_number": slip.category_number,
            "item_ja": "固定資産税・都市計画税",
            "item_en": "Fixed asset tax and city planning tax",
            "fiscal_year": "令和8年度",
            "term": "第2期",
            "amount": str(amount),
            "first_payable": (today + timedelta(days=opens_in)).isoformat(),
            "due_date": (today + timedelta(days=due_in)).isoformat(),
        }
        self._take("bills", "mihon_to", row)
        return slip

    def new_policy(self, *, born: str = "1980-05-17") -> str:
        """One policy of a fictional person; returns its number."""
        number = f"{80_000_000 + next(self._numbers)}"
        row = {
            "policy_number": number,
            "product_ja": "団体信用生命保険",
            "product_en": "Group credit life insurance",
            "yearly_premium": "74300",
            "joined_month": "4",
            "date_of_birth": born,
        }
        self._take("policies", "mihon_kiko", row)
        return number

    def _take(self, kind: str, client_body: str, row: dict[str, str]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, row)
        writer.writeheader()
        writer.writerow(row)
        path = self._folder / f"{kind}-{next(self._numbers)}.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        self._platform.sekisho(kind, "import", str(path), "--client-body", client_body)
