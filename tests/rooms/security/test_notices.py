"""The notices site: drawn from files, readable anywhere, never half a page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sekisho.processes.notices.serve_folder import serve_folder
from sekisho.security.notices.draw_pages import draw_site
from sekisho.security.notices.errors import NoticeWrong
from sekisho.security.notices.publish import publish
from sekisho.security.notices.read_notices import Notice
from sekisho.vocabulary.clock import now

ADDRESS = "http://localhost:7006"
GOOD = """
kind = "incident"
published_at = 2026-05-01T18:00:00+09:00
title_ja = "お支払いサイトの停止"
title_en = "The payment site is stopped"
text_ja = "本日18時に停止しました。\\n\\n再開の時期は改めてお知らせします。"
text_en = "It was stopped at 18:00 today."
"""
CORRECTED = (
    GOOD
    + """
[[corrections]]
at = 2026-05-02T09:00:00+09:00
old_ja = "17時"
old_en = "17:00"
new_ja = "18時"
new_en = "18:00"
reason_ja = "記録を確かめたため"
reason_en = "The record was checked"
"""
)


def notice(**changes: str) -> Notice:
    values = {"title_ja": "題", "title_en": "title", "text_ja": "文", "text_en": "text"}
    return Notice(kind="information", published_at=now(), **(values | changes))  # type: ignore[arg-type]


def write(folder: Path, **files: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.toml").write_text(text, encoding="utf-8")


def test_without_notices_the_site_says_so_in_both_languages(tmp_path: Path) -> None:
    assert publish(tmp_path / "source", tmp_path / "public", ADDRESS) == 0
    assert "現在、お知らせはありません。" in (tmp_path / "public/index.html").read_text()
    assert "There are no notices" in (tmp_path / "public/en/index.html").read_text()


def test_a_notice_has_a_page_in_each_language_and_a_line_in_the_feed(tmp_path: Path) -> None:
    write(tmp_path / "source", stop_1=GOOD)
    assert publish(tmp_path / "source", tmp_path / "public", ADDRESS) == 1
    public = tmp_path / "public"
    assert "お支払いサイトの停止" in (public / "index.html").read_text()
    assert "<p>再開の時期は" in (public / "stop-1/index.html").read_text()
    assert "The payment site is stopped" in (public / "en/stop-1/index.html").read_text()
    feed = ElementTree.fromstring((public / "feed.xml").read_text())
    atom = {"a": "http://www.w3.org/2005/Atom"}
    assert [e.text for e in feed.findall("a:entry/a:title", atom)] == ["お支払いサイトの停止"]
    assert feed.findtext("a:updated", None, atom) == "2026-05-01T18:00:00+09:00"


def test_a_correction_is_shown_with_old_new_and_reason(tmp_path: Path) -> None:
    write(tmp_path / "source", stop_1=CORRECTED)
    publish(tmp_path / "source", tmp_path / "public", ADDRESS)
    page = (tmp_path / "public/stop-1/index.html").read_text()
    for shown in ("訂正前", "17時", "訂正後", "18時", "記録を確かめたため"):
        assert shown in page
    assert "2026-05-02T09:00:00+09:00" in (tmp_path / "public/feed.xml").read_text()


def test_the_newest_stands_first(tmp_path: Path) -> None:
    write(tmp_path / "source", a=GOOD, b=GOOD.replace("05-01", "05-03").replace("停止", "再開"))
    publish(tmp_path / "source", tmp_path / "public", ADDRESS)
    page = (tmp_path / "public/index.html").read_text()
    assert page.index("再開") < page.index("停止")


def test_what_is_no_notice_any_more_goes(tmp_path: Path) -> None:
    write(tmp_path / "source", one=GOOD, two=GOOD)
    publish(tmp_path / "source", tmp_path / "public", ADDRESS)
    (tmp_path / "source/one.toml").unlink()
    (tmp_path / "public/planted.html").write_text("planted")
    publish(tmp_path / "source", tmp_path / "public", ADDRESS)
    left = {str(p.relative_to(tmp_path / "public")) for p in (tmp_path / "public").rglob("*.html")}
    assert left == {"index.html", "en/index.html", "two/index.html", "en/two/index.html"}
    assert not (tmp_path / "public/one").exists()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a", GOOD.replace("incident", "disaster"), "disaster"),
        ("a", GOOD.replace("+09:00", ""), "zone"),
        ("a", GOOD.replace("The payment site is stopped", " "), "title_en"),
        ("a", GOOD.replace("title_en", "title_fr"), "title_"),
        ("a", "not toml", "a.toml"),
        ("Bad Name", GOOD, "Bad Name.toml"),
        ("en", GOOD, "English"),
        ("a", GOOD + "#" * 300_000, "larger"),
    ],
)
def test_a_notice_that_is_wrong_is_named_and_nothing_changes(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    write(tmp_path / "source", good=GOOD)
    publish(tmp_path / "source", tmp_path / "public", ADDRESS)
    before = sorted((tmp_path / "public").rglob("*"))
    (tmp_path / "source" / f"{name}.toml").write_text(text)
    with pytest.raises(NoticeWrong, match=says):
        publish(tmp_path / "source", tmp_path / "public", ADDRESS)
    assert sorted((tmp_path / "public").rglob("*")) == before


def test_pages_have_no_script_and_take_nothing_from_elsewhere() -> None:
    files = draw_site({"a": notice()}, ADDRESS)
    for path, content in files.items():
        if path.endswith(".html"):
            page = content.decode()
            assert "<script" not in page
            assert "style=" not in page
            assert not re.search(r'(?:href|src)="(?:https?:|/)', page)


def test_every_link_leads_somewhere() -> None:
    files = draw_site({"a": notice(), "b": notice()}, ADDRESS)
    for path, content in files.items():
        if not path.endswith(".html"):
            continue
        for link in re.findall(r'href="([^"#]+)"', content.decode()):
            target = (Path("/") / path).parent / link
            place = str(Path(*_resolved(target).parts[1:]))
            wanted = place if link.endswith((".css", ".xml")) else f"{place}/index.html"
            assert wanted.removeprefix("./").removeprefix("/") in files, (path, link)


def _resolved(path: Path) -> Path:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return Path(*parts)


@given(st.text("<>&/'\"=bimgsx ", min_size=1, max_size=200).filter(lambda text: bool(text.strip())))
@example("<img src=x onerror=alert(1)>")
def test_no_text_becomes_markup(text: str) -> None:
    page = draw_site({"a": notice(title_ja=text, text_ja=text)}, ADDRESS)["a/index.html"]
    opened = set(re.findall(r"<([a-z0-9]+)", page.decode("utf-8", "surrogatepass")))
    assert opened <= {
        "html", "head", "meta", "title", "link", "body", "a", "header", "div", "span", "ul", "li",
        "main", "h1", "p", "br", "time", "footer",
    }  # fmt: skip


def test_the_folder_is_served_and_nothing_outside_it(tmp_path: Path) -> None:
    write(tmp_path / "source", stop_1=GOOD)
    publish(tmp_path / "source", tmp_path / "public", ADDRESS)
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "public/leak.html").symlink_to(tmp_path / "secret.html")
    application = serve_folder(tmp_path / "public")

    def get(path: str) -> tuple[str, bytes]:
        said: list[str] = []
        environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET"}
        body = b"".join(application(environ, lambda status, headers: said.append(status)))
        return said[0], body

    assert get("/")[0] == "200 OK"
    assert "停止".encode() in get("/stop-1/")[1]
    assert get("/../secret.html")[0] == "404 Not Found"
    assert get("/leak.html")[0] == "404 Not Found"
    assert get("/nothing/")[0] == "404 Not Found"
