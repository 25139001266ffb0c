// The page of a run: the picture, the jobs' states as they pass, and the log.
import { Network } from "./network.js";

const STATES = ["Open", "Drawing", "Keying", "Training", "Revealing", "Committing", "Opening", "Aggregating", "Challenging", "Judging", "Settled"];
const ENDS = ["Settled", "Defaulted", "Cancelled"];
const MOST_LINES = 600, MOST_KEPT = 5000;
const start = JSON.parse(document.getElementById("start").dataset.start);
const byId = (id) => document.getElementById(id);
const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const network = new Network(byId("network"), start.nodes);
const jobs = new Map();

function track(job) {
  const card = element("div", undefined, "track");
  const head = element("div", undefined, "track-head");
  const name = element("a", job.name);
  const place = byId("jobs").dataset;
  name.href = `${place.base}/jobs/${job.number}?run=${place.run}`;
  const pips = element("span", undefined, "pips");
  pips.setAttribute("aria-hidden", "true");
  const round = element("span", undefined, "muted");
  const metric = element("span", undefined, "muted");
  const states = element("ol", undefined, "states");
  states.setAttribute("aria-label", `States of ${job.name}`);
  const late = element("p", undefined, "late");
  head.append(name, pips, round, metric);
  card.append(head, states, late);
  byId("jobs").prepend(card);
  return { card, pips, round, metric, states, late, said: "" };
}

function showJob(job) {
  const said = JSON.stringify(job);
  const shown = jobs.get(job.number) ?? track(job);
  jobs.set(job.number, shown);
  if (shown.said === said) return;
  shown.said = said;
  const all = ENDS.includes(job.state) ? [...STATES.slice(0, -1), job.state] : STATES;
  const been = new Set(job.been);
  shown.states.replaceChildren(...all.map((state) => {
    const now = state === job.state;
    const item = element("li", state.toLowerCase() + (now && job.phase ? ` (${job.phase})` : ""), now ? "now" : been.has(state) ? "past" : "");
    if (now) item.setAttribute("aria-current", "step");
    return item;
  }));
  shown.pips.replaceChildren(...Array.from({ length: job.rounds }, (_, index) => element("i", undefined, index < job.round ? "on" : "")));
  shown.round.textContent = job.round ? `round ${job.round} of ${job.rounds}` : "";
  shown.metric.textContent = [job.metric && `model scores ${job.metric}`, job.challenges && `${job.challenges} challenges`, job.reason].filter(Boolean).join(" · ");
  const names = job.awaited.slice(0, 12).join(", ") + (job.awaited.length > 12 ? ` and ${job.awaited.length - 12} more` : "");
  shown.late.textContent = job.awaited.length ? `${job.over ? "still to be paid" : "waits for"}: ${names}${job.deadline && !job.over ? `, until ${job.deadline}` : ""}` : "";
  shown.late.hidden = !job.awaited.length;
}

const log = byId("log");
const filters = [...document.querySelectorAll(".filters input[type=checkbox]")];
let lines = [];

function wanted(entry) {
  const words = byId("log-find").value.toLowerCase();
  return filters.some((box) => box.checked && box.value === entry.kind) && (!words || `${entry.job} ${entry.text}`.toLowerCase().includes(words));
}

function line(entry) {
  const item = element("li");
  const text = element("span", undefined, `kind-${entry.kind}`);
  if (entry.job) text.append(element("span", `${entry.job} `, "about-job"));
  text.append(entry.text);
  item.append(element("time", entry.when || `block ${entry.block}`), text);
  return item;
}

function showLog(added) {
  const shown = added.filter(wanted).slice(-MOST_LINES).map(line).reverse();
  log.prepend(...shown);
  while (log.childElementCount > MOST_LINES) log.lastElementChild.remove();
  byId("log-empty").hidden = log.childElementCount > 0;
}

function refilter() {
  log.replaceChildren();
  showLog(lines);
}

function show(frame) {
  byId("steps-text").textContent = frame.steps.total ? `step ${frame.steps.done} of ${frame.steps.total}` : "starting";
  byId("steps-bar").max = frame.steps.total || 1;
  byId("steps-bar").value = frame.steps.done;
  byId("step-now").textContent = frame.steps.now || "–";
  byId("block-now").textContent = frame.block;
  byId("time-now").textContent = frame.when || "–";
  network.show(frame);
  frame.jobs.forEach(showJob);
  byId("jobs-empty").hidden = jobs.size > 0;
  if (frame.skipped) fetchLog();
  else { lines = [...lines, ...frame.log].slice(-MOST_KEPT); showLog(frame.log); }
}

// A frame that is about very much has only the last lines: the log has all.
async function fetchLog() {
  const answer = await fetch(`/api/v1/runs/${start.run}/log?latest=${MOST_KEPT}`);
  if (!answer.ok) return;
  const kept = await answer.json();
  const last = kept.at(-1)?.event ?? 0;
  lines = [...kept, ...lines.filter((entry) => entry.event > last)];
  refilter();
}

filters.forEach((box) => box.addEventListener("change", refilter));
byId("log-find").addEventListener("input", refilter);
document.body.addEventListener("scatter:frame", (event) => show(event.detail));
show(start.frame);
