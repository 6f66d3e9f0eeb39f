// What a person can see of a page.

import { once } from "./once.js";
import { childrenOf, inside, parentOf, readThrough } from "./tree.js";

export const styleOf = once((element) => getComputedStyle(element));

// Icon fonts draw pictures with characters of the private-use area; nobody reads them as words.
export const squeeze = (text) => (text ?? "").replace(/[\ue000-\uf8ff]/g, "").replace(/[\s\u00a0]+/g, " ").trim();

// A box that is only there for what is in it (display: contents) draws none itself, and is seen where its parent is.
export const shown = once((element) => {
  if (element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return true;
  const { display, visibility } = styleOf(element);
  const around = parentOf(element);
  return display === "contents" && visibility === "visible" && Boolean(around) && shown(around);
});

const drawsText = (node) => {
  const range = document.createRange();
  range.selectNode(node);
  const { width, height } = range.getBoundingClientRect();
  return width > 0 && height > 0;
};

/** Whether an element has a box on the page, as one that could be pressed has. */
export const hasBox = once((element) => {
  const { display, visibility } = styleOf(element);
  if (display === "contents")
    return childrenOf(element).some((child) => (child.nodeType === Node.ELEMENT_NODE ? hasBox(child) : drawsText(child)));
  if (visibility !== "visible" || !element.checkVisibility()) return false;
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0;
});

// The box that a piece of text stands in: the nearest that is not drawn within a line.
export const boxOf = (element) => {
  let box = element;
  while (parentOf(box) && ["inline", "contents"].includes(styleOf(box).display)) box = parentOf(box);
  return box;
};

/** The words of an element as a person reads them, a line for each box. */
export const wordsOf = (element) => {
  if (!element.shadowRoot && !inside(element).some((one) => one.shadowRoot || one.getRootNode() !== element.getRootNode()))
    return element.innerText ?? "";
  const lines = [];
  let last = null;
  readThrough(element, (node, around) => {
    if (node.nodeType !== Node.TEXT_NODE || !node.data.trim() || !shown(around)) return;
    if (/^(script|style|noscript|option|template)$/.test(around.localName)) return;
    const box = boxOf(around);
    if (box === last) lines[lines.length - 1] += node.data;
    else lines.push(node.data);
    last = box;
  });
  return lines.map(squeeze).filter(Boolean).join("\n");
};
