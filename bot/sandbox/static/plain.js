// The plain face: tables, description lists, pick lists and dialogs of ordinary HTML.

import * as dom from "./dom.js";
import { STATUSES, chips, sameFilters } from "./filters.js";
import * as words from "./words.js";

const { flag, icons, layout, orderLink, spaced, statusColour, trendLine, uniqueId } = dom;
let dressed = (element) => element;
const h = (...parts) => dressed(dom.h(...parts));

/** Have every element dressed as it is made, as the shadow face does. */
export function dressWith(dress) {
  dressed = dress;
}

export function createView(root) {
  const screen = h("div", { class: "asc-screen" });
  const cover = h("div", { class: "loading-mask", "data-role": "loader", hidden: true },
    h("div", { class: "loader" }, h("p", {}, "Please wait...")));
  const banners = h("div", { class: "messages" });
  let dialog = null;
  root.append(screen, cover);
  document.getElementById("messages").append(banners);

  const draw = (...parts) => screen.replaceChildren(...parts);
  const nothing = (common) => (event) => {
    event.preventDefault();
    common.message("notice", words.NOT_HERE);
  };

  return {
    busy(on) {
      cover.hidden = !on;
      // An open dialog lies above everything else, so the cover has to lie in it.
      if (dialog) (on ? dialog : root).append(cover);
    },
    leave() {
      draw();
    },
    message(kind, text) {
      banners.replaceChildren(h("div", { class: `message message-${kind} ${kind}` }, h("div", {}, text)));
      scrollTo(0, 0);
    },
    clearMessages() {
      banners.replaceChildren();
    },
    failure(text) {
      draw(h("section", { class: "asc-failure", role: "alert" }, h("h2", {}, "Something went wrong"), h("p", {}, text)));
    },
    home(data, common) {
      draw(home(data, common, nothing(common)));
    },
    store(data, common) {
      draw(...store(data, common, nothing(common)));
    },
    orders(listing, filters, actions) {
      draw(...orders(listing, filters, actions));
    },
    order(data, actions) {
      draw(...order(data.order, actions, nothing(actions)));
    },
    cancelDialog(offer, confirm) {
      dialog = cancelDialog(offer, confirm, () => this.closeDialog());
      document.body.append(dialog);
      dialog.showModal();
    },
    closeDialog() {
      if (!dialog) return;
      root.append(cover);
      dialog.close();
      dialog.remove();
      dialog = null;
    },
  };
}

const dot = (status) => h("i", { class: `dot ${statusColour(status)}` });

function home({ items }, common, nothing) {
  return h("div", { class: "asc-home" },
    h("section", { class: "asc-banner" }, icons.amazon(46),
      h("div", {}, h("h2", {}, words.BANNER), h("p", {}, words.BANNER_LINE)),
      h("button", { type: "button", class: "action cta", onclick: nothing }, "Add Amazon Store")),
    h("div", { class: "asc-columns" },
      h("ul", { class: "asc-tabs" }, words.HOME_TABS.map((title, place) =>
        h("li", {}, h("a", { href: "#/", onclick: place ? nothing : null, class: place ? null : "current",
          "aria-current": place ? null : "page" }, title)))),
      h("div", { class: "asc-cards" }, items.map((store) => card(store, common, nothing)))));
}

function card(store, common, nothing) {
  const menu = h("ul", { class: "menu", hidden: true }, words.CARD_ACTIONS.map((title) =>
    h("li", {}, h("a", { href: "#", onclick: nothing }, title))));
  const action = h("button", { type: "button", class: "action quiet", "aria-expanded": "false",
    onclick: () => {
      menu.hidden = !menu.hidden;
      action.setAttribute("aria-expanded", String(!menu.hidden));
    } }, "Action", icons.down());
  return h("article", { class: "asc-card" },
    h("header", {}, flag(store.country, 48),
      h("div", {}, h("h3", {}, store.name),
        cardFacts(store))),
    h("div", { class: "body" },
      h("p", {}, "Gross Market Volume (30 day)"),
      h("p", { class: "volume" }, h("strong", {}, store.volume), change(store.change)),
      trendLine(store.trend, 310, 40),
      h("p", { class: "incomplete" }, icons.warning(), `Incomplete Listings: ${store.incomplete}`),
      h("footer", {},
        h("button", { type: "button", class: "action round", onclick: () => common.go(common.paths.store(store.uuid)) },
          "View Store"),
        h("div", { class: "menu-holder" }, action, menu))));
}

function cardFacts(store) {
  const facts = words.cardFacts(store);
  const value = ([label, words]) => [label === "Status" ? dot(words) : null, words];
  if (!layout.has("labels_apart")) return h("dl", {}, facts.map((fact) => [h("dt", {}, fact[0]), h("dd", {}, value(fact))]));
  return h("div", { class: "apart" }, h("div", {}, facts.map(([label]) => h("p", {}, label))),
    h("div", {}, facts.map((fact) => h("p", {}, value(fact)))));
}

const change = (percent) =>
  h("span", { class: "change" }, percent < 0 ? icons.fall() : icons.up(), `${percent}%`);

function storeHeader(store, ...buttons) {
  const fact = (label, ...value) => h("span", { class: "fact" }, h("b", {}, `${label}:`), " ", ...value);
  return h("section", { class: "asc-header" }, flag(store.country, 44),
    h("div", {}, h("h2", {}, `Store Name: ${store.name}`),
      h("p", {}, fact("Magento Website", store.website), fact("Status", dot(store.status), store.status),
        fact("Created", store.created), fact("Last Updated", store.updated))),
    h("div", { class: "asc-actions" }, buttons));
}

function store(data, common, nothing) {
  const { store: shown, items } = data;
  const links = (list) => list.map(([title, line]) => [
    h("dt", {}, h("a", { href: "#", onclick: nothing }, title)), h("dd", {}, line)]);
  return [
    storeHeader(shown,
      h("button", { type: "button", class: "action round", onclick: () => common.go(common.paths.home()) }, "Dashboard")),
    h("div", { class: "asc-dashboard" },
      h("aside", { class: "settings" }, h("h3", {}, "Store Settings"), h("dl", {}, links(words.SETTINGS))),
      h("aside", { class: "seller" }, h("h3", {}, icons.amazon(26), "Seller Central links"),
        h("dl", {}, links(words.SELLER_CENTRAL))),
      h("section", { class: "listings" },
        h("header", {}, h("h3", {}, "Store Listings"), h("a", { href: "#", onclick: nothing }, "Manage Listings")),
        h("ul", { class: "figures" }, words.LISTINGS.map(([figure, label], place) =>
          h("li", {}, h("strong", {}, figure), place ? h("a", { href: "#", onclick: nothing }, label) : h("span", {}, label)))),
        h("h4", {}, "Amazon Store Sales Revenue"),
        h("p", { class: "revenue" }, h("span", {}, "Last 30 days ", icons.down()),
          h("span", {}, h("strong", {}, shown.volume), change(shown.change))),
        trendLine(shown.trend, 800, 92)),
      h("section", { class: "recent" },
        h("header", {}, h("h4", {}, "Recent orders:"), h("a", { href: common.paths.orders(shown.uuid) }, "All Orders")),
        orderTable(items, shown, common))),
  ];
}

function orderTable(rows, shown, common) {
  const body = h("tbody");
  const fill = (list) => body.replaceChildren(...(list.length ? list.map((row) => tableRow(row, shown, common)) : [
    h("tr", { class: "empty" }, h("td", { colspan: words.COLUMNS.length }, words.NO_ORDERS))]));
  const heads = words.COLUMNS.map((column) => {
    const head = h("th", { scope: "col", class: `col-${column.field}`, onclick: () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      fill(words.sorted(rows, column, descending));
    } }, column.name);
    return head;
  });
  fill(rows);
  return h("table", { class: "asc-orders" }, h("thead", {}, h("tr", {}, heads)), body);
}

function tableRow(row, shown, common) {
  return h("tr", {}, words.COLUMNS.map(({ field }) => h("td", { class: `col-${field}` },
    field === "number" ? orderLink(row, common.paths.order(shown.uuid, row.number))
      : field === "status" ? [dot(row.status), row.status] : row[field])));
}

function orders(listing, filters, actions) {
  const { store: shown } = listing;
  return [
    storeHeader(shown,
      h("button", { type: "button", class: "action quiet", onclick: actions.back }, icons.back(), "Back")),
    h("div", { class: "asc-all-orders" },
      h("div", { class: "side" }, h("h3", {}, "Amazon orders:"), filterPanel(filters, actions)),
      h("div", { class: "list" },
        chipBar(filters, actions),
        orderTable(listing.items, shown, actions),
        pager(listing, actions))),
  ];
}

function filterPanel(filters, actions) {
  const inputs = {};
  const boxes = {};
  const read = () => ({
    ...Object.fromEntries(["dateMin", "dateMax", "orderNumber", "buyer", "totalMin", "totalMax"].map((name) =>
      [name, inputs[name].value.trim()])),
    statuses: STATUSES.filter((status) => boxes[status].checked),
  });
  const apply = h("button", { type: "submit", class: "action cta", disabled: true }, "Apply filters");
  const changed = () => {
    apply.disabled = sameFilters(read(), filters);
  };
  const field = (name, label, hint, icon) => {
    const id = uniqueId("filter");
    inputs[name] = h("input", { type: "text", id, placeholder: hint, oninput: changed, autocomplete: "off" });
    inputs[name].value = filters[name];
    return h("div", { class: "field" }, h("label", { for: id }, label), h("span", { class: "line" }, inputs[name], icon));
  };
  const box = (status) => {
    const id = uniqueId("status");
    boxes[status] = h("input", { type: "checkbox", id, onchange: changed });
    boxes[status].checked = filters.statuses.includes(status);
    return h("span", { class: "box" }, boxes[status], h("label", { for: id }, spaced(status)));
  };
  const clear = () => {
    for (const input of Object.values(inputs)) input.value = "";
    for (const input of Object.values(boxes)) input.checked = false;
    changed();
  };
  return h("form", { class: "asc-filters", onsubmit: (event) => {
    event.preventDefault();
    if (!apply.disabled) actions.apply(read());
  } },
    h("header", {}, icons.funnel(), h("h4", {}, "Filter by"),
      h("button", { type: "button", class: "action bare", "aria-label": "Empty the fields", onclick: clear }, icons.eraser()),
      apply),
    h("fieldset", {}, h("legend", {}, "Purchase Date"),
      field("dateMin", "Min", "yyyy-mm-dd", icons.calendar()), field("dateMax", "Max", "yyyy-mm-dd", icons.calendar())),
    field("orderNumber", "Order Number", "Order number"),
    field("buyer", "Buyer's Name", "Buyer name"),
    h("fieldset", {}, h("legend", {}, "Total"),
      field("totalMin", "Min", "Enter a number"), field("totalMax", "Max", "Enter a number")),
    h("fieldset", { class: "statuses" }, h("legend", {}, "Status"), STATUSES.map(box)));
}

function chipBar(filters, actions) {
  const found = chips(filters);
  if (!found.length) return null;
  return h("p", { class: "asc-chips" }, "Filters: ",
    found.map((chip) => h("span", { class: "chip" }, chip.words,
      h("button", { type: "button", "aria-label": `Remove ${chip.words}`, onclick: () => actions.apply(chip.without) },
        icons.cross()))),
    h("a", { href: "#", onclick: (event) => {
      event.preventDefault();
      actions.apply({ ...Object.fromEntries(Object.keys(filters).map((name) => [name, ""])), statuses: [] });
    } }, "Clear all filters"));
}

function pager({ page, pages }, actions) {
  const field = h("input", { type: "text", "aria-label": "Page number", onchange: () => {
    const asked = Math.round(Number(field.value));
    if (asked >= 1 && asked <= pages) actions.turnTo(asked);
    else field.value = String(page);
  } });
  field.value = String(page);
  const step = (label, icon, by, on) =>
    h("button", { type: "button", "aria-label": label, disabled: !on, onclick: () => actions.turnTo(page + by) }, icon);
  return h("nav", { class: "asc-pager", "aria-label": "Pages" },
    step("Previous page", icons.left(), -1, page > 1), field, h("span", {}, `of ${pages} pages`),
    step("Next page", icons.right(), 1, page < pages));
}

function order(shown, actions, nothing) {
  const inputs = {};
  const save = h("button", { type: "button", class: "action cta", disabled: true, onclick: () =>
    actions.save(Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]))) }, "Save Order");
  const fact = ([label, value]) => [h("dt", {}, label), h("dd", {}, value)];
  const field = ([name, label]) => {
    const id = uniqueId("address");
    inputs[name] = h("input", { type: "text", id, autocomplete: "off", oninput: () => {
      save.disabled = words.ADDRESS.every(([each]) => inputs[each].value === shown.address[each]);
    } });
    inputs[name].value = shown.address[name];
    return [h("dt", {}, h("label", { for: id }, label)), h("dd", { class: "line" }, inputs[name], icons.check())];
  };
  const number = shown.commerceUrl ? h("a", { href: shown.commerceUrl }, shown.shownNumber) : shown.shownNumber;
  const table = (columns, rows) => h("table", { class: "asc-items" },
    h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col" }, column)))),
    h("tbody", {}, rows.length ? rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell))))
      : h("tr", {}, h("td", { colspan: columns.length }, "Nothing to show."))));
  const panels = [
    h("div", { class: "asc-details" },
      h("section", {}, h("h3", {}, "Order details"),
        h("dl", {}, fact(["Order number", number]), words.orderFacts(shown).map(fact))),
      h("section", {}, h("h3", {}, "Shipping details"),
        h("dl", {}, words.shippingFacts(shown).map(fact), words.ADDRESS.map(field))),
      h("button", { type: "button", class: "action round guide", onclick: nothing }, "View User Guide")),
    table(words.ITEM_COLUMNS, shown.items.map(words.itemCells)),
    table(["Carrier", "Tracking number"], shown.tracking.map((parcel) => [parcel.carrier, parcel.number])),
  ];
  const tabs = words.TABS.map((title, place) => {
    const id = uniqueId("panel");
    panels[place] = h("div", { role: "tabpanel", id, hidden: place > 0, "aria-label": title }, panels[place]);
    return h("button", { type: "button", role: "tab", "aria-controls": id, "aria-selected": String(!place), onclick: () =>
      tabs.forEach((tab, each) => {
        tab.setAttribute("aria-selected", String(each === place));
        panels[each].hidden = each !== place;
      }) }, title);
  });
  return [
    h("section", { class: "asc-header bar" }, h("div", { class: "asc-actions" },
      h("button", { type: "button", class: "action quiet", onclick: actions.back }, icons.back(), "Back"),
      shown.cancelable ? h("button", { type: "button", class: "action quiet", onclick: actions.cancel }, "Cancel Order") : null,
      save)),
    h("div", { class: "asc-order-tabs", role: "tablist" }, tabs),
    ...panels,
  ];
}

function cancelDialog(offer, confirm, close) {
  const title = uniqueId("title");
  const reason = uniqueId("reason");
  const confirms = Array.from({ length: offer.confirms }, () => h("button", { type: "button", class: "action cta",
    disabled: true, onclick: () => {
      // A second press while the first is under way must not send a second cancel.
      confirms.forEach((button) => { button.disabled = true; });
      confirm(select.value);
    } }, "Confirm"));
  const select = h("select", { id: reason, onchange: () =>
    confirms.forEach((button) => { button.disabled = !select.value; }) },
    h("option", { value: "" }, "Select a reason"),
    offer.reasons.map(({ code, label }) => h("option", { value: code }, label)));
  return h("dialog", { class: "asc-dialog", "aria-labelledby": title, oncancel: (event) => {
    event.preventDefault();
    close();
  } },
    h("h2", { id: title }, "Cancel Order"),
    offer.text ? h("p", {}, offer.text) : null,
    h("div", { class: "field" }, h("label", { for: reason }, "Reason for cancellation"), select),
    h("footer", {}, h("button", { type: "button", class: "action round", onclick: close }, "Close"), confirms));
}
