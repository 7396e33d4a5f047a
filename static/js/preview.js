// The ticket's figures: what an order takes now, what of it rests and behind how many shares.
import { averageCents, cents, micros, ONE, patch, shares, tone, usdc, usdcChange } from "./figures.js";

export class Preview {
  constructor(form, tick) {
    this.form = form;
    this.tick = tick;
    this.join = form.querySelector("[data-join]");
  }

  cents(price) {
    return cents(price, this.tick);
  }

  /** Patch every figure; returns the levels taken and what would rest, in micros, for the ladder. */
  show(answer, { buys, price }) {
    const out = (name, text) => patch(this.form.querySelector(`[data-p=${name}]`), text);
    const levels = answer.levels.map((level) => ({ price: micros(level.price), size: micros(level.size) }));
    const [size, rests] = [micros(answer.size), micros(answer.resting_size)];
    const whole = micros(answer.total_if_all_fills);
    const slip = micros(answer.slippage);
    out("used", levels.length ? `${levels.length} level${levels.length === 1 ? "" : "s"} used` : "No level used");
    out("best", levels.length ? `best ${this.cents(levels[0].price)}` : "");
    out("average", averageCents(micros(answer.average_price)));
    out("slippage", slip > 0 ? `+${averageCents(slip)}` : averageCents(slip));
    out("shares", shares(size));
    out("parts", `${usdc(micros(answer.notional))} ${buys ? "+" : "−"} ${usdc(micros(answer.fee))}`);
    out("rests", shares(rests));
    out("backing", buys ? usdc(micros(answer.backing)) : `${shares(micros(answer.backing))} shares`);
    out("total", usdc(whole));
    out("payout", usdc(size + rests));
    out("profit", size + rests ? usdcChange(size + rests - whole) : "");
    this.form.querySelector("[data-p=profit]")?.setAttribute("class", tone(size + rests - whole));
    this.#bar(levels, buys);
    const rest = rests ? { side: buys ? "bid" : "ask", price, size: rests, ahead: micros(answer.queue_ahead) } : null;
    this.#joins(rest, size, micros(answer.queue_own));
    return { side: buys ? "ask" : "bid", levels, rest };
  }

  clear() {
    for (const node of this.form.querySelectorAll("[data-p]")) {
      if (node.dataset.p === "levels") node.replaceChildren();
      else if (node.dataset.p === "used") patch(node, "Levels used");
      else if (node.dataset.p !== "ends") patch(node, node.tagName === "DD" ? "–" : "");
    }
    this.#joins(null);
  }

  /** The part of the last level that is taken. */
  part(percent) {
    const last = this.form.querySelector("[data-p=levels] li:last-child");
    if (!last) return;
    last.classList.toggle("part", percent < 100);
    last.style.setProperty("--p", `${percent}%`);
  }

  #bar(levels, buys) {
    const list = this.form.querySelector("[data-p=levels]");
    list.className = buys ? "on-ask" : "on-bid";
    list.replaceChildren(...levels.slice(0, 6).map(({ price, size }, place) => {
      const item = document.createElement("li");
      item.style.setProperty("--w", String(size / ONE));
      item.style.setProperty("--i", String(place));
      item.style.setProperty("--p", "100%");
      item.textContent = this.cents(price);
      return item;
    }));
  }

  /** "312 left: joins 63¢ behind 500 shares", and the bar of the queue. */
  #joins(rest, taken = 0, own = 0) {
    if (!this.join) return;
    this.join.hidden = !rest;
    if (!rest) return;
    const count = document.createElement("b");
    count.textContent = shares(rest.ahead);
    const start = taken ? `${shares(rest.size)} left: joins` : "Joins";
    const parts = rest.ahead
      ? [`${start} ${this.cents(rest.price)} behind `, count, ` shares${own ? `, ${shares(own)} of them yours` : ""}`]
      : [`${start} ${this.cents(rest.price)} as the first in line`];
    const words = this.join.querySelector("[data-p=join]");
    const text = parts.map((part) => part.textContent ?? part).join("");
    if (words.textContent !== text) words.replaceChildren(...parts);
    this.join.querySelector("[data-q=ahead]").style.setProperty("--w", String(rest.ahead / ONE));
    this.join.querySelector("[data-q=you]").style.setProperty("--w", String(rest.size / ONE));
  }
}
