// What comes before and after a press: the element is brought into sight and focused, and left until it and its box rest with
// nothing over it; what is pressed then arrives at it, or at nothing.

import { endMotion } from "./motion.js";
import { asTheBrowserMadeIt } from "./own.js";
import { childrenOf, closest, elementAt, holds } from "./tree.js";
import { hasBox } from "./seen.js";

const FRAMES = 1; // for which a box must rest that was in sight already
const FRAMES_AFTER_SCROLLING = 3; // a list that draws only some of its rows draws others when it has been scrolled
const LONGEST_MOTION = 1000; // milliseconds; what moves for longer is no opening or closing
const SOON = 500; // milliseconds after which a cover is told of, which the caller may know how to close
const GRACE = 1000; // milliseconds beyond the limit in which the last look is made
const EVENTS = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"];

const frame = requestAnimationFrame.bind(window);

let armed = null; // the press that is under way: {target, arrived, stop}

/** What a press on an element is meant for: the control that it is a part of. */
const targetOf = (element) => closest(element, "button, a, [role=button], [role=link]") ?? element;

/** The part of an element that a person would press, and its middle. */
function middleOf(element) {
  const rect = [...element.getClientRects()].find(({ width, height }) => width * height > 0.99);
  if (rect) return { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2, box: [rect.x, rect.y, rect.width, rect.height].join() };
  const child = childrenOf(element).find((one) => one.nodeType === Node.ELEMENT_NODE && hasBox(one));
  return child ? middleOf(child) : null;
}

const bringIntoSight = (element, toTheMiddle) => {
  if (toTheMiddle || !element.scrollIntoViewIfNeeded) element.scrollIntoView({ block: "center", inline: "nearest" });
  else element.scrollIntoViewIfNeeded(true);
};

const focus = (element) => {
  const control = closest(element, "a, button, input, select, [tabindex]") ?? element;
  // Focusing must not scroll: the element was brought into sight already.
  if (!control.contains(element.getRootNode().activeElement)) control.focus({ preventScroll: true });
};

/** Whether an element, or the control that it is a part of, cannot be pressed. */
export const isOff = (target) => target.matches(":disabled") || closest(target, "[aria-disabled=true]") !== null;

/** From now on the page hears of a press only if it comes down on the target. */
function arm(target) {
  disarm();
  const press = (armed = { target, arrived: false, stop: null });
  let astray = null;
  const hear = asTheBrowserMadeIt((event) => {
    if (!event.isTrusted) return;
    const here = event.composedPath().includes(target);
    astray ??= !here;
    if (astray || (event.type === "click" && !here)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (event.type === "click") press.arrived = true;
    if (event.type === "click") press.stop();
  });
  press.stop = () => EVENTS.forEach((name) => removeEventListener(name, hear, true));
  EVENTS.forEach((name) => addEventListener(name, hear, true));
}

function disarm() {
  armed?.stop();
}

/** Whether the last press arrived at its element; one that is gone from the page by now has done something. */
export function hasArrived() {
  disarm();
  return !armed || armed.arrived || !armed.target.isConnected;
}

/**
 * Make ready to press an element. Gives {state, x, y, words}: "ready" with the point to press; "covered" with the words of what
 * lies over it, after a moment; "off" where it cannot be pressed; "gone". What moves is brought to its end. `instant` makes a
 * look of it: a page is another in every frame. Where it `arms`, the page hears of the next press only on this element.
 */
export const makeReady = (element, { limit, toTheMiddle, arms }, instant) => new Promise((done) => {
  let target, frames;
  instant(() => {
    const before = middleOf(element)?.box;
    bringIntoSight(element, toTheMiddle);
    focus(element);
    frames = middleOf(element)?.box === before ? FRAMES : FRAMES_AFTER_SCROLLING;
    target = targetOf(element);
    closest(element, "a[target]")?.setAttribute("target", "_self"); // a link that would open another window is followed here
  })();
  const began = performance.now();
  setTimeout(done, limit + GRACE, { state: "off" }); // a page that draws no frames would never be looked at again
  let last = "", still = 0;
  const look = instant(() => {
    const middle = element.isConnected && hasBox(element) ? middleOf(element) : null;
    if (!middle) return done({ state: "gone" });
    const waited = performance.now() - began;
    still = middle.box === last ? still + 1 : 0;
    if (!still) endMotion(Math.min(LONGEST_MOTION, limit - waited));
    last = middle.box;
    const on = elementAt(middle.x, middle.y);
    const free = Boolean(on) && holds(target, on);
    const off = isOff(target);
    if (free && !off && still >= frames) {
      if (arms) arm(target);
      return done({ state: "ready", x: middle.x, y: middle.y });
    }
    if (waited >= limit || (waited >= SOON && still >= frames))
      return done(free ? { state: "off" } : { state: "covered", words: on?.innerText ?? "" });
    frame(look);
  });
  look();
});
