// The Amazon Sales Channel app: where it is, what it loads, and what happens on a click.
// How things look is the business of a face (plain.js, shadow.js or spectrum.js), which only draws and reports clicks.

import { noFilters } from "./filters.js";

const root = document.getElementById("root");
const { createView } = await import(`./${root.dataset.face}.js`);

const QUERIES = {
  stores: "query stores { stores { items { uuid name status } } }",
  recentOrders: "query recentOrders($uuid: ID!, $first: Int) { recentOrders(uuid: $uuid, first: $first) { store items } }",
  orders: "query orders($uuid: ID!, $page: Int, $filters: OrderFilters) { orders(uuid: $uuid, page: $page, filters: $filters) { store items page pages total } }",
  orderDetails: "query orderDetails($uuid: ID!, $orderId: String!) { orderDetails(uuid: $uuid, orderId: $orderId) { store order } }",
  cancelReasons: "query cancelReasons($uuid: ID!, $orderId: String!) { cancelReasons(uuid: $uuid, orderId: $orderId) { reasons } }",
  cancelOrder: "mutation cancelOrder($uuid: ID!, $orderId: String!, $reason: String!) { cancelOrder(uuid: $uuid, orderId: $orderId, reason: $reason) { uuid } }",
  saveOrder: "mutation saveOrder($uuid: ID!, $orderId: String!, $address: Address) { saveOrder(uuid: $uuid, orderId: $orderId, address: $address) { success } }",
};

const view = createView(root);
let underWay = 0;
let turn = 0;
let sortsAnew = false;

/** Ask the data endpoint. A loading cover covers the page until the answer is there. */
async function ask(operationName, variables = {}) {
  underWay += 1;
  view.busy(true);
  try {
    const response = await fetch(root.dataset.graphqlEndpoint, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ operationName, query: QUERIES[operationName], variables }),
    });
    if (!response.ok) throw new Error(`Response not successful: received status code ${response.status}`);
    const answer = await response.json();
    if (answer.errors) throw new Error(answer.errors[0].message);
    return answer.data[operationName];
  } finally {
    underWay -= 1;
    if (!underWay) view.busy(false);
  }
}

const go = (hash) => {
  if (location.hash === hash) show();
  else location.hash = hash;
};
const paths = {
  home: () => "#/",
  store: (uuid) => `#/store-details/${uuid}`,
  orders: (uuid) => `#/store-details/${uuid}/orders`,
  order: (uuid, number) => `#/store-details/${uuid}/orders/${number}`,
};

function here() {
  const [, , uuid, list, number] = location.hash.split("/");
  if (!uuid) return { screen: "home" };
  if (!list) return { screen: "store", uuid };
  return number ? { screen: "order", uuid, number } : { screen: "orders", uuid };
}

const common = { go, paths, message: (kind, words) => view.message(kind, words) };

// Each loads what its screen shows, and draws it unless that screen was left meanwhile.
const screens = {
  async home(place, current) {
    const data = await ask("stores");
    if (current()) view.home(data, common);
  },
  async store({ uuid }, current) {
    sessionStorage.setItem("cameFrom", paths.store(uuid));
    const data = await ask("recentOrders", { uuid, first: 10 });
    if (!current()) return;
    view.store(data, common);
    sortsAnew = data.sortsAnew;
  },
  async orders({ uuid }, current) {
    sessionStorage.setItem("cameFrom", paths.orders(uuid));
    let filters = noFilters();
    const load = async (page, asked) => {
      const listing = await ask("orders", { uuid, page, filters: asked });
      if (!current()) return;
      filters = asked;
      view.orders(listing, filters, actions);
      sortsAnew = listing.sortsAnew;
    };
    const again = (page, asked) => load(page, asked).catch((error) => current() && view.failure(error.message));
    const actions = {
      ...common,
      apply: (asked) => again(1, asked),
      turnTo: (page) => again(page, filters),
      back: () => go(paths.store(uuid)),
    };
    await load(1, filters);
  },
  async order({ uuid, number }, current) {
    const data = await ask("orderDetails", { uuid, orderId: number });
    if (current()) drawOrder(data, uuid, number);
  },
};

function drawOrder(data, uuid, number) {
  const cameFrom = sessionStorage.getItem("cameFrom") || "";
  view.order(data, {
    ...common,
    back: () => go(cameFrom.includes(uuid) ? cameFrom : paths.store(uuid)),
    cancel: () => cancel(uuid, number),
    save: (address) => attempt("saveOrder", { uuid, orderId: number, address }, "The order has been saved."),
  });
}

/** Run a command, say what happened, and reload the screen. */
async function attempt(operation, variables, success) {
  const mine = turn;
  let said;
  try {
    await ask(operation, variables);
    said = ["success", success];
  } catch (error) {
    said = ["error", error.message];
  }
  view.closeDialog();
  if (mine === turn) await show(false);
  view.message(...said);
}

async function cancel(uuid, number) {
  const mine = turn;
  try {
    const offer = await ask("cancelReasons", { uuid, orderId: number });
    if (mine !== turn) return;
    if (offer.order) drawOrder(offer, uuid, number);
    view.cancelDialog(offer, (reason) =>
      attempt("cancelOrder", { uuid, orderId: offer.orderId, reason }, "The order has been canceled."));
  } catch (error) {
    if (mine === turn) view.message("error", error.message);
  }
}

async function show(clear = true) {
  const mine = ++turn;
  const current = () => mine === turn;
  const place = here();
  view.closeDialog();
  if (clear) view.clearMessages();
  view.leave();
  try {
    await screens[place.screen](place, current);
  } catch (error) {
    if (current()) view.failure(error.message);
  }
}

/** Let every row of a list show what the next one did, in the elements that are there, as frameworks do. */
function sortAnew() {
  const links = [...(view.links?.() ?? root.querySelectorAll("a"))].filter((link) => /\/orders\/[\d-]+$/.test(link.hash));
  const texts = (row) => {
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };
  const rows = links.map((link) => ({ link, texts: texts(link.closest("tr, [role=row]")) }));
  const shown = rows.map((row) => ({ href: row.link.getAttribute("href"), texts: row.texts.map((text) => text.data) }));
  rows.forEach((row, place) => {
    const next = shown[(place + 1) % shown.length];
    row.link.setAttribute("href", next.href);
    row.texts.forEach((text, each) => { text.data = next.texts[each]; });
  });
}

addEventListener("pointerdown", () => sortsAnew && sortAnew(), true);
addEventListener("hashchange", () => show());
await show();
