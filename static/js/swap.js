// Panels that changed as a whole are read again with the page. One under a pointer, with the focus or with
// something typed in it waits until it is left alone.
const WAIT_MS = 1000;

/** `selectors` name the panels; `after` is called when some were swapped. Returns what asks for it. */
export function swapper(selectors, after = () => {}) {
  let due = false;
  let running = false;
  const tick = async () => {
    if (!due || running || document.hidden) return;
    running = true;
    due = false;
    const answer = await fetch(location.pathname + location.search).catch(() => null);
    const text = answer?.ok ? await answer.text() : null;
    if (text !== null) {
      const fresh = new DOMParser().parseFromString(text, "text/html");
      if (selectors.map((selector) => swap(selector, fresh)).includes(false)) due = true;
      after();
    }
    running = false;
  };
  setInterval(tick, WAIT_MS);
  return () => { due = true; };
}

/** False when the panel has to wait. One that has just come into being waits for the next visit. */
function swap(selector, fresh) {
  const [old, now] = [document.querySelector(selector), fresh.querySelector(selector)];
  if (!old || !now || old.isEqualNode(now)) return true;
  if (old.matches(":hover, :focus-within") || [...old.querySelectorAll("input")].some((box) => box.value !== box.defaultValue)) return false;
  old.replaceWith(document.importNode(now, true));
  return true;
}
