// The portfolio's page: marks, values and equity once a second, as text only; open orders as they move.
import { cents, micros, ONE, patch, percentChange, tone, usdc, usdcChange } from "./figures.js";
import { bestOf } from "./lines.js";
import * as live from "./live.js";
import { OpenOrders, sayFill } from "./orders.js";
import { swapper } from "./swap.js";

const head = () => document.querySelector("[data-portfolio-page]");
let rows = [];

function collect() {
  const watched = new Set(rows.map((line) => line.token));
  rows = [...document.querySelectorAll("[data-position]")].map((row) => ({
    row,
    token: row.dataset.position,
    size: micros(row.dataset.size),
    cost: micros(row.dataset.cost),
    value: null,
  }));
  live.watch(rows.map((line) => line.token).filter((token) => !watched.has(token)));
}

/** size x price / 1e6, rounded down, exactly. */
function proceeds(size, price) {
  return Number((BigInt(size) * BigInt(price)) / BigInt(ONE));
}

function paint() {
  if (document.hidden) return;
  for (const line of rows) {
    const book = live.bookOf(line.token);
    if (!book) continue;
    const { bid, tick } = bestOf(book);
    const before = line.mark ?? bid;
    line.mark = bid;
    line.value = bid === null ? 0 : proceeds(line.size, bid);
    const cell = (name) => line.row.querySelector(`[data-live=${name}]`);
    patch(cell("mark"), cents(bid, tick), bid - before);
    patch(cell("value"), usdc(bid === null ? null : line.value));
    const result = cell("pnl");
    patch(result, usdcChange(line.value - line.cost));
    result.className = tone(line.value - line.cost);
  }
  if (rows.length && rows.every((line) => line.value !== null)) total();
}

function total() {
  const { cash, start: began } = head().dataset;
  const start = micros(began);
  const value = rows.reduce((sum, line) => sum + line.value, 0);
  const equity = micros(cash) + value;
  patch(document.querySelector("[data-live=positions-value]"), usdc(value));
  for (const node of document.querySelectorAll("[data-portfolio-page] [data-live=equity]")) patch(node, usdc(equity));
  const result = document.querySelector("[data-live=result]");
  const fraction = Math.floor(((equity - start) / start) * ONE); // as the server has it: in millionths, rounded down
  patch(result, `${usdcChange(equity - start)} (${percentChange(fraction)})`);
  result.className = tone(equity - start);
}

collect();
setInterval(paint, 1000);
new OpenOrders(document.querySelector("[data-open-orders]"));
const mine = head().dataset.portfolioPage;
const renew = swapper(["[data-portfolio-page]", "[data-part=summary]", "[data-part=whole]", "#positions", "#orders", "#history", "#lenses"], collect);
live.on("fill", ({ trade }) => {
  if (trade.portfolio_id !== mine) return;
  sayFill(trade);
  renew();
});
live.on("order", ({ order }) => {
  if (order.portfolio_id === mine) renew();
});
