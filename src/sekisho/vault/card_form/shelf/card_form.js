// Comfort for the card form; everything works without it. Nothing typed leaves the page from here.
"use strict";

const form = document.querySelector("[data-card-form]");
const parentOrigin = document.body.dataset.parent;

// First four digits by brand, as the vault's own rule (card_secrets) has them.
const BRANDS = [
  ["Visa", /^4/],
  ["Mastercard", /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/],
  ["JCB", /^35(2[89]|[3-8])/],
  ["American Express", /^3[47]/],
  ["Diners Club", /^3(0[0-5]|095|6|[89])/],
];

function tellHeight() {
  if (parentOrigin && window.parent !== window) {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    window.parent.postMessage({ type: "sekisho:card-form-height", height }, parentOrigin);
  }
}

function showBrand() {
  const digits = form.elements.number.value.normalize("NFKC").replace(/\D/g, "");
  const brand = digits.length >= 4 && BRANDS.find(([, prefix]) => prefix.test(digits));
  const words = brand ? form.dataset.brandSeen.replace("{brand}", brand[0]) : "";
  const place = document.querySelector("[data-brand]");
  if (place.textContent !== words) place.textContent = words;
}

if (form) {
  form.elements.number.addEventListener("input", showBrand);
  if ("mask" in form.dataset) {
    // At a desk others look on: the number is seen only while it is being typed.
    form.elements.number.addEventListener("blur", () => { form.elements.number.type = "password"; });
    form.elements.number.addEventListener("focus", () => { form.elements.number.type = "text"; });
  }
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.querySelector("button[type=submit]").textContent = form.dataset.sending;
  });
  // Shown again from the browser's memory (back button): nothing typed is left in it.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
  const summary = document.getElementById("summary");
  if (summary) summary.focus();
}

new ResizeObserver(tellHeight).observe(document.documentElement);
tellHeight();
