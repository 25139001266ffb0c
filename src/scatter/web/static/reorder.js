// Steps are moved by dragging their handle, with the arrow keys on it, or by the buttons of their menu, which the keys press.
const list = document.getElementById("step-list");
let dragged = null;

function move(grip, parent, to) {
  const { version } = list.querySelector(".steps").dataset;
  window.htmx.ajax("POST", grip.dataset.move, { target: "#step-list", swap: "innerHTML", values: { parent, to, version, csrf: document.body.dataset.csrf } });
}

list.addEventListener("keydown", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip || !/^(Arrow(Up|Down|Left|Right)|Home|End)$/.test(event.key)) return;
  event.preventDefault();
  const step = grip.closest(".step");
  const ends = { Home: 0, End: Number(grip.dataset.last) };
  if (event.key in ends) {
    if (ends[event.key] !== Number(step.dataset.index)) move(grip, step.parentElement.dataset.parent, ends[event.key]);
  } else step.querySelector(`:scope > .step-line [data-arrow=${event.key}]`)?.requestSubmit();
});

list.addEventListener("dragstart", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip) return;
  dragged = grip.closest(".step");
  dragged.classList.add("dragging");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.key);
});

// Where it would come: a list, a place in it before the step is taken away, and what shows that.
function place(event) {
  const line = event.target.closest?.(".step-line");
  if (line) {
    const step = line.parentElement, box = line.getBoundingClientRect(), index = Number(step.dataset.index);
    if (event.clientY < box.top + box.height / 2) return { into: step.parentElement, slot: index, shown: step, how: "before" };
    const inner = step.querySelector(":scope > .steps");
    return inner ? { into: inner, slot: 0, shown: step, how: "into" } : { into: step.parentElement, slot: index + 1, shown: step, how: "after" };
  }
  const into = event.target.closest?.(".steps");
  if (!into) return null;
  const passed = [...into.children].filter((one) => {
    const box = one.getBoundingClientRect();
    return one.matches(".step") && box.top + box.height / 2 < event.clientY;
  });
  const last = passed.at(-1);
  return last ? { into, slot: passed.length, shown: last, how: "after" } : { into, slot: 0, shown: into, how: "into" };
}

function target(event) {
  const found = dragged && place(event);
  if (!found) return null;
  // The list may have been drawn anew meanwhile, so keys are compared, not elements.
  const { key, index } = dragged.dataset, parent = found.into.dataset.parent, from = Number(index);
  if (parent === key || parent.startsWith(`${key}.`)) return null;
  const same = parent === key.split(".").slice(0, -1).join(".");
  const to = same && found.slot > from ? found.slot - 1 : found.slot;
  return same && to === from ? null : { ...found, parent, to };
}

function unmark() {
  for (const one of list.querySelectorAll(".before, .after, .into")) one.classList.remove("before", "after", "into");
}

list.addEventListener("dragover", (event) => {
  const found = target(event);
  unmark();
  if (!found) return;
  event.preventDefault();
  found.shown.classList.add(found.how);
});
list.addEventListener("drop", (event) => {
  const found = target(event);
  if (!found) return;
  event.preventDefault();
  move(dragged.querySelector(".grip"), found.parent, found.to);
});
list.addEventListener("dragend", () => {
  unmark();
  dragged?.classList.remove("dragging");
  dragged = null;
  catchUp();
});

// While a run goes on the list is drawn anew, but not under somebody who has a menu open, or drags: then it waits.
let missed = false;

const busy = () => dragged || list.querySelector("details[open]");

function catchUp() {
  if (!missed || busy()) return;
  missed = false;
  document.body.dispatchEvent(new CustomEvent("scatter:steps"));
}

list.addEventListener("htmx:before:request", (event) => {
  if (event.target !== list || !busy()) return;
  event.preventDefault();
  missed = true;
});
list.addEventListener("toggle", catchUp, true);
