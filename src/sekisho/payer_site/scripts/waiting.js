// Asks the site until there is somewhere to go; slower as time passes.
"use strict";
const words = document.getElementById("waiting");
const FIRST_WAIT_MS = 800;
const LONGEST_WAIT_MS = 5000;
const LONG_AFTER_MS = 45000;
const began = Date.now();

async function ask(wait) {
  try {
    const answer = await fetch(words.dataset.state, {
      headers: { Accept: "application/json" },
      cache: "no-store",
    });
    if (answer.ok) {
      const { next } = await answer.json();
      if (next) {
        location.replace(next);
        return;
      }
    } else if (answer.status === 410) {
      location.reload();
      return;
    }
  } catch {
    // No connection for a moment: ask again.
  }
  if (Date.now() - began > LONG_AFTER_MS && words.textContent !== words.dataset.long) {
    words.textContent = words.dataset.long;
  }
  setTimeout(ask, wait, Math.min(wait * 1.3, LONGEST_WAIT_MS));
}

if (words) setTimeout(ask, FIRST_WAIT_MS, FIRST_WAIT_MS);
