// Counts the session's time down, asks three minutes before its end whether more is wanted, and
// extends it without leaving the page, so that a half-filled card form stays (WCAG 2.2, 2.2.1).
"use strict";
const clock = document.getElementById("clock");
const dialog = document.getElementById("clock-dialog");
const texts = document.getElementById("clock-texts");
const form = document.getElementById("clock-form");

if (clock && dialog && texts && form) {
  const words = document.getElementById("clock-words");
  const said = document.getElementById("clock-said");
  const inDialog = document.getElementById("clock-dialog-left");
  const warnSeconds = Number(clock.dataset.warnSeconds);
  let end = Date.now() + Number(clock.dataset.secondsLeft) * 1000;
  let asked = false;
  // A page that opens with no time left waits for the payer, and does not reload for ever.
  let over = Number(clock.dataset.secondsLeft) <= 0;

  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const line = texts.dataset.left.replace("%", String(Math.ceil(left / 60)));
    if (words.textContent !== line && !over) words.textContent = line;
    inDialog.textContent = texts.dataset.seconds.replace("%", String(left));
    if (left <= warnSeconds && left > 0 && !asked) {
      asked = true;
      dialog.showModal();
    }
    if (left === 0 && !over) {
      over = true;
      if (dialog.open) dialog.close();
      words.textContent = texts.dataset.over;
      said.textContent = texts.dataset.over;
      location.reload();
    }
  };

  const extend = async () => {
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams(new FormData(form)),
      });
      const told = await answer.json();
      if (answer.ok) {
        end = Date.now() + told.seconds_left * 1000;
        asked = told.seconds_left <= warnSeconds;
        said.textContent = texts.dataset.extended;
      } else {
        said.textContent = told.refused === "extended_enough" ? texts.dataset.enough
          : texts.dataset.trouble;
      }
    } catch {
      said.textContent = texts.dataset.trouble;
    }
    said.classList.remove("vh");
    if (dialog.open) dialog.close();
    tick();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    extend();
  });
  document.getElementById("clock-dialog-extend").addEventListener("click", extend);
  document.getElementById("clock-dialog-close").addEventListener("click", () => dialog.close());
  setInterval(tick, 1000);
  tick();
}
