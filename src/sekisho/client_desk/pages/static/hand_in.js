// Sends the chosen file in pieces, then asks for its check.
"use strict";

const form = document.getElementById("hand-in");
const problem = document.getElementById("hand-in-error");
const room = document.getElementById("hand-in-progress");
const sent = document.getElementById("sent");
const token = form.elements.csrfmiddlewaretoken.value;

async function post(address, body, type) {
  const headers = { "X-CSRFToken": token };
  if (type) headers["Content-Type"] = type;
  const response = await fetch(address, { method: "POST", body, headers, redirect: "error" });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || form.dataset.connectionLost);
  return answer;
}

async function handIn(file) {
  const facts = new URLSearchParams({
    csrfmiddlewaretoken: token,
    kind: form.elements.kind.value,
    encoding: form.elements.encoding.value,
    file_name: file.name.slice(0, 200),
    size: String(file.size),
  });
  const { address } = await post("/files/begin", facts);
  const pieceBytes = Number(form.dataset.pieceBytes);
  for (let at = 0, number = 0; at < file.size; at += pieceBytes, number += 1) {
    const piece = file.slice(at, at + pieceBytes, "text/csv");
    await post(`${address}/${number}`, piece, "text/csv");
    sent.value = Math.min(at + pieceBytes, file.size) / file.size;
  }
  form.action = `${address}/check`;
  for (const field of form.querySelectorAll("select, input:not([name=csrfmiddlewaretoken])")) {
    field.disabled = true;
  }
  form.submit();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  problem.hidden = true;
  room.hidden = false;
  handIn(document.getElementById("file").files[0]).catch((error) => {
    const known = error instanceof TypeError ? form.dataset.connectionLost : error.message;
    problem.textContent = known;
    problem.hidden = false;
    problem.focus();
    room.hidden = true;
    button.disabled = false;
  });
});
