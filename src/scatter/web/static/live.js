// Follows a run: one stream of frames for the page. After a break the browser says which frame it had last, so nothing is missing.
const script = document.querySelector('script[data-run]');
const start = document.getElementById("start");
const first = start ? JSON.parse(start.dataset.start).frame.number : 0;
const link = document.getElementById("link");
const words = { open: "live", lost: "connection lost, trying again", over: "over" };
let seenStatus = null;
let stepsDone = -1;

function say(state) {
  if (!link) return;
  link.dataset.state = state;
  link.textContent = words[state];
}

const tell = (name, detail) => document.body.dispatchEvent(new CustomEvent(name, { detail }));

function nodes(frame) {
  const table = document.querySelector("[data-live-nodes]");
  if (!table) return;
  const awaited = new Map(frame.jobs.flatMap((job) => job.awaited.map((name) => [name, `${job.state.toLowerCase()} in ${job.name}`])));
  for (const row of table.querySelectorAll("tr[data-node]")) {
    const held = frame.nodes[row.dataset.node];
    if (held) {
      set(row.querySelector("[data-tokens]"), held.tokens, held.exact_tokens);
      set(row.querySelector("[data-stake]"), held.stake, held.exact_stake);
    }
    set(row.querySelector("[data-duty]"), awaited.get(row.dataset.node) ?? "–", "");
  }
}

function set(cell, text, title) {
  if (cell.textContent !== text) cell.textContent = text;
  if (title && cell.title !== title) cell.title = title;
}

async function controls() {
  const place = document.getElementById("controls");
  if (place) await window.htmx.ajax("GET", place.dataset.refresh, { target: "#controls", swap: "innerHTML" });
}

const stream = new EventSource(`/api/v1/runs/${script.dataset.run}/stream?after=${first}`);
stream.addEventListener("open", () => say("open"));
stream.addEventListener("error", () => say("lost"));
stream.addEventListener("frame", (event) => {
  const frame = JSON.parse(event.data);
  nodes(frame);
  tell("scatter:frame", frame);
  if (frame.steps.done !== stepsDone) { stepsDone = frame.steps.done; tell("scatter:steps"); }
});
stream.addEventListener("status", (event) => {
  const { status } = JSON.parse(event.data);
  const changed = seenStatus !== null && seenStatus !== status;
  const over = !["queued", "running", "paused"].includes(status);
  if (changed || (seenStatus === null && document.getElementById("run-status")?.textContent.trim() !== status)) {
    controls();
    tell("scatter:status", status);
    tell("scatter:steps");
  }
  seenStatus = status;
  if (over) tell("scatter:over");
});
stream.addEventListener("over", () => { stream.close(); say("over"); });
addEventListener("pagehide", () => stream.close());
