// Listens to the vault's frame: how tall it is, and that the card was taken. Only messages of the
// vault's origin and of this very frame count; they carry no card data.
"use strict";
const frame = document.getElementById("card-frame");
const LEAST_FRAME_PIXELS = 200;
const MAX_FRAME_PIXELS = 2400;
if (frame) {
  window.addEventListener("message", (event) => {
    if (event.origin !== frame.dataset.origin || event.source !== frame.contentWindow) return;
    const said = event.data;
    if (!said || typeof said !== "object") return;
    if (said.type === "sekisho:card-form-height" && Number.isFinite(said.height)) {
      const pixels = Math.min(Math.max(said.height, LEAST_FRAME_PIXELS), MAX_FRAME_PIXELS);
      frame.style.height = `${Math.ceil(pixels) + 2}px`;
    }
    if (said.type === "sekisho:card-entered") location.assign(frame.dataset.done);
  });
}
