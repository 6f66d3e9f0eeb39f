// The data grid of the Orders tab: rows by the page, a pager, a header that stays while the page is scrolled, a row action.

import { h } from "./dom.js";

const COLUMNS = [
  ["Amazon Order Number", "number"], ["Amazon Store Name", "store"], ["Magento Order Number", "commerce"], ["Buyer Name", "buyer"],
  ["Status", "status"], ["Total", "total"], ["Fulfillment Channel", "fulfillment"], ["Items Unshipped", "unshipped"],
  ["Reserved", "reserved"], ["Purchase Date", "purchased"], ["Latest Ship Date", "shipBy"], ["Last Action", "last"],
];
const PAGE = 200;
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
let page = Math.min(Number(number.value), pages);

for (const heads of outer.querySelectorAll("[data-role=heads]"))
  heads.append(...COLUMNS.map(([name]) => h("th", { class: "data-grid-th" }, h("span", {}, name))),
    h("th", { class: "data-grid-th data-grid-actions-cell" }, h("span", {}, "Action")));
one("[data-role=found]").textContent = String(rows.length);
one("[data-role=pages]").textContent = String(pages);

const draw = () => {
  const shown = rows.slice((page - 1) * PAGE, page * PAGE);
  grid.tBodies[0].replaceChildren(...(shown.length ? shown.map((row) =>
    h("tr", { class: "data-row" }, COLUMNS.map(([, field]) => h("td", {}, h("div", { class: "data-grid-cell-content" }, row[field]))),
      h("td", { class: "data-grid-actions-cell" }, h("a", { href: row.open }, "View Amazon Order Details"))))
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
