// Moves focus to the error summary, so that whoever hears the page hears it first.
"use strict";
const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();
