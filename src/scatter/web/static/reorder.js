// Steps are moved by dragging their handle, or with the arrow keys on it.
const list = document.getElementById("step-list");
let dragged = null;

function move(grip, to) {
  if (to < 0 || to > Number(grip.dataset.last) || to === Number(grip.dataset.index)) return;
  const csrf = document.body.dataset.csrf;
  window.htmx.ajax("POST", grip.dataset.move, { target: "#step-list", swap: "innerHTML", values: { to, csrf, version: list.querySelector(".steps").dataset.version } });
}

list.addEventListener("keydown", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip || !["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const at = Number(grip.dataset.index);
  move(grip, { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: Number(grip.dataset.last) }[event.key]);
});

list.addEventListener("dragstart", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip) return;
  dragged = grip.closest(".step");
  dragged.classList.add("dragging");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.key);
});

function over(event) {
  const step = event.target.closest?.(".step");
  if (!dragged || !step) return null;
  // Only among its siblings: a step stays in its list.
  for (let one = step; one; one = one.parentElement.closest(".step")) if (one.parentElement === dragged.parentElement) return one;
  return null;
}

list.addEventListener("dragover", (event) => {
  const step = over(event);
  for (const one of list.querySelectorAll(".over")) one.classList.remove("over");
  if (!step) return;
  event.preventDefault();
  step.classList.add("over");
});
list.addEventListener("drop", (event) => {
  const step = over(event);
  if (!step) return;
  event.preventDefault();
  move(dragged.querySelector(".grip"), Number(step.dataset.index));
});
list.addEventListener("dragend", () => {
  for (const one of list.querySelectorAll(".over, .dragging")) one.classList.remove("over", "dragging");
  dragged = null;
});
