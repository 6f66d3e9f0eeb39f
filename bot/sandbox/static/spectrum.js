// The Spectrum-like face: nested boxes with roles, generated class names, overlays outside the root.

import { flag, h, icons, lang, layout, spaced, statusColour, trendLine, uniqueId } from "./dom.js";
import { STATUSES, chips, noFilters, sameFilters } from "./filters.js";
import { orderGrid } from "./grid.js";
import { c, clearToasts, dialog, loading, picker, popover, toast } from "./overlays.js";
import * as words from "./words.js";

export function createView(root) {
  const screen = h("div", { class: c("app") });
  let close = null;
  root.append(h("div", { class: c("provider"), lang, dir: "ltr" }, screen));
  const draw = (...parts) => screen.replaceChildren(...parts);
  const nothing = (common) => () => common.message("notice", words.NOT_HERE);

  return {
    busy: loading,
    leave: () => draw(),
    message: toast,
    clearMessages: clearToasts,
    failure: (text) => draw(h("div", { class: c("x-failure") },
      h("h3", { class: c("x-title") }, "Something went wrong"), h("div", {}, text))),
    home: (data, common) => draw(...home(data, common, nothing(common))),
    store: (data, common) => draw(...store(data, common, nothing(common))),
    orders: (listing, filters, actions) => draw(...orders(listing, filters, actions)),
    order: (data, actions) => draw(...order(data.order, actions, nothing(actions))),
    cancelDialog(offer, confirm) {
      close = cancelDialog(offer, confirm, () => this.closeDialog());
    },
    closeDialog() {
      close?.();
      close = null;
    },
  };
}

const button = (kind, label, onclick, { icon = null, disabled = false } = {}) =>
  h("button", { type: "button", class: c("b-button", `b-${kind}`), disabled, onclick }, icon,
    h("span", { class: c("b-label") }, label));

const link = (label, onclick, kind = "k-link") => h("span", { role: "link", tabindex: "0", class: c(kind), onclick,
  onkeydown: (event) => event.key === "Enter" && onclick() }, label);

const light = (status) => h("div", { class: c("s-light") }, h("div", { class: c("s-dot", `s-${statusColour(status)}`) }),
  h("div", {}, status));

const change = (percent) => h("div", { class: c("v-change") }, percent < 0 ? icons.fall() : icons.up(),
  h("span", {}, `${percent}%`));

/** A label and a value with nothing but their places to say that they belong together. */
const pair = (kind, label, ...value) => h("div", { class: c("w-row", kind) },
  h("div", { class: c("w-label") }, h("div", {}, label)),
  h("div", { class: c("w-value") }, h("div", {}, value)));

function home({ items }, common, nothing) {
  return [
    h("div", { class: c("n-banner") }, icons.amazon(46),
      h("div", {}, h("div", { class: c("n-title") }, words.BANNER), h("div", { class: c("n-line") }, words.BANNER_LINE)),
      h("div", { class: c("n-actions") }, button("cta", "Add Amazon Store", nothing))),
    h("div", { class: c("o-columns") },
      h("div", { role: "tablist", "aria-orientation": "vertical", class: c("o-tabs") }, words.HOME_TABS.map((title, place) =>
        h("div", { role: "tab", tabindex: place ? "-1" : "0", "aria-selected": String(!place), class: c("o-tab"),
          onclick: place ? nothing : null }, h("span", {}, title)))),
      h("div", { class: c("o-cards") }, items.map((store) => card(store, common, nothing)))),
  ];
}

function card(store, common, nothing) {
  const id = uniqueId("react-aria");
  const action = h("button", { type: "button", id, class: c("b-button", "b-plain"), "aria-haspopup": "menu",
    "aria-expanded": "false", onclick: () => popover(action, { role: "menu", labelledBy: id, choose: nothing,
      items: words.CARD_ACTIONS.map((label) => ({ key: label, label })) }) },
    h("span", { class: c("b-label") }, "Action"), icons.down());
  return h("div", { class: c("o-card") },
    h("div", { class: c("o-top") }, flag(store.country, 48),
      h("div", { class: c("o-facts") }, h("div", { class: c("o-name") }, h("span", {}, store.name)), cardFacts(store))),
    h("div", { class: c("o-body") },
      h("div", {}, "Gross Market Volume (30 day)"),
      h("div", { class: c("v-volume") }, h("div", { class: c("v-figure") }, store.volume), change(store.change)),
      trendLine(store.trend, 310, 40),
      h("div", { class: c("o-incomplete") }, icons.warning(), h("div", {}, `Incomplete Listings: ${store.incomplete}`)),
      h("div", { class: c("o-foot") },
        h("div", {}, button("round", "View Store", () => common.go(common.paths.store(store.uuid)))), action)));
}

function cardFacts(store) {
  const facts = words.cardFacts(store);
  const value = ([label, words]) => (label === "Status" ? light(words) : words);
  if (!layout.has("labels_apart")) return facts.map((fact) => pair("w-small", fact[0], value(fact)));
  return h("div", { class: c("w-row", "w-small") }, h("div", { class: c("w-label") }, facts.map(([label]) => h("div", {}, label))),
    h("div", { class: c("w-value") }, facts.map((fact) => h("div", {}, value(fact)))));
}

function storeHeader(store, ...buttons) {
  const fact = (label, value) => h("div", { class: c("n-fact") },
    h("div", { class: c("n-label") }, `${label}:`), h("div", {}, value));
  return h("div", { class: c("n-banner") }, flag(store.country, 44),
    h("div", {},
      layout.has("header_is_heading") ? h("h2", { class: c("n-title") }, `Store Name: ${store.name}`)
        : h("div", { class: c("n-title") }, h("span", {}, "Store Name: "), h("span", {}, store.name)),
      h("div", { class: c("n-facts") }, fact("Magento Website", store.website), fact("Status", light(store.status)),
        fact("Created", store.created), fact("Last Updated", store.updated))),
    h("div", { class: c("n-actions") }, buttons));
}

function store({ store: shown, items }, common, nothing) {
  const links = (list) => list.map(([title, line]) => h("div", { class: c("e-entry") }, link(title, nothing), h("div", {}, line)));
  return [
    storeHeader(shown, button("round", "Dashboard", () => common.go(common.paths.home()))),
    h("div", { class: c("e-grid") },
      h("div", { class: c("e-settings") }, h("div", { class: c("e-title") }, "Store Settings"), links(words.SETTINGS)),
      h("div", { class: c("e-seller") },
        h("div", { class: c("e-title") }, icons.amazon(26), h("span", {}, "Seller Central links")), links(words.SELLER_CENTRAL)),
      h("div", { class: c("e-listings") },
        h("div", { class: c("e-head") }, h("div", { class: c("e-title") }, "Store Listings"), link("Manage Listings", nothing)),
        h("div", { class: c("e-figures") }, words.LISTINGS.map(([figure, label], place) =>
          h("div", {}, h("div", { class: c("e-figure") }, figure), place ? link(label, nothing) : h("div", {}, label)))),
        h("div", { class: c("e-strong") }, "Amazon Store Sales Revenue"),
        h("div", { class: c("e-head") }, h("div", {}, "Last 30 days ", icons.down()),
          h("div", { class: c("v-volume") }, h("div", { class: c("v-figure") }, shown.volume), change(shown.change))),
        trendLine(shown.trend, 800, 92)),
      h("div", { class: c("e-recent") },
        h("div", { class: c("e-recent-head") }, h("div", { class: c("e-recent-title") }, "Recent orders:"),
          link("All Orders", () => common.go(common.paths.orders(shown.uuid)), "k-underlined")),
        orderGrid(items, shown, common, 386))),
  ];
}

function orders(listing, filters, actions) {
  return [
    storeHeader(listing.store, button("quiet", "Back", actions.back, { icon: icons.back() })),
    h("div", { class: c("r-columns") },
      h("div", { class: c("r-side") }, h("div", { class: c("r-title") }, "Amazon orders:"), filterPanel(filters, actions)),
      h("div", { class: c("r-list") }, chipBar(filters, actions),
        orderGrid(listing.items, listing.store, actions, 626), pager(listing, actions))),
  ];
}

function textField(label, hint, changed, icon) {
  const id = uniqueId("react-aria");
  const input = h("input", { type: "text", "aria-labelledby": id, placeholder: hint, class: c("f-input"),
    autocomplete: "off", oninput: changed });
  return { input, box: h("div", { class: c("f-field") }, h("span", { id, class: c("f-label") }, label),
    h("div", { class: c("f-wrapper", "f-line") }, input, icon)) };
}

function checkBox(label, changed) {
  const input = h("input", { type: "checkbox", class: c("q-input"), onchange: changed });
  return { input, box: h("label", { class: c("q-box") }, input, h("span", { class: c("q-square") }, icons.check()),
    h("span", { class: c("q-label") }, label)) };
}

function filterPanel(filters, actions) {
  const changed = () => {
    apply.disabled = sameFilters(read(), filters);
  };
  const submit = (event) => {
    if (event.key === "Enter" && !apply.disabled) actions.apply(read());
  };
  const fields = {
    dateMin: textField("Min", "yyyy-mm-dd", changed, icons.calendar()),
    dateMax: textField("Max", "yyyy-mm-dd", changed, icons.calendar()),
    orderNumber: textField("Order Number", "Order number", changed),
    buyer: textField("Buyer's Name", "Buyer name", changed),
    totalMin: textField("Min", "Enter a number", changed),
    totalMax: textField("Max", "Enter a number", changed),
  };
  const boxes = Object.fromEntries(STATUSES.map((status) => [status, checkBox(spaced(status), changed)]));
  const fill = (values) => {
    for (const [name, { input }] of Object.entries(fields)) input.value = values[name];
    for (const [status, { input }] of Object.entries(boxes)) input.checked = values.statuses.includes(status);
  };
  const read = () => ({
    ...Object.fromEntries(Object.entries(fields).map(([name, { input }]) => [name, input.value.trim()])),
    statuses: STATUSES.filter((status) => boxes[status].input.checked),
  });
  const apply = button("cta", "Apply filters", () => actions.apply(read()), { disabled: true });
  const group = (label, ...content) => {
    const id = uniqueId("react-aria");
    return h("div", { role: "group", "aria-labelledby": id, class: c("f-group") },
      h("span", { id, class: c("f-label", "f-strong") }, label), h("div", { class: c("f-pair") }, content));
  };
  fill(filters);
  return h("div", { class: c("f-panel"), onkeydown: submit },
    h("div", { class: c("f-head") }, icons.funnel(), h("div", { class: c("f-title") }, "Filter by"),
      h("button", { type: "button", "aria-label": "Empty the fields", class: c("b-icon"), onclick: () => {
        fill(noFilters());
        changed();
      } }, icons.eraser()), apply),
    group("Purchase Date", fields.dateMin.box, fields.dateMax.box),
    fields.orderNumber.box, fields.buyer.box,
    group("Total", fields.totalMin.box, fields.totalMax.box),
    group("Status", Object.values(boxes).map(({ box }) => box)));
}

function chipBar(filters, actions) {
  const found = chips(filters);
  if (!found.length) return null;
  return h("div", { class: c("j-bar") }, h("div", {}, "Filters:"),
    found.map((chip) => h("div", { class: c("j-chip") }, h("span", {}, chip.words),
      h("button", { type: "button", "aria-label": "Remove", class: c("b-icon"), onclick: () => actions.apply(chip.without) },
        icons.cross()))),
    link("Clear all filters", () => actions.apply(noFilters())));
}

function pager({ page, pages }, actions) {
  const field = h("input", { type: "text", inputmode: "numeric", "aria-label": "Page", class: c("h-field"), onchange: () => {
    const asked = Math.round(Number(field.value));
    if (asked >= 1 && asked <= pages) actions.turnTo(asked);
    else field.value = String(page);
  } });
  field.value = String(page);
  const step = (label, icon, by, on) => h("button", { type: "button", "aria-label": label, disabled: !on,
    class: c("b-icon"), onclick: () => actions.turnTo(page + by) }, icon);
  return h("div", { class: c("h-pager") }, step("Previous", icons.left(), -1, page > 1), field,
    h("div", {}, `of ${pages} pages`), step("Next", icons.right(), 1, page < pages));
}

function order(shown, actions, nothing) {
  const inputs = {};
  const save = button("cta", "Save Order", () =>
    actions.save(Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]))), { disabled: true });
  const changed = () => {
    save.disabled = words.ADDRESS.every(([name]) => inputs[name].value === shown.address[name]);
  };
  for (const [name, label] of words.ADDRESS) {
    inputs[name] = h("input", { type: "text", "aria-label": label, class: c("f-input"), autocomplete: "off", oninput: changed });
    inputs[name].value = shown.address[name];
  }
  const number = shown.commerceUrl ? h("a", { href: shown.commerceUrl, class: c("k-underlined") }, shown.shownNumber)
    : h("span", {}, shown.shownNumber);
  const table = (columns, rows) => h("div", { role: "grid", "aria-label": "Lines", class: c("z-table") },
    h("div", { role: "row", class: c("z-row") }, columns.map((column) => h("div", { role: "columnheader", class: c("z-head") }, column))),
    rows.length ? rows.map((cells) => h("div", { role: "row", class: c("z-row") },
      cells.map((cell) => h("div", { role: "gridcell", class: c("z-cell") }, cell))))
      : h("div", { class: c("z-empty") }, "Nothing to show."));
  const panels = [
    h("div", { class: c("y-columns") },
      h("div", {}, h("div", { class: c("y-title") }, "Order details"), pair("w-wide", "Order number", number),
        words.orderFacts(shown).map(([label, value]) => pair("w-wide", label, value))),
      h("div", {}, h("div", { class: c("y-title") }, "Shipping details"),
        words.shippingFacts(shown).map(([label, value]) => pair("w-wide", label, value)),
        words.ADDRESS.map(([name, label]) =>
          pair("w-wide", label, h("div", { class: c("f-wrapper", "f-line") }, inputs[name], icons.check())))),
      h("div", { class: c("y-guide") }, button("round", "View User Guide", nothing))),
    table(words.ITEM_COLUMNS, shown.items.map(words.itemCells)),
    table(["Carrier", "Tracking number"], shown.tracking.map((parcel) => [parcel.carrier, parcel.number])),
  ];
  const panel = h("div", { role: "tabpanel", class: c("y-panel") }, panels[0]);
  const tabs = words.TABS.map((title, place) => h("div", { role: "tab", tabindex: place ? "-1" : "0",
    "aria-selected": String(!place), class: c("y-tab"), onclick: () => {
      tabs.forEach((tab, each) => tab.setAttribute("aria-selected", String(each === place)));
      panel.replaceChildren(panels[place]);
    } }, h("span", {}, title)));
  return [
    h("div", { class: c("n-banner") }, h("div", { class: c("n-actions") },
      button("quiet", "Back", actions.back, { icon: icons.back() }),
      shown.cancelable ? button("quiet", "Cancel Order", actions.cancel) : null, save)),
    h("div", { role: "tablist", "aria-orientation": "horizontal", class: c("y-tabs") }, tabs),
    panel,
  ];
}

function cancelDialog(offer, confirm, dismissed) {
  let reason = "";
  const confirms = Array.from({ length: offer.confirms }, () => button("cta", "Confirm", () => {
    // A second press while the first is under way must not send a second cancel.
    confirms.forEach((each) => { each.disabled = true; });
    confirm(reason);
  }, { disabled: true }));
  const reasons = picker("Reason for cancellation", offer.reasons.map(({ code, label }) => ({ key: code, label })), (key) => {
    reason = key;
    confirms.forEach((each) => { each.disabled = false; });
  });
  return dialog("Cancel Order", [offer.text ? h("div", { class: c("a-text") }, offer.text) : null, reasons],
    [button("round", "Close", dismissed), confirms], dismissed);
}
