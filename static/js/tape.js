// The latest public trades, newest on top: rows stay where they are and change their text.
import { cents, micros, ONE, patch, shares } from "./figures.js";

export class Tape {
  constructor(table, outcomeIndex, tick) {
    this.rows = [...table.tBodies[0].rows];
    this.outcomeIndex = outcomeIndex;
    this.tick = tick;
  }

  /** A trade of the market's first token, as the socket tells it. */
  add(trade) {
    const buys = (trade.side.toUpperCase() === "BUY") === (this.outcomeIndex === 0);
    const price = micros(trade.price);
    const at = new Date(Number(trade.timestamp) || trade.timestamp);
    let line = {
      side: buys ? "buy" : "sell",
      time: at.toISOString().slice(11, 19),
      price: cents(this.outcomeIndex === 0 ? price : ONE - price, this.tick),
      size: shares(micros(trade.size)),
    };
    for (const row of this.rows) {
      const below = read(row);
      write(row, line);
      if (!below) break;
      line = below;
    }
    const empty = document.querySelector("[data-live=tape-empty]");
    if (empty) empty.hidden = true;
  }
}

function read(row) {
  if (!row.dataset.s) return null;
  const [time, price, size] = row.cells;
  return { side: row.dataset.s, time: time.textContent, price: price.lastChild.textContent, size: size.textContent };
}

function write(row, { side, time, price, size }) {
  row.dataset.s = side;
  const [timeCell, priceCell, sizeCell] = row.cells;
  patch(timeCell, time);
  patch(sizeCell, size);
  priceCell.className = "px";
  if (!priceCell.firstElementChild) {
    const word = document.createElement("span");
    word.className = "vh";
    priceCell.replaceChildren(word, "");
  }
  priceCell.firstElementChild.textContent = `${side} `;
  priceCell.lastChild.textContent = price;
}
