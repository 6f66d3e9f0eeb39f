// One look at a page: everything that is asked of it, from one instant.
//
// A request is {parts}; each part asks for what one screen needs:
//   covers   [css, ...]      boxes that mean, while one can be seen: not ready yet
//   finds    {name: {...}}   elements, as find.js says, and with them what is told of each: "words", "leads", ... (see
//                            TOLD)
//   reading  {...}           fields and columns, as read.js says
//   rows     {find, columns, ...}   what the cells of table rows read as
//   wants    {once, never, some}    what a look that waits is waiting for: names of elements or fields, each exactly once, not
//                                   at all, or at least once
// The answer is {address, path, changes, status, lacksScript, parts}: address is what comes after the #; changes is how often
// the page has changed; status is how the server answered for the page, 0 if that is not known;
// lacksScript says whether the page has loaded without one of its scripts. Elements are told by numbers that hold as long as
// the document does.

import { awaitChange, awaitRest, changes, rest, watch } from "./changes.js";
import { controlsIn } from "./choice.js";
import { find } from "./find.js";
import { elementOf, numberOf } from "./numbers.js";
import { forget } from "./once.js";
import { asTheBrowserMadeIt } from "./own.js";
import { describe } from "./listen.js";
import { awaitCalm, pauseSpinners } from "./motion.js";
import { pieces } from "./pieces.js";
import { hasArrived, isOff, makeReady } from "./press.js";
import { isBusy, read, unmask } from "./read.js";
import { squeeze, wordsOf } from "./seen.js";
import { textOf } from "./text.js";
import { all, closest, elementAt, inside, parentOf, roots } from "./tree.js";

const REST_AFTER_A_LOOK = 3; // times as long as the look took, but in milliseconds at least and at most
const [SHORTEST_REST, LONGEST_REST] = [5, 50];

const around = (element) => closest(element, "button, a, input, [role=button], [role=link]") ?? element;

const TOLD = {
  words: (element) => wordsOf(element),
  text: (element) => textOf(element),
  off: (element) => isOff(around(element)),
  leads: (element) => closest(element, "a")?.href ?? "",
  box: (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x, y, width, height];
  },
  choice: (element) => controlsIn(element).map(({ element: control, ...seen }) => ({ number: numberOf(control), ...seen })),
  /** By what it is known to be the Commerce order's own Cancel, whatever it is called or written as; empty if it is not. */
  commerce: (element, { commerce }) => {
    const { id, href, formAction, form, dataset } = around(element);
    const leads = [href, formAction, form?.action, dataset?.url, around(element).getAttribute("onclick")];
    const words = squeeze(wordsOf(around(element)) || around(element).value).toLowerCase();
    if (id === commerce.button || around(element).querySelector(`#${commerce.button}`)) return "its id";
    if (words === "cancel") return "its word";
    return leads.some((to) => to?.includes?.(commerce.address)) ? "where it leads" : "";
  },
  /** What a click would do that the page's script has no part in: a script of the markup's own, or a link. */
  does: (element) => {
    const { onclick } = around(element);
    return [String(onclick ?? ""), around(element).getAttribute("onclick") ?? "", around(element).getAttribute("href") ?? ""];
  },
};

/** How often the page has changed by now; in its shadow roots too, of which there may be new ones. */
const changesSeen = () => {
  roots().forEach(watch);
  return changes();
};

const answer = (part) => ({
  busy: isBusy(part.covers ?? []),
  finds: Object.fromEntries(Object.entries(part.finds ?? {}).map(([name, wanted]) => [name, find(wanted).map((element) => ({
    number: numberOf(element), ...Object.fromEntries((wanted.tell ?? []).map((what) => [what, TOLD[what](element, wanted)])),
  }))])),
  reading: part.reading ? read(null, part.reading) : null,
  rows: part.rows ? find(part.rows.find).map((row) => read(row, part.rows)) : [],
});

const look = (request) => unmask() ?? ({
  address: location.hash,
  path: location.pathname,
  changes: changesSeen(),
  // A document has one entry for its own loading, or none as long as it is being replaced: nothing to choose among.
  status: performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0,
  lacksScript: document.readyState === "complete" && Boolean(window[Symbol.for("countermand scripts")]),
  parts: (request.parts ?? []).map(answer),
});

/** `work` in one instant: what was known of the page before is forgotten, and what is learned of it is, too. */
const inOneInstant = (work) => asTheBrowserMadeIt((...asked) => {
  forget();
  try {
    return work(...asked);
  } finally {
    forget();
  }
});

const frame = requestAnimationFrame.bind(window);

const findNow = inOneInstant(find);
const readNow = inOneInstant((row, reading) => unmask() ?? read(row, reading));

/** The box in an element's table that can be scrolled sideways; undefined if none. */
const scrolledSideways = inOneInstant((row) => {
  const table = closest(row, "table, [role=grid], [role=table], [role=treegrid]");
  const boxes = table ? [...inside(table), table, parentOf(table)] : [];
  return boxes.find((box) => box.scrollWidth > box.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(box).overflowX));
});

const scrollTo = (box, left) => new Promise((done) => {
  box.scrollLeft = left;
  frame(() => frame(done));
});

const lookReady = inOneInstant((ready, element, press, request) => {
  // A list may have drawn itself again meanwhile, and what was an order's row may be another's now.
  const again = find(press);
  const moved = ready.state === "ready" && (again.length !== 1 || again[0] !== element);
  return { ...ready, ...(moved && { state: "moved" }), number: numberOf(element), ...look(request) };
});

const says = (pattern) => new RegExp(`(?<!\\d)${pattern}(?!\\d)`).test(wordsOf(document.body));

/** What is private on the page, as read.js finds it, with what a look is asked; and whether any order is named on the page. */
const privately = ({ reading, order, ...request }) => ({ ...look(request), private: read(null, reading), order: says(order) });

const masked = inOneInstant((mask) => (mask ? privately(mask) : { changes: changesSeen() }));

/** Whether a part of a look shows what it wants. Only a hint of when to answer: what it means is the caller's to judge.
 * A screen that has arrived is covered by nothing that means: not ready yet. */
const isWanted = ({ wants }, { busy, finds, reading }) => {
  if (!wants || (busy && wants.once) || !Object.values(wants).flat().length) return false;
  // A label alone is not drawn yet.
  const found = (name) => finds[name]?.length ?? reading?.fields[name]?.filter(Boolean).length ?? 0;
  return (wants.once ?? []).every((name) => found(name) === 1) && !(wants.never ?? []).some(found) &&
    (wants.some ?? []).every(found);
};

const lookNow = inOneInstant(look);

/**
 * A look that waits, but no longer than `limit` milliseconds, until a part shows what it wants; where the page is known to have
 * changed `known` times, until it has changed since. The last parts may be `late`: they are asked, and answered, only as often
 * as every so many milliseconds, and in the last look. A page that is being drawn is not looked at all the time, and its
 * spinners stand still meanwhile.
 */
const awaitLook = async ({ known, limit, parts }) => {
  const began = performance.now();
  const passed = () => performance.now() - began;
  const late = Math.max(0, ...parts.map((part) => part.late ?? 0));
  const early = parts.filter((part) => !part.late);
  let asked = 0; // when the late parts were
  await awaitChange([known, limit]);
  for (;;) {
    const looked = passed();
    const all = looked >= limit || looked - asked >= late;
    if (all) asked = looked;
    const current = all ? parts : early;
    const seen = lookNow({ parts: current });
    if (current.some((part, place) => isWanted(part, seen.parts[place]))) return seen;
    pauseSpinners();
    if (looked >= limit) return seen;
    const took = passed() - looked;
    await rest(Math.min(Math.max(took * REST_AFTER_A_LOOK, SHORTEST_REST), LONGEST_REST));
    await awaitChange([seen.changes, (late ? Math.min(limit, asked + late) : limit) - passed()]);
  }
};

const textRead = Symbol.for("countermand typed");

// Words in a slot are their host's, or the slot's, for the browser; for a person they are what the slot is in.
const isSlotted = (target) => Boolean(target.shadowRoot) || target.localName === "slot";
const describeNow = inOneInstant((target, x, y) => describe(isSlotted(target) ? elementAt(x, y) ?? target : target));

let listening = false;

const parse = JSON.parse.bind(JSON);

export const actions = {
  /** Do one of the acts below; what is asked of it is JSON. */
  ask: (act, asked) => actions[act](parse(asked)),
  look: lookNow,
  awaitLook,
  read: inOneInstant((reading) => unmask() ?? read(null, reading)),
  element: elementOf,
  /** Make ready to press the one element that `press` describes, and look in the instant in which it is ready. */
  async aim({ press, limit, toTheMiddle, arms, ...request }) {
    const [element, ...others] = findNow(press);
    if (!element || others.length) return { state: "not one", ...actions.look(request) };
    const ready = await makeReady(element, { limit, toTheMiddle, arms }, inOneInstant);
    return lookReady(ready, element, press, request);
  },
  changes: inOneInstant(changesSeen),
  awaitChange,
  awaitRest,
  private: inOneInstant(privately),
  /** Wait for what moves to end, as awaitCalm; then look, and mask what `mask` describes. Tells how often the page has changed. */
  async calm({ limit, mask }) {
    await awaitCalm(limit);
    return masked(mask);
  },
  hasArrived: asTheBrowserMadeIt(hasArrived),
  /** Empty the fields that are found, or fill them again with what was typed; the page is not told. Says how many there are. */
  conceal: inOneInstant(({ fields, again }) => {
    const found = fields.flatMap((field) => find(field));
    for (const field of found) {
      if (again) field.value = field[textRead] ?? field.value;
      else [field[textRead], field.value] = [field.value, ""];
    }
    return found.length;
  }),
  /** Whether any text of the page has a number of this pattern in it. */
  says: inOneInstant(says),
  /** Scroll the table that has a given column header by a window's height; says whether there was more to show. */
  scrollOn: inOneInstant((header) => {
    const fold = (text) => text.replace(/\s+/g, " ").trim().toLowerCase();
    const tables = all("table, [role=grid], [role=table], [role=treegrid]").filter((table) =>
      all("th, [role=columnheader]", table).some((cell) => fold(textOf(cell)) === fold(header)));
    const moved = tables.flatMap((table) => [table, ...inside(table)]).filter((box) => {
      const before = box.scrollTop;
      if (box.scrollHeight > box.clientHeight + 1) box.scrollTop = before + box.clientHeight;
      return box.scrollTop > before;
    });
    return new Promise((done) => frame(() => frame(() => done(moved.length > 0))));
  }),
  /**
   * What the cells of the one row that `find` describes read as, where a table draws only the columns in sight: it is scrolled
   * sideways from end to end, and back. {name: text}, without what was never read; null where it is not one row to the end.
   */
  async readSideways({ find: wanted, ...reading }) {
    const [row, ...others] = findNow(wanted);
    const box = row && !others.length && scrolledSideways(row);
    if (!box) return null;
    const before = box.scrollLeft;
    const texts = {};
    for (let left = 0; ; left += box.clientWidth / 2) {
      await scrollTo(box, left);
      for (const [name, cells] of Object.entries(readNow(row, reading).columns)) if (cells.length === 1) texts[name] ??= cells[0];
      if (box.scrollLeft + 1 < left || left + box.clientWidth >= box.scrollWidth) break;
    }
    await scrollTo(box, before);
    const again = findNow(wanted);
    return again.length === 1 && again[0] === row ? texts : null;
  },
  pieces: inOneInstant(() => unmask() ?? pieces()),
  /** From now on, tell the function `binding` of everything that a person presses and types into, as listen.js describes it. */
  listen(binding) {
    if (listening) return;
    listening = true;
    const tell = (event) => {
      const [target] = event.composedPath();
      const told = target instanceof Element ? describeNow(target, event.clientX, event.clientY) : null;
      if (told) window[binding](told);
    };
    // A press is heard as it begins, before the page answers it. Nothing is changed, and nothing is held up.
    addEventListener("pointerdown", tell, true);
    addEventListener("input", tell, true);
  },
};
