// Presses the button to the card company's page, once: coming back with the back button does not
// send the payer away again.
"use strict";
const form = document.getElementById("challenge-form");
const entry = performance.getEntriesByType("navigation")[0];
if (form && !(entry && entry.type === "back_forward")) form.requestSubmit();
