// The front page: prices of the cards on screen every two seconds, small charts where the cache had none.
import { micros } from "./figures.js";
import { followVisible, showToken } from "./lines.js";

const PAINT_MS = 2000;
const SUBSCRIPTIONS_MAX = 60;

const newest = new Map();
const cards = document.querySelectorAll(".mkt [data-token]:not([data-touch]), .movers [data-token]");
followVisible(cards, SUBSCRIPTIONS_MAX, (book) => newest.set(book.token_id, book));
setInterval(() => {
  if (document.hidden) return;
  for (const [tokenId, book] of newest) showToken(tokenId, book, 0);
  newest.clear();
}, PAINT_MS);

const CANVAS = 1000;

function path(points) {
  const prices = points.map(([, price]) => price);
  const pad = Math.max(1, (Math.max(...prices) - Math.min(...prices)) / 12);
  const [low, high] = [Math.min(...prices) - pad, Math.max(...prices) + pad];
  const [first, last] = [points[0][0], points.at(-1)[0]];
  return `M${points.map(([t, price]) => `${Math.round(((t - first) * CANVAS) / Math.max(1, last - first))} ${Math.round(CANVAS - ((price - low) * CANVAS) / (high - low))}`).join("L")}`;
}

async function draw(box) {
  const answer = await fetch(`/markets/by-slug/${encodeURIComponent(box.dataset.spark)}/prices?interval=1w&fidelity=60`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const points = (await answer.json()).history.map(({ t, p }) => [t, micros(p)]);
  if (points.length < 2) return;
  const line = path(points);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${CANVAS} ${CANVAS}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, d] of [["f", `${line}L${CANVAS} ${CANVAS}L0 ${CANVAS}Z`], ["l", line]]) {
    const part = document.createElementNS("http://www.w3.org/2000/svg", "path");
    part.setAttribute("class", kind);
    part.setAttribute("d", d);
    svg.append(part);
  }
  box.replaceChildren(svg);
}

const missing = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    missing.unobserve(target);
    draw(target);
  }
}, { rootMargin: "120px" });
for (const box of document.querySelectorAll("[data-spark]")) if (!box.firstElementChild) missing.observe(box);
