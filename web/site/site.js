// Theme, search and the menu of small screens. Without it every page can be read all the same.
const root = document.querySelector("script[data-root]").dataset.root;

/* The same key and values as the app. */
const button = document.getElementById("theme");
const names = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
let theme = document.documentElement.dataset.theme ?? "system";
function show() {
  button.textContent = names[theme];
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
button.addEventListener("click", () => {
  theme = { system: "light", light: "dark", dark: "system" }[theme];
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // Storage may be forbidden; the choice then lasts for this page.
  }
  show();
});
button.hidden = false;
show();

const menu = document.querySelector(".menu");
const small = matchMedia("(max-width: 56rem)");
const fold = () => {
  menu.open = !small.matches;
};
small.addEventListener("change", fold);
fold();
menu.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest" });

/* Search: every word must be there; titles count most. */
const field = document.getElementById("search");
const list = document.getElementById("found");
let sections;
let chosen = -1;

async function load() {
  sections ??= fetch(`${root}search.json`).then((answer) => answer.json());
  return sections;
}

function score({ page, heading, text }, words) {
  const [title, near, far] = [page, heading, text].map((one) => one.toLowerCase());
  let sum = 0;
  for (const word of words) {
    const found =
      (title.includes(word) ? 4 : 0) + (near.includes(word) ? 6 : 0) + (far.includes(word) ? 1 : 0);
    if (found === 0) return 0;
    sum += found;
  }
  return sum;
}

function piece(text, words) {
  const at = Math.max(0, text.toLowerCase().indexOf(words[0]) - 40);
  return `${at > 0 ? "…" : ""}${text.slice(at, at + 130)}…`;
}

function close() {
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
  chosen = -1;
}

function choose(next) {
  const options = [...list.querySelectorAll("a")];
  if (options.length === 0) return;
  chosen = (next + options.length) % options.length;
  for (const [number, option] of options.entries())
    option.setAttribute("aria-selected", String(number === chosen));
  field.setAttribute("aria-activedescendant", options[chosen].id);
  options[chosen].scrollIntoView({ block: "nearest" });
}

async function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return close();
  const all = await load();
  const found = all
    .map((section) => ({ section, score: score(section, words) }))
    .filter((one) => one.score > 0)
    .sort((one, other) => other.score - one.score)
    .slice(0, 12);
  list.replaceChildren();
  for (const [number, { section }] of found.entries()) {
    const link = document.createElement("a");
    link.href = root + section.url;
    link.id = `found-${number}`;
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    link.textContent = section.heading ? `${section.page}: ${section.heading}` : section.page;
    const about = document.createElement("small");
    about.textContent = piece(section.text, words);
    link.append(about);
    list.append(link);
  }
  if (found.length === 0) {
    const none = document.createElement("p");
    none.textContent = "Nothing was found.";
    none.setAttribute("role", "option");
    none.setAttribute("aria-disabled", "true");
    list.append(none);
  }
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
  chosen = -1;
}

field.addEventListener("focus", load, { once: true });
field.addEventListener("input", search);
field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  list.querySelectorAll("a")[Math.max(chosen, 0)]?.click();
});
field.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (!field.form.contains(event.target)) close();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea")) return;
  event.preventDefault();
  field.focus();
});
