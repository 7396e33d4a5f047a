// A market's page: one book feeds ladder, depth, ticket, head and chart.
import { Depth, Ladder, levelsOf } from "./book.js";
import { followRanges, startChart } from "./chart.js";
import { cents, chance, decimal, micros, ONE, patch, shares } from "./figures.js";
import { bestOf, chanceOf, showOther, showToken } from "./lines.js";
import * as live from "./live.js";
import { followSheet } from "./sheet.js";
import { Tape } from "./tape.js";
import { Ticket } from "./ticket.js";

const page = document.querySelector("[data-market]");
const [token, otherToken] = page.dataset.tokens.split(" ");
const outcomeIndex = Number(page.dataset.outcome);

const ladder = new Ladder(document.querySelector("[data-ladder]"));
const depth = new Depth(document.getElementById("depth"));
const form = document.querySelector("[data-ticket]");
const ticket = form.elements.side ? new Ticket(form, hatch) : null;
const tick = micros(form.dataset.tick);
const tape = new Tape(document.querySelector("[data-tape]"), outcomeIndex, tick);
const chart = startChart(document.querySelector("[data-chart=price]"));
followSheet(ticket);

const own = document.getElementById("own-data");
if (chart && own) chart.own(JSON.parse(own.textContent));

let last = { taken: [], side: "", rest: null };

/** The levels that the ticket would take, hatched on the ladder when that shows the same outcome. */
function hatch(side, levels, rest) {
  last = { side, taken: levels, rest };
  const sameView = ticket && ticket.outcomeIndex === outcomeIndex;
  const stands = side === "ask" ? ladder.levels.asks : ladder.levels.bids;
  const sizes = new Map(stands.map((level) => [level.price, level.size]));
  const take = new Map();
  for (const { price, size } of levels) {
    const standing = sizes.get(price);
    if (standing) take.set(`${side}:${price}`, Math.min(100, Math.max(1, Math.round((100 * size) / standing))));
  }
  ladder.mark(sameView ? take : new Map());
  join(rest);
  if (levels.length && sameView) ticket.part(take.get(`${side}:${levels.at(-1).price}`) ?? 100);
}

const labels = [...form.querySelectorAll(".outs label > span")].map((node) => node.textContent);

/** Where a limit order would join, in the coordinates of the outcome that the ladder shows. */
function join(rest) {
  if (!rest) {
    ladder.marks?.join(null);
    return;
  }
  const same = ticket.outcomeIndex === outcomeIndex;
  const side = same ? rest.side : rest.side === "bid" ? "ask" : "bid";
  const words = ticket.buys ? "You would buy" : "You would sell";
  ladder.marks?.join({ ...rest, side, price: same ? rest.price : ONE - rest.price, words, outcome: same ? "" : labels[ticket.outcomeIndex] });
}

let shownChance = null;
let wide = false; // then the chance is the last trade

function show(book) {
  if (book.token_id !== token) {
    showToken(book.token_id, book, 1);
    return;
  }
  const touch = bestOf(book);
  const levels = levelsOf(book, outcomeIndex);
  ladder.show(levels, touch.tick);
  depth.show(levels, touch.tick);
  best(levels, touch.tick);
  showToken(token, book, 1);
  showOther(otherToken, touch);
  head(book, touch, levels);
  hatch(last.side, last.taken, last.rest);
  ticket?.bookMoved();
}

/** The phone's sheet: three levels a side above the ticket. */
function best({ bids, asks }, step) {
  const table = form.querySelector("[data-best]");
  if (!table) return;
  [...table.tBodies[0].rows].forEach((row, place) => {
    const [bid, ask] = [bids[place], asks[place]];
    const [bidSize, bidPrice, askPrice, askSize] = row.cells;
    patch(bidSize, bid ? shares(bid.size) : "");
    patch(bidPrice, bid ? cents(bid.price, step) : "");
    patch(askPrice, ask ? cents(ask.price, step) : "");
    patch(askSize, ask ? shares(ask.size) : "");
  });
}

function headChance(now) {
  const moved = shownChance === null ? 0 : now - shownChance;
  shownChance = now;
  patch(document.querySelector("[data-live=chance]"), chance(now, 1), moved);
  chart?.update(0, outcomeIndex === 0 ? now : ONE - now);
}

function head(book, touch, { bids, asks }) {
  const now = chanceOf(touch);
  wide = now === null;
  if (!wide) headChance(now);
  const mid = bids.length && asks.length ? Math.floor((bids[0].price + asks[0].price) / 2) : null;
  patch(document.querySelector("[data-live=mid]"), cents(mid));
  patch(document.querySelector("[data-live=price]"), cents(mid));
  patch(document.querySelector("[data-live=spread]"), cents(mid === null ? null : asks[0].price - bids[0].price));
  const note = document.querySelector("[data-live=book-note]");
  if (note) note.hidden = book.fresh;
  ladder.table.classList.toggle("stale", !book.fresh);
}

live.on("book", show);
live.on("trade", (trade) => {
  if (trade.token_id !== token) return;
  tape.add(trade);
  const price = micros(trade.price);
  if (wide) headChance(price);
  patch(document.querySelector("[data-live=last]"), cents(outcomeIndex === 0 ? price : ONE - price));
});
live.on("state", (state) => {
  const lost = state !== "live";
  ladder.table.classList.toggle("stale", lost);
  depth.box.classList.toggle("stale", lost);
});
const pending = document.querySelector("[data-order][data-pending]");

/** An order on its way turns into its result: told by the socket, or asked for where the socket came too late. */
function followOrder({ order: id, portfolio }) {
  live.on("order", ({ order }) => {
    if (order.id === id) location.reload();
  });
  live.on("state", async (state) => {
    if (state !== "live") return;
    const answer = await fetch(`/portfolios/${portfolio}/orders/${id}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok && !["accepted", "delayed"].includes((await answer.json()).status)) location.reload();
  });
}

if (pending) followOrder(pending.dataset);
// Only who has a portfolio has orders to follow: nobody else loads what follows them.
const openOrders = document.querySelector("[data-open-orders]");
if (openOrders) {
  import("./mine.js").then(({ followMine }) => followMine(openOrders, { ladder, outcomeIndex, labels, condition: page.dataset.condition }));
}
live.watch([token, ...[...document.querySelectorAll(".rel [data-token]")].map((node) => node.dataset.token)]);

// A price of the ladder fills the ticket.
ladder.table.addEventListener("click", (event) => {
  const link = event.target.closest("tr[data-s] a");
  if (!link || !ticket || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  const row = link.closest("tr");
  if (!row.dataset.px) return;
  ticket.pick(row.dataset.s === "ask" ? "BUY" : "SELL", outcomeIndex, decimal(micros(row.dataset.px) * 100));
});

followRanges(document.querySelector("[aria-label='Chart range']"), async ({ range, fidelity }) => {
  if (!chart) return false;
  const address = `/markets/by-slug/${encodeURIComponent(page.dataset.market)}/prices?outcome_index=${outcomeIndex}&interval=${range}&fidelity=${fidelity}`;
  const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return false;
  const points = (await answer.json()).history.map(({ t, p }) => [t, micros(p)]);
  if (points.length) chart.replace(points);
  return points.length > 0;
});
