// What every page does: colours, confirmations, filters, files that fill fields, notices, the focus after a change.
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;

function showTheme() {
  const theme = root.dataset.theme ?? "auto";
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.querySelector("[data-theme-label]").textContent = { auto: "System", light: "Light", dark: "Dark" }[theme];
    button.setAttribute("aria-label", { auto: "System colours; press for light ones", light: "Light colours; press for dark ones", dark: "Dark colours; press for the system's" }[theme]);
  }
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try { localStorage.setItem("scatter-theme", theme); } catch { /* it holds for this page only */ }
  showTheme();
  document.dispatchEvent(new CustomEvent("scatter:theme"));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) nextTheme();
  if (event.target.closest("[data-dismiss]")) event.target.closest(".notice").remove();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("submit", (event) => {
  const words = event.target.dataset.confirm;
  if (words && !window.confirm(words)) event.preventDefault();
});
document.addEventListener("change", async (event) => {
  const { target } = event;
  if (target.dataset?.fill && target.files?.[0]) {
    // It is shown; what is sent is the file itself, unless somebody changes the text.
    document.getElementById(target.dataset.fill).value = await target.files[0].text();
    const name = document.getElementById("name");
    if (name && !name.value) name.value = target.files[0].name.replace(/\.toml$/, "");
  }
  if (target.closest("[data-pace]")) target.form.requestSubmit();
});
document.addEventListener("input", (event) => {
  if (event.target.id === "document") for (const file of document.querySelectorAll("[data-fill=document]")) file.value = "";
  const rows = event.target.dataset?.filter && document.querySelector(event.target.dataset.filter);
  if (!rows) return;
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows.children) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});
document.addEventListener("scatter:focus", (event) => {
  document.getElementById(event.detail.id)?.focus();
});
showTheme();
