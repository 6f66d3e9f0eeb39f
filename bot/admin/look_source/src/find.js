// Finds what a pack describes: every element that answers to it, in the page's order. Exactly one is the caller's rule.
//
// A request for an element is {kind, within, hidden, ...}: within is a request for the boxes that it is looked for in, hidden
// whether what has no box counts too. What the other keys are is beside each kind. Texts and names are compared as a test
// of text.js says.

import { hasBox, shown } from "./seen.js";
import { hiddenNameOf, isAriaHidden, isHidden, nameOf, roleOf } from "./roles.js";
import { elementOf } from "./numbers.js";
import { labelsOf, matcher, smallest, textOf } from "./text.js";
import { after, all, childrenOf, closest, holds, inOrder, inside, parentOf, roots } from "./tree.js";

const CHOICES = "select, [role=combobox], [role=listbox], [aria-haspopup=listbox], input[type=radio], [role=radio]";
const PRESSED = "button, a, input, [role=button], [role=link]";
const TELLING = "#system_messages, #messages";

const byText = (scope, test) => smallest(scope ?? document.documentElement, test);

/** The controls that let a person pick one of several words. */
export const choicesIn = (box) => all(CHOICES, box).filter((one) => !isAriaHidden(one));

/** The nearest box around each element that has one of `parts` in it. */
const boxesAround = (elements, parts) => elements
  .map((element) => closest(parentOf(element), (box) => parts.some((part) => part !== box && holds(box, part))))
  .filter(Boolean);

const hasWords = (element) =>
  childrenOf(element).some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim()) && shown(element);

/** The element with the next words that can be seen after those of an element; null if there are none. */
const wordsAfter = (element) => after(element).find(hasWords) ?? null;

const KINDS = {
  /** {roles, name: a test or null, has: a test or null} */
  role(scope, { roles, name, has, hidden }) {
    const [named, holding] = [name && matcher(name), has && matcher(has)];
    return inside(scope).filter((one) => roles.includes(roleOf(one)) && (hidden || !isHidden(one)) &&
      (!named || named((hidden ? hiddenNameOf : nameOf)(one))) && (!holding || holding(textOf(one))));
  },
  /** {text: a test} */
  text: (scope, { text }) => byText(scope, text),
  /** {label: a test} */
  label(scope, { label }) {
    const passes = matcher(label);
    return inside(scope).filter((one) => labelsOf(one).some(passes));
  },
  /**
   * {text: a test, control: the words on what is pressed in each of these boxes, before: a test of the words that come next after
   * the text, in the same box; null where the text may stand anywhere}
   */
  card(scope, { text, control, before }) {
    const even = (words) => (words ?? "").replace(/\s+/g, " ").trim();
    const controls = all(PRESSED).filter((one) =>
      (even(textOf(one)) === control || one.getAttribute("aria-label") === control || one.getAttribute("value") === control) &&
      !isAriaHidden(one));
    const around = (element) => boxesAround([element], controls);
    const follows = before && matcher(before);
    const isTitle = (element) => {
      // banners and the system's messages can name what is looked for, too
      if (!before) return closest(element, TELLING) === null;
      const next = wordsAfter(element);
      return next !== null && follows(textOf(next)) && around(next)[0] === around(element)[0];
    };
    return byText(scope, text).filter((one) => hasBox(one) && isTitle(one)).flatMap(around);
  },
  /** {label: a test of the words that come next} */
  before(scope, { label }) {
    const passes = matcher(label);
    const worded = inside(scope).filter(hasWords);
    return worded.filter((_, place) => place + 1 < worded.length && passes(textOf(worded[place + 1])));
  },
  /** {cell: a test} */
  row(scope, { cell }) {
    const rows = inside(scope).filter((one) => roleOf(one) === "row" && !isHidden(one));
    const cells = rows.length ? byText(null, cell) : [];
    return rows.filter((row) => cells.some((one) => holds(row, one)));
  },
  /** {label: a test of the words beside it, begins: a test of a label around it} */
  choice(scope, { label, begins }) {
    const controls = choicesIn(null);
    const beside = boxesAround(byText(scope, label).filter(hasBox), controls);
    const passes = matcher(begins);
    const around = all("label", scope).filter((one) => passes(textOf(one)) && controls.some((each) => holds(one, each)));
    const boxes = [...beside, ...around].filter((box) => !scope || holds(scope, box));
    // The same controls at the same words, said twice, once for screen readers perhaps, are one choice.
    const alike = (one, other) => controls.every((each) => holds(one, each) === holds(other, each));
    return boxes.filter((box, place) => !boxes.slice(0, place).some((other) => alike(other, box)));
  },
  /** {number: of an element that an earlier look told of} */
  known: (scope, { number }) => [elementOf(number)].filter(Boolean),
  css: (scope, { css }) =>
    roots().flatMap((root) => [...root.querySelectorAll(css)]).filter((one) => !scope || (one !== scope && holds(scope, one))),
  xpath(scope, { xpath }) {
    const path = scope && xpath.startsWith("/") ? `.${xpath}` : xpath;
    const found = document.evaluate(path, scope ?? document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    return Array.from({ length: found.snapshotLength }, (_, place) => found.snapshotItem(place))
      .filter((node) => node.nodeType === Node.ELEMENT_NODE);
  },
};

export function find(request) {
  const scopes = request.within ? find(request.within) : [null];
  const found = inOrder(scopes.flatMap((scope) => KINDS[request.kind](scope, request)));
  return request.hidden ? found : found.filter(hasBox);
}
