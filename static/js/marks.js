// The reader's own orders on the ladder: a row beside their price with their place in the queue, and a ghost of
// the price where the book shows no level. Sizes of the book are never touched.
import { cents, decimal, ONE, patch, shares } from "./figures.js";

/** Open orders as the ladder of one outcome marks them: one mark a price. `labels` name the outcomes. */
export function marksOf(orders, outcomeIndex, labels) {
  const places = new Map();
  for (const order of orders) {
    const side = outcomeIndex === 0 ? order.side : order.side === "bid" ? "ask" : "bid";
    const price = outcomeIndex === 0 ? order.price : ONE - order.price;
    const own = (order.side === "bid") === order.buys ? 0 : 1; // the outcome that the order is of
    const key = `${side}:${price}`;
    const mark = places.get(key) ?? { side, price, size: 0, ahead: Infinity, buys: order.buys, mixed: false, own };
    mark.size += order.open;
    mark.ahead = Math.min(mark.ahead, order.ahead - order.own);
    mark.mixed ||= mark.buys !== order.buys;
    places.set(key, mark);
  }
  return [...places.values()].map(({ buys, mixed, own, ...mark }) => ({
    ...mark,
    words: mixed ? "Yours:" : buys ? "You buy" : "You sell",
    outcome: mixed || own === outcomeIndex ? "" : labels[own],
  }));
}

export class Marks {
  constructor(ladder) {
    this.ladder = ladder;
    this.own = null; // until told, what the server drew stays
    this.joining = null;
  }

  /** [{side, price, size, ahead, words, outcome}], in micros and the shown outcome's coordinates. */
  show(own) {
    this.own = own;
    this.place();
  }

  /** What the ticket would put into the book, or null. */
  join(level) {
    this.joining = level ? { ...level, joining: true } : null;
    this.own ??= [];
    this.place();
  }

  /** Bring rows and figures where the book has them now. */
  place() {
    if (!this.own || this.ladder.tick === null) return;
    const marks = [...this.own, ...(this.joining ? [this.joining] : [])];
    for (const side of ["ask", "bid"]) this.#side(side, marks.filter((mark) => mark.side === side && this.#reached(mark)));
  }

  #side(side, marks) {
    const loose = this.#loose(side);
    for (const mark of marks) {
      const row = loose.find((old) => old.dataset.own === keyOf(mark));
      if (row) this.#write(row, mark);
    }
    if (this.ladder.held) return; // nothing moves under a hand
    const base = this.ladder.rows[side];
    const priced = base.filter((row) => row.dataset.px && !row.classList.contains("gone"));
    const byPrice = new Map(priced.map((row) => [row.dataset.px, { row, price: row.micros, marks: [] }]));
    for (const mark of marks) {
      const text = decimal(mark.price);
      if (!byPrice.has(text)) {
        const ghost = loose.find((row) => row.classList.contains("ghost") && row.dataset.px === text) ?? this.#ghost(side, mark.price);
        byPrice.set(text, { row: ghost, price: mark.price, marks: [] });
      }
      const row = loose.find((old) => old.dataset.own === keyOf(mark)) ?? newRow(mark);
      this.#write(row, mark);
      byPrice.get(text).marks.push(row);
    }
    const sign = side === "ask" ? 1 : -1;
    const levels = [...byPrice.values()].sort((a, b) => sign * (a.price - b.price));
    const rest = base.filter((row) => !priced.includes(row));
    const rows = [...levels.flatMap(({ row, marks: mine }) => [row, ...mine]), ...rest];
    arrange(side === "ask" ? rows.reverse() : rows, new Set(base), loose); // asks stand far to near
  }

  /** The rows of one side that are not the book's own. */
  #loose(side) {
    const rows = [...this.ladder.table.querySelectorAll("tr.mine, tr.ghost")];
    const spread = this.ladder.table.querySelector("tr.spread");
    return rows.filter((row) => (row.compareDocumentPosition(spread) & Node.DOCUMENT_POSITION_FOLLOWING ? "ask" : "bid") === side);
  }

  /** Whether a price lies among the rows that are shown, or beyond a book that ends within them. */
  #reached({ side, price }) {
    const levels = side === "ask" ? this.ladder.levels.asks : this.ladder.levels.bids;
    const count = this.ladder.rows[side].length;
    if (levels.length <= count) return true;
    return side === "ask" ? price <= levels[count - 1].price : price >= levels[count - 1].price;
  }

  #ghost(side, price) {
    const row = this.ladder.rows[side][0].cloneNode(true);
    row.removeAttribute("data-i");
    row.className = "ghost";
    row.dataset.px = decimal(price);
    const link = row.querySelector("a");
    link.tabIndex = -1;
    link.textContent = cents(price, this.ladder.tick);
    const address = new URL(link.href);
    address.searchParams.set("limit", row.dataset.px);
    link.href = address.search + "#ticket";
    row.querySelector(".bar").setAttribute("style", "--d:0");
    const [size, sum] = row.querySelectorAll("td > span");
    size.textContent = "–";
    sum.textContent = "";
    return row;
  }

  #write(row, { side, price, size, ahead, words, outcome, joining }) {
    const levels = side === "ask" ? this.ladder.levels.asks : this.ladder.levels.bids;
    const displayed = levels.find((level) => level.price === price)?.size ?? 0;
    const behind = joining ? 0 : Math.max(0, displayed - ahead);
    patch(row.querySelector("b"), `${words} ${shares(size)}`);
    patch(row.querySelector("[data-m=outcome]"), outcome ? ` ${outcome}` : "");
    patch(row.querySelector("[data-m=queue]"), `${ahead ? `${shares(ahead)} ahead of you` : "first in line"}${behind ? `, ${shares(behind)} behind` : ""}`);
    const widths = [ahead, size, behind];
    [...row.querySelectorAll(".qbar i")].forEach((bar, place) => bar.style.setProperty("--w", String(widths[place] / ONE)));
  }
}

function keyOf({ side, price, joining }) {
  return joining ? "joining" : `${side}:${decimal(price)}`;
}

/** Bring rows into this order without moving those of `base`, whose order it keeps; drop loose ones not in it. */
function arrange(rows, base, loose) {
  for (const row of loose) if (!rows.includes(row)) row.remove();
  rows.forEach((row, place) => {
    if (base.has(row)) return;
    const before = rows[place - 1];
    if (before) {
      if (before.nextElementSibling !== row) before.after(row);
      return;
    }
    let first = rows.find((other) => base.has(other));
    while (first.previousElementSibling?.matches(".mine, .ghost")) first = first.previousElementSibling;
    if (first !== row) first.before(row);
  });
}

function newRow(mark) {
  const row = document.createElement("tr");
  row.className = mark.joining ? "mine joining" : "mine";
  row.dataset.own = keyOf(mark);
  const cell = row.insertCell();
  cell.colSpan = 3;
  const line = document.createElement("div");
  line.className = "l";
  const [left, right, outcome] = [0, 0, 0].map(() => document.createElement("span"));
  outcome.dataset.m = "outcome";
  right.dataset.m = "queue";
  left.append(document.createElement("b"), outcome);
  line.append(left, right);
  const bar = document.createElement("div");
  bar.className = "qbar";
  bar.setAttribute("aria-hidden", "true");
  bar.append(...["", "you", "behind"].map((name) => Object.assign(document.createElement("i"), { className: name })));
  cell.append(line, bar);
  return row;
}
