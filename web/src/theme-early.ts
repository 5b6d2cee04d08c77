// Runs before the first paint: the theme that was chosen, so that no page flashes in the other one.
const chosen = localStorage.getItem("theme");
if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
