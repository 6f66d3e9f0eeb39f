// The data grid of the Orders tab: rows by the page, a pager, a header that stays while the page is scrolled, row actions.

import { h } from "./dom.js";
import { COLUMNS } from "./words.js";

const PAGE = 50;
const LOADS = 60; // milliseconds for which the grid is covered while it turns to another page
const rows = JSON.parse(document.getElementById("grid-rows").textContent);
const outer = document.querySelector(".admin__data-grid-outer-wrap");
const one = (css) => outer.querySelector(css);
const mask = one(".admin__data-grid-loading-mask");
const grid = one("[data-role=grid]");
const sticky = one(".sticky-header");
const number = one("[data-ui-id=current-page-input]");
const [previous, next] = [one(".action-previous"), one(".action-next")];
const pages = Math.max(1, Math.ceil(rows.length / PAGE));
let page = 1;

for (const heads of outer.querySelectorAll("[data-role=heads]"))
  heads.append(...COLUMNS.map(({ name }) => h("th", { class: "data-grid-th" }, h("span", {}, name))),
    h("th", { class: "data-grid-th data-grid-actions-cell" }, h("span", {}, "Action")));
one("[data-role=found]").textContent = String(rows.length);
one("[data-role=pages]").textContent = String(pages);

function actions(row) {
  const wrap = h("div", { class: "action-select-wrap" });
  wrap.append(
    h("button", { class: "action-select", type: "button", onclick: () => wrap.classList.toggle("_active") }, "Select"),
    h("ul", { class: "action-menu" }, h("li", {}, h("a", { class: "action-menu-item", href: row.open }, "View Amazon Order Details"))));
  return wrap;
}

const draw = () => {
  const shown = rows.slice((page - 1) * PAGE, page * PAGE);
  grid.tBodies[0].replaceChildren(...(shown.length ? shown.map((row) =>
    h("tr", { class: "data-row" }, COLUMNS.map(({ field }) => h("td", {}, h("div", { class: "data-grid-cell-content" }, row[field]))),
      h("td", { class: "data-grid-actions-cell" }, actions(row))))
    : [h("tr", {}, h("td", { colspan: COLUMNS.length + 1 }, "We couldn't find any records."))]));
  number.value = String(page);
  previous.disabled = page === 1;
  next.disabled = page === pages;
  mask.hidden = true;
};

function turnTo(asked) {
  if (!(asked >= 1 && asked <= pages)) { number.value = String(page); return; }
  page = asked;
  mask.hidden = false;
  setTimeout(draw, LOADS);
}

previous.addEventListener("click", () => turnTo(page - 1));
next.addEventListener("click", () => turnTo(page + 1));
number.addEventListener("change", () => turnTo(Number(number.value)));
addEventListener("scroll", () => sticky.classList.toggle("_shown", grid.getBoundingClientRect().top < 0));
draw();
