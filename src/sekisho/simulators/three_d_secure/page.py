"""The access control server's pages, in Japanese and English."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import Literal
from urllib.parse import urlsplit

from sekisho.simulators.three_d_secure.issuer import MAX_CODE_TRIES, ChallengeOpen

Language = Literal["ja", "en"]

_LOOK = Path(__file__).parent / "look"
LOOK_FILES = {
    "challenge.css": "text/css; charset=utf-8",
    "challenge.js": "text/javascript; charset=utf-8",
}

_WORDS: dict[Language, dict[str, str]] = {
    "ja": {
        "title": "本人認証",
        "bank": "見本カード会社",
        "lead": "ご本人によるお支払いであることを確認します。確認コードを入力してください。",
        "merchant": "お支払い先",
        "amount": "金額",
        "card": "カード番号",
        "check": "カードの確認(請求はありません)",
        "yours": "確認コード",
        "simulated": "これは模擬の認証画面です。実際のカード会社はコードをお手元の端末に送ります。",
        "enter": "確認コード(6桁の数字)",
        "submit": "認証する",
        "cancel": "認証をやめる",
        "wrong": "確認コードが違います。あと{left}回入力できます。",
        "done_title": "お支払い先のページに戻ります",
        "done": "自動で切り替わらない場合は、ボタンを押してください。",
        "back": "戻る",
        "lost_title": "この認証は続けられません",
        "lost": "時間が過ぎたか、すでに終わった認証です。お支払い先からやり直してください。",
        "switch": "English",
        "skip": "本文へ",
        "error": "エラー",
    },
    "en": {
        "title": "Confirm that it is you",
        "bank": "Sample Card Issuer",
        "lead": "We check that you are making this payment. Enter the confirmation code.",
        "merchant": "Paying to",
        "amount": "Amount",
        "card": "Card number",
        "check": "Card check (nothing is charged)",
        "yours": "Your code",
        "simulated": "This is a simulated page. A real issuer sends the code to your own device.",
        "enter": "Confirmation code (6 digits)",
        "submit": "Confirm",
        "cancel": "Stop and go back",
        "wrong": "That code is wrong. Tries left: {left}.",
        "done_title": "Taking you back",
        "done": "If the page does not change by itself, press the button.",
        "back": "Go back",
        "lost_title": "This confirmation can't go on",
        "lost": "It ran out of time or is over. Start again on the page where you were paying.",
        "switch": "日本語",
        "skip": "Skip to content",
        "error": "Error",
    },
}

_FRAME = Template((_LOOK / "frame.html").read_text(encoding="utf-8"))
_CHALLENGE = Template((_LOOK / "challenge.html").read_text(encoding="utf-8"))
_RETURN = Template((_LOOK / "return.html").read_text(encoding="utf-8"))


def other(language: Language) -> Language:
    """Return the language that the switch leads to."""
    return "en" if language == "ja" else "ja"


def policy(challenge: ChallengeOpen | None) -> dict[str, str]:
    """Return the security headers of a page: no inline script, forms go here or back only.

    ``strict-origin`` because a stricter referrer policy makes the browser send ``Origin: null``
    with the form that goes back."""
    back = _origin(challenge.notification_url) if challenge else "'none'"
    return {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
            f"form-action 'self' {back}; frame-ancestors {back}"
            if challenge
            else "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors *"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin",
        "Cache-Control": "no-store",
    }


def show_challenge(challenge: ChallengeOpen, *, wrong: bool) -> str:
    """Return the page that asks for the code."""
    words = _escaped(challenge.language)
    left = MAX_CODE_TRIES - challenge.wrong_tries
    amount = (
        words["check"]
        if challenge.category == "02"
        else f"{challenge.amount_yen:,}円"
        if challenge.language == "ja"
        else f"¥{challenge.amount_yen:,}"
    )
    problem = (
        f'<p class="wrong" id="wrong" role="alert">{words["wrong"].format(left=left)}</p>'
        if wrong
        else ""
    )
    body = _CHALLENGE.substitute(
        words,
        merchant_name=escape(challenge.merchant),
        amount_shown=amount,
        last_four=escape(challenge.last_four),
        code=challenge.code,
        problem=problem,
        described="hint wrong" if wrong else "hint",
        invalid="true" if wrong else "false",
        acs_id=escape(challenge.acs_id),
        other_language=other(challenge.language),
    )
    title = f"{words['error']}: {words['title']}" if wrong else words["title"]
    return _page(challenge.language, title, body)


def show_return(challenge: ChallengeOpen, cres: str, session_data: str) -> str:
    """Return the page that carries the browser back, by itself or by its button."""
    words = _escaped(challenge.language)
    session = (
        f'<input type="hidden" name="threeDSSessionData" value="{escape(session_data)}">'
        if session_data
        else ""
    )
    body = _RETURN.substitute(
        words, url=escape(challenge.notification_url), cres=escape(cres), session=session
    )
    return _page(challenge.language, words["done_title"], body)


def show_lost(language: Language) -> str:
    """Return the page for a challenge that is unknown or too old."""
    words = _escaped(language)
    return _page(
        language, words["lost_title"], f"<h1>{words['lost_title']}</h1><p>{words['lost']}</p>"
    )


def look_file(name: str) -> bytes:
    """Return a file of the look. Raises ``KeyError`` for a name that is none."""
    if name not in LOOK_FILES:
        raise KeyError(name)
    return (_LOOK / name).read_bytes()


def _escaped(language: Language) -> dict[str, str]:
    return {name: escape(word) for name, word in _WORDS[language].items()}


def _page(language: Language, title: str, body: str) -> str:
    words = _escaped(language)
    return _FRAME.substitute(
        lang=language, page_title=title, bank=words["bank"], skip=words["skip"], body=body
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
