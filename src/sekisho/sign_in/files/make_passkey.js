// Has the browser make a passkey when the form is sent, and sends it along.
"use strict";

function bytesFrom(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function textFrom(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function make(options) {
  const publicKey = JSON.parse(options);
  publicKey.challenge = bytesFrom(publicKey.challenge);
  publicKey.user.id = bytesFrom(publicKey.user.id);
  publicKey.excludeCredentials = (publicKey.excludeCredentials || []).map((one) => ({
    ...one,
    id: bytesFrom(one.id),
  }));
  const made = await navigator.credentials.create({ publicKey });
  const answer = {
    id: made.id,
    rawId: textFrom(made.rawId),
    type: made.type,
    clientExtensionResults: {},
    response: {
      attestationObject: textFrom(made.response.attestationObject),
      clientDataJSON: textFrom(made.response.clientDataJSON),
    },
  };
  return textFrom(new TextEncoder().encode(JSON.stringify(answer)));
}

const maker = document.getElementById("make-passkey");
if (maker && window.PublicKeyCredential) {
  const failed = maker.querySelector("[role=alert]");
  maker.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      maker.elements.made.value = await make(maker.dataset.options);
      maker.submit();
    } catch {
      failed.hidden = false;
    }
  });
  maker.hidden = false;
  document.getElementById("no-passkeys").hidden = true;
}
