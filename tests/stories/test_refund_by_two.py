"""A clerk and an approver of a client body at two browsers: a payment is found, a large refund is
asked for and approved, and the payment's page shows what became of it."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.running_platform import RunningPlatform
from tests.stories.desk_people import sign_up
from tests.stories.slips import SlipBook
from tests.stories.walk import open_payer

ROUNDS_LIMIT = 60
"""Half seconds until the network has given the money back."""


def test_a_large_refund_is_asked_for_by_one_and_approved_by_another(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    payer = open_payer(chromium, platform)
    assert payer.pay_bill(slips.new(amount=120_000)) == "done"
    reference = payer.reference

    clerk = sign_up(chromium, platform, "refund-clerk", "clerk")
    clerk.page.fill("#reference", reference.lower())
    clerk.page.click(".find button")
    clerk.page.click(f"text={reference}")
    clerk.page.wait_for_url("**/payments/pay_*")
    payment = clerk.page.url
    clerk.page.click("main a.button")
    clerk.page.fill("#amount_yen", "50000")
    clerk.page.fill("#fee_yen", "0")
    clerk.page.fill("#reason", "二重納付のため")
    clerk.page.click("main form button")
    clerk.page.wait_for_url("**done=asked")

    approver = sign_up(chromium, platform, "refund-approver", "approver", width="phone")
    assert approver.page.locator(".waits a[href='/refunds']").is_visible()
    approver.go("/refunds")
    approver.page.click(f"main table a:text('{reference}')")
    approver.page.check("#approve")
    approver.fresh_code()
    approver.page.click("main form button")
    approver.page.wait_for_selector("main .notice--done")

    for _ in range(ROUNDS_LIMIT):
        clerk.page.goto(payment)
        if "済み" in clerk.page.locator("main table").last.inner_text():
            break
        clerk.page.wait_for_timeout(500)
    assert "50,000" in clerk.page.locator("main table").last.inner_text()
    assert "refund" in platform.sekisho("payments", "show", reference)
    assert platform.sekisho("ledger", "verify")
    # The other body's staff find nothing of it.
    other = sign_up(chromium, platform, "other-clerk", "clerk", client_body="mihon_kiko")
    assert other.page.goto(payment).status == 404  # type: ignore[union-attr]
