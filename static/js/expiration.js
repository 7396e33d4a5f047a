// When a limit order expires: presets, or a time of UTC in a field of its own; said in local time too.
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const EARLIER_MS = 60_000; // the venue drops an order this long before

export class Expiration {
  constructor(form) {
    this.form = form;
    this.until = form.elements.until;
    this.field = form.elements.expires;
    this.words = form.querySelector("[data-p=ends]");
    if (!this.until) return;
    this.ahead = Number(this.until.dataset.now) - Date.now(); // the venue's clock may be another than ours
    form.addEventListener("input", () => this.#say());
    this.#say();
  }

  /** The expiration asked for, in epoch milliseconds; whole minutes. NaN when the field holds no time. */
  ms() {
    const now = Date.now() + this.ahead;
    if (this.until.value === "hour") return Math.ceil((now + HOUR_MS) / MINUTE_MS) * MINUTE_MS;
    if (this.until.value === "day") return (Math.floor(now / DAY_MS) + 1) * DAY_MS;
    if (this.until.value === "close") return Number(this.until.dataset.closes);
    return Date.parse(`${this.field.value}Z`);
  }

  /** What was shown is what will be placed, however long the button is thought over. */
  pin() {
    const at = this.until ? this.ms() : NaN;
    if (Number.isNaN(at) || this.until.value === "close") return;
    this.field.value = new Date(at).toISOString().slice(0, 16);
    this.until.value = "at";
  }

  #say() {
    const at = this.ms();
    let text = "";
    if (!Number.isNaN(at)) {
      const ends = new Date(at - EARLIER_MS);
      const day = ends.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
      const here = new Date(ends - this.ahead).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      text = `: this one ends at ${day} ${ends.toISOString().slice(11, 16)} UTC, ${here} your time`;
    }
    if (this.words.textContent !== text) this.words.textContent = text;
  }
}
