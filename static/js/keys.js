// Single-key shortcuts: silent while typing, and off when the reader turned them off (WCAG 2.1.4).
// Nothing places an order with a single key.
const $ = (selector, within = document) => within.querySelector(selector);
const TYPING = "input:not([type=radio],[type=checkbox]), textarea, select";
const ROWS = ".tbl tbody tr, .mkts .mkt, .movers li, .rel li";

let row = -1;

function choose(name, value) {
  const box = $(`#ticket input[name="${name}"][value="${value}"]`);
  if (!box) return;
  box.checked = true;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function focusField(...names) {
  for (const name of names) {
    const field = $(`#ticket [name="${name}"]`);
    if (field && field.offsetParent) {
      field.focus();
      field.select();
      return;
    }
  }
}

function moveRow(by) {
  const rows = [...document.querySelectorAll(ROWS)].filter((node) => node.offsetParent && $("a, button", node));
  if (!rows.length) return;
  row = Math.min(rows.length - 1, Math.max(0, row + by));
  $("a, button", rows[row]).focus();
}

const ACTIONS = {
  "/": () => ($(".tools .search input") ?? $(".topbar .search input"))?.focus(),
  "?": () => $("#keys").togglePopover(),
  b: () => choose("side", "BUY"),
  s: () => choose("side", "SELL"),
  y: () => choose("outcome", "0"),
  n: () => choose("outcome", "1"),
  a: () => focusField("amount", "shares"),
  m: () => choose("type", "market"),
  l: () => {
    choose("type", "limit");
    focusField("limit");
  },
  "[": () => $("[data-step='-1']")?.click(),
  "]": () => $("[data-step='1']")?.click(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
};

function escape(target) {
  if (target.name === "limit") {
    target.value = "";
    target.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (location.hash === "#ticket") {
    history.replaceState(null, "", location.pathname + location.search);
    location.hash = "#"; // closes the phone's sheet
  }
  target.blur?.();
}

export function followKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      escape(event.target);
      return;
    }
    if (document.documentElement.dataset.keys === "off" || event.target.matches(TYPING)) return;
    const action = ACTIONS[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });
}
