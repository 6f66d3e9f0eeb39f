// Small helpers that every face draws with: elements, icons and the words of statuses.

// What the page brings along where the Admin is not in English: its words, and texts with something in them that differs.
const spoken = JSON.parse(document.getElementById("words")?.textContent ?? "null");
const patterns = (spoken?.patterns ?? []).map(([pattern, words]) => [new RegExp(`^${pattern}$`, "s"), words]);
export const lang = spoken?.lang ?? "en-US";

/** How the screens are laid out where that differs from the usual: names of the practice Admin's switches. */
export const layout = new Set((document.getElementById("root")?.dataset.layout ?? "").split(" "));

/** Words in the Admin's language; those that are not known, such as names, stay as they are. */
export function t(english) {
  if (!spoken) return english;
  const bare = english.trim();
  const said = (key) => (Object.hasOwn(spoken.words, key) ? spoken.words[key] : undefined);
  let told = said(bare);
  if (told === undefined && bare.endsWith(":") && said(bare.slice(0, -1))) told = said(bare.slice(0, -1)) + spoken.colon;
  for (const [pattern, words] of told === undefined ? patterns : []) {
    const found = pattern.exec(bare);
    if (found) return english.replace(bare, () => words.replace("{}", () => t(found[1])));
  }
  return told === undefined ? english : english.replace(bare, () => told);
}

const SPOKEN = ["aria-label", "placeholder", "title"];
const SVG = "http://www.w3.org/2000/svg";

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : SPOKEN.includes(name) ? t(value) : value);
  }
  const drawn = children.flat(9).filter((child) => child !== null && child !== undefined && child !== false);
  element.append(...drawn.map((child) => (typeof child === "string" ? t(child) : child)));
  return element;
}

export const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

let last = 0;
export const uniqueId = (prefix) => `${prefix}-${++last}`;

const icon = (box, size, ...shapes) =>
  s("svg", { viewBox: `0 0 ${box} ${box}`, width: size, height: size, "aria-hidden": "true", class: "icon" }, shapes);

export const icons = {
  back: () => icon(20, 18, s("path", { d: "M1 10 9 3v4.5h10v5H9V17Z", fill: "currentColor" })),
  funnel: () => icon(20, 13, s("path", { d: "M1 1h18l-7 9v6l-4 3v-9Z", fill: "currentColor" })),
  eraser: () =>
    icon(20, 18, s("path", { d: "M11 3 18 9l-5 6H8L4 11ZM4 11 2.5 13l3 3H8", fill: "currentColor" }),
      s("path", { d: "M3 18h14", stroke: "currentColor" })),
  calendar: () =>
    icon(20, 18, s("path", { d: "M2 4h16v14H2ZM2 8h16M6 1v4M14 1v4M6 8v10M10 8v10M14 8v10M2 11.3h16M2 14.6h16",
      fill: "none", stroke: "currentColor", "stroke-width": 1.3 })),
  left: () => icon(20, 12, s("path", { d: "M14 2 6 10l8 8", fill: "none", stroke: "currentColor", "stroke-width": 3 })),
  right: () => icon(20, 12, s("path", { d: "m6 2 8 8-8 8", fill: "none", stroke: "currentColor", "stroke-width": 3 })),
  down: () => icon(20, 11, s("path", { d: "m2 6 8 8 8-8", fill: "none", stroke: "currentColor", "stroke-width": 3 })),
  cross: () => icon(20, 9, s("path", { d: "m3 3 14 14M17 3 3 17", stroke: "currentColor", "stroke-width": 2.5 })),
  check: () => icon(20, 12, s("path", { d: "m2 11 6 6L18 4", fill: "none", stroke: "#2d8a68", "stroke-width": 3.5 })),
  warning: () =>
    icon(20, 11, s("path", { d: "M10 1 20 19H0Z", fill: "#c9252d" }),
      s("path", { d: "M10 7v6M10 15v2", stroke: "#fff", "stroke-width": 2 })),
  up: () => icon(20, 16, s("path", { d: "M10 1 18 10h-4.5v9h-7v-9H2Z", fill: "#2d9d78" })),
  fall: () => icon(20, 16, s("path", { d: "M10 19 2 10h4.5V1h7v9H18Z", fill: "#c9252d" })),
  amazon: (size) =>
    s("svg", { viewBox: "0 0 44 44", width: size, height: size, "aria-hidden": "true", class: "icon" },
      s("text", { x: 8, y: 30, "font-size": 40, "font-weight": 800, "font-family": "Arial, sans-serif" }, "a"),
      s("path", { d: "M3 34c11 8 27 8 37 1", fill: "none", stroke: "#f90", "stroke-width": 3 }),
      s("path", { d: "m35 33 6 1-2 6", fill: "none", stroke: "#f90", "stroke-width": 2 })),
};

const FLAGS = {
  US: () => [
    s("rect", { width: 48, height: 48, fill: "#fff" }),
    [0, 2, 4, 6, 8, 10, 12].map((row) => s("rect", { y: (row * 48) / 13, width: 48, height: 3.7, fill: "#f00" })),
    s("rect", { width: 24, height: 25.8, fill: "#1c1c8c" }),
    [4, 9, 14, 19].map((y, row) =>
      [4, 9, 14, 19].map((x) => s("circle", { cx: x + (row % 2) * 2, cy: y, r: 1.1, fill: "#fff" }))),
  ],
  CA: () => [
    s("rect", { width: 48, height: 48, fill: "#fff" }),
    s("rect", { width: 11, height: 48, fill: "#f00022" }),
    s("rect", { x: 37, width: 11, height: 48, fill: "#f00022" }),
    s("path", { d: "m24 10 3 5 3-1.5-1 8 4-3.5 1 2.5 3-.5-1.5 4.5 1.5 1.5-7 5 .5 2.5-6-.8V38h-1v-5.3l-6 " +
      ".8.5-2.5-7-5 1.5-1.5L10 20l3 .5 1-2.5 4 3.5-1-8 3 1.5Z", fill: "#f00022" }),
  ],
};

export function flag(country, size) {
  const clip = uniqueId("round");
  return s("svg", { viewBox: "0 0 48 48", width: size, height: size, "aria-hidden": "true", class: "flag" },
    s("clipPath", { id: clip }, s("circle", { cx: 24, cy: 24, r: 24 })),
    s("g", { "clip-path": `url(#${clip})` }, FLAGS[country]()));
}

export function trendLine(heights, width, height) {
  const step = (width - 8) / (heights.length - 1);
  const points = heights.map((value, day) => `${(2 + day * step).toFixed(1)},${(height - 5 - (value * (height - 9)) / 100).toFixed(1)}`);
  const [x, y] = points.at(-1).split(",");
  return s("svg", { viewBox: `0 0 ${width} ${height}`, class: "trend", "aria-hidden": "true" },
    s("path", { d: `M2 ${height - 5}H${width - 6}`, stroke: "#a9cdf5", fill: "none" }),
    s("polyline", { points: points.join(" "), fill: "none", stroke: "#666", "stroke-width": 1.4 }),
    s("circle", { cx: x, cy: y, r: 3, fill: "#fff", stroke: "#7bc043", "stroke-width": 1.4 }));
}

const COLOURS = { Shipped: "blue", Completed: "blue", Active: "blue", Canceled: "grey", Error: "orange" };
export const statusColour = (status) => COLOURS[status] || "yellow";

/** What order links have besides their address and their text. */
export const orderLinkTarget = layout.has("order_links_open_windows") ? "_blank" : null;
export const orderLinkNote = layout.has("order_links_tell_of_windows") ? t("(opens in a new window)") : null;

/** Order number of a row: a link to the app's own page, to where the server says, or no link at all. */
export const orderLink = (row, own, className) =>
  row.link === "" ? row.number : h("a", { href: row.link ?? own, class: className, target: orderLinkTarget }, row.number,
    orderLinkNote && h("span", { class: "out-of-sight" }, ` ${orderLinkNote}`));

/** `PartiallyShipped` as the details page and the filters write it: `Partially Shipped`. */
export const spaced = (status) => status.replace(/([a-z])([A-Z])/g, "$1 $2");
