// The whole text of an element, and which elements have a text.

import { once } from "./once.js";
import { childrenOf } from "./tree.js";

const isSkipped = (element) => /^(script|noscript|style|head)$/.test(element.localName);

export const textOf = once((element) => {
  if (isSkipped(element)) return "";
  if (element.localName === "input") return /^(submit|button|reset)$/.test(element.type) ? element.value : "";
  return childrenOf(element).map((child) => (child.nodeType === Node.TEXT_NODE ? child.data : textOf(child))).join("");
});

export const evened = (text) => text.replace(/[\u200b\u00ad]/g, "").trim().replace(/\s+/g, " ");

/** The test that a request describes: `{is}` the whole text, `{has}` in any case, or `{fits, flags}` a regular expression. */
export const matcher = ({ is, has, fits, flags }) => {
  if (is !== undefined) return (text) => evened(text) === evened(is);
  if (has !== undefined) return (text) => evened(text).toLowerCase().includes(evened(has).toLowerCase());
  const pattern = new RegExp(fits, flags);
  return (text) => pattern.test(text);
};

const evenedOf = once((element) => evened(textOf(element)));
const smallOf = once((element) => evenedOf(element).toLowerCase());

/** The same test, of an element's text; and whether it is worth looking for such an element inside one. */
const testOf = ({ is, has, fits, flags }) => {
  if (is !== undefined) {
    const wanted = evened(is);
    return { passes: (one) => evenedOf(one) === wanted, may: (one) => evenedOf(one).includes(wanted) };
  }
  if (has !== undefined) {
    const wanted = evened(has).toLowerCase();
    return { passes: (one) => smallOf(one).includes(wanted), may: (one) => smallOf(one).includes(wanted) };
  }
  const pattern = new RegExp(fits, flags);
  return { passes: (one) => pattern.test(textOf(one)), may: () => true };
};

/** Every element whose text passes the test, where that of no element in it does: an element itself, or what is in it. */
export const smallest = (element, test) => {
  const { passes, may } = testOf(test);
  const found = [];
  const search = (one) => {
    if (isSkipped(one) || !may(one)) return;
    const children = childrenOf(one).filter((child) => child.nodeType === Node.ELEMENT_NODE);
    if (passes(one) && !children.some(passes)) found.push(one);
    children.forEach(search);
  };
  search(element);
  return found;
};

const LABELLED = "button, meter, output, progress, select, textarea, input:not([type=hidden])";

/** Every text that labels an element. */
export const labelsOf = once((element) => {
  const ids = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const named = ids.map((id) => element.getRootNode().getElementById?.(id)).filter(Boolean);
  if (named.length) return named.map(textOf);
  const label = element.getAttribute("aria-label");
  if (label?.trim()) return [label];
  return element.matches(LABELLED) ? [...(element.labels ?? [])].map(textOf) : [];
});
