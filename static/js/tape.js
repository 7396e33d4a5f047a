// The latest public trades: new ones come in at the top; the number of rows never changes.
import { cents, micros, ONE, shares } from "./figures.js";

export class Tape {
  constructor(table, outcomeIndex, tick) {
    this.body = table.tBodies[0];
    this.outcomeIndex = outcomeIndex;
    this.tick = tick;
  }

  /** A trade of the market's first token, as the socket tells it. */
  add(trade) {
    const buys = (trade.side.toLowerCase() === "buy") === (this.outcomeIndex === 0);
    const price = micros(trade.price);
    const row = this.body.rows[this.body.rows.length - 1];
    if (!row) return;
    row.className = "";
    row.dataset.s = buys ? "buy" : "sell";
    const [time, paid, size] = row.cells;
    const at = new Date(Number(trade.timestamp) || trade.timestamp);
    time.textContent = at.toISOString().slice(11, 19);
    const word = document.createElement("span");
    word.className = "vh";
    word.textContent = `${row.dataset.s} `;
    paid.className = "px";
    paid.replaceChildren(word, cents(this.outcomeIndex === 0 ? price : ONE - price, this.tick));
    size.textContent = shares(micros(trade.size));
    this.body.prepend(row);
    const empty = document.querySelector("[data-live=tape-empty]");
    if (empty) empty.hidden = true;
  }
}
