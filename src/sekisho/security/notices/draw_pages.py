"""Draws the site's pages and its feed. Pure: notices in, files out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape

from sekisho.edge.look import LOOK
from sekisho.security.notices.read_notices import Notice
from sekisho.vocabulary.clock import TOKYO

STYLESHEET = "sekisho.css"
FEED = "feed.xml"
LANGUAGES = ("ja", "en")

_WORDS = {
    "ja": {
        "title": "お知らせ",
        "site": "関所 お知らせ",
        "none": "現在、お知らせはありません。",
        "other": "English",
        "skip": "本文へ移動",
        "back": "お知らせの一覧",
        "information": "案内",
        "maintenance": "メンテナンス",
        "incident": "事故・障害",
        "corrected": "訂正",
        "old": "訂正前",
        "new": "訂正後",
        "reason": "理由",
        "feed": "Atomフィード",
        "about": "このサイトは、決済サイトが停止していても見られます。",
    },
    "en": {
        "title": "Notices",
        "site": "Sekisho notices",
        "none": "There are no notices at present.",
        "other": "日本語",
        "skip": "Skip to main content",
        "back": "All notices",
        "information": "Information",
        "maintenance": "Maintenance",
        "incident": "Incident",
        "corrected": "Correction",
        "old": "Before",
        "new": "Now",
        "reason": "Why",
        "feed": "Atom feed",
        "about": "This site can be read even when the payment sites are stopped.",
    },
}

_TAGS = {"information": "", "maintenance": " tag--warn", "incident": " tag--bad"}


def draw_site(notices: Mapping[str, Notice], address: str) -> dict[str, bytes]:
    """Return every file of the site by its path. ``address``: base URL, for the feed's ids."""
    style = LOOK.find(LOOK.address("sekisho.css"))
    files = {STYLESHEET: style.body if style else b"", FEED: draw_feed(notices, address)}
    for language in LANGUAGES:
        home = "" if language == "ja" else "en/"
        files[f"{home}index.html"] = _index(notices, language).encode()
        for name, notice in notices.items():
            files[f"{home}{name}/index.html"] = _notice(name, notice, language).encode()
    return files


def _said(notice: Notice, what: str, language: str) -> str:
    return str(getattr(notice, f"{what}_{language}"))


def _show_time(moment: datetime, language: str) -> str:
    local = moment.astimezone(TOKYO)
    pattern = "%Y年%-m月%-d日 %H:%M" if language == "ja" else "%-d %B %Y, %H:%M (Japan)"
    return f'<time datetime="{moment.isoformat()}">{local.strftime(pattern)}</time>'


def _index(notices: Mapping[str, Notice], language: str) -> str:
    words = _WORDS[language]
    if not notices:
        body = f'<p class="lead">{words["none"]}</p>'
    else:
        rows = "".join(_row(name, notice, language) for name, notice in notices.items())
        body = f'<dl class="facts">{rows}</dl>'
    up = "" if language == "ja" else "../"
    other = "en/" if language == "ja" else "../"
    return _page(words["title"], body, language, up=up, other=other)


def _row(name: str, notice: Notice, language: str) -> str:
    title = escape(_said(notice, "title", language))
    return (
        f"<div><dt>{_show_time(notice.published_at, language)}<br>{_tag(notice, language)}</dt>"
        f'<dd><a href="{name}/">{title}</a></dd></div>'
    )


def _tag(notice: Notice, language: str) -> str:
    words = _WORDS[language]
    tag = f'<span class="tag{_TAGS[notice.kind]}">{words[notice.kind]}</span>'
    if notice.corrections:
        tag += f' <span class="tag tag--warn">{words["corrected"]}</span>'
    return tag


def _notice(name: str, notice: Notice, language: str) -> str:
    words = _WORDS[language]
    body = (
        f'<p class="small soft">{_show_time(notice.published_at, language)} '
        f"{_tag(notice, language)}</p>"
        f"{_corrections(notice, language)}{_paragraphs(_said(notice, 'text', language))}"
        f'<p><a class="back" href="../">{words["back"]}</a></p>'
    )
    up = "../" if language == "ja" else "../../"
    other = f"../en/{name}/" if language == "ja" else f"../../{name}/"
    return _page(_said(notice, "title", language), body, language, up=up, other=other)


def _paragraphs(text: str) -> str:
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    return "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in parts)


def _corrections(notice: Notice, language: str) -> str:
    words = _WORDS[language]
    shown = []
    for correction in notice.corrections:
        rows = "".join(
            f"<div><dt>{words[what]}</dt>"
            f"<dd>{escape(getattr(correction, f'{what}_{language}'))}</dd></div>"
            for what in ("old", "new", "reason")
        )
        shown.append(
            f'<section class="notice notice--warn"><h2 class="notice__title">'
            f"{words['corrected']} {_show_time(correction.at, language)}</h2>"
            f'<dl class="facts">{rows}</dl></section>'
        )
    return "".join(shown)


def _page(title: str, body: str, language: str, *, up: str, other: str) -> str:
    words = _WORDS[language]
    foreign = "en" if language == "ja" else "ja"
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – {words['site']}</title>\n"
        f'<link rel="stylesheet" href="{up}{STYLESHEET}">\n'
        f'<link rel="alternate" hreflang="{foreign}" href="{other}">\n'
        f'<link rel="alternate" type="application/atom+xml" href="{up}{FEED}">\n'
        f'</head>\n<body class="page">\n<a class="skip" href="#main">{words["skip"]}</a>\n'
        '<header class="masthead"><div class="frame masthead__in">'
        f'<a class="masthead__name" href="{up}{"en/" if language == "en" else "./"}">'
        f'<span class="masthead__site">{words["site"]}</span></a>'
        f'<div class="masthead__tools"><ul class="tongues"><li><a href="{other}" '
        f'lang="{foreign}" hreflang="{foreign}">{words["other"]}</a></li></ul></div>'
        "</div></header>\n"
        f'<div class="frame"><main id="main"><h1>{escape(title)}</h1>{body}</main></div>\n'
        f'<footer class="colophon"><div class="frame"><p class="small">{words["about"]}</p>'
        f'<ul class="colophon__links"><li><a href="{up}{FEED}">{words["feed"]}</a></li></ul>'
        "</div></footer>\n</body>\n</html>\n"
    )


def draw_feed(notices: Mapping[str, Notice], address: str) -> bytes:
    """Return the Atom feed (RFC 4287) in Japanese, each entry linked in both languages."""
    base = address.rstrip("/") + "/"
    changed = [n.corrections[-1].at if n.corrections else n.published_at for n in notices.values()]
    updated = max(changed).isoformat() if changed else "1970-01-01T00:00:00Z"
    entries = "".join(
        f"<entry><id>{escape(base + name)}/</id><title>{escape(notice.title_ja)}</title>"
        f"<published>{notice.published_at.isoformat()}</published>"
        f"<updated>{when.isoformat()}</updated>"
        f'<link rel="alternate" hreflang="ja" href="{escape(base + name)}/"/>'
        f'<link rel="alternate" hreflang="en" href="{escape(base)}en/{name}/"/>'
        f"<summary>{escape(notice.text_ja.strip()[:300])}</summary></entry>\n"
        for (name, notice), when in zip(notices.items(), changed, strict=True)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ja">\n'
        f"<id>{escape(base)}</id><title>{_WORDS['ja']['site']}</title><updated>{updated}</updated>"
        f"<author><name>{_WORDS['ja']['site']}</name></author>\n"
        f'<link rel="self" href="{escape(base)}{FEED}"/>\n{entries}</feed>\n'
    ).encode()
