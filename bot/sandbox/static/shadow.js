// The shadow face: the plain face's screens in custom elements with open shadow roots, one inside the other.

import { createView as createPlainView, dressWith } from "./plain.js";

const text = async (name) => (await fetch(`/static/${name}`)).text();
const sheet = new CSSStyleSheet();
sheet.replaceSync((await Promise.all(["admin.css", "plain.css", "shadow.css"].map(text))).join("\n")
  .replaceAll(/#root(\[[^\]]*\])?/g, (_, attribute) => (attribute ? `:host(${attribute})` : ":host")));

class Part extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  /** Put an element into the shadow root. */
  around(element) {
    this.dataset.layout = document.getElementById("root").dataset.layout;
    this.inner = element;
    this.shadowRoot.append(element);
    return this;
  }
}

/** A button whose words stand outside its shadow root, in a slot. */
class Button extends Part {
  around(button) {
    const words = [...button.childNodes];
    button.append(document.createElement("slot"));
    super.around(button);
    this.setAttribute("inline", "");
    this.append(...words);
    if (button.type === "submit") button.addEventListener("click", () => this.closest("form").requestSubmit());
    return this;
  }

  get disabled() {
    return this.inner.disabled;
  }

  set disabled(off) {
    this.inner.disabled = off;
  }

  setAttribute(name, value) {
    if (name.startsWith("aria-")) this.inner.setAttribute(name, value);
    else super.setAttribute(name, value);
  }
}

class Dialog extends Part {
  showModal() {
    this.inner.showModal();
  }

  close() {
    this.inner.close();
  }

  append(...parts) {
    this.inner.append(...parts);
  }
}

// What becomes a part: by its own selector, the name of its element and its kind.
const PARTS = [
  ["button.action:not(.bare)", "asc-button", Button],
  ["dialog", "asc-dialog", Dialog],
  ["article", "asc-card", class extends Part {}],
  ["dl", "asc-facts", class extends Part {}],
  ["table", "asc-table", class extends Part {}],
  ["form", "asc-filters", class extends Part {}],
  ["div.field", "asc-field", class extends Part {}],
  ["span.box", "asc-check-box", class extends Part {}],
  [".asc-header", "asc-header", class extends Part {}],
];
for (const [, name, kind] of PARTS) customElements.define(name, kind);
customElements.define("asc-app", class extends Part {});

/** Every link, in whatever shadow root. */
function* linksIn(place) {
  for (const element of place.querySelectorAll("*")) {
    if (element.localName === "a") yield element;
    if (element.shadowRoot) yield* linksIn(element.shadowRoot);
  }
}

export function createView(root) {
  dressWith((element) => {
    const part = PARTS.find(([css]) => element.matches(css));
    return part ? document.createElement(part[1]).around(element) : element;
  });
  const app = document.createElement("div");
  root.append(document.createElement("asc-app").around(app));
  return Object.assign(createPlainView(app), { links: () => linksIn(root) });
}
