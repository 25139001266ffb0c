// Before the page is painted: the colours that were chosen on this machine, if any were.
(() => {
  try {
    const theme = localStorage.getItem("scatter-theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch { /* storage is off: the system's colours */ }
})();
