// What the Spectrum-like face draws outside its root: dialogs, list boxes, menus, toasts and the loading circle.

import { h, icons, t, uniqueId } from "./dom.js";

/** Class names as a build tool would leave them. */
export const c = (...names) => names.map((name) => `${name}_b7f3k2`).join(" ");

const stack = [];

/** Everything but the topmost overlay is hidden from assistive technology, as such components do. */
function hideOthers() {
  const top = stack.at(-1);
  for (const element of document.body.children) {
    if (element.tagName === "SCRIPT" || element.dataset.top !== undefined) continue;
    if (top && element !== top) element.setAttribute("aria-hidden", "true");
    else element.removeAttribute("aria-hidden");
  }
}

/** Put an element over the page; the answer is a function that takes it away again. */
export function overlay(element) {
  document.body.append(element);
  stack.push(element);
  hideOthers();
  return () => {
    if (!stack.includes(element)) return;
    stack.splice(stack.indexOf(element), 1);
    element.remove();
    hideOthers();
  };
}

/** A list under a button: `role` listbox or menu. Items are {key, label}; `choose` gets the key. */
export function popover(anchor, { role, labelledBy, items, selected, choose }) {
  const itemRole = role === "listbox" ? "option" : "menuitem";
  const done = (key) => {
    close();
    anchor.setAttribute("aria-expanded", "false");
    anchor.focus();
    if (key !== undefined) choose(key);
  };
  const entries = items.map(({ key, label }) => {
    const id = uniqueId("react-aria");
    return h("div", { role: itemRole, tabindex: "-1", class: c("m-item"), "aria-labelledby": id, "data-key": key,
      "aria-selected": role === "listbox" ? String(key === selected) : null, onclick: () => done(key) },
      h("div", { class: c("m-grid") }, h("span", { id, class: c("m-label") }, label),
        key === selected ? icons.check() : null));
  });
  const dismiss = () => h("button", { type: "button", "aria-label": "Dismiss", tabindex: "-1", class: "out-of-sight",
    onclick: () => done() });
  const list = h("div", { role, class: c("m-list"), "aria-labelledby": labelledBy, tabindex: "-1", onkeydown: (event) => {
    const at = entries.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (to !== undefined) entries[Math.max(0, Math.min(entries.length - 1, to))].focus();
    else if (event.key === "Enter" || event.key === " ") entries[at]?.click();
    else if (event.key === "Escape" || event.key === "Tab") done();
    else return;
    event.preventDefault();
    event.stopPropagation();
  } }, entries);
  const box = anchor.getBoundingClientRect();
  const below = Math.min(box.bottom + 6, innerHeight - 320);
  const frame = h("div", { class: c("p-frame"), role: "presentation",
    style: `top: ${below}px; left: ${box.left}px; min-width: ${Math.max(box.width, 150)}px` }, dismiss(), list, dismiss());
  const close = overlay(h("div", { class: c("p-root") },
    h("div", { class: c("p-underlay"), onclick: () => done() }), frame));
  anchor.setAttribute("aria-expanded", "true");
  (entries.find((entry) => entry.getAttribute("aria-selected") === "true") || list).focus();
}

/** A pick list: a button that opens a list box, with a native one hidden beside it for form fillers. */
export function picker(label, items, changed) {
  const [labelId, valueId] = [uniqueId("react-aria"), uniqueId("react-aria")];
  let selected = "";
  const value = h("span", { id: valueId, class: c("d-value", "d-empty") }, "Select an option…");
  const choose = (key) => {
    selected = key;
    value.textContent = t(items.find((item) => item.key === key).label);
    value.className = c("d-value");
    native.value = key;
    changed(key);
  };
  const native = h("select", { tabindex: "-1", onchange: () => native.value && choose(native.value) },
    h("option", { value: "" }), items.map((item) => h("option", { value: item.key }, item.label)));
  const button = h("button", { type: "button", class: c("d-button"), "aria-haspopup": "listbox", "aria-expanded": "false",
    "aria-labelledby": `${labelId} ${valueId}`, onclick: () =>
      popover(button, { role: "listbox", labelledBy: labelId, items, selected, choose }) }, value, icons.down());
  return h("div", { class: c("f-field") },
    h("span", { id: labelId, class: c("f-label") }, label),
    h("div", { "aria-hidden": "true", class: "out-of-sight" }, h("label", {}, label, native)),
    h("div", { class: c("f-wrapper") }, button));
}

/** A dialog over everything; the answer is a function that closes it. */
export function dialog(title, content, footer, dismissed) {
  const id = uniqueId("react-aria");
  const section = h("section", { role: "alertdialog", "aria-modal": "true", "aria-labelledby": id, tabindex: "-1",
    class: c("a-dialog"), onkeydown: (event) => event.key === "Escape" && dismissed() },
    h("div", { class: c("a-grid") },
      h("h2", { id, class: c("a-heading") }, title),
      h("div", { role: "separator", class: c("a-divider") }),
      h("div", { class: c("a-content") }, content),
      h("div", { class: c("a-buttons") }, footer)));
  const close = overlay(h("div", { class: c("a-root") },
    h("div", { class: c("a-underlay") }), h("div", { class: c("a-wrapper"), role: "presentation" }, section)));
  section.focus();
  return close;
}

const region = h("div", { class: c("t-region"), "data-top": "" });

/** A message at the foot of the window, until it is closed or the screen is left. */
export function toast(kind, words) {
  const id = uniqueId("react-aria");
  const box = h("div", { role: "alertdialog", "aria-modal": "false", "aria-labelledby": id, class: c("t-toast", `t-${kind}`) },
    h("div", { role: "alert", "aria-atomic": "true", class: c("t-body") }, h("div", { id, class: c("t-content") }, words)),
    h("button", { type: "button", "aria-label": "Close", class: c("t-close"), onclick: () => box.remove() }, icons.cross()));
  region.replaceChildren(box);
  document.body.append(region);
}

export function clearToasts() {
  region.replaceChildren();
  region.remove();
}

const circle = h("div", { class: c("l-cover"), "data-top": "" },
  h("div", { role: "progressbar", "aria-label": "Loading…", "aria-valuemin": "0", "aria-valuemax": "100", class: c("l-circle") }));

/** Lay the loading circle over everything, or take it away. */
export function loading(on) {
  if (on) document.body.append(circle);
  else circle.remove();
}
