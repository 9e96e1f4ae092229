// Tells the page around the frame that the form is over, so that it can go on by itself. The link
// in the page does the same without it. The message holds nothing that the site does not know.
"use strict";

const parentOrigin = document.body.dataset.parent;

if (parentOrigin && window.parent !== window) {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  window.parent.postMessage({ type: "sekisho:card-form-height", height }, parentOrigin);
  if (document.querySelector("[data-card-entered]")) {
    window.parent.postMessage({ type: "sekisho:card-entered" }, parentOrigin);
  }
}
