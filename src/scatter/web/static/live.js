// Follows a run: one stream of frames for the page. After a break the browser says which frame it had last, so nothing is missing.
const script = document.querySelector('script[data-run]');
const start = document.getElementById("start");
const first = start ? JSON.parse(start.dataset.start).frame.number : Number(script.dataset.after);
const asked = script.dataset.nodes === undefined ? "" : "&nodes=true";
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

// A row's cells are looked up once: with a thousand nodes that is most of the work.
const CELLS = ["tokens", "stake", "earned", "standing", "reputation", "behaviour", "now"];
const rows = new Map([...document.querySelectorAll("[data-live-nodes] tr[data-node]")].map((row) => {
  const cells = Object.fromEntries(CELLS.map((name) => [name, row.querySelector(`[data-${name}]`)]));
  return [row.dataset.node, { row, ...cells, behaviour: cells.behaviour.firstElementChild }];
}));
const said = new Map();
const waiting = new Map();
let awaited = new Map();
let going = true;

// Of very many rows only those that somebody sees are changed at once; the others when they come into view, or are searched.
const MOST_AT_ONCE = 100;
const inView = rows.size > MOST_AT_ONCE ? new Set() : null;
if (inView) {
  const root = document.querySelector("[data-live-nodes]").closest(".scroll");
  const watch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting) { inView.add(target.dataset.node); refresh(target.dataset.node); }
      else inView.delete(target.dataset.node);
    }
  }, { root, rootMargin: "300px 0px" });
  for (const { row } of rows.values()) watch.observe(row);
  document.addEventListener("input", (event) => { if (event.target.dataset?.filter) refreshAll(); }, true);
}

function refresh(name) {
  if (waiting.has(name)) showNode(name, rows.get(name), waiting.get(name));
  waiting.delete(name);
  sayNow(name, awaited.get(name));
}

const refreshAll = () => [...rows.keys()].forEach(refresh);

// What a row says of now: what was asked for and is not so yet, that it is stopped, or what it is awaited for.
function sayNow(name, duty) {
  const { row, now } = rows.get(name);
  const text = row.dataset.asked || (row.classList.contains("off") ? "stopped" : duty || (going ? "at work" : "–"));
  if (said.get(name) !== text) set(now, text, text);
  said.set(name, text);
}

function nodes(frame) {
  if (document.querySelector("[data-await-nodes]") && Object.keys(frame.nodes).length) location.reload();
  if (!rows.size) return;
  for (const [name, node] of Object.entries(frame.nodes)) if (rows.has(name)) waiting.set(name, node);
  awaited = new Map(frame.jobs.flatMap((job) => job.awaited.map((name) => [name, `${job.state.toLowerCase()} in ${job.name}`])));
  for (const name of inView ?? rows.keys()) refresh(name);
}

function showNode(name, shown, node) {
  set(shown.tokens, node.tokens, node.exact_tokens);
  set(shown.stake, node.stake, node.exact_stake + (node.locked ? `, of which jobs hold ${node.locked} SCT` : ""));
  set(shown.earned, node.earned);
  shown.earned.classList.toggle("up", node.sign > 0);
  shown.earned.classList.toggle("down", node.sign < 0);
  set(shown.standing, node.standing, node.standing);
  set(shown.reputation, node.reputation, node.reputation);
  set(shown.behaviour, node.behaviour);
  shown.behaviour.className = node.behaviour === "honest" ? "muted" : "bent";
  if (shown.row.classList.contains("off") === node.on || shown.row.dataset.asked) showSwitch(name, shown.row, node.on);
}

function showSwitch(name, row, on) {
  const button = row.querySelector(".switch button");
  const wanted = { stopping: false, starting: true }[row.dataset.asked];
  if (wanted === undefined || wanted === on) delete row.dataset.asked;
  row.classList.toggle("off", !on);
  if (!button || row.dataset.asked) return;
  button.name = on ? "stop" : "start";
  button.textContent = on ? "Stop" : "Start";
  button.setAttribute("aria-label", `${button.textContent} ${name}`);
  button.disabled = false;
}

// A row's button says what is asked for at once; the run says when it is so.
document.querySelector("[data-switches]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target, button = event.submitter;
  const body = new URLSearchParams(new FormData(form, button));
  const row = button.closest("tr");
  button.disabled = true;
  row.dataset.asked = button.name === "stop" ? "stopping" : "starting";
  sayNow(row.dataset.node);
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
  if (answer?.type !== "opaqueredirect" && !answer?.ok) location.assign(form.action.replace(/\/runs\/(\d+)\/switch$/, "/nodes?run=$1"));
});

// The run is over: nobody has to do anything any more, and nothing can be done.
function rest() {
  going = false;
  for (const button of document.querySelectorAll(".switch button")) button.remove();
  for (const { row } of rows.values()) delete row.dataset.asked;
  refreshAll();
}

function set(cell, text, title) {
  if (cell.textContent !== text) cell.textContent = text;
  if (title !== undefined && cell.title !== title) cell.title = title;
}

async function controls() {
  const place = document.getElementById("controls");
  if (place) await window.htmx.ajax("GET", place.dataset.refresh, { target: "#controls", swap: "innerHTML" });
}

const stream = new EventSource(`/api/v1/runs/${script.dataset.run}/stream?after=${first}${asked}`);
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
stream.addEventListener("over", () => { stream.close(); say("over"); rest(); });
addEventListener("pagehide", () => stream.close());
