// A table as such components draw it: boxes with roles, of whose rows only those in view are in the page.

import { h, orderLink, statusColour } from "./dom.js";
import { c } from "./overlays.js";
import * as words from "./words.js";

const ROW = 48;

/** `height` is that of the part that scrolls, in pixels. */
export function orderGrid(rows, store, common, height) {
  let shown = rows;
  const drawn = new Map();
  const space = h("div", { role: "presentation", class: c("g-space") });
  const body = h("div", { role: "rowgroup", class: c("g-body"), style: `height: ${Math.min(height, Math.max(rows.length, 3) * ROW + 2)}px`,
    onscroll: () => draw() }, space);
  const heads = words.COLUMNS.map((column, place) => {
    const head = h("div", { role: "columnheader", "aria-colindex": place + 1, "aria-sort": "none", tabindex: "-1",
      class: c("g-head", `g-${column.field}`), onclick: () => {
        const descending = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        shown = words.sorted(rows, column, descending);
        drawn.clear();
        space.replaceChildren();
        draw();
      } }, h("div", { class: c("g-head-text") }, column.name));
    return head;
  });

  function draw() {
    const first = Math.floor(body.scrollTop / ROW);
    const last = Math.min(shown.length - 1, Math.ceil((body.scrollTop + body.clientHeight) / ROW) - 1);
    for (const [place, row] of drawn) {
      if (place >= first && place <= last) continue;
      row.remove();
      drawn.delete(place);
    }
    for (let place = first; place <= last; place += 1) {
      if (drawn.has(place)) continue;
      const row = gridRow(shown[place], place, store, common);
      drawn.set(place, row);
      // in the order of the rows, as a reader expects
      const next = [...drawn.keys()].filter((other) => other > place).sort((one, other) => one - other)[0];
      space.insertBefore(row, next === undefined ? null : drawn.get(next));
    }
  }

  space.style.height = `${shown.length * ROW}px`;
  if (!rows.length) space.append(h("div", { class: c("g-empty") }, words.NO_ORDERS));
  new ResizeObserver(draw).observe(body);
  return h("div", { role: "grid", "aria-label": "Amazon orders", "aria-rowcount": rows.length + 1,
    "aria-colcount": words.COLUMNS.length, class: c("g-grid") },
    h("div", { role: "rowgroup" }, h("div", { role: "row", "aria-rowindex": 1, class: c("g-row", "g-heads") }, heads)), body);
}

function gridRow(row, place, store, common) {
  const content = {
    number: () => orderLink(row, common.paths.order(store.uuid, row.number), c("k-link")),
    status: () => h("div", { class: c("s-light") }, h("div", { class: c("s-dot", `s-${statusColour(row.status)}`) }),
      h("div", {}, row.status)),
  };
  return h("div", { role: "row", "aria-rowindex": place + 2, class: c("g-row"), style: `top: ${place * ROW}px` },
    words.COLUMNS.map(({ field }, column) =>
      h("div", { role: "gridcell", "aria-colindex": column + 1, class: c("g-cell", `g-${field}`) },
        h("div", { class: c("g-text") }, content[field] ? content[field]() : row[field]))));
}
