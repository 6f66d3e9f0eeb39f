// A box that one of several words is chosen in: its controls, and what each shows as chosen and offers.

import { choicesIn } from "./find.js";
import { hasBox, squeeze } from "./seen.js";
import { all } from "./tree.js";

// What is seen of an element, without the characters of icon fonts, and as the page spells it: a style sheet may draw it in
// upper case.
const words = (element) => {
  const [seen, spelt] = [squeeze(element?.innerText), squeeze(element?.textContent)];
  return seen.toLowerCase() === spelt.toLowerCase() ? spelt : seen;
};
const label = (radio) => radio.getAttribute("aria-label") || words(radio.labels?.[0] ?? radio);
const isChosen = (radio) => radio.checked || radio.getAttribute("aria-checked") === "true";

const look = (control) => {
  const role = control.getAttribute("role");
  if (control.localName === "select")
    return { kind: "select", shown: control.selectedOptions[0]?.text ?? "", offered: [...control.options].map((one) => one.textContent) };
  if (control.type === "radio" || role === "radio")
    return { kind: "radio", shown: isChosen(control) ? label(control) : "", offered: [label(control)] };
  if (control.localName === "input") return { kind: "combobox", shown: control.value, offered: [] };
  if (role === "listbox")
    return { kind: "listbox", shown: words(all("[role=option][aria-selected=true]", control)[0]), offered: [] };
  return { kind: "button", shown: words(control), offered: [] };
};

/** The controls that can be seen in a box, each as {element, kind, shown, offered}; field: whether it is the text field itself. */
export const controlsIn = (box) => choicesIn(box).filter(hasBox)
  .map((element) => ({ element, ...look(element), field: element.matches("input, [role=combobox]") }));
