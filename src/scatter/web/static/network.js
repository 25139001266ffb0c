// The picture: nodes by role around the chain. Who acts sends a ray to it; whom a job waits for has a ring.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 900, HEIGHT = 560, MIDDLE = [450, 285];
const ROLES = ["requestor", "trainer", "challenger", "validator"];
const GAP = 16, LEAST = 20;
const MOST_NAMES = 60;

const make = (name, values, parent) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
};

// A sector for each role, clockwise, requestors above: the wider the more there are, with room between them.
function sectors(cast) {
  const weights = ROLES.map((role) => cast.filter((node) => node.role === role).length ** 0.75);
  const total = weights.reduce((sum, one) => sum + one, 0) || 1;
  const free = 360 - ROLES.length * (GAP + LEAST);
  const spans = weights.map((weight) => LEAST + free * weight / total);
  let at = -90 - spans[0] / 2;
  return new Map(ROLES.map((role, index) => {
    const sector = [at, at + spans[index]];
    at += spans[index] + GAP;
    return [role, sector];
  }));
}

// Places in a sector: as many rings as are needed so that nodes do not touch.
function places(count, [from, to], size) {
  const found = [];
  for (let ring = 0; found.length < count; ring += 1) {
    const wide = 345 - ring * size * 2.2, high = 215 - ring * size * 1.7;
    const length = (Math.abs(to - from) * Math.PI / 180) * (wide + high) / 2;
    const room = Math.max(1, Math.min(count - found.length, Math.floor(length / (size * 2.3))));
    for (let index = 0; index < room; index += 1) {
      const angle = (from + (to - from) * (room === 1 ? 0.5 : index / (room - 1))) * Math.PI / 180;
      found.push([MIDDLE[0] + wide * Math.cos(angle), MIDDLE[1] + high * Math.sin(angle)]);
    }
    if (high < 70) break;
  }
  while (found.length < count) found.push(found[found.length % Math.max(1, found.length - 1)]);
  return found;
}

export class Network {
  constructor(svg, cast) {
    this.svg = svg;
    this.nodes = new Map();
    this.acting = new Set();
    this.awaited = new Set();
    const many = cast.length > MOST_NAMES;
    const size = many ? Math.max(3.5, 14 - cast.length / 60) : 14;
    this.draw(cast, size, !many);
  }

  draw(cast, size, named) {
    this.svg.replaceChildren();
    make("ellipse", { cx: MIDDLE[0], cy: MIDDLE[1], rx: 118, ry: 62, class: "hub" }, this.svg);
    this.title = make("text", { x: MIDDLE[0], y: MIDDLE[1] - 4, class: "hub-text" }, this.svg);
    this.small = make("text", { x: MIDDLE[0], y: MIDDLE[1] + 20, class: "hub-small" }, this.svg);
    for (const [role, sector] of sectors(cast)) {
      const own = cast.filter((node) => node.role === role);
      const at = places(own.length, sector, size);
      own.forEach((node, index) => this.place(node, at[index], size, named && own.length <= 24, index));
      if (own.length && !(named && own.length <= 24)) this.lane(role, own.length, sector);
    }
  }

  lane(role, count, [from, to]) {
    const angle = (from + to) / 2 * Math.PI / 180;
    const x = MIDDLE[0] + 405 * Math.cos(angle), y = MIDDLE[1] + 255 * Math.sin(angle);
    make("text", { x, y, "text-anchor": "middle", class: `lane role-${role}` }, this.svg).textContent = `${count} ${role}s`;
  }

  place(node, [x, y], size, named, index) {
    const group = make("g", { class: `role-${node.role}` }, this.svg);
    make("line", { x1: x, y1: y, x2: MIDDLE[0] + (x - MIDDLE[0]) * 0.34, y2: MIDDLE[1] + (y - MIDDLE[1]) * 0.3, class: "ray" }, group);
    make("circle", { cx: x, cy: y, r: size + 5, class: "halo" }, group);
    make("circle", { cx: x, cy: y, r: size, class: node.bent ? "node bent-node" : "node" }, group);
    make("circle", { cx: x, cy: y, r: Math.max(2, size / 2.8), class: "core" }, group);
    make("title", {}, group).textContent = `${node.name} (${node.behaviour})`;
    if (named) {
      const beside = Math.abs(x - MIDDLE[0]) > 200;
      const step = beside ? 0 : 14 * (index % 2);
      const anchor = !beside ? "middle" : x > MIDDLE[0] ? "start" : "end";
      const dx = !beside ? 0 : x > MIDDLE[0] ? size + 8 : -size - 8;
      const dy = beside ? 4 : y > MIDDLE[1] ? size + 17 + step : -size - 9 - step;
      make("text", { x: x + dx, y: y + dy, "text-anchor": anchor, class: "name" }, group).textContent = node.name;
    }
    this.nodes.set(node.name, group);
  }

  show(frame) {
    const open = frame.jobs.filter((job) => !job.over);
    const job = open.at(-1) ?? frame.jobs.at(-1);
    this.title.textContent = job ? job.state : frame.steps.now || "";
    this.small.textContent = job ? `${job.name}${job.round ? `, round ${job.round} of ${job.rounds}` : ""}` : `block ${frame.block}`;
    this.wait(new Set(open.flatMap((one) => one.awaited)));
    this.rest(new Set(frame.off));
    for (const [name, , well] of frame.acts) this.act(name, well);
  }

  wait(names) {
    for (const name of this.awaited) if (!names.has(name)) this.nodes.get(name)?.classList.remove("awaited");
    for (const name of names) if (!this.awaited.has(name)) this.nodes.get(name)?.classList.add("awaited");
    this.awaited = names;
  }

  rest(names) {
    for (const name of this.off ?? []) if (!names.has(name)) this.nodes.get(name)?.classList.remove("off");
    for (const name of names) this.nodes.get(name)?.classList.add("off");
    this.off = names;
  }

  act(name, well) {
    const group = this.nodes.get(name);
    if (!group || this.acting.has(name)) return;
    this.acting.add(name);
    group.classList.add("acting");
    if (!well) group.classList.add("failing");
    setTimeout(() => { group.classList.remove("acting", "failing"); this.acting.delete(name); }, 900);
  }
}
