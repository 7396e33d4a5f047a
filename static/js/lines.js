// Prices in lists: whatever carries data-token shows that market's chance and best prices.
import { cents, chance, micros, ONE, patch } from "./figures.js";
import * as live from "./live.js";

const WIDE = 100_000; // beyond ten cents the last trade is the chance, not the midpoint

export function bestOf(book) {
  const bid = book.bids.length ? micros(book.bids[0][0]) : null;
  const ask = book.asks.length ? micros(book.asks[0][0]) : null;
  return { bid, ask, tick: micros(book.tick_size) };
}

/** The midpoint, an empty side counting as 0 or 1; null, which leaves what is shown, when that says little. */
export function chanceOf({ bid, ask }) {
  if (bid === null && ask === null) return null;
  const [low, high] = [bid ?? 0, ask ?? ONE];
  return high - low > WIDE ? null : low + Math.floor((high - low) / 2);
}

const shown = new Map(); // token id -> the chance last shown

/** Patch every node of one token. `places` is 0 in lists, 1 on event and market pages. */
export function showToken(tokenId, book, places) {
  const best = bestOf(book);
  const now = chanceOf(best);
  const moved = shown.has(tokenId) && now !== null ? now - shown.get(tokenId) : 0;
  if (now !== null) shown.set(tokenId, now);
  const prices = { ask: best.ask, bid: best.bid, "other-ask": best.bid === null ? null : ONE - best.bid };
  for (const node of document.querySelectorAll(`[data-token="${CSS.escape(tokenId)}"]`)) {
    if (node.dataset.touch) patch(node, cents(prices[node.dataset.touch], best.tick), moved);
    if (now === null) continue;
    const label = node.querySelector("[data-live=line-chance]") ?? (node.dataset.live === "line-chance" ? node : null);
    patch(label, chance(now, places), moved);
  }
}

/** The other outcome's best prices follow from the first one's book. */
export function showOther(tokenId, { bid, ask, tick }) {
  const prices = { ask: bid === null ? null : ONE - bid, bid: ask === null ? null : ONE - ask };
  for (const node of document.querySelectorAll(`[data-touch][data-token="${CSS.escape(tokenId)}"]`)) {
    patch(node, cents(prices[node.dataset.touch], tick));
  }
}

/** Follow the tokens that are on screen, at most `most` of them. */
export function followVisible(nodes, most, onBook) {
  const visible = new Map();
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const id = target.dataset.token;
      const count = (visible.get(id) ?? 0) + (isIntersecting ? 1 : visible.has(id) ? -1 : 0);
      if (isIntersecting && count === 1 && visible.size < most) live.watch([id]);
      if (!isIntersecting && count <= 0 && visible.has(id)) live.unwatch([id]);
      if (count > 0) visible.set(id, count);
      else visible.delete(id);
    }
  }, { rootMargin: "80px" });
  for (const node of nodes) seen.observe(node);
  live.on("book", onBook);
}
