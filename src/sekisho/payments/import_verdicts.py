"""What becomes of each row of a file, by set: one statement looks at all rows at once.

Both kinds of file have a verdict query that gives each staged row one of ``add``, ``change``,
``withdraw``, ``same`` or ``refuse`` with field, code and detail."""

from __future__ import annotations

from typing import LiteralString

from sekisho.crossings.payments import MAX_ROWS_REFUSED_SHOWN, ImportResult, RowRefused
from sekisho.payments.records.session import Row, Rows

BILL_VERDICTS: LiteralString = """
WITH repeated AS (
    SELECT payee_number, payment_number, min(line) AS first_line,
           count(DISTINCT (confirmation_number, category_number, item_ja, item_en, fiscal_year,
                           term, amount_yen, first_payable_at, due_date, payable_until,
                           withdrawn)::text) AS variants
    FROM bill_staged WHERE import_id = %(import_id)s
    GROUP BY payee_number, payment_number HAVING count(*) > 1
), seen AS (
    SELECT s.*, b.id AS known_id, r.first_line, r.variants, h.state AS holder,
           CASE WHEN b.id IS NULL THEN true
                WHEN s.withdrawn THEN NOT b.withdrawn
                ELSE (s.confirmation_number, s.category_number, s.item_ja, s.item_en,
                      s.fiscal_year, s.term, s.amount_yen, s.first_payable_at, s.due_date,
                      s.payable_until, s.withdrawn)
                     IS DISTINCT FROM
                     (b.confirmation_number, b.category_number, b.item_ja, b.item_en,
                      b.fiscal_year, b.term, b.amount_yen, b.first_payable_at, b.due_date,
                      b.payable_until, b.withdrawn) END AS differs
    FROM bill_staged s
    LEFT JOIN repeated r USING (payee_number, payment_number)
    LEFT JOIN bill b ON b.client_body = s.client_body AND b.payee_number = s.payee_number
                    AND b.payment_number = s.payment_number
    LEFT JOIN payment h ON h.held_for = b.id
    WHERE s.import_id = %(import_id)s
), verdict AS (
    SELECT seen.*, CASE
        WHEN NOT payee_number = ANY(%(payees)s)
            THEN ARRAY['payee_number', 'payee_unknown', 'no site of this client body takes it']
        WHEN payment_number !~ '^[0-9]{14,20}$'
            THEN ARRAY['payment_number', 'wrong_length', '14 to 20 digits']
        WHEN confirmation_number !~ '^[0-9]{6}$'
            THEN ARRAY['confirmation_number', 'wrong_length', '6 digits']
        WHEN category_number !~ '^[0-9]{1,10}$'
            THEN ARRAY['category_number', 'wrong_length', '1 to 10 digits']
        WHEN amount_yen NOT BETWEEN 1 AND %(most_yen)s
            THEN ARRAY['amount', 'amount_out_of_bounds',
                       format('from 1 to %%s yen', %(most_yen)s::bigint)]
        WHEN item_ja = '' OR length(item_ja) > 100 OR length(item_en) > 100
            THEN ARRAY['item_ja', 'text_wrong', '1 to 100 characters']
        WHEN fiscal_year NOT BETWEEN 1989 AND 2200
            THEN ARRAY['fiscal_year', 'year_wrong', 'from 1989 to 2200']
        WHEN length(term) > 40 THEN ARRAY['term', 'text_wrong', 'at most 40 characters']
        WHEN payable_until <= first_payable_at
            THEN ARRAY['payable_until', 'dates_in_wrong_order', 'must be after first_payable']
        WHEN variants > 1
            THEN ARRAY['payment_number', 'conflict',
                       format('other rows of the file say something else (line %%s first)',
                              first_line)]
        WHEN variants = 1 AND line > first_line
            THEN ARRAY['payment_number', 'repeated', format('the same as line %%s', first_line)]
        WHEN withdrawn AND known_id IS NULL
            THEN ARRAY['payment_number', 'bill_unknown', 'there is no such bill to withdraw']
        WHEN differs AND holder IN ('captured', 'settled')
            THEN ARRAY['payment_number', 'bill_paid', 'the bill is paid; it stays as it was']
        WHEN differs AND holder IS NOT NULL
            THEN ARRAY['payment_number', 'bill_in_payment',
                       'the bill is being paid now; send the row again tomorrow']
        END AS refusal
    FROM seen
), judged AS (
    SELECT verdict.*, CASE WHEN refusal IS NOT NULL THEN 'refuse'
                           WHEN known_id IS NULL THEN 'add'
                           WHEN NOT differs THEN 'same'
                           WHEN withdrawn THEN 'withdraw'
                           ELSE 'change' END AS judgement
    FROM verdict
)
"""

POLICY_VERDICTS: LiteralString = """
WITH repeated AS (
    SELECT policy_number, min(line) AS first_line
    FROM policy_staged WHERE import_id = %(import_id)s
    GROUP BY policy_number HAVING count(*) > 1
), seen AS (
    SELECT s.*, o.id AS known_id, r.first_line,
           o.id IS NULL OR (s.product_ja, s.product_en, s.yearly_premium_yen, s.joined_month,
                            s.ended)
           IS DISTINCT FROM (o.product_ja, o.product_en, o.yearly_premium_yen, o.joined_month,
                             o.ended) AS differs,
           s.ended AND NOT coalesce(o.ended, false) AS ends
    FROM policy_staged s
    LEFT JOIN repeated r USING (policy_number)
    LEFT JOIN policy o ON o.client_body = s.client_body AND o.policy_number = s.policy_number
    WHERE s.import_id = %(import_id)s
), verdict AS (
    SELECT seen.*, CASE
        WHEN policy_number !~ '^[0-9]{6,12}$'
            THEN ARRAY['policy_number', 'wrong_length', '6 to 12 digits']
        WHEN yearly_premium_yen NOT BETWEEN 1 AND %(most_yen)s
            THEN ARRAY['yearly_premium', 'amount_out_of_bounds',
                       format('from 1 to %%s yen', %(most_yen)s::bigint)]
        WHEN joined_month NOT BETWEEN 1 AND 12
            THEN ARRAY['joined_month', 'month_wrong', 'from 1 to 12']
        WHEN product_ja = '' OR length(product_ja) > 100 OR length(product_en) > 100
            THEN ARRAY['product_ja', 'text_wrong', '1 to 100 characters']
        WHEN first_line IS NOT NULL
            THEN ARRAY['policy_number', 'conflict',
                       format('stands more than once in the file (line %%s first)', first_line)]
        WHEN fault <> '' THEN ARRAY['date_of_birth', 'item_invalid', fault]
        END AS refusal
    FROM seen
), judged AS (
    SELECT verdict.*, CASE WHEN refusal IS NOT NULL THEN 'refuse'
                           WHEN known_id IS NULL THEN 'add'
                           WHEN NOT differs THEN 'same'
                           WHEN ends THEN 'withdraw'
                           ELSE 'change' END AS judgement
    FROM verdict
)
"""

_COUNTS: LiteralString = "SELECT judgement, count(*) FROM judged GROUP BY judgement"
_REFUSED: LiteralString = (
    "SELECT line, refusal[1], refusal[2], refusal[3] FROM judged WHERE judgement = 'refuse'"
    " ORDER BY line LIMIT %(shown)s"
)


def over(verdicts: LiteralString, statement: LiteralString) -> LiteralString:
    """Return ``statement`` over the table ``judged`` of ``verdicts``."""
    return verdicts + statement


def judge(
    rows: Rows, verdicts: LiteralString, values: dict[str, object], *, take: bool
) -> ImportResult:
    """Return what becomes of the rows; ``taken`` is ``take``."""
    counts: dict[str, int] = {
        str(row[0]): int(row[1]) for row in rows.all(over(verdicts, _COUNTS), values)
    }
    refused: list[Row] = []
    if counts.get("refuse"):
        refused = rows.all(over(verdicts, _REFUSED), {**values, "shown": MAX_ROWS_REFUSED_SHOWN})
    return ImportResult(
        added=counts.get("add", 0),
        changed=counts.get("change", 0),
        withdrawn=counts.get("withdraw", 0),
        unchanged=counts.get("same", 0),
        refused_count=counts.get("refuse", 0),
        refused=[
            RowRefused(line=line, field=field, code=code, detail=detail)
            for line, field, code, detail in refused
        ],
        taken=take,
    )
