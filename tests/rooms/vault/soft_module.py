"""Makes a fresh SoftHSM token with nothing but the library: ``softhsm2-util`` may be missing where
the library was unpacked without root."""

from __future__ import annotations

import ctypes
import os
import tempfile
from pathlib import Path

LABEL = "sekisho"
PIN, OFFICER_PIN = "123456", "654321"
LABEL_BYTES = 32

PLACES = (
    Path(__file__).parents[3] / ".venv/softhsm/libsofthsm2.so",
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    *Path("/usr/lib").glob("*/softhsm/libsofthsm2.so"),
)


def make_token() -> dict[str, str]:
    """Return key store settings of a fresh token in a folder of its own."""
    import pkcs11

    library = str(next(path for path in PLACES if path.exists()))
    folder = Path(tempfile.mkdtemp(prefix="sekisho-softhsm-"))
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(config)
    module = pkcs11.lib(library)
    slot = module.get_slots()[0].slot_id
    label, pin = LABEL.ljust(LABEL_BYTES).encode(), OFFICER_PIN.encode()
    said = ctypes.CDLL(library).C_InitToken(ctypes.c_ulong(slot), pin, len(pin), label)
    assert said == 0, f"C_InitToken answered {said:#x}"
    module.reinitialize()
    with module.get_token(token_label=LABEL).open(so_pin=OFFICER_PIN, rw=True) as session:
        session.init_pin(PIN)
    pin_file = folder / "pin"
    pin_file.write_text(PIN)
    pin_file.chmod(0o600)
    return {
        "kind": "pkcs11",
        "library": library,
        "token_label": LABEL,
        "pin_file": str(pin_file),
    }
