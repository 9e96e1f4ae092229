// Solves the puzzle of the card-testing guard while the payer reads: for each part a number whose
// SHA-256 with the salt begins with zero bits. In slices of a few milliseconds, so that the page
// stays alive; "pay", pressed meanwhile, waits for the end. Nothing is paid without that press.
"use strict";
const puzzle = document.getElementById("puzzle");
const payForm = document.getElementById("pay-form");
const SLICE_MS = 12;
const HASHES_BETWEEN_LOOKS = 256;

// SHA-256 of one block (FIPS 180-4, 4.2.2, 5.3.3, 6.2); the first word is all that is looked at.
const START = new Uint32Array([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
const K = new Uint32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const W = new Uint32Array(64);

function firstWord(bytes, length) {
  for (let i = 0; i < 16; i += 1) {
    const at = i * 4;
    W[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  W[15] = length * 8;
  for (let i = 16; i < 64; i += 1) {
    const a = W[i - 15];
    const b = W[i - 2];
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  return (START[0] + a) >>> 0;
}

function* search(salt, parts, bits) {
  const block = new Uint8Array(64);
  const numbers = [];
  for (let part = 0; part < parts; part += 1) {
    const head = `${salt}:${part}:`;
    for (let number = 0; ; number += 1) {
      const text = head + number;
      block.fill(0);
      for (let i = 0; i < text.length; i += 1) block[i] = text.charCodeAt(i);
      block[text.length] = 0x80;
      if (Math.clz32(firstWord(block, text.length)) >= bits) {
        numbers.push(number);
        break;
      }
      if (number % HASHES_BETWEEN_LOOKS === HASHES_BETWEEN_LOOKS - 1) yield null;
    }
    yield part + 1;
  }
  return numbers.join("-");
}

if (puzzle && payForm) {
  const { salt, parts, bits, working, waiting, solved } = puzzle.dataset;
  const pressWords = document.getElementById("pay-waits");
  const bar = document.getElementById("puzzle-bar");
  const words = document.getElementById("puzzle-words");
  const work = search(salt, Number(parts), Number(bits));
  let pressed = false;
  let done = false;
  bar.hidden = false;
  words.textContent = working;

  const slice = () => {
    const end = performance.now() + SLICE_MS;
    while (performance.now() < end) {
      const step = work.next();
      if (step.done) {
        payForm.elements.proof.value = step.value;
        done = true;
        bar.value = Number(parts);
        words.textContent = pressed ? waiting : solved;
        if (pressed) payForm.requestSubmit();
        return;
      }
      if (step.value) bar.value = step.value;
    }
    setTimeout(slice, 0);
  };

  // Before the form's own listeners: they let the button be pressed once only.
  document.addEventListener("submit", (event) => {
    if (event.target !== payForm || done) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    pressed = true;
    pressWords.hidden = false;
    pressWords.textContent = waiting;
  }, true);
  setTimeout(slice, 0);
}
