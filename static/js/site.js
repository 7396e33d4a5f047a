// On every page: theme, preferences, shortcuts, copy buttons. Pages read and submit without it.
import { followTheme } from "./theme.js";
import { followKeys } from "./keys.js";

followTheme();
followKeys();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.innerText);
  } catch {
    return; // no permission: the text can still be selected
  }
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1400);
});

// A picture that the venue does not give leaves the tile's letters.
function dropBroken(picture) {
  if (picture.matches?.(".tile img")) picture.remove();
}
document.addEventListener("error", (event) => dropBroken(event.target), true);
for (const picture of document.querySelectorAll(".tile img")) {
  if (picture.complete && !picture.naturalWidth) dropBroken(picture);
}

// A select or a chip that filters sends its form; without script there is an Apply button.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form && event.target.name !== "density") form.requestSubmit();
});
