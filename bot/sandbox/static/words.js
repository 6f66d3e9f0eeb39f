// The words of the screens, the same in every face.

import { spaced } from "./dom.js";

export const COLUMNS = [
  { name: "Purchase Date", field: "date", by: "time" },
  { name: "Order Number", field: "number", by: "number" },
  { name: "Status", field: "status", by: "status" },
  { name: "Buyer's Name", field: "buyer", by: "buyer" },
  { name: "Total", field: "total", by: "amount" },
  { name: "Order Notes", field: "notes", by: "notes" },
];

/** The rows in the order of a column; only those at hand, as on the real page. */
export function sorted(rows, column, descending) {
  const ordered = [...rows].sort((one, other) => (one[column.by] < other[column.by] ? -1 : one[column.by] > other[column.by] ? 1 : 0));
  return descending ? ordered.reverse() : ordered;
}

export const HOME_TABS = ["Amazon Stores", "Learning and Preparation", "Attributes"];
export const BANNER = "Sell products in the Amazon marketplace";
export const BANNER_LINE = "Synchronize product and order data between your Magento and Amazon accounts.";
export const CARD_ACTIONS = ["Listing settings", "Order settings", "Store reports"];
export const NOT_HERE = "The practice shop has nothing behind this.";
export const NO_ORDERS = "No orders found.";
export const TABS = ["Order details and shipping", "Order items", "Tracking"];

export const SETTINGS = [
  ["Listing settings", "Control how your product catalog interacts with the Amazon marketplace"],
  ["Order settings", "Control how Amazon orders are managed"],
  ["Listing rules", "Determines what catalog products are eligible to be listed on Amazon"],
  ["Pricing rules", "Determines how the Amazon list price will be altered for qualified listings"],
  ["Store reports", "Competitive price analysis and listing improvements"],
  ["Logs", "Listing changes and communication errors"],
  ["Store integration settings", "Settings to connect Magento catalog to your Amazon store"],
];
export const SELLER_CENTRAL = [
  ["Shipping", "Set up your shipping rates"],
  ["Taxes", "Edit your tax rates"],
  ["Payments", "Bank account settings"],
  ["Notifications", "Manage the notifications you get from Amazon"],
  ["Category Approval", "Request approval to sell in a specific category"],
];
export const LISTINGS = [
  ["$262.80", "Lifetime Sales"], ["262", "Active Listings"], ["14", "Inactive Listings"], ["80", "In Progress Listings"],
];

export const cardFacts = (store) => [
  ["Magento Website", store.website], ["Status", store.status], ["Last Updated", store.updated], ["Created", store.created],
];

/** Label and value of the left column; the order number is drawn by the face, because it can be a link. */
export const orderFacts = (order) => [
  ["Status", spaced(order.status)], ["Notes", order.notes], ["Buyer email", order.email], ["Buyer name", order.buyer],
  ["Currency", order.currency], ["Order total", order.total], ["Inventory reserved", order.reserved],
  ["Premium", order.premium], ["Prime", order.prime], ["Purchase date", order.purchased],
  ["Latest ship date", order.shipBy],
];
export const shippingFacts = (order) => [
  ["Shipping service", order.service], ["Shipping service level", order.serviceLevel],
  ["Shipped by Amazon", order.shippedByAmazon], ["Business", order.business], ["Items shipped", order.itemsShipped],
  ["Items unshipped", order.itemsUnshipped], ["Fulfillment channel", order.fulfillment],
  ["Shipping phone number", order.phone],
].map(([label, value]) => [label, String(value)]);
export const ADDRESS = [
  ["address1", "Shipping address 1"], ["address2", "Shipping address 2"], ["address3", "Shipping address 3"],
  ["city", "Shipping city"], ["region", "Shipping region"], ["postalCode", "Shipping postal code"],
  ["country", "Shipping country"],
];
export const ITEM_COLUMNS = ["Product", "SKU", "ASIN", "Quantity", "Shipped", "Price"];
export const itemCells = (item) => [item.title, item.sku, item.asin, item.quantity, item.shipped, item.price].map(String);
