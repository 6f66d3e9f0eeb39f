// Installs the looks in a window, once, under the name that is given, before any script of the page has run.

import { watch } from "./changes.js";
import { actions } from "./main.js";

export function install(name) {
  if (Object.hasOwn(window, name)) return;
  Object.defineProperty(window, name, { value: Object.freeze(actions) });
  watch(document);
}
