// Charts: uPlot draws, the server thins. Dragging zooms (and asks for what lies between), a double click shows all again.
const REFRESH_MILLISECONDS = 1000;
const DASHES = [[], [2, 3], [8, 3], [8, 3, 2, 3], [1, 3]];
const SVG = "http://www.w3.org/2000/svg";
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = (value) => value == null ? "–" : Math.abs(value) >= 1000 ? value.toLocaleString("en", { maximumFractionDigits: 1 }) : String(Number(value.toPrecision(4)));

// Colours of lines: a role's, lighter and darker for its nodes.
function colour(one, index, count) {
  const base = css(`--${one.role}`) || css("--ink");
  if (count < 2 || one.band !== null) return base;
  const share = 55 + 45 * (index / (count - 1));
  return `color-mix(in oklab, ${base} ${share.toFixed(0)}%, ${index % 2 ? css("--ink") : css("--surface")})`;
}

// A canvas knows no color-mix: the browser works it out.
function plain(text) {
  const probe = document.createElement("i");
  probe.style.color = text;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

class Chart {
  constructor(panel) {
    this.panel = panel;
    this.place = panel.querySelector(".plot");
    this.legend = panel.querySelector(".legend-list");
    this.hidden = new Set();
    this.range = null;
    this.busy = false;
    panel.querySelector("[data-log]").addEventListener("change", () => this.draw());
    panel.querySelector("[data-reset]").addEventListener("click", () => this.zoom(null));
    panel.querySelector("[data-picture]").addEventListener("click", () => this.picture());
  }

  async load() {
    if (this.busy) { this.again = true; return; }
    this.busy = true;
    try {
      const zoomed = this.range && this.data?.over === "block" ? `&first=${this.range[0]}&last=${this.range[1]}` : "";
      const answer = await fetch(this.panel.dataset.source + zoomed);
      if (answer.ok) { this.data = await answer.json(); this.draw(); }
    } finally {
      this.busy = false;
      if (this.again) { this.again = false; this.load(); }
    }
  }

  draw() {
    const { data } = this;
    if (!data) return;
    const empty = !data.series.length || !data.x.length;
    this.panel.querySelector(".plot-empty").hidden = !empty;
    this.place.hidden = empty;
    if (empty) return;
    const counts = new Map();
    const key = (one) => `${one.role} ${one.run}`;
    data.series.forEach((one) => counts.set(key(one), (counts.get(key(one)) ?? 0) + 1));
    const seen = new Map();
    const runs = [...new Set(data.series.map((one) => one.run))];
    this.colours = data.series.map((one) => {
      const index = seen.get(key(one)) ?? 0;
      seen.set(key(one), index + 1);
      return plain(colour(one, index, counts.get(key(one))));
    });
    const shape = JSON.stringify([data.series.map((one) => one.label), this.log(), this.colours]);
    const columns = [data.x, ...data.series.map((one) => this.log() ? one.values.map((v) => v !== null && v > 0 ? v : null) : one.values)];
    if (this.plot && this.shape === shape) { this.plot.setData(columns, !this.range); return; }
    this.shape = shape;
    this.plot?.destroy();
    this.plot = new window.uPlot(this.options(data, runs), columns, this.place);
    this.list(data);
  }

  log() { return this.panel.querySelector("[data-log]").checked; }

  options(data, runs) {
    const axis = { stroke: css("--muted"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") }, font: "12px sans-serif" };
    const stepped = data.over === "block" ? window.uPlot.paths.stepped({ align: 1 }) : undefined;
    return {
      width: this.place.clientWidth || 600,
      height: 290,
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: false }, y: { distr: this.log() ? 3 : 1 } },
      axes: [
        { ...axis, label: data.over === "block" ? "block" : "job · round", labelFont: "12px sans-serif", labelSize: 20, values: (u, ticks) => ticks.map((tick) => data.ticks.length ? data.ticks[tick] ?? "" : number(tick)) },
        { ...axis, size: 72, values: (u, ticks) => ticks.map((tick) => tick === null ? "" : number(tick)) },
      ],
      series: [{}, ...data.series.map((one, index) => ({
        label: one.label,
        stroke: this.colours[index],
        width: one.band === null || one.band === 50 ? 2 : 0.75,
        dash: one.bent ? [7, 4] : DASHES[runs.indexOf(one.run) % DASHES.length],
        show: !this.hidden.has(this.group(one)),
        paths: stepped,
        points: { show: data.over === "round" && data.x.length < 60, size: 5 },
        spanGaps: data.over === "round",
      }))],
      bands: data.series.flatMap((one, index) => one.band === 90 ? [{ series: [index + 1, index - 1], fill: this.colours[index].replace("rgb(", "rgba(").replace(")", ", 0.16)") }] : []),
      hooks: {
        setSelect: [(u) => { if (u.select.width > 8) this.zoom([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]); }],
        setCursor: [(u) => this.values(u.cursor.idx)],
        ready: [(u) => { u.over.addEventListener("dblclick", () => this.zoom(null)); if (this.range) u.setScale("x", { min: this.range[0], max: this.range[1] }); }],
      },
    };
  }

  // Three lines around a band are one entry of the legend.
  group(one) { return one.band === null ? one.label : one.label.replace(/, p\d+$/, ""); }

  list(data) {
    const names = [...new Set(data.series.map((one) => this.group(one)))];
    this.legend.replaceChildren(...names.map((name) => {
      const index = data.series.findIndex((one) => this.group(one) === name);
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.name = name;
      button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("viewBox", "0 0 22 10");
      svg.setAttribute("aria-hidden", "true");
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", "M0 5H22");
      line.setAttribute("stroke", this.colours[index]);
      line.setAttribute("stroke-width", "3");
      if (data.series[index].bent) line.setAttribute("stroke-dasharray", "5 3");
      svg.append(line);
      button.append(svg, name, document.createElement("output"));
      button.addEventListener("click", () => this.toggle(name, button));
      return button;
    }));
  }

  toggle(name, button) {
    const hide = !this.hidden.has(name);
    if (hide) this.hidden.add(name); else this.hidden.delete(name);
    button.setAttribute("aria-pressed", String(!hide));
    this.data.series.forEach((one, index) => { if (this.group(one) === name) this.plot.setSeries(index + 1, { show: !hide }); });
  }

  values(at) {
    for (const button of this.legend.children) {
      const own = this.data.series.filter((one) => this.group(one) === button.dataset.name);
      const said = at == null ? "" : own.map((one) => number(one.values[at])).join(" – ");
      button.querySelector("output").textContent = said;
    }
  }

  zoom(range) {
    this.range = range;
    this.panel.querySelector("[data-reset]").hidden = !range;
    this.plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (range) this.plot.setScale("x", { min: range[0], max: range[1] });
    else this.shape = null;
    this.load();
  }

  resize() { this.plot?.setSize({ width: this.place.clientWidth, height: 290 }); }

  picture() {
    if (!this.plot) return;
    const from = this.plot.ctx.canvas;
    const names = [...this.legend.children].filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => [one.dataset.name, one.querySelector("path").getAttribute("stroke")]);
    const scale = devicePixelRatio || 1;
    const perRow = Math.max(1, Math.floor(from.width / (190 * scale)));
    const canvas = document.createElement("canvas");
    canvas.width = from.width;
    canvas.height = from.height + (50 + 20 * Math.ceil(names.length / perRow)) * scale;
    const to = canvas.getContext("2d");
    to.fillStyle = css("--surface");
    to.fillRect(0, 0, canvas.width, canvas.height);
    to.fillStyle = css("--ink");
    to.font = `600 ${16 * scale}px sans-serif`;
    to.fillText(`${this.data.title}${this.data.unit ? `, ${this.data.unit}` : ""}`, 12 * scale, 24 * scale);
    to.drawImage(from, 0, 36 * scale);
    to.font = `${12 * scale}px sans-serif`;
    names.forEach(([name, stroke], index) => {
      const x = (12 + (index % perRow) * 190) * scale, y = from.height + (52 + 20 * Math.floor(index / perRow)) * scale;
      to.fillStyle = stroke;
      to.fillRect(x, y - 6 * scale, 16 * scale, 3 * scale);
      to.fillStyle = css("--ink");
      to.fillText(name, x + 22 * scale, y);
    });
    const save = document.createElement("a");
    save.download = `${this.data.name}.png`;
    save.href = canvas.toDataURL("image/png");
    save.click();
  }
}

const charts = [...document.querySelectorAll("[data-chart]")].map((panel) => new Chart(panel));
charts.forEach((chart) => chart.load());
let waiting = false;
document.body.addEventListener("scatter:frame", () => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => { waiting = false; charts.forEach((chart) => chart.load()); }, REFRESH_MILLISECONDS);
});
document.addEventListener("scatter:theme", () => charts.forEach((chart) => { chart.shape = null; chart.draw(); }));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((chart) => { chart.shape = null; chart.draw(); }));
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
