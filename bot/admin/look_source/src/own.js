// What the browser gives scripts to look at a page with may be replaced by the page: by a library that adds to it, or by a
// page that does not want to be seen through. For as long as a look takes, all of it is as it was when the document began.

const MADE = [
  Node, Element, HTMLElement, Document, ShadowRoot, CharacterData, Range, NodeList, DOMRectReadOnly, CSSStyleDeclaration, Event,
  EventTarget, HTMLAnchorElement, HTMLButtonElement, HTMLInputElement, HTMLOptionElement, HTMLSelectElement, HTMLSlotElement,
  HTMLTextAreaElement, Array, Map, RegExp, Set, String, WeakMap, WeakRef,
].map(({ prototype }) => prototype);
const KEPT = [...MADE, Object, Array, Reflect].map((owner) => [owner, Object.getOwnPropertyDescriptors(owner)]);
const { getOwnPropertyDescriptor: now, defineProperty: define } = Object;
const { ownKeys, apply } = Reflect;
KEPT.push([window, { getComputedStyle: now(window, "getComputedStyle") }]);
const PLACES = KEPT.flatMap(([owner, kept]) => ownKeys(kept).map((key) => ({ owner, key, kept: kept[key] })));

const isSame = (one, other) => one !== undefined && one.value === other.value && one.get === other.get && one.set === other.set;

/** `work`, with everything as the browser made it. Throws where that cannot be had. */
export const asTheBrowserMadeIt = (work) => (...asked) => {
  let changed = null; // mostly nothing is
  for (let place = 0; place < PLACES.length; place += 1) {
    const { owner, key, kept } = PLACES[place];
    const found = now(owner, key);
    if (isSame(found, kept)) continue;
    define(owner, key, kept);
    changed = { owner, key, found, before: changed };
  }
  try {
    return apply(work, undefined, asked);
  } finally {
    for (; changed; changed = changed.before) {
      if (changed.found) define(changed.owner, changed.key, changed.found);
      else delete changed.owner[changed.key];
    }
  }
};
