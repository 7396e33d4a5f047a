// The ladder and the depth picture of one market, in the coordinates of the outcome shown.
import { cents, decimal, micros, ONE, patch, shares, usdcWhole } from "./figures.js";

const LEVELS = 7;

/** A book message as sorted levels of one outcome: [{price, size}], best first, in micros. */
export function levelsOf(message, outcomeIndex) {
  const read = (side) => side.map(([price, size]) => ({ price: micros(price), size: micros(size) }));
  const bids = read(message.bids);
  const asks = read(message.asks);
  if (outcomeIndex === 0) return { bids, asks };
  const turn = (side) => side.map(({ price, size }) => ({ price: ONE - price, size }));
  return { bids: turn(asks), asks: turn(bids) };
}

export class Ladder {
  constructor(table) {
    this.table = table;
    this.rows = { ask: [], bid: [] };
    for (const row of table.querySelectorAll("tr[data-i]")) this.rows[row.dataset.s].push(row);
    this.rows.ask.reverse(); // the ladder shows asks far to near
    this.take = new Map();
    this.levels = { bids: [], asks: [] };
    this.tick = null;
    this.marks = null; // the reader's own orders, once their script is here
    this.#oneTabStop();
  }

  get count() {
    return Math.max(LEVELS, this.rows.ask.length, this.rows.bid.length);
  }

  /** Rows keep their prices while a pointer or the focus is among them: nothing moves under a hand. */
  get held() {
    return this.table.matches(":hover") || this.table.contains(document.activeElement);
  }

  show(levels, tick) {
    this.levels = levels;
    this.tick = tick;
    this.#paint("ask", levels.asks);
    this.#paint("bid", levels.bids);
    this.marks?.place();
    this.table.classList.remove("stale");
  }

  /** Hatch what a ticket would take: price in micros -> percent of the level. */
  mark(take) {
    this.take = take;
    for (const side of ["ask", "bid"]) {
      for (const row of this.rows[side]) this.#hatch(row);
    }
  }

  #hatch(row) {
    const part = this.take.get(`${row.dataset.s}:${micros(row.dataset.px)}`) ?? 0;
    row.classList.toggle("take", part > 0);
    row.querySelector(".bar").style.setProperty("--t", String(part));
  }

  #paint(side, levels) {
    const rows = this.rows[side];
    const shown = levels.slice(0, rows.length);
    const largest = Math.max(1, ...this.levels.asks.slice(0, rows.length).map((l) => l.size), ...this.levels.bids.slice(0, rows.length).map((l) => l.size));
    const pinned = this.held && rows[0]?.micros !== undefined;
    const bySize = pinned ? new Map(levels.map((level) => [level.price, level.size])) : null;
    let total = 0;
    rows.forEach((row, rank) => {
      const level = pinned
        ? { price: row.micros, size: bySize.get(row.micros) ?? 0 }
        : shown[rank];
      if (level && level.price !== null) total += Math.floor((level.price * level.size) / ONE);
      this.#row(row, level, total, largest, pinned);
    });
  }

  #row(row, level, total, largest, pinned) {
    const link = row.querySelector("a");
    const [size, sum] = row.querySelectorAll("td > span");
    const gone = !level || !level.size;
    row.classList.toggle("gone", gone && !pinned);
    if (!level) {
      row.micros = null;
      row.dataset.px = "";
      link.tabIndex = -1;
      this.#hatch(row);
      return;
    }
    if (row.micros !== level.price) {
      row.micros = level.price;
      row.dataset.px = decimal(level.price);
      patch(link, cents(level.price, this.tick));
      const address = new URL(link.href);
      address.searchParams.set("limit", row.dataset.px);
      link.href = address.search + "#ticket";
    }
    const before = row.sizeMicros;
    row.sizeMicros = level.size;
    patch(size, gone ? "–" : shares(level.size), before === undefined || before === level.size ? 0 : level.size - before);
    patch(sum, usdcWhole(total));
    const ratio = Math.min(1, level.size / largest);
    row.querySelector(".bar").style.setProperty("--d", String(Math.max(2, Math.floor(100 * ratio ** 0.625))));
    this.#hatch(row);
  }

  /** The ladder is one stop of the Tab key; arrows move inside it. */
  #oneTabStop() {
    const links = () => [...this.table.querySelectorAll("tr[data-s]:not(.gone) a")];
    for (const link of this.table.querySelectorAll("tr[data-s] a")) link.tabIndex = -1;
    const first = this.rows.ask[0]?.querySelector("a") ?? this.rows.bid[0]?.querySelector("a");
    if (first) first.tabIndex = 0;
    this.table.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const all = links();
      const here = all.indexOf(document.activeElement);
      if (!step || here < 0) return;
      event.preventDefault();
      const next = all[Math.min(all.length - 1, Math.max(0, here + step))];
      all[here].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }
}

const CANVAS = 1000;

/** Redraw the depth picture: the same staircase as the server's, at most once a second. */
export class Depth {
  constructor(box) {
    this.box = box;
    this.drawnAt = 0;
    this.timer = null;
  }

  show(levels, tick) {
    const wait = 1000 - (Date.now() - this.drawnAt);
    clearTimeout(this.timer);
    if (wait > 0) this.timer = setTimeout(() => this.#draw(levels, tick), wait);
    else this.#draw(levels, tick);
  }

  #draw({ bids, asks }, tick) {
    this.drawnAt = Date.now();
    this.box.classList.remove("stale");
    const path = (name) => this.box.querySelector(`path.${name}`);
    if (!bids.length || !asks.length) {
      for (const name of ["bf", "bl", "af", "al"]) path(name).setAttribute("d", "");
      return;
    }
    const middle = Math.floor((bids[0].price + asks[0].price) / 2);
    const twelfth = (side) => side[Math.min(side.length, 12) - 1].price;
    const edge = Math.max(middle - twelfth(bids), twelfth(asks) - middle, 4 * tick);
    const low = Math.max(0, middle - edge);
    const high = Math.min(ONE, middle + edge);
    const near = [bids.filter((l) => l.price >= low), asks.filter((l) => l.price <= high)];
    const sums = near.map((side) => side.reduce((sum, l) => sum + l.size, 0));
    const top = (Math.max(...sums) * 9) / 8;
    const x = (price) => Math.floor(((price - low) * CANVAS) / (high - low));
    const y = (total) => CANVAS - Math.floor((total * CANVAS) / top);
    const draw = (side, end, line, area) => {
      let total = 0;
      let d = `M${x(side[0].price)} ${CANVAS}`;
      for (const level of side) {
        d += `L${x(level.price)} ${y(total)}`;
        total += level.size;
        d += `L${x(level.price)} ${y(total)}`;
      }
      d += `L${x(end)} ${y(total)}`;
      path(line).setAttribute("d", d);
      path(area).setAttribute("d", `${d}L${x(end)} ${CANVAS}L${x(side[0].price)} ${CANVAS}Z`);
    };
    draw(near[0], low, "bl", "bf");
    draw(near[1], high, "al", "af");
    this.#labels(low, high, top, tick);
    this.box.setAttribute("aria-label", `${shares(sums[0])} shares bid down to ${cents(low, tick)}, ${shares(sums[1])} offered up to ${cents(high, tick)}.`);
  }

  #labels(low, high, top, tick) {
    const marks = this.box.querySelector("[data-d=marks]");
    const label = (kind, at, text) => {
      const node = document.createElement("span");
      node.className = kind;
      node.style.setProperty("--at", String(at));
      node.textContent = text;
      return node;
    };
    const step = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((power) => [1, 2, 5].map((f) => f * 10 ** power * ONE)).filter((u) => u * 5 <= 2 * top).pop();
    const sizes = step ? [step, 2 * step] : [];
    marks.replaceChildren(
      ...sizes.map((size) => label("sl", 100 - Math.floor((100 * size) / top), `${shares(size)} shares`)),
      ...[8, 29, 50, 71, 92].map((at) => label("xl", at, cents(Math.floor((low + ((high - low) * at) / 100) / tick) * tick, tick))),
    );
  }
}
