// Open orders: patched where they stand. The socket says what happened to an order; places in the queue are
// read again when a level with an own order changed, at most once a second.
import { cents, micros, patch, shares } from "./figures.js";
import * as live from "./live.js";

const READ_MS = 1000;
const LOOKS = 2; // the executor keeps its queues once a second: the second look sees the last of it
const OPEN = new Set(["accepted", "delayed", "live"]);
const OVER = { matched: "filled", cancelled: "cancelled", killed: "nothing traded" };

export class OpenOrders {
  /** `onChange(orders)` is told what the rows hold: [{side, price, open, ahead, own, buys}] in outcome 0's coordinates. */
  constructor(panel, onChange = () => {}) {
    this.panel = panel;
    this.onChange = onChange;
    this.table = panel.querySelector("[data-orders-table]");
    this.body = this.table.tBodies[0];
    this.levels = new Map(); // row -> size of its level, when last seen
    this.looks = 0;
    this.watched = new Set();
    this.#watch();
    live.on("book", (book) => this.#book(book));
    live.on("order", ({ order }) => this.#order(order));
    live.on("state", () => { this.looks = LOOKS; }); // what was said meanwhile was missed
    panel.addEventListener("submit", (event) => this.#submit(event));
    setInterval(() => this.#tick(), READ_MS);
    this.#tell();
  }

  get rows() {
    return [...this.body.rows];
  }

  #watch() {
    const fresh = this.rows.map((row) => row.dataset.token).filter((token) => token && !this.watched.has(token));
    for (const token of fresh) this.watched.add(token);
    if (fresh.length) live.watch([...new Set(fresh)]);
  }

  #book(book) {
    for (const row of this.rows) {
      if (row.dataset.token !== book.token_id || row.dataset.over) continue;
      const side = row.dataset.side === "bid" ? book.bids : book.asks;
      const size = side.find(([price]) => price === row.dataset.level)?.[1] ?? "0";
      if (this.levels.has(row) && this.levels.get(row) !== size) this.looks = LOOKS;
      this.levels.set(row, size);
    }
  }

  #order(order) {
    if (order.portfolio_id !== this.panel.dataset.portfolio) return;
    if (this.panel.dataset.market && order.market !== this.panel.dataset.market) return;
    const row = this.#row(order.id);
    if (row) {
      row.dataset.open = order.open_size;
      patch(field(row, "open"), shares(micros(order.open_size)));
      patch(field(row, "size"), micros(order.matched_size) ? `of ${shares(micros(order.size))}` : "");
      if (!OPEN.has(order.status)) this.#end(row, OVER[order.status] ?? order.status);
      this.#tell();
    }
    if (order.time_in_force === "GTC" || order.time_in_force === "GTD") this.looks = LOOKS;
  }

  #row(id) {
    return this.body.querySelector(`tr[data-order="${CSS.escape(id)}"]`);
  }

  /** An order that is over keeps its row until the page is read anew: nothing moves under a hand. */
  #end(row, words) {
    if (row.dataset.over) return;
    row.dataset.over = words;
    field(row, "bar").hidden = true;
    field(row, "cancel").hidden = true;
    field(row, "queue").textContent = words;
    this.#count();
  }

  #count() {
    const count = this.rows.filter((row) => !row.dataset.over).length;
    for (const node of document.querySelectorAll("[data-orders-count]")) patch(node, String(count));
    this.panel.querySelector("[data-cancel-all]").hidden = !count;
    this.table.hidden = !this.rows.length;
    this.panel.querySelector("[data-orders-empty]").hidden = this.rows.length > 0;
  }

  #tick() {
    if (!this.looks || document.hidden || this.reading) return;
    this.looks -= 1;
    this.read();
  }

  async read() {
    this.reading = true;
    const { portfolio, market } = this.panel.dataset;
    const query = market ? `?market=${encodeURIComponent(market)}` : "";
    const answer = await fetch(`/portfolio/${portfolio}/open-orders${query}`).catch(() => null);
    const text = answer?.ok && !answer.redirected ? await answer.text() : null;
    this.reading = false;
    if (text !== null) this.#merge(text);
  }

  #merge(text) {
    const table = document.createElement("table");
    table.innerHTML = text; // our own template's rows; what the venue wrote is escaped in them
    const fresh = new Map([...table.querySelectorAll("tr[data-order]")].map((row) => [row.dataset.order, row]));
    for (const row of this.rows) {
      const now = fresh.get(row.dataset.order);
      if (now) merge(row, now);
      else this.#end(row, "over");
      fresh.delete(row.dataset.order);
    }
    for (const row of [...fresh.values()].reverse()) this.body.prepend(row);
    this.#watch();
    this.#count();
    this.#tell();
  }

  #tell() {
    this.onChange(this.rows.filter((row) => !row.dataset.over && row.dataset.ahead !== "").map((row) => ({
      side: row.dataset.side,
      price: micros(row.dataset.level),
      open: micros(row.dataset.open),
      ahead: micros(row.dataset.ahead),
      own: micros(row.dataset.own),
      buys: Boolean(row.dataset.buys),
    })));
  }

  /** Cancel without leaving the page. What has come far in its queue asks first, on a page of its own. */
  async #submit(event) {
    const button = event.submitter;
    const asked = button?.name === "order" ? [this.#row(button.value)] : this.rows.filter((row) => !row.dataset.over);
    if (!button || asked.some((row) => row?.dataset.asks !== undefined)) return;
    event.preventDefault();
    button.disabled = true;
    const { portfolio, market } = this.panel.dataset;
    const path = button.name === "order" ? `/${button.value}` : market ? `?market=${encodeURIComponent(market)}` : "";
    const answer = await this.#send("DELETE", `/portfolios/${portfolio}/orders${path}`);
    button.disabled = false;
    if (!answer) live.toast("The cancel could not be sent. Look again in a moment.");
    else if (answer.error) live.toast(`Not cancelled: ${answer.error.message}.`);
    else if (button.name === "order") this.#said(answer);
    else this.#saidAll(answer);
    this.looks = LOOKS;
  }

  #saidAll({ cancelled, not_cancelled: not }) {
    const late = Object.values(not);
    const done = `Cancelled ${cancelled.length} order${cancelled.length === 1 ? "" : "s"}.`;
    live.toast([done, ...late.map((why) => `Not cancelled: ${why}.`)].join(" "));
  }

  #said(order) {
    this.#order(order);
    if (order.status !== "cancelled") {
      live.toast(`Too late: ${order.reason ?? `it is ${order.status}`}.`);
      return;
    }
    live.toast("Cancelled.", { ms: 5000, action: ["Undo", () => this.#again(order)] });
  }

  async #again(order) {
    const body = {
      token_id: order.token_id,
      side: order.side,
      type: "limit",
      price: order.price,
      size: order.killed_size,
      time_in_force: order.time_in_force,
      post_only: order.post_only,
      notes: order.notes,
      ...(order.expires_at ? { expires_at: order.expires_at } : {}),
    };
    const answer = await this.#send("POST", `/portfolios/${order.portfolio_id}/orders`, body);
    const failed = !answer || answer.error;
    live.toast(failed ? `Not placed again: ${answer?.error?.message ?? "the site did not answer"}.` : "Placed again, at the back of the queue.");
    this.looks = LOOKS;
  }

  async #send(method, path, body) {
    const token = this.panel.querySelector("[name=csrfmiddlewaretoken]").value;
    const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token };
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
    return answer ? answer.json().catch(() => null) : null;
  }
}

/** Say a fill once, with the way to its evidence. */
export function sayFill(trade) {
  const verb = trade.side === "BUY" ? "Bought" : "Sold";
  live.toast(`${verb} ${shares(micros(trade.size))} ${trade.outcome ?? ""} at ${cents(micros(trade.price))}.`, { ms: 6000, link: ["Why?", `/portfolio/${trade.portfolio_id}/trade/${trade.id}`] });
}

function field(row, name) {
  return row.querySelector(`[data-f=${name}]`);
}

/** Bring a row up to date from a newer rendering of it, without touching what has not changed. */
function merge(row, now) {
  for (const [name, value] of Object.entries(now.dataset)) row.dataset[name] = value;
  if (now.dataset.asks === undefined) delete row.dataset.asks;
  for (const part of now.querySelectorAll("[data-f]")) {
    const old = field(row, part.dataset.f);
    if (old.hidden !== part.hidden) old.hidden = part.hidden;
    if (part.dataset.f === "bar") [...part.children].forEach((bar, place) => old.children[place].setAttribute("style", bar.getAttribute("style")));
    else if (part.dataset.f !== "cancel" && old.textContent !== part.textContent) old.replaceChildren(...part.cloneNode(true).childNodes);
  }
}
