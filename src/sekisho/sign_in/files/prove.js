// Proves a passkey for the form that the button stands in, then sends the form.
"use strict";

function bytesOf(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function textOf(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function answerOf(found) {
  const said = found.response;
  return {
    id: found.id,
    rawId: textOf(found.rawId),
    type: found.type,
    clientExtensionResults: {},
    response: {
      authenticatorData: textOf(said.authenticatorData),
      clientDataJSON: textOf(said.clientDataJSON),
      signature: textOf(said.signature),
      userHandle: said.userHandle ? textOf(said.userHandle) : null,
    },
  };
}

async function ask(options) {
  const publicKey = JSON.parse(options);
  publicKey.challenge = bytesOf(publicKey.challenge);
  publicKey.allowCredentials = publicKey.allowCredentials.map((one) => ({
    ...one,
    id: bytesOf(one.id),
  }));
  const found = await navigator.credentials.get({ publicKey });
  return textOf(new TextEncoder().encode(JSON.stringify(answerOf(found))));
}

function offer(place) {
  const form = place.closest("form");
  const button = place.querySelector("button");
  const failed = place.querySelector("[role=alert]");
  const code = form.elements.code;
  button.addEventListener("click", async () => {
    code.required = false;
    if (!form.reportValidity()) {
      code.required = true;
      return;
    }
    failed.hidden = true;
    button.disabled = true;
    try {
      form.elements.assertion.value = await ask(place.dataset.passkey);
      code.value = "";
      form.submit();
    } catch {
      failed.hidden = false;
      code.required = true;
      button.disabled = false;
    }
  });
  place.hidden = false;
}

if (window.PublicKeyCredential) {
  document.querySelectorAll("[data-passkey]").forEach(offer);
}
