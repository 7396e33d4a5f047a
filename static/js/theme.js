// Theme and preferences live in this browser's localStorage; the inline script of base.html reads them first.
const root = document.documentElement;
const painters = new Set();

function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // private windows forget; the page works the same
  }
}

/** Call `paint` again whenever the theme changes; returns a function that stops it. */
export function onTheme(paint) {
  painters.add(paint);
  return () => painters.delete(paint);
}

const probe = document.createElement("i");
probe.hidden = true;
document.body.append(probe);

/** A token as the rgb() a canvas understands: custom properties return light-dark() unresolved. */
export function colour(token, alpha) {
  probe.style.color = `var(${token})`;
  const rgb = getComputedStyle(probe).color;
  return alpha === undefined ? rgb : rgb.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);
}

export function followTheme() {
  for (const button of document.querySelectorAll("[data-act=theme]")) {
    button.addEventListener("click", () => {
      root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
      keep("theme", root.dataset.theme);
      for (const paint of painters) paint();
    });
  }
  for (const box of document.querySelectorAll("[data-pref]")) {
    const name = box.dataset.pref;
    box.checked = kept(name) !== "off";
    root.dataset[name] = box.checked ? "on" : "off";
    box.addEventListener("change", () => {
      root.dataset[name] = box.checked ? "on" : "off";
      keep(name, root.dataset[name]);
    });
  }
}
