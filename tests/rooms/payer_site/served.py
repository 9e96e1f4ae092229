"""Serves a site as its process does (without the edge), with a stand-in for the vault's frame and
for a card company's page on origins of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from waitress.server import create_server

from sekisho.edge.look import LOOK
from sekisho.edge.look import serve as serve_look
from sekisho.payer_site.this_site import SCRIPTS
from tests.rooms.payer_site.conftest import opened
from tests.rooms.payer_site.fake_payments import FakePayments

FRAME = """<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>card</title>
<link rel="stylesheet" href="{style}"></head><body class="page page--frame"><main>
<h2>カード情報</h2>
<form method="post" action="">
<div class="field"><label class="field__label" for="n">カード番号</label>
<input class="input input--digits" id="n" name="n" inputmode="numeric"></div>
<div class="actions"><button class="button" id="send">カードを登録する</button></div></form>
<p><a target="_top" href="{back}">カードを登録せずに戻る</a></p></main>
<script src="/frame.js"></script></body></html>"""

SCRIPT = """const height = document.documentElement.getBoundingClientRect().height;
parent.postMessage({type: "sekisho:card-form-height", height}, "%s");
if (document.querySelector("[data-done]")) {
  parent.postMessage({type: "sekisho:card-entered"}, "%s");
}"""

ACS_PAGE = """<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>ACS</title></head>
<body><main><h1>ACS</h1><form method="post" action="{back}"><input type="hidden" name="cres"
value="e30"><button id="prove">OK</button></form></main></body></html>"""


@dataclass
class Served:
    url: str
    payments: FakePayments
    acs: str


@contextmanager
def _server(app: Callable[..., Iterable[bytes]]) -> Iterator[int]:
    server: Any = create_server(app, host="localhost", port=0, threads=4, ident=None)
    port = int(server.effective_port if hasattr(server, "effective_port") else 0)
    if not port:
        port = next(iter(server.map.values())).socket.getsockname()[1]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.close()
        thread.join(5)


@contextmanager
def served(site_id: str, client_body: str) -> Iterator[Served]:
    payments = FakePayments(client_body)
    holder: dict[str, Any] = {}

    def vault(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        origin, kind, body = holder["url"], "text/html; charset=utf-8", ""
        shown = next(
            p for p in payments.payments.values() if p.status in ("started", "card_entered")
        )
        message = payments.return_url(shown.payment_id)
        if environ["PATH_INFO"] == "/frame.js":
            kind, body = "text/javascript", SCRIPT % (origin, origin)
        elif environ["REQUEST_METHOD"] == "POST":
            payments.enter_card(shown.payment_id)
            body = f'<p data-done><a target="_top" href="{message}">OK</a></p>'
            body += '<script src="/frame.js"></script>'
        else:
            body = FRAME.format(style=LOOK.address("sekisho.css"), back=message)
        start("200 OK", [("Content-Type", kind)])
        return [body.encode()]

    def acs(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        from sekisho.crossings import payments as p

        back = payments.messages(p.ConfirmPayment)[-1].notification_url
        start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [ACS_PAGE.format(back=back).encode()]

    def site(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return holder["site"](environ, start)  # type: ignore[no-any-return]
        finally:
            connections["default"].close()

    with _server(site) as port, _server(serve_look(vault)) as vault_port, _server(acs) as acs_port:
        url = f"http://localhost:{port}"
        payments.vault = f"http://localhost:{vault_port}"
        addresses = {f"payer_site.{site_id}": url, "vault": payments.vault}
        with opened(site_id, payments, **addresses):
            holder["url"] = url
            holder["site"] = serve_look(WSGIHandler(), SCRIPTS)
            yield Served(url, payments, f"http://localhost:{acs_port}/acs")
