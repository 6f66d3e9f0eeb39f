// The page as a person sees it, in one tree: what an open shadow root holds stands in its host, and what is put into a slot
// stands where the slot is. Slots themselves draw nothing and are left out.

import { once } from "./once.js";

const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;
const isText = (node) => node.nodeType === Node.TEXT_NODE;

function* drawn(nodes) {
  for (const node of nodes) {
    if (isElement(node) && node.localName === "slot" && node.getRootNode() instanceof ShadowRoot) {
      const assigned = node.assignedNodes();
      yield* drawn(assigned.length ? assigned : node.childNodes);
    } else if (isElement(node) || isText(node)) yield node;
  }
}

/** The elements and pieces of text right inside an element, in the order in which they are drawn. */
export const childrenOf = once((element) => [...drawn((element.shadowRoot ?? element).childNodes)]);

/** What a host has that no slot shows: nobody sees it, and a moment later it may be shown. */
const unslotted = (element) =>
  element.shadowRoot ? [...element.childNodes].filter((node) => isElement(node) && !node.assignedSlot) : [];

const whole = once(() => {
  const elements = [];
  const places = new Map(); // of each element its place in the list, the place of the last inside it, and its parent
  const add = (element, parent) => {
    const place = { first: elements.length, last: 0, parent };
    elements.push(element);
    places.set(element, place);
    for (const child of childrenOf(element)) if (isElement(child) && !places.has(child)) add(child, element);
    for (const child of unslotted(element)) if (!places.has(child)) add(child, element);
    place.last = elements.length - 1;
  };
  add(document.documentElement, null);
  return { elements, places };
});
const tree = () => whole("page");

/** Every element of the page, or every one inside an element, in the page's order. */
export const inside = (element) => {
  const { elements, places } = tree();
  if (!element) return elements;
  const place = places.get(element);
  return place ? elements.slice(place.first + 1, place.last + 1) : [];
};

/** Every element that comes after an element and what is in it, in the page's order. */
export const after = (element) => {
  const { elements, places } = tree();
  const place = places.get(element);
  return place ? elements.slice(place.last + 1) : [];
};

export const parentOf = (element) => tree().places.get(element)?.parent ?? null;

/** Whether `inner` is in `outer`, or is it. */
export const holds = (outer, inner) => {
  const { places } = tree();
  const [around, place] = [places.get(outer), places.get(inner)];
  return Boolean(around && place) && around.first <= place.first && place.first <= around.last;
};

/** The element itself, or the nearest around it, that a test or a selector fits; null if none. */
export const closest = (element, fits) => {
  const test = typeof fits === "string" ? (one) => one.matches(fits) : fits;
  for (let one = element; one; one = parentOf(one)) if (test(one)) return one;
  return null;
};

/** Every element of the page, or inside an element, that a selector fits. */
export const all = (css, element = null) => inside(element).filter((one) => one.matches(css));

/** Elements in the page's order, each once. */
export const inOrder = (elements) => {
  const { places } = tree();
  return [...new Set(elements)].filter((one) => places.has(one)).sort((a, b) => places.get(a).first - places.get(b).first);
};

/** Every document and open shadow root that elements of the page stand in. */
export const roots = () => [document, ...tree().elements.map((one) => one.shadowRoot).filter(Boolean)];

/** Every piece of text inside an element, and every line break, in order: `tell(node, the element around it)`. */
export const readThrough = (element, tell) => {
  for (const child of childrenOf(element)) {
    tell(child, element);
    if (isElement(child)) readThrough(child, tell);
  }
};

/** The element that a point of the window comes down on, in whatever shadow root. */
export const elementAt = (x, y) => {
  let on = document.elementFromPoint(x, y);
  while (on?.shadowRoot) {
    const { shadowRoot } = on;
    // Words that stand in a slot are their host's for the browser; for a person they are what the slot is in.
    const deeper = shadowRoot.elementsFromPoint(x, y).find((one) => one.getRootNode() === shadowRoot);
    if (!deeper) break;
    on = deeper;
  }
  while (on?.localName === "slot") on = on.parentElement ?? on.getRootNode().host ?? null;
  return on;
};
