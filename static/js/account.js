// The choices of /account that a radio makes: theme and colours, kept in this browser.
// The inline script of base.html applies both before the first paint of every page.
const root = document.documentElement;
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function kept(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

function keep(name, value) {
  try {
    if (value) localStorage.setItem(name, value);
    else localStorage.removeItem(name);
  } catch {
    // private windows forget; the page works the same
  }
}

function apply(name, value) {
  if (name === "theme" && !value) value = systemIsDark.matches ? "dark" : "light";
  if (value) root.dataset[name] = value;
  else delete root.dataset[name];
}

for (const group of document.querySelectorAll("[data-setting]")) {
  const name = group.dataset.setting;
  for (const radio of group.querySelectorAll("input")) {
    radio.checked = radio.value === kept(name);
    radio.addEventListener("change", () => {
      keep(name, radio.value);
      apply(name, radio.value);
    });
  }
}
