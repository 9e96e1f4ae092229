// Tells 3-D Secure about the screen (EMV 3DS 2.2, table A.1) and lets the button be pressed once.
"use strict";
const form = document.getElementById("pay-form");
if (form) {
  const fields = form.elements;
  fields.java_script.value = "1";
  fields.color_depth.value = String(screen.colorDepth);
  fields.screen_width.value = String(screen.width);
  fields.screen_height.value = String(screen.height);
  fields.time_zone.value = String(new Date().getTimezoneOffset());
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
