// The ticket: the server's own preview while one types, then the same form that works without script.
// What is submitted is what stands in the fields; numbers here are only shown.
import { decimal, micros, ONE, shares, usdc } from "./figures.js";
import { Expiration } from "./expiration.js";
import { Preview } from "./preview.js";

const TYPING_MS = 250;
const REFRESH_MS = 1000;
const HUNDREDTH = 10_000;

export class Ticket {
  /** `onLevels(side, levels, rest)` is told which levels the ticket would take, and what would join where. */
  constructor(form, onLevels = () => {}) {
    this.form = form;
    this.onLevels = onLevels;
    this.tick = micros(form.dataset.tick);
    this.place = form.querySelector("[data-place]");
    this.review = form.querySelector("[data-review]");
    this.preview = new Preview(form, this.tick);
    this.expiration = new Expiration(form);
    this.asked = 0;
    this.shown = null;
    this.quietUntil = 0;
    form.addEventListener("input", () => this.#soon(TYPING_MS));
    form.addEventListener("click", (event) => this.#click(event));
    form.addEventListener("submit", (event) => this.#submit(event));
    addEventListener("pageshow", () => this.#ready());
    if (this.review) {
      this.review.hidden = true; // stays the form's first button: Enter asks for a review, never for an order
      this.place.hidden = false;
      this.place.disabled = true;
      this.#label();
    }
    if (this.#complete) this.#soon(0);
  }

  value(name) {
    return this.form.elements[name]?.value ?? "";
  }

  get buys() {
    return this.value("side") === "BUY";
  }

  get limited() {
    return this.value("type") === "limit";
  }

  get outcomeIndex() {
    return Number(this.value("outcome"));
  }

  /** Choose side, outcome and limit, as a click on the ladder or on the phone's bar does. */
  pick(side, outcome, limit) {
    this.form.elements.side.value = side;
    this.form.elements.outcome.value = String(outcome);
    if (limit !== undefined) {
      this.form.elements.type.value = "limit";
      this.form.elements.limit.value = limit;
    }
    this.form.dispatchEvent(new Event("input"));
    this.#first()?.focus({ preventScroll: matchMedia("(min-width: 761px)").matches });
  }

  /** The book moved: look again, at most once a second, when a shown level is touched. */
  bookMoved() {
    if (this.shown && !this.timer) this.#soon(REFRESH_MS);
  }

  #click(event) {
    const button = event.target.closest("[data-add], [data-step]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.step) this.#step(Number(button.dataset.step));
    else this.#add(button.dataset.add, button.closest(".quick"));
    this.form.dispatchEvent(new Event("input"));
  }

  #step(by) {
    const field = this.form.elements.limit;
    const now = plain(field.value);
    const start = now === null ? this.#touch() : Math.round(now / 100);
    if (start === null) return;
    const moved = now === null ? start : start + by * this.tick;
    const price = Math.min(ONE - this.tick, Math.max(this.tick, moved));
    field.value = decimal(price * 100);
  }

  #touch() {
    const wanted = this.form.querySelectorAll(`[data-touch="${this.buys ? "ask" : "bid"}"]`)[this.outcomeIndex];
    const now = wanted ? plain(wanted.textContent) : null;
    return now === null ? null : Math.round(now / 100);
  }

  async #add(what, group) {
    if (group.dataset.held !== undefined) {
      const held = micros(group.dataset.held);
      // Whole hundredths of a share, but for "100%", which leaves nothing behind.
      const part = what === "100%" ? held : Math.floor((held * parseInt(what, 10)) / 100 / HUNDREDTH) * HUNDREDTH;
      this.form.elements.shares.value = decimal(part);
      return;
    }
    const field = this.#first();
    if (what !== "max") {
      field.value = decimal((plain(field.value) ?? 0) + Number(what) * ONE);
      return;
    }
    // All the cash that is free here, less the fee that spending it all would cost: then the fee fits on top.
    const cash = micros(this.form.dataset.cash);
    const most = this.limited ? this.#sharesFor(cash) : cash;
    if (most === null) {
      this.form.elements.limit.focus();
      return;
    }
    field.value = decimal(most);
    const answer = await this.#ask();
    const left = cash - (answer ? micros(answer.fee) : 0);
    field.value = decimal(this.limited ? this.#sharesFor(left) : Math.floor(left / HUNDREDTH) * HUNDREDTH);
    this.form.dispatchEvent(new Event("input"));
  }

  #sharesFor(cash) {
    const price = plain(this.value("limit"));
    return price ? Math.floor((cash * 10_000) / price) * HUNDREDTH : null;
  }

  #submit(event) {
    if (!this.review) return;
    if (event.submitter === this.place) {
      if (this.sent) {
        event.preventDefault();
        return;
      }
      this.sent = true;
      this.expiration.pin();
      this.place.setAttribute("aria-disabled", "true");
      this.place.textContent = "Placing…";
      return;
    }
    event.preventDefault(); // Enter: show what it would do and wait on the button
    this.#look().then(() => (this.place.disabled ? this.#first() : this.place).focus());
  }

  #ready() {
    this.sent = false;
    this.place?.removeAttribute("aria-disabled");
    if (this.place && this.shown) this.#label(this.shown);
  }

  #first() {
    return this.form.elements[this.limited || !this.buys ? "shares" : "amount"];
  }

  #quantity() {
    return plain(this.#first()?.value ?? "");
  }

  /** Whether enough stands in the fields to ask what it would do. */
  get #complete() {
    return Boolean(this.#quantity() && (!this.limited || plain(this.value("limit"))));
  }

  #soon(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.#look();
    }, Math.max(ms, this.quietUntil - Date.now()));
  }

  async #look() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.#complete) {
      this.#clear();
      return;
    }
    const answer = await this.#ask();
    if (answer) this.#show(answer);
  }

  /** The server's preview of what stands in the fields; null when it was refused or overtaken. */
  async #ask() {
    const portfolio = this.value("portfolio");
    if (!portfolio || document.hidden) return null;
    const turn = ++this.asked;
    const response = await fetch(`/portfolios/${portfolio}/orders/preview`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.value("csrfmiddlewaretoken") },
      body: JSON.stringify(this.#body()),
    }).catch(() => null);
    if (turn !== this.asked || !response) return null;
    const answer = await response.json().catch(() => null);
    if (response.status === 429 || response.status === 503) {
      this.quietUntil = Date.now() + 1000 * Number(response.headers.get("Retry-After") ?? 2);
      this.#soon(REFRESH_MS);
    }
    if (!response.ok) {
      this.#refuse(answer?.error?.message ?? "The preview cannot be had just now. Placing the order still works.");
      return null;
    }
    return answer;
  }

  #body() {
    const quantity = decimal(this.#quantity() ?? 0);
    const common = { market: this.form.dataset.slug, outcome: this.outcomeIndex, side: this.value("side") };
    if (!this.limited) {
      return { ...common, type: "market", time_in_force: this.value("tif_market"), ...(this.buys ? { amount: quantity } : { size: quantity }) };
    }
    const life = this.value("tif_limit");
    const rests = life === "GTC" || life === "GTD";
    return {
      ...common,
      type: "limit",
      time_in_force: life,
      price: decimal(Math.round((plain(this.value("limit")) ?? 0) / 100)),
      size: quantity,
      post_only: rests && this.form.elements.post_only.checked,
      ...(life === "GTD" ? { expires_at: this.expiration.ms() } : {}),
    };
  }

  #show(answer) {
    this.shown = answer;
    const { side, levels, rest } = this.preview.show(answer, { buys: this.buys, price: this.limited ? Math.round(plain(this.value("limit")) / 100) : null });
    this.onLevels(side, levels, rest);
    const words = answer.problems.map(({ message }) => sentence(message));
    if (answer.status === "killed") words.push("Nothing would trade at this price.");
    if (answer.status === "partial") words.push("The book ends before the order does; the rest would not trade.");
    const stops = answer.problems.length > 0 || answer.status === "killed";
    this.#trouble(words.filter(Boolean).join(" "), stops);
    this.place.disabled = stops;
    this.#label(answer);
  }

  /** The part of the last level that is taken, once the ladder knows what stands there. */
  part(percent) {
    this.preview.part(percent);
  }

  #refuse(message) {
    this.#clear();
    this.#trouble(sentence(message), true);
    this.place.disabled = true;
  }

  #trouble(text, grave = true) {
    const note = this.form.querySelector("[data-trouble]");
    if (!note) return;
    note.hidden = !text;
    note.classList.toggle("err", grave);
    note.classList.toggle("warn", !grave);
    const box = note.querySelector("div");
    if (box.textContent !== text) box.textContent = text;
  }

  #clear() {
    this.shown = null;
    this.preview.clear();
    this.onLevels("", [], null);
    this.#trouble("");
    if (this.place) this.place.disabled = true;
    this.#label();
  }

  #label(answer) {
    if (!this.place) return;
    const label = this.form.querySelectorAll(".outs label span")[this.outcomeIndex]?.textContent ?? "";
    const chosen = this.form.elements.portfolio;
    const name = chosen?.selectedOptions?.[0]?.textContent ?? this.form.querySelector("b#portfolio")?.textContent ?? "";
    const verb = this.buys ? "Buy" : "Sell";
    const limited = () => `${verb} ${shares(this.#quantity())} ${label} at ${this.preview.cents(Math.round(plain(this.value("limit")) / 100))}`;
    const whole = () => `${verb} ${label} · ${usdc(micros(answer.total))}`;
    this.place.textContent = answer ? `${this.limited ? limited() : whole()} · ${name}` : `${verb} ${label}`;
  }
}

/** A typed number as micros; null when it is none. The server reads the field itself and says what is wrong. */
function plain(text) {
  const bare = text.trim().replace(/^\$|¢$/g, "").trim();
  const number = /^\d{1,3}(,\d{3})+(\.\d+)?$/.test(bare) ? bare.replaceAll(",", "") : bare;
  return /^\d{1,9}(\.\d{0,6})?$|^\.\d{1,6}$/.test(number) ? micros(number) : null;
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
