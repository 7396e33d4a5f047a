// One socket a page: market books and trades, the reader's own orders. Books are conflated to one paint
// a frame and ten a second; a hidden tab keeps the socket and paints once when it returns.
import { age } from "./figures.js";

const RETRY_S = [1, 2, 4, 8, 15];
const SILENCE_MS = 6000; // three missed heartbeats: the socket is dead, whatever the browser believes
const ASLEEP_MS = 5000; // a timer this late means that the machine slept
const PAINT_MS = 100;

const listeners = { book: new Set(), trade: new Set(), order: new Set(), fill: new Set(), state: new Set() };
const wanted = new Map(); // token id -> how many parts of the page watch it
const books = new Map(); // token id -> the newest book
const changed = new Set();

let socket = null;
let attempt = 0;
let retryAt = 0;
let heardAt = 0;
let missedUpdates = 0;
let wasLost = false;
let venue = { fresh: true, ageMs: 0, at: 0 };
let painting = false;
let paintedAt = 0;

export function on(kind, listener) {
  listeners[kind].add(listener);
  return () => listeners[kind].delete(listener);
}

export function bookOf(tokenId) {
  return books.get(tokenId) ?? null;
}

export function watch(tokenIds) {
  const fresh = tokenIds.filter((id) => id && !wanted.has(id));
  for (const id of tokenIds) if (id) wanted.set(id, (wanted.get(id) ?? 0) + 1);
  if (fresh.length) send({ op: "subscribe", token_ids: fresh });
  if (!socket && !retryAt) connect();
}

export function unwatch(tokenIds) {
  const gone = [];
  for (const id of tokenIds) {
    const count = (wanted.get(id) ?? 0) - 1;
    if (count > 0) wanted.set(id, count);
    else if (wanted.delete(id)) gone.push(id);
  }
  if (gone.length) send({ op: "unsubscribe", token_ids: gone });
}

/** "live", "stale" (the venue is silent), or "down" (this page's socket is). */
export function state() {
  if (!socket || socket.readyState !== WebSocket.OPEN) return wasLost || attempt ? "down" : "live";
  return venue.fresh ? "live" : "stale";
}

export function retryNow() {
  retryAt = 0;
  connect();
}

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function connect() {
  retryAt = 0;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/live`);
  const mine = socket;
  heardAt = Date.now();
  socket.onopen = () => {
    attempt = 0;
    if (wanted.size) send({ op: "subscribe", token_ids: [...wanted.keys()] });
    tell();
  };
  socket.onmessage = (event) => {
    if (mine === socket) receive(JSON.parse(event.data));
  };
  socket.onclose = () => {
    if (mine === socket) lose();
  };
}

function lose() {
  if (socket) {
    socket.onclose = null;
    socket.close();
  }
  socket = null;
  wasLost = true;
  retryAt = Date.now() + 1000 * RETRY_S[Math.min(attempt, RETRY_S.length - 1)];
  attempt += 1;
  missedUpdates = 0;
  tell();
}

function receive(message) {
  heardAt = Date.now();
  if (message.type === "book") {
    books.set(message.token_id, message);
    changed.add(message.token_id);
    venue = { fresh: message.fresh, ageMs: message.age_ms, at: heardAt };
    missedUpdates += 1;
    paint();
  } else if (message.type === "status") {
    venue = { fresh: message.fresh, ageMs: message.age_ms ?? 0, at: heardAt };
    tell();
  } else if (message.type === "heartbeat") {
    if (venue.fresh) venue = { fresh: true, ageMs: 0, at: heardAt };
  } else if (listeners[message.type]) {
    for (const listener of listeners[message.type]) listener(message);
  }
  if (wasLost && message.type === "book") {
    wasLost = false;
    tell();
    setTimeout(() => toast(`Back online. ${missedUpdates} update${missedUpdates === 1 ? "" : "s"} applied.`), 400);
  }
}

function paint() {
  if (painting || document.hidden) return;
  painting = true;
  const wait = Math.max(0, PAINT_MS - (performance.now() - paintedAt));
  setTimeout(() => requestAnimationFrame(() => {
    painting = false;
    paintedAt = performance.now();
    const ids = [...changed];
    changed.clear();
    for (const id of ids) for (const listener of listeners.book) listener(books.get(id));
  }), wait);
}

function tell() {
  for (const listener of listeners.state) listener(state());
}

/** How old the newest word of the venue is. */
export function ageMs() {
  return venue.ageMs + Math.max(0, Date.now() - (venue.at || heardAt));
}

export function retryInS() {
  return Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
}

/** `action` is [label, what to do]; `link` is [label, address]. */
export function toast(text, { ms = 4000, action = null, link = null } = {}) {
  const note = document.createElement("div");
  note.className = "toast";
  note.textContent = text;
  if (link) {
    const anchor = document.createElement("a");
    [anchor.textContent, anchor.href] = link;
    note.append(anchor);
  }
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action[0];
    button.addEventListener("click", () => {
      note.remove();
      action[1]();
    });
    note.append(button);
  }
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), ms);
}

let lastBeat = Date.now();
setInterval(() => {
  const now = Date.now();
  const slept = now - lastBeat > ASLEEP_MS;
  lastBeat = now;
  if (!wanted.size) return;
  if (socket && socket.readyState !== WebSocket.CONNECTING && (slept || now - heardAt > SILENCE_MS)) {
    lose();
    if (slept) retryAt = now;
  }
  if (!socket && retryAt && now >= retryAt) connect();
  if (!document.hidden) showAge();
}, 250);

function showAge() {
  const now = state();
  const old = `${age(ageMs())} old`;
  for (const node of document.querySelectorAll("[data-live=age], [data-live=feed]")) {
    const lost = node.dataset.live === "feed" ? "offline" : `offline, again in ${retryInS()} s`;
    const text = now === "down" ? lost : old;
    if (node.textContent !== text) node.textContent = text;
    if (now === "live") node.removeAttribute("data-age");
    else node.dataset.age = now;
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) paint();
});
addEventListener("online", () => {
  if (!socket && wanted.size) retryNow();
});
