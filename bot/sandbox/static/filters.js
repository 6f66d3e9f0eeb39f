// What the filters of All Orders are, when they differ, and how they read above the table.

import { spaced } from "./dom.js";

export const STATUSES = ["Error", "Pending", "Shipped", "Canceled", "Completed", "Unshipped", "PartiallyShipped",
  "PendingAvailability"];

export const noFilters = () => ({ dateMin: "", dateMax: "", orderNumber: "", buyer: "", totalMin: "", totalMax: "",
  statuses: [] });

export const sameFilters = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function range(low, high, sign) {
  if (low && high) return `${sign}${low} - ${sign}${high}`;
  return low ? `from ${sign}${low}` : `up to ${sign}${high}`;
}

/** One chip for each filter in use: its words, and the filters without it. */
export function chips(filters) {
  const found = [];
  const add = (words, without) => found.push({ words, without: { ...filters, ...without } });
  if (filters.dateMin || filters.dateMax) {
    add(`Purchase Date: ${range(filters.dateMin, filters.dateMax, "")}`, { dateMin: "", dateMax: "" });
  }
  if (filters.orderNumber) add(`Order Number: ${filters.orderNumber}`, { orderNumber: "" });
  if (filters.buyer) add(`Buyer's Name: ${filters.buyer}`, { buyer: "" });
  if (filters.totalMin || filters.totalMax) {
    add(`Total: ${range(filters.totalMin, filters.totalMax, "$")}`, { totalMin: "", totalMax: "" });
  }
  if (filters.statuses.length) add(`Status: ${filters.statuses.map(spaced).join(", ")}`, { statuses: [] });
  return found;
}
